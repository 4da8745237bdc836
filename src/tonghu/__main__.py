"""`python -m tonghu`: the same as the `tonghu` command."""

from tonghu.cli import run

run()
