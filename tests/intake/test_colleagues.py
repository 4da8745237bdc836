"""Who may take an import up again sees its job: how far it is, and when it has ended."""

from __future__ import annotations

import pytest
from made_up_files import Hospital, a_file

import made_up
from tonghu.platform.accounts.roles import ROLES

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
