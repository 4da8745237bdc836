"""Lends a browser the site's own Chinese fonts: a machine need not have one, and empty boxes are wider than words."""

from __future__ import annotations

from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "var" / "frontend" / "fonts"
_SETTINGS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{fonts}</dir><cachedir>{cache}</cachedir>
</fontconfig>"""


def font_settings(folder: Path) -> dict[str, str]:
    """Return what a browser's environment needs besides, so that it finds the fonts.

    Args:
        folder: where the settings and a cache are written.
    """
    settings = folder / "fonts.conf"
    settings.write_text(_SETTINGS.format(fonts=FONTS, cache=folder / "cache"), "utf-8")
    return {"FONTCONFIG_FILE": str(settings)}
