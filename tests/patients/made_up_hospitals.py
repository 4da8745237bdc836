"""Two made-up hospitals, and scopes of their posts."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.range import Range

from tonghu.network.models import Institution
from tonghu.patients.models import HospitalView
from tonghu.patients.services import enter_view
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

CHILDREN = frozenset({"children.read", "children.enter", "children.merge", "children.grant", "children.consent"})


def scope_of(institution: Institution, permissions: frozenset[str] = CHILDREN) -> Scope:
    return Scope(institution=institution.pk, permissions=permissions, purpose="test")


def enter(by: Scope, hospital: Institution, number: str, name: str = "虚构甲", **known: Any) -> HospitalView:
    """Enter a child at a hospital."""
    return enter_view(by=by, institution=hospital.pk, record_number=number, patient_name=name, **known)


def make_hospitals() -> tuple[Institution, Institution]:
    with open_scope(system_scope("provisioning")):
        here, there = (
            Institution.objects.create(
                code=code, name=f"虚构{code}医院", kind="hospital", region_code=region, valid=Range(None, None)
            )
            for code, region in (("HA", "510104"), ("HB", "330102"))
        )
    return here, there


@pytest.fixture
def hospitals(db: None) -> tuple[Institution, Institution]:
    return make_hospitals()
