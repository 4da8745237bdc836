"""Papers as PDF, by Typst, with the fonts embedded."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from tonghu.platform.documents import fonts, pictures
from tonghu.platform.documents.paper import Block, Grid, Heading, Paper, Picture, Text


def pdf(paper: Paper) -> bytes:
    """The paper as a PDF file.

    Raises:
        FontsMissing: see :mod:`tonghu.platform.documents.fonts`.
    """
    import typst  # heavy: only where a paper is made

    place = fonts.folder()
    source = files("tonghu.platform.documents").joinpath("typst/paper.typ").read_bytes()
    ours = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[place])
    said = json.dumps(_said(paper), ensure_ascii=False)
    made: bytes = typst.compile(source, sys_inputs={"paper": said}, font_paths=ours)
    return made


def _said(paper: Paper) -> dict[str, Any]:
    return {
        "title": str(paper.title), "number": str(paper.number), "addressed_to": str(paper.addressed_to),
        "issued_by": str(paper.issued_by), "day": paper.day_in_words, "foot": str(paper.foot),
        "language": paper.language, "wide": paper.wide, "watermark": str(paper.watermark),
        "blocks": [_block(block) for block in paper.blocks],
    }  # fmt: skip


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text):
            return {"kind": "heading", "text": str(text)}
        case Text(text):
            return {"kind": "text", "text": str(text)}
        case Grid():
            return {
                "kind": "grid", "caption": str(block.caption), "head": [str(word) for word in block.head],
                "rows": [[str(word) for word in row] for row in block.rows], "numbers": sorted(block.numbers),
            }  # fmt: skip
        case Picture(chart):
            return {
                "kind": "picture", "question": str(chart.question), "answer": str(chart.answer),
                "source": str(chart.source), "svg": pictures.svg(chart),
            }  # fmt: skip
