"""What refuses says why, and never repeats the number that it was given; neither does the database's own log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import DatabaseError, connection, transaction

import made_up
import site_database
from tonghu.errors import InputRefused
from tonghu.patients.models import DocumentKey, HospitalView
from tonghu.platform.audit.acts import log_reveal
from tonghu.platform.audit.events import SITE, acting_because, record
from tonghu.platform.audit.kinds import kind
from tonghu.platform.crypto import keys
from tonghu.platform.crypto.box import seal, unseal
from tonghu.platform.crypto.masks import kept, mask_id
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = pytest.mark.django_db

#: Made up.
NUMBER = "110101201003070020"
NOTED = kind("identitytest.noted", zh="记下{note}", en="noted {note}", data=("note",))
BY = Scope(permissions=frozenset({"audit.reveal"}))


def tampered() -> object:
    sealed = bytearray(seal(NUMBER.encode(), "t.c"))
    sealed[-1] ^= 1
    return unseal(bytes(sealed), "t.c")


REFUSALS: list[Callable[[], object]] = [
    tampered,
    lambda: unseal(NUMBER.encode(), "t.c"),
    lambda: keys.parse(f'{{"keys": [{{"secret": "{NUMBER}"}}]}}'),
    lambda: kept(mask_id(NUMBER) + NUMBER, "x", mask_id),
    lambda: record(NOTED, subject=SITE, by=BY, data={"note": NUMBER}),
    lambda: record(NOTED, subject=SITE, by=BY, data={"other": NUMBER}),
    lambda: acting_because(BY, f"查 {NUMBER}"),
    lambda: log_reveal("证件号", subject=("child", 1), reason=NUMBER, by=BY),
    lambda: HospitalView.objects.filter(document_number=NUMBER),
    lambda: HospitalView(document_number=f"*{NUMBER}").save(),
]


@pytest.mark.parametrize("refused", REFUSALS, ids=range(len(REFUSALS)))
def test_no_refusal_repeats_the_number(refused: Callable[[], object], caplog: Any, capsys: Any) -> None:
    with pytest.raises((InputRefused, ValueError, FieldError)) as said, open_scope(system_scope("provisioning")):
        refused()
    captured = capsys.readouterr()
    for text in (str(said.value), repr(said.value.args), caplog.text, captured.out, captured.err):
        assert NUMBER not in text


def test_two_of_one_number_are_refused_by_the_database_without_naming_it() -> None:
    with pytest.raises(DatabaseError) as said, open_scope(system_scope("migration")), transaction.atomic():
        DocumentKey.objects.create(key=b"\0\x01x", number=NUMBER, child_id=1)
    assert NUMBER not in str(said.value)


@pytest.mark.parametrize(
    "statement",
    [
        f"SELECT nonsense FROM nowhere WHERE number = '{NUMBER}'",
        f"INSERT INTO network_institution (code, name, kind, region_code, valid) "
        f"VALUES ('{NUMBER}', NULL, 'x', 'y', '(,)')",
        f"DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = '{NUMBER}'; END $$",
    ],
)
def test_the_servers_log_holds_no_statement_and_no_row(statement: str) -> None:
    log = site_database.server().log
    before = log.stat().st_size
    with pytest.raises(DatabaseError), made_up.acting(made_up.post("point_lead")), connection.cursor() as cursor:
        cursor.execute(statement)
    with log.open(encoding="utf-8", errors="replace") as read:
        read.seek(before)
        said = read.read()
    assert NUMBER not in said
