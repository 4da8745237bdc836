"""What the supplement says and whether the stay is in scope, as the typed facts that rules read; and the tumour that
registries' edits look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from tonghu.codes.dates import completed_years
from tonghu.hqms import stay
from tonghu.hqms.casting import Value
from tonghu.registry.content import Content
from tonghu.registry.summary import facts as summary
from tonghu.registry.supplement import items_on, stages_of

#: Items that the edits of registries read, most telling first: a finding is put on the first that its rule reads.
TUMOUR: Final = ("grade", "basis", "behaviour", "histology", "topography")
_DIAGNOSES: Final = ("principal_diagnosis_code", *(f"other_diagnosis_{n}_code" for n in range(1, 41)))
#: What lies behind a fact that is worked out here: all that decides which disease it is, and whose.
BEHIND: Final[Mapping[str, tuple[str, ...]]] = {
    "stage_fits": (
        "stage", "topography", "histology", "behaviour", "sex", *_DIAGNOSES,
        *(f"pathology_{n}_morphology_code" for n in (1, 2, 3)),
    ),
    "in_scope": (
        *_DIAGNOSES, "birth_date", "admission_datetime", "age_years", "age_infant_months", "age_infant_days",
    ),
}  # fmt: skip
#: Beside them, fields of the front page: names of facts.
OF_PAGE: Final[Mapping[str, str]] = {"age": "birth_date", "sex": "sex"}


def of(content: Content, on: date, region: str | None = None) -> dict[str, Value]:
    """Return the facts of the card by name; an item that is blank or cannot be read is left out."""
    screened = stay.screen(content.front, content.layout, on, region)
    known = of_items(content.supplement, on)
    known["in_scope"] = screened.group is not None  # also where the age is not known yet
    if "stage" in known:
        known["stage_fits"] = _fits(content, str(known["stage"]), on, region)
    return known


def of_items(supplement: Mapping[str, str], on: date) -> dict[str, Value]:
    """Return what the supplement says, typed, by item; codes of the tumour in their plain form."""
    from tonghu.tumours.checks import facts_of

    known: dict[str, Value] = {}
    for item in items_on(on):
        if item.name in supplement:
            value, _right = item.read(supplement[item.name])
            if value is not None:
                known[item.name] = value
    coded = facts_of({name: supplement.get(name) for name in ("topography", "histology", "behaviour")})
    for name in ("topography", "histology", "behaviour"):
        code = coded.get(name)
        if isinstance(code, str):
            known[name] = code
    return known


def tumour(content: Content, known: Mapping[str, Value]) -> dict[str, str | None] | None:
    """Return the cells of the card's tumour for the edits of registries; None while site or histology is blank."""
    if not content.supplement.get("topography") or not content.supplement.get("histology"):
        return None
    page = stay.read(content.front, content.layout)
    born, first = page.get("birth_date"), known.get("first_diagnosis_date") or page.get("admission_datetime")
    age = None
    if isinstance(born, date) and isinstance(first, date):
        day = date(first.year, first.month, first.day)
        age = completed_years(born, day) if born <= day else None
    sex = str(page.get("sex", "9"))
    return {
        **{name: content.supplement.get(name) for name in TUMOUR},
        "age": None if age is None else str(age),
        "sex": sex if sex in ("1", "2") else "9",
    }


def unread(content: Content, on: date) -> Iterator[tuple[str, str, str, str, str | None]]:
    """Items whose text is not what their kind asks: (item, rule, Chinese, English, right text where it is certain)."""
    for item in items_on(on):
        text = content.supplement.get(item.name)
        if text is None:
            continue
        value, right = item.read(text)
        said = " ".join(text.split())[:40]
        if right:
            yield item.name, "HQ021" if item.kind == "date" else "HQ023", f"“{said}”应写作“{right}”", (
                f"“{said}” is written “{right}”."
            ), right  # fmt: skip
        elif value is None and item.kind == "date":
            yield item.name, "HQ021", f"“{said}”不是日期；应填写日期，如 2026-09-07", (
                f"“{said}” is no date. Write one such as 2026-09-07."
            ), None  # fmt: skip
        elif value is None:
            listed = "、".join(f"{one.code} {one.zh}" for one in item.options[:12])
            listed_en = ", ".join(f"{one.code} {one.en}" for one in item.options[:12])
            yield item.name, "HQ023", f"“{said}”不在可填的值中；可填：{listed}", (
                f"“{said}” is none of the values. Write one of: {listed_en}."
            ), None  # fmt: skip
        if item.limit is not None and len(text.strip()) > item.limit and not right and value is not None:
            yield item.name, "HQ022", f"共 {len(text.strip())} 个字符，超过上限 {item.limit}", (
                f"{len(text.strip())} characters where at most {item.limit} are allowed."
            ), None  # fmt: skip


def _fits(content: Content, stage: str, on: date, region: str | None) -> bool:
    said = summary(content, on, region)
    system = stages_of(said.iccc3_subgroup, said.sex)
    return system is not None and stage in {option.code for option in system.options}
