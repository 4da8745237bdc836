"""Authorities of a few hospitals name them in their lists; the nation, and hospitals themselves, do not."""

from __future__ import annotations

import pytest

import made_up
from tonghu.network import queries

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-11")]


def test_who_reaches_few_institutions_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    near = [made_up.hospital(f"FEW{n}", "510104") for n in range(2)]
    far = made_up.hospital("FEW9", "330102")
    county = made_up.post("commission_officer", made_up.authority("health", "510104"))
    centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    with made_up.acting(county) as by:
        assert set(queries.few_reached(by) or ()) >= {one.pk for one in near}
        assert far.pk not in (queries.few_reached(by) or ())
        monkeypatch.setattr(queries, "FEW", 1)
        assert queries.few_reached(by) is None, "of many none is named"
    with made_up.acting(centre) as by:
        assert queries.few_reached(by) is None
    with made_up.acting(made_up.post("entry_clerk", far)) as by:
        assert queries.few_reached(by) is None, "a hospital says itself"
