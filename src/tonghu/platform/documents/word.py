"""Papers as Word that WPS edits: a template with the styles of GB/T 9704-2012, filled by docxtpl.

The template is made here, once, so that no binary file has to be kept: its placeholders are docxtpl's. The file brings
its fonts along, the same as the PDF's (see :mod:`tonghu.platform.documents.embedded`).
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from tonghu.platform.documents import embedded, fonts, pictures
from tonghu.platform.documents.paper import Block, Grid, Heading, Paper, Picture, Text


def word(paper: Paper) -> bytes:
    """The paper as a .docx file.

    Raises:
        FontsMissing: see :mod:`tonghu.platform.documents.fonts`.
    """
    from docx import Document
    from docxtpl import DocxTemplate  # heavy: only where a paper is made

    document = DocxTemplate(io.BytesIO(_template()))
    said = {
        "title": str(paper.title), "number": str(paper.number), "addressed_to": str(paper.addressed_to),
        "issued_by": str(paper.issued_by), "day": paper.day_in_words, "foot": str(paper.foot),
        "blocks": [_block(block, document) for block in paper.blocks],
    }  # fmt: skip
    document.render(said, autoescape=True)
    filled, made = io.BytesIO(), io.BytesIO()
    document.save(filled)
    whole = Document(filled)  # opened anew: the filled feet are in the file alone
    embedded.embed(whole)
    whole.save(made)
    return made.getvalue()


def _block(block: Block, document: Any) -> dict[str, Any]:
    from docx.shared import Mm
    from docxtpl import InlineImage

    match block:
        case Heading(text):
            return {"kind": "heading", "text": str(text)}
        case Text(text):
            return {"kind": "text", "text": str(text)}
        case Grid():
            rows = [[str(word) for word in row] for row in block.rows]
            return {
                "kind": "grid",
                "caption": str(block.caption),
                "head": [str(word) for word in block.head],
                "rows": rows,
            }
        case Picture(chart):
            picture = InlineImage(document, io.BytesIO(pictures.png(chart)), width=Mm(140))
            return {"kind": "picture", "question": str(chart.question), "answer": str(chart.answer), "image": picture}


@cache
def _template() -> bytes:
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
    from docx.shared import Mm, Pt

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)
    normal = document.styles["Normal"]
    _font(normal, fonts.SERIF, 16)  # 3号
    normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    normal.paragraph_format.line_spacing = Pt(29)  # 22 lines on 225 mm
    normal.paragraph_format.space_after = Pt(0)

    def paragraph(
        text: str, *, font: str = fonts.SERIF, bold: bool = False, size: int = 16, align: str = "LEFT", indent: int = 0
    ) -> None:
        added = document.add_paragraph()
        run = added.add_run(text)
        if (font, size) != (fonts.SERIF, 16):
            _font(run, font, size)
        if bold:
            run.bold = True
        added.alignment = getattr(WD_ALIGN_PARAGRAPH, align)
        added.paragraph_format.first_line_indent = Pt(indent) if indent else None
        if "image" in text:
            added.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE

    paragraph("{{ title }}", bold=True, size=22, align="CENTER")  # 2号
    paragraph("{%p if number %}")
    paragraph("{{ number }}", align="CENTER")
    paragraph("{%p endif %}")
    paragraph("")
    paragraph("{%p if addressed_to %}")
    paragraph("{{ addressed_to }}")
    paragraph("{%p endif %}")
    paragraph("{%p for block in blocks %}")
    paragraph("{%p if block.kind == 'heading' %}")
    paragraph("{{ block.text }}", font=fonts.SANS, bold=True, indent=32)
    paragraph("{%p elif block.kind == 'text' %}")
    paragraph("{{ block.text }}", align="JUSTIFY", indent=32)
    paragraph("{%p elif block.kind == 'grid' %}")
    paragraph("{{ block.caption }}", font=fonts.SANS, bold=True, size=12, align="CENTER")
    _grid(document)
    paragraph("{%p elif block.kind == 'picture' %}")
    paragraph("{{ block.question }}", font=fonts.SANS, bold=True, size=12, align="CENTER")
    paragraph("{{ block.image }}", align="CENTER")
    paragraph("{{ block.answer }}", font=fonts.SANS, size=12, align="CENTER")
    paragraph("{%p endif %}")
    paragraph("{%p endfor %}")
    paragraph("")
    paragraph("{{ issued_by }}　　", align="RIGHT")
    paragraph("{{ day }}　　", align="RIGHT")
    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in ("— ", "", " —"):
        run = foot.add_run(text)
        _font(run, fonts.SERIF, 14)
        if not text:
            _page_number(run)
    foot = page.footer.add_paragraph()
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _font(foot.add_run("{{ foot }}"), fonts.SERIF, 9)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _grid(document: Any) -> None:
    """A table whose columns and rows are repeated by docxtpl."""
    from docx.enum.text import WD_LINE_SPACING

    table = document.add_table(rows=4, cols=3, style="Table Grid")
    words = (
        ("{%tc for word in block.head %}", "{{ word }}", "{%tc endfor %}"),
        ("{%tr for row in block.rows %}", "", ""),
        ("{%tc for word in row %}", "{{ word }}", "{%tc endfor %}"),
        ("{%tr endfor %}", "", ""),
    )
    for n, (row, line) in enumerate(zip(table.rows, words, strict=True)):
        for cell, text in zip(row.cells, line, strict=True):
            cell.paragraphs[0].paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
            run = cell.paragraphs[0].add_run(text)
            _font(run, fonts.SANS, 12)
            run.bold = n == 0 or None


def _page_number(run: Any) -> None:
    """A field that the program fills."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for kind in ("begin", "", "end"):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = "PAGE"
        run._r.append(part)


def _font(styled: Any, name: str, size: int) -> None:
    """Latin and Chinese letters in one font, size in points."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    styled.font.name, styled.font.size = name, Pt(size)
    named = styled.element.get_or_add_rPr().get_or_add_rFonts()
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia"):
        named.set(qn(script), name)
