"""Papers hold the words they were given, in Chinese, with the fonts inside; without the fonts nothing is made."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from docx import Document
from fontTools.ttLib import TTFont
from lxml import etree
from pypdf import PdfReader

from tonghu.errors import InputRefused
from tonghu.platform.documents import embedded, fonts, pictures
from tonghu.platform.documents.paper import Paper, Text
from tonghu.platform.documents.pdf import pdf
from tonghu.platform.documents.word import word
from tonghu.platform.web import samples

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
TRUETYPE = b"\0\1\0\0"
NAME = "阿卜杜拉·买买提江·吐尔逊江·艾则孜"


@pytest.fixture(scope="module")
def paper() -> Paper:
    with translation.override("zh-hans"):
        return samples.paper("zh-hans")


@pytest.fixture(scope="module")
def made(paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("paper") / "paper.pdf"
    with translation.override("zh-hans"):
        file.write_bytes(pdf(paper))
    return file


def words_of(file: Path) -> list[str]:
    """The text of every page, without blanks."""
    return ["".join(page.extract_text().split()) for page in PdfReader(file).pages]


def test_the_pdf_says_what_it_was_given_and_the_charts_words_too(made: Path) -> None:
    text = "".join(words_of(made))
    for words in ("关于2026年10月监测报告进展情况的通报", NAME, "虚构监测中心", "2026年11月15日", "医院G"):
        assert words in text, words
    assert len(re.findall(r"[\u4e00-\u9fff]", text)) > 200
    assert not set("\0\N{REPLACEMENT CHARACTER}") & set(text)


def test_every_font_of_the_pdf_is_inside_it_and_ours(made: Path) -> None:
    """Where Typst has no Chinese font it takes its own for Latin and draws boxes: that would be another name here."""
    names = set()
    for page in PdfReader(made).pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = inner["/FontDescriptor"].get_object()
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(inner["/BaseFont"].partition("+")[2].partition("-")[0])
    assert names == {"NotoSansSC", "NotoSerifSC"}


def test_pages_are_a4_and_numbered(made: Path) -> None:
    pages = PdfReader(made).pages
    assert {(round(float(page.mediabox.width) / 72 * 25.4), round(float(page.mediabox.height) / 72 * 25.4))
            for page in pages} == {(210, 297)}  # fmt: skip
    assert [f"—{n}—" in text for n, text in enumerate(words_of(made), 1)] == [True] * len(pages)


def test_word_holds_the_same_and_opens_again(paper: Paper) -> None:
    with translation.override("zh-hans"):
        file = io.BytesIO(word(paper))
    document = Document(file)
    said = [part.text for part in document.paragraphs]
    assert "关于2026年10月监测报告进展情况的通报" in said
    assert not [text for text in said if "{{" in text or "{%" in text]
    [table] = document.tables
    assert [cell.text for cell in table.rows[0].cells] == ["姓名", "出生日期", "住院次数", "截止日期", "状态"]
    assert NAME in [row.cells[0].text for row in table.rows]
    assert len(table.rows) == 13
    assert round(document.sections[0].page_width.mm) == 210
    assert (round(document.sections[0].left_margin.mm), round(document.sections[0].top_margin.mm)) == (28, 37)
    assert document.styles["Normal"].element.rPr.rFonts.values()[-1] == fonts.SERIF
    with zipfile.ZipFile(file) as packed:
        pictures = [name for name in packed.namelist() if name.startswith("word/media/")]
        assert packed.read(pictures[0]).startswith(b"\x89PNG")


def test_word_brings_its_fonts_along(paper: Paper) -> None:
    """What a program does that reads the file: its parts, undone by their keys, are fonts that draw."""
    with translation.override("zh-hans"):
        made = word(paper)
    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        relations = {
            relation.get("Id"): relation.get("Target")
            for relation in etree.fromstring(packed.read("word/_rels/fontTable.xml.rels"))
        }
        table = etree.fromstring(packed.read("word/fontTable.xml"))
        faces = {}
        for held in table.iter(W + "embedRegular", W + "embedBold"):
            raw = packed.read(f"word/{relations[held.get(R + 'id')]}")
            assert raw[:4] != TRUETYPE
            key = bytes.fromhex(re.sub("[{}-]", "", held.get(W + "fontKey")))[::-1]
            font = TTFont(io.BytesIO(bytes(a ^ b for a, b in zip(raw, key * 2, strict=False)) + raw[32:]))
            faces[held.getparent().get(W + "name"), held.tag == W + "embedBold"] = font
        settings = [part.tag for part in etree.fromstring(packed.read("word/settings.xml"))]
        types = packed.read("[Content_Types].xml").decode()
    assert settings[settings.index(W + "zoom") + 1 :][:2] == [W + "embedTrueTypeFonts", W + "saveSubsetFonts"]
    assert types.count("obfuscatedFont") == len(faces) == 4
    assert [font.get(W + "name") for font in table] == [fonts.SANS, fonts.SERIF]
    assert [font.find(W + "altName").get(W + "val") for font in table] == ["黑体", "仿宋"]
    for (family, bold), font in faces.items():
        assert str(font["name"].getName(1, 3, 1)) == family
        assert font["OS/2"].fsType == 0  # nothing is said against embedding
        assert font["OS/2"].usWeightClass == (700 if bold else 400)
        assert "Open Font License" in str(font["name"].getName(13, 3, 1))
    used = embedded.characters(Document(io.BytesIO(made)))
    assert used.keys() == faces.keys()
    assert set(NAME) <= used[fonts.SANS, False]
    for face, characters in used.items():
        drawn, glyphs = faces[face].getBestCmap(), faces[face]["glyf"]
        for character in characters - set(" \n\t　"):
            assert glyphs[drawn[ord(character)]].numberOfContours, (face, character)
    assert "0" in {chr(code) for code in faces[fonts.SANS, True].getBestCmap()}  # for who writes on
    assert len(made) < 1_500_000


@pytest.mark.parametrize("make", [pdf, word])
def test_text_that_looks_like_markup_stays_text(make: Any, tmp_path: Path) -> None:
    nasty = "#eval(1) {{ 7*7 }} <b> & $x$ \\ *a* 单"
    paper = Paper(title="T", blocks=(Text(nasty),), issued_by="x", day=samples.TODAY, language="en")
    made = make(paper)
    if make is word:
        assert nasty in [part.text for part in Document(io.BytesIO(made)).paragraphs]
    else:
        (tmp_path / "x.pdf").write_bytes(made)
        assert "".join(nasty.split()) in "".join(words_of(tmp_path / "x.pdf"))
    assert paper.day_in_words == "15 November 2026"


def test_a_chart_on_paper_is_drawn_with_words() -> None:
    """vl-convert leaves words out in silence where it has no font: the picture with them is another one."""
    with translation.override("zh-hans"):
        drawn = pictures.svg(samples.chart())
    assert "医院 G" in drawn
    assert "Noto Sans SC" in drawn
    assert 'fill="white"' in drawn


@pytest.mark.parametrize("how", ["gone", "empty", "no folder"])
@pytest.mark.parametrize("make", [pdf, word])
def test_without_a_font_nothing_is_made_and_one_line_says_how_to_mend_it(
    make: Any, how: str, paper: Paper, settings: Any, tmp_path: Path
) -> None:
    settings.FRONTEND = tmp_path
    if how != "no folder":
        (tmp_path / "fonts").mkdir()
        for name in fonts.FILES:
            (tmp_path / "fonts" / name).write_bytes(b"x")
        last = tmp_path / "fonts" / fonts.FILES[-1]
        last.write_bytes(b"") if how == "empty" else last.unlink()
    with pytest.raises(InputRefused) as refused:
        make(paper)
    assert "NotoSerifSC-Bold.ttf" in refused.value.zh
    assert "tools/frontend.py" in refused.value.en
    assert "\n" not in refused.value.zh
