"""Both field dictionaries of the HQMS front page, and the one inner model that they share.

Layout ``2012`` has 346 P-columns, layout ``2020`` has 642 A/B/C/D-columns; 90 more columns of one vendor are known
and ignored. Both layouts name a field of one meaning alike (:attr:`Field.name`): ``P321`` and ``C03C`` are both
``principal_diagnosis_code``. Three fields have a name of their own in 2020 because they do not mean the same:

- ``A16`` is ``age_infant_days`` (whole days); ``P66`` is ``age_infant_months`` (days/30, two decimals);
- ``A22`` is ``birth_address`` (one address); ``P101`` to ``P103`` are province, city and county of birth;
- ``B35`` (``transfer_hospital_name``) holds what ``P742`` and ``P743`` hold apart.

``procedure_1`` is the main procedure of the 2020 layout, ``procedure_2``… its other procedures 1….
Types, lengths and value lists of 2020 fields are those of the P-field that they come from, slots beyond the tenth
those of the tenth, with the changes of the 2019 standard; a test holds the data to this. What has no source has no
length and no checked table, and is marked unverified.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, cast

from tonghu.codes._data import read_rows
from tonghu.codes.bad_code import BadCode
from tonghu.codes.systems import CodeSystem, system

FieldType = Literal["text", "integer", "decimal", "date", "datetime"]
Presence = Literal["required", "advised"]

LAYOUTS = ("2012", "2020")
_CODE_SHAPES = frozenset({"icd10", "icd10_external", "morphology", "icd9cm3", "organisation"})


@dataclass(frozen=True, slots=True)
class Field:
    """One column of a layout.

    ``seq``: place in the standard order, from 1. ``max_length`` and ``scale``: characters of a text, or digits and
    decimals of a number; None: not checked. ``units``: how its own unit is written, by the field's name in the sources;
    empty for what has none or whose unit no source says. ``required``: what the layout's own source says (yes, no,
    conditional). ``presence``: ``required`` is HQ001 (error when absent), ``advised`` is HQ002 (warning), None is
    neither. ``table``: its value list; ``table_checked``: whether HQ023 holds values against it. ``shape``: icd10,
    icd10_external, icd9cm3, morphology, postcode, resident_id, organisation or None. ``p_code``: the 2012 column that
    it comes from. ``verified``: type, length and value list have a source.
    """

    seq: int
    code: str
    name: str
    name_zh: str
    type: FieldType
    max_length: int | None
    scale: int | None
    units: tuple[str, ...]
    required: str
    presence: Presence | None
    table: str | None
    table_checked: bool
    shape: str | None
    group: str
    p_code: str | None
    source: str
    verified: bool
    vendor_extension: bool
    note: str

    @property
    def coded(self) -> bool:
        """Whether it holds codes: then ``-`` says nothing, as in dates and numbers (in free text it is the filler)."""
        return self.table is not None or self.shape in _CODE_SHAPES

    @property
    def name_en(self) -> str:
        """The name as words."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Layout:
    """One dictionary: the standard columns in order, and the vendor's columns apart."""

    id: str
    fields: tuple[Field, ...]
    vendor_extensions: tuple[Field, ...]

    @property
    def system(self) -> CodeSystem:
        """Its version, validity and source."""
        return system(f"hqms_{self.id}")

    @cached_property
    def by_code(self) -> Mapping[str, Field]:
        """Standard and vendor columns by code as printed (``C06x01C``)."""
        return {field.code: field for field in (*self.fields, *self.vendor_extensions)}

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Standard columns by their name in the inner model."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_name_zh(self) -> Mapping[str, Field]:
        """Standard and vendor columns by Chinese name as printed."""
        return {field.name_zh: field for field in (*self.fields, *self.vendor_extensions)}

    @cached_property
    def _by_header(self) -> Mapping[str, Field]:
        found: dict[str, Field] = {}
        for field in (*self.fields, *self.vendor_extensions):
            found[header_key(field.code)] = field
            found[header_key(field.name_zh)] = field
        # Fee columns are printed with their number (“13.西药费”, “其中:麻醉费”): files often leave that out.
        for field in self.fields:
            found.setdefault(_UNNUMBERED.sub("", header_key(field.name_zh)), field)
        return found

    def find(self, header: str) -> Field | None:
        """The column that a header names: by code, by Chinese name, or by both (“P900 医疗机构代码”).

        Letter case, full-width or half-width writing, brackets, spaces and punctuation between words do not matter.
        """
        key = header_key(header)
        found = self._by_header.get(key)
        if found is None and (both := _CODE_AND_NAME.fullmatch(key)):
            found = self._by_header.get(both[1])
            if found is not self._by_header.get(both[2]):
                return None
        return found


_IGNORED = re.compile(r"[\s\u200b\ufeff()\[\]【】〔〕、,，。.:：;；/\\\"'“”‘’_\-－—]+")
_CODE_AND_NAME = re.compile(r"([A-D]\d{2}(?:X\d{2})?[CN]?|P\d{1,5})(.+)")
_UNNUMBERED = re.compile(r"^(?:\d{1,2}|其中)(?=\D)")


def header_key(header: str) -> str:
    """What two writings of one header have in common: letters, digits and Chinese characters alone."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", header)).upper()


@cache
def layout(layout_id: str) -> Layout:
    """The dictionary ``2012`` or ``2020``. Raises BadCode for any other id."""
    if layout_id not in LAYOUTS:
        raise BadCode(
            f"没有版式“{layout_id}”，只有 2012 与 2020", f"There is no layout “{layout_id}”: it is 2012 or 2020"
        )
    fields = [_field(row) for row in read_rows(f"hqms_fields_{layout_id}.csv")]
    return Layout(
        layout_id,
        tuple(field for field in fields if not field.vendor_extension),
        tuple(field for field in fields if field.vendor_extension),
    )


@cache
def inner_model() -> Mapping[str, Field]:
    """Every fact of both layouts by name; a field that both have is that of the 2012 layout."""
    return {**layout("2020").by_name, **layout("2012").by_name}


def _field(row: list[str]) -> Field:
    (
        seq, code, name, name_zh, type_, max_length, scale, units, required, presence, table, table_checked, shape,
        group, p_code, source, verified, vendor_extension, note,
    ) = row  # fmt: skip
    return Field(
        int(seq),
        code,
        name,
        name_zh,
        cast(FieldType, type_),
        int(max_length) if max_length else None,
        int(scale) if scale else None,
        tuple(units.split("|")) if units else (),
        required,
        cast(Presence, presence) if presence else None,
        table or None,
        table_checked == "yes",
        shape or None,
        group,
        p_code or None,
        source,
        verified == "yes",
        vendor_extension == "yes",
        note,
    )
