"""The fonts inside a Word file: cut down to what the paper says, and hidden the way ECMA-376 asks for (part 4, 17.8.1).

Each face of :data:`FACES` that the file uses becomes one part, ``word/fonts/fontN.odttf``: a TrueType font with the
paper's own characters and the plain ones that editing needs at once (letters, digits, punctuation). Noto's licence
(OFL 1.1) allows that, and its files set no bit against embedding. What somebody types later and the paper did not hold
comes from the font of :data:`INSTEAD`, which is also what a program shows that reads no embedded fonts.
"""

from __future__ import annotations

import io
import logging
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tonghu.platform.documents import fonts

if TYPE_CHECKING:
    from docx.document import Document

#: Word's family and whether it is bold, and the file that draws it.
FACES: Final = {
    (fonts.SANS, False): "NotoSansSC-Regular.ttf",
    (fonts.SANS, True): "NotoSansSC-Bold.ttf",
    (fonts.SERIF, False): "NotoSerifSC-Regular.ttf",
    (fonts.SERIF, True): "NotoSerifSC-Bold.ttf",
}
#: What stands in for a family: on every machine with WPS, and what GB/T 9704-2012 prescribes.
INSTEAD: Final = {fonts.SERIF: "仿宋", fonts.SANS: "黑体"}

_PLAIN: Final = frozenset(map(chr, range(0x20, 0x7F))) | frozenset(
    "　、。〈〉《》「」『』【】〔〕！（），：；？—…·“”‘’％－～"
)
_CONTENT_TYPE: Final = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
#: Elements of settings.xml that stand before ``embedTrueTypeFonts``; the schema knows one order.
_BEFORE: Final = (
    "writeProtection", "view", "zoom", "removePersonalInformation", "removeDateAndTime", "doNotDisplayPageBoundaries",
    "displayBackgroundShape", "printPostScriptOverText", "printFractionalCharacterWidth", "printFormsData",
)  # fmt: skip


def embed(document: Document) -> None:
    """Put the fonts that `document` uses into it.

    Raises:
        FontsMissing: see :func:`tonghu.platform.documents.fonts.folder`.
    """
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    place = fonts.folder()
    table = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    faces: dict[str, dict[bool, tuple[str, str]]] = {}
    for number, ((family, bold), used) in enumerate(sorted(characters(document).items()), 1):
        cut = _subset(place / FACES[family, bold], used)
        key = uuid.uuid5(uuid.NAMESPACE_OID, cut.hex())
        name = PackURI(f"/word/fonts/font{number}.odttf")
        part = Part(name, _CONTENT_TYPE, obfuscated(cut, key), table.package)
        faces.setdefault(family, {})[bold] = (table.relate_to(part, RELATIONSHIP_TYPE.FONT), f"{{{key}}}".upper())
    table._blob = _font_table(faces)
    _say_so(document)


def obfuscated(font: bytes, key: uuid.UUID) -> bytes:
    """The font with its first 32 bytes mixed with its key, digits read backwards; twice is the font again."""
    mask = key.bytes[::-1] * 2
    return bytes(a ^ b for a, b in zip(font, mask, strict=False)) + font[len(mask) :]


def characters(document: Document) -> dict[tuple[str, bool], set[str]]:
    """The characters of the body and of the feet, by the face that they are set in."""
    from docx.oxml.ns import qn
    from docx.text.run import Run

    usual = document.styles["Normal"].font.name
    used: dict[tuple[str, bool], set[str]] = {}
    for part in (document.element.body, *(section.footer._element for section in document.sections)):
        for run in part.iter(qn("w:r")):
            font = Run(run, document).font
            used.setdefault((font.name or usual, bool(font.bold)), set()).update(run.text)
    return used


def _subset(file: Path, used: set[str]) -> bytes:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it lists every glyph, and a paper's words are its own
    options = subset.Options()
    options.layout_features = []  # ligatures and vertical forms: Word sets none of them here
    options.notdef_outline = True  # a missing character is seen to be missing
    options.name_IDs = ["*"]  # the licence goes along
    options.prune_codepage_ranges = False  # by them Word knows a Chinese font
    options.drop_tables = [*options.drop_tables, "STAT", "BASE", "vhea", "vmtx"]
    cutter = subset.Subsetter(options)
    cutter.populate(text="".join(used | _PLAIN))
    made = io.BytesIO()
    with TTFont(file, lazy=True) as font:
        cutter.subset(font)
        font.save(made)
    return made.getvalue()


def _font_table(faces: dict[str, dict[bool, tuple[str, str]]]) -> bytes:
    """The part fontTable.xml: what each family is, what stands in for it, and which parts hold it."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import nsmap, qn
    from lxml import etree

    table = OxmlElement("w:fonts", nsdecls={prefix: nsmap[prefix] for prefix in ("w", "r")})
    for family, parts in faces.items():
        font = _under(table, "w:font", {"w:name": family})
        _under(font, "w:altName", {"w:val": INSTEAD[family]})
        _under(font, "w:charset", {"w:val": "86"})  # GB 2312
        _under(font, "w:family", {"w:val": "roman" if family == fonts.SERIF else "swiss"})
        _under(font, "w:pitch", {"w:val": "variable"})
        for bold, (relation, key) in sorted(parts.items()):
            held = _under(font, "w:embedBold" if bold else "w:embedRegular", {"w:fontKey": key})
            held.set(qn("r:id"), relation)
    return etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)


def _under(parent: Any, name: str, said: dict[str, str]) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in said.items():
        made.set(qn(key), value)
    parent.append(made)
    return made


def _say_so(document: Document) -> None:
    """Settings: the file brings its fonts, and whoever saves it again keeps only what is used."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    settings = document.settings.element
    before = {qn(f"w:{name}") for name in _BEFORE}
    at = sum(1 for part in settings if part.tag in before)
    for name in ("w:saveSubsetFonts", "w:embedTrueTypeFonts"):
        settings.insert(at, OxmlElement(name))
