"""What a code system says when something that is not one of its codes comes in."""

from __future__ import annotations

from tonghu.errors import InputRefused


class BadCode(InputRefused, ValueError):  # noqa: N818 -- it names what is wrong, as InputRefused does
    """A text that has not the shape of the code it should be, or that names nothing in its table.

    It is an :class:`InputRefused`, so that a command ends in one clear line, and a ``ValueError``, so that callers
    who check a cell can treat it as any other unreadable value.
    """
