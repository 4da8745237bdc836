"""`python -m tonghu`: the same as the `tonghu` command."""

import sys

from tonghu.cli import main

sys.exit(main())
