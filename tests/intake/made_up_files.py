"""A made-up hospital with its clerk, and discharge files of it: few columns, readable rows. Nobody here exists."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pytest

import made_up
import run_jobs
from tonghu.codes.identity import check_character
from tonghu.intake import services
from tonghu.intake.models import Batch
from tonghu.network.models import Institution
from tonghu.platform.accounts.models import Post
from tonghu.platform.files.incoming import Incoming
from tonghu.platform.files.upload import ReceivedFile
from tonghu.platform.scope.scope import Scope
from tonghu.registry.models import Card, Finding
from tonghu.registry.services import move, save_card

MONTH = date(2026, 10, 1)
_numbers = itertools.count(1)

#: A front page of the 2012 layout as a hospital might write it: a boy with acute lymphoblastic leukaemia.
PAGE = {
    "P900": "", "P6891": "虚构儿童医院", "P1": "1", "P2": "1", "P3": "ZY0001", "P4": "虚构童", "P5": "1",
    "P6": "2020-03-01", "P7": "6", "P8": "1", "P9": "31", "P101": "四川省", "P11": "01", "P12": "中国",
    "P801": "四川省成都市虚构路1号", "P802": "13800000001", "P17": "四川省成都市虚构路1号", "P18": "虚构母",
    "P19": "5", "P20": "四川省成都市虚构路1号", "P21": "13800000002", "P22": "2026-10-01 08:30",
    "P23": "07", "P25": "2026-10-08 09:00", "P26": "07", "P27": "7", "P28": "C91.000", "P281": "急性淋巴细胞白血病",
    "P321": "C91.000", "P322": "急性淋巴细胞白血病", "P805": "1", "P741": "1", "P782": "12000.00",
}  # fmt: skip


@dataclass
class Hospital:
    """A hospital, and a clerk who works there."""

    institution: Institution
    clerk: Post

    @contextmanager
    def acting(self, *more: str) -> Iterator[Scope]:
        """Act as the clerk for a block."""
        with made_up.acting(self.clerk, *more) as by:
            yield by

    def page(self, **changes: str) -> dict[str, str]:
        """A front page of this hospital."""
        return {**PAGE, "P900": self.institution.code, **changes}

    def upload(self, content: bytes, name: str = "虚构.csv", month: date = MONTH) -> Batch:
        """Upload a file; it is not checked yet."""
        with self.acting() as by:
            return services.upload(received=received(content, name), archive_month=month, by=by)

    def checked(self, *pages: Mapping[str, str], **more: object) -> Batch:
        """Upload rows and have them checked."""
        return self.check(self.upload(a_file(pages), **more))  # type: ignore[arg-type]

    def check(self, batch: Batch) -> Batch:
        """Run the check of a batch."""
        return self.run(batch)

    def run(self, batch: Batch) -> Batch:
        """Run the job of a batch as a worker would, and return the batch as it stands then."""
        batch = self.seen(batch)
        assert batch.job is not None
        done = run_jobs.run_one(batch.job)
        assert done.state == "done", (done.state, done.error_zh, done.error_place)
        return self.seen(batch)

    def confirmed(self, batch: Batch) -> Batch:
        """Confirm a batch and have it imported."""
        with self.acting() as by:
            services.confirm(batch=batch.pk, by=by)
        return self.run(batch)

    def undone(self, batch: Batch) -> Batch:
        """Undo a batch."""
        with self.acting() as by:
            services.undo(batch=batch.pk, by=by)
        return self.run(batch)

    def imported(self, *pages: Mapping[str, str]) -> Batch:
        """Upload, check and confirm rows."""
        return self.confirmed(self.checked(*pages))

    def seen(self, batch: Batch) -> Batch:
        """A batch as it stands."""
        with self.acting():
            return Batch.objects.get(pk=batch.pk)


def a_hospital(code: str = "") -> Hospital:
    """A hospital of the code, with a clerk."""
    code = code or f"5101040000{next(_numbers):08d}"
    institution = made_up.hospital(code, name="虚构儿童医院")
    return Hospital(institution, made_up.post("entry_clerk", institution))


def received(content: bytes, name: str) -> ReceivedFile:
    """An upload as it lies sealed in the vault."""
    incoming = Incoming()
    incoming.write(content)
    incoming.finish()
    return ReceivedFile(incoming, name=name, content_type="text/csv", field="file")


def a_file(pages: Iterable[Mapping[str, str]]) -> bytes:
    """Rows as a file: UTF-8, commas, the columns that any row has."""
    pages = list(pages)
    names = list(dict.fromkeys(name for page in pages for name in page)) or list(PAGE)
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(pages)
    return text.getvalue().encode()


def identity_number(born: str, sequence: int) -> str:
    """A right identity number of a region that does not exist."""
    seventeen = f"990101{born.replace('-', '')}{sequence:03d}"
    return seventeen + check_character(seventeen)


def card_in(hospital: Hospital, state: str, monkeypatch: pytest.MonkeyPatch, **changes: str) -> Card:
    """An imported card that has come to a state; its rules find nothing, so that it may.

    ``voided_held``: voided once the centre held it; ``changes``: what its page says otherwise, by field code.
    """
    with monkeypatch.context() as nothing:
        nothing.setattr("tonghu.registry.services.saving.check", lambda *_: [])
        hospital.imported(hospital.page(**changes))
        with hospital.acting() as by:
            save_card(card=Card.objects.get().pk, based_on=1, by=by, supplement={"laterality": "1"})
            card = Card.objects.get()
            assert not Finding.objects.exists()
    auditor = made_up.post("auditor", hospital.institution)
    centre = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    way = {
        "submitted": ["submit"], "approved": ["submit", "approve"], "reported": ["submit", "approve", "report"],
        "accepted": ["submit", "approve", "report", "accept"], "voided": ["void"],
        "voided_held": ["submit", "approve", "report", "accept", "revise", "void_reported"],
    }[state]  # fmt: skip
    doing = {"approve": auditor, "report": auditor, "accept": centre, "void_reported": auditor}
    for act in way:
        post = doing.get(act, hospital.clerk)
        with made_up.acting(post) as by:
            moved = move(cards=[card.pk], act=act, by=by, reason="" if act in ("submit", "approve") else "虚构原因")
            assert moved[0].refused == "", (act, moved[0])
    with hospital.acting():
        card.refresh_from_db()
    assert card.state == state.removesuffix("_held")
    return card
