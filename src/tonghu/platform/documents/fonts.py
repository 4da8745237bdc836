"""The fonts of documents. Without them Typst draws boxes and vl-convert draws nothing, both silently: so they are asked
for before anything is drawn, and their absence is an error that says how to mend it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from tonghu.errors import InputRefused

#: Family names as the font files say them: of charts and tables, and of running text in official papers.
SANS: Final = "Noto Sans SC"
SERIF: Final = "Noto Serif SC"
FILES: Final = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf", "NotoSerifSC-Regular.ttf", "NotoSerifSC-Bold.ttf")


class FontsMissing(InputRefused):
    """The Chinese fonts were not fetched: no document is drawn without them."""


def folder() -> Path:
    """The folder of the fonts, checked to be whole.

    Raises:
        FontsMissing: a font file is not there or empty.
    """
    place: Path = settings.FRONTEND / "fonts"
    missing = [name for name in FILES if not (place / name).is_file() or not (place / name).stat().st_size]
    if missing:
        raise FontsMissing(
            f"缺少中文字体（{'、'.join(missing)}），无法生成文书；请运行 ./run demo 或 python tools/frontend.py 获取",
            f"Chinese fonts are missing ({', '.join(missing)}), so no document can be made: run ./run demo or "
            "python tools/frontend.py to fetch them",
        )
    return place


def for_charts() -> None:
    """Make the fonts known to vl-convert.

    Raises:
        FontsMissing: see :func:`folder`.
    """
    _register(str(folder()))


@cache
def _register(place: str) -> None:
    import vl_convert

    vl_convert.register_font_directory(place)
