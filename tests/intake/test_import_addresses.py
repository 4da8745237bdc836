"""The address of an act on an import, opened by hand or brought back by the browser: it leads to the import's page."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from made_up_files import Hospital, a_file

import made_up
from tonghu.intake.models import Batch
from tonghu.platform.files import vault


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["confirm", "discard", "go-on", "undo"])
def test_the_address_of_an_act_leads_to_the_import(
    hospital: Hospital, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "remove", lambda _place: None)
    clerk = made_up.browser(hospital.clerk)
    sent = {"file": SimpleUploadedFile("虚构.csv", a_file([hospital.page()])), "archive_month": "2026-10"}
    clerk.post("/imports/upload", sent)
    with hospital.acting():
        batch = Batch.objects.get()
    answer = clerk.get(f"/imports/{batch.pk}/{act}")
    assert answer.status_code == 302
    assert answer["Location"] == f"/imports/{batch.pk}"
    with hospital.acting():
        assert Batch.objects.get().state == batch.state, "reading an address does nothing"
    assert clerk.get(f"/imports/999999/{act}").status_code == 404
