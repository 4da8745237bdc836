"""Who may take an import up again sees its job: how far it is, and when it has ended."""

from __future__ import annotations

import pytest
from made_up_files import Hospital, a_file

import made_up
from made_up_cards import code
from tonghu.platform.accounts.roles import ROLES
from tonghu.registry.models import Card

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-06")]


@pytest.mark.parametrize("role", [code for code, role in ROLES.items() if "intake.upload" in role.permissions])
def test_a_colleague_watches_the_check_of_a_file(hospital: Hospital, role: str) -> None:
    batch = hospital.upload(a_file([hospital.page()]))
    colleague = made_up.browser(made_up.post(role, hospital.institution))
    page = colleague.get(f"/imports/{batch.pk}").content.decode()
    assert f"/jobs/{batch.job}/progress" in page, "the page follows the job"
    assert f'action="/imports/{batch.pk}/go-on"' not in page, "nothing has stopped"
    hospital.run(batch)
    assert colleague.get(f"/jobs/{batch.job}/progress")["HX-Refresh"] == "true"


def test_before_an_undo_stands_who_is_typing_on_its_cards(hospital: Hospital) -> None:
    batch = hospital.imported(hospital.page(), hospital.page(P3="ZY0002"))
    colleague = made_up.post("entry_clerk", hospital.institution)
    with hospital.acting():
        card = Card.objects.order_by("pk")[0]
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert "尚未保存的修改" not in page
    typed = made_up.browser(colleague).post(
        f"/cards/{card.pk}/draft", {"_version": 1, code("attending_physician"): "虚构改正"}
    )
    assert typed.status_code == 204
    page = made_up.browser(hospital.clerk).get(f"/imports/{batch.pk}").content.decode()
    assert f"其中有 {colleague.person.name} · 数据录入员" in page
    assert "建议先询问" in page
    stranger = made_up.browser(made_up.post("entry_clerk"))
    assert stranger.get(f"/imports/{batch.pk}").status_code == 404
