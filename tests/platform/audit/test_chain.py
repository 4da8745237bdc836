"""The chain: it holds when nothing was changed, and names the first place where something was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from committed import in_threads
from tonghu.platform.audit import chain
from tonghu.platform.audit.events import personal_of, record
from tonghu.platform.audit.kinds import kind
from tonghu.platform.audit.models import Event, Link
from tonghu.platform.crypto import keys
from tonghu.platform.scope.scope import open_scope, system_scope

pytestmark = pytest.mark.usefixtures("committed", "head")

DONE = kind("chaintest.done", zh="做了 {what}", en="did {what}", data=("what",))
NAMED = kind("chaintest.named", zh="记下 {name}", en="noted {name}", personal=("name",))
LOGIN = system_scope("login")


def record_some(count: int) -> list[int]:
    with open_scope(LOGIN):
        for n in range(count):
            record(DONE, subject=("thing", n + 1), by=LOGIN, data={"what": n})
    with open_scope(system_scope("chain")):
        return list(Event.objects.order_by("id").values_list("pk", flat=True))


def test_an_untouched_log_holds_and_nothing_waits() -> None:
    record_some(5)
    assert chain.verify() == chain.Verdict(0, None, 5)
    assert chain.link() == 5
    assert chain.link() == 0
    record_some(3)
    assert chain.link() == 3
    assert chain.verify() == chain.Verdict(8, None, 0)
    with open_scope(system_scope("chain")):
        assert [str(link).split(" ")[0] for link in Link.objects.order_by("seq")] == [str(n) for n in range(1, 9)]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE audit_event SET data = '{{\"what\": 99}}' WHERE id = {third}", "altered"),
        ("UPDATE audit_event SET who = 'somebody else' WHERE id = {third}", "altered"),
        ("UPDATE audit_event SET at = at + interval '1 microsecond' WHERE id = {third}", "altered"),
        ("UPDATE audit_event SET reason = 'x' WHERE id = {third}", "altered"),
        ("UPDATE audit_event SET institution_id = 1 WHERE id = {third}", "altered"),
        ("UPDATE audit_event SET personal = '\\x01' WHERE id = {third}", "altered"),
        ("DELETE FROM audit_event WHERE id = {third}", "removed"),
        ("DELETE FROM audit_link WHERE seq = 3", "link_missing"),
        ("DELETE FROM audit_link WHERE seq = 3; DELETE FROM audit_event WHERE id = {third}", "link_missing"),
        (
            "DELETE FROM audit_link WHERE seq = 3; DELETE FROM audit_event WHERE id = {third}; "
            "UPDATE audit_link SET seq = seq - 1 WHERE seq > 3",
            "altered",
        ),
        (
            "UPDATE audit_link SET event_id = -1 WHERE seq = 3; "
            "UPDATE audit_link SET event_id = {third} WHERE seq = 5; "
            "UPDATE audit_link SET event_id = {fifth} WHERE seq = 3",
            "altered",
        ),
        ("UPDATE audit_link SET hash = '\\x0002' WHERE seq = 3", "altered"),
        ("UPDATE audit_link SET hash = '\\xffff' WHERE seq = 3", "key_missing"),
    ],
)
def test_what_the_owner_changes_is_named_at_its_first_place(statement: str, what: str, owner_at_work: Any) -> None:
    events = record_some(6)
    chain.link()
    owner_at_work(statement.format(third=events[2], fifth=events[4]))
    broken = chain.verify().broken
    assert broken is not None
    assert (broken.seq, broken.what) == (3, what)


@pytest.mark.parametrize(
    ("event", "hashed"),
    [
        ("-1", "(SELECT hash FROM audit_link WHERE seq = 6)"),
        ("(SELECT max(id) FROM audit_event)", "(SELECT hash FROM audit_link WHERE seq = 6)"),
        ("(SELECT max(id) FROM audit_event)", "substr((SELECT hash FROM audit_link WHERE seq = 6), 1, 2) || '\\x00'"),
    ],
)
def test_a_link_that_the_owner_appends_is_found(event: str, hashed: str, owner_at_work: Any, head: Path) -> None:
    """An event written past the application, with a link made up for it: without the key it does not fit."""
    record_some(6)
    chain.link()
    kept = head.read_text()
    owner_at_work(
        "INSERT INTO audit_event (id, at, kind, subject_kind, subject_id, who, purpose, reason, request, data) "
        "VALUES (nextval('audit_event_id_seq'), now(), 'chaintest.done', 'thing', '9', '', '', '', '', '{}')",
        f"INSERT INTO audit_link (seq, event_id, hash) VALUES (7, {event}, {hashed})",
    )
    broken = chain.verify().broken
    assert broken is not None
    assert (broken.seq, broken.what) == (7, "removed" if event == "-1" else "altered")
    assert head.read_text() == kept
    record_some(1)
    chain.link()  # what is linked behind it does not heal it
    broken = chain.verify().broken
    assert broken is not None
    assert broken.seq == 7


def test_the_order_of_two_acts_cannot_be_exchanged(owner_at_work: Any) -> None:
    """Two events change their contents, each whole: every row is one that was written, in the other's place."""
    events = record_some(4)
    chain.link()
    owner_at_work(
        f"UPDATE audit_event SET data = '{{\"what\": 2}}' WHERE id = {events[1]}",
        f"UPDATE audit_event SET data = '{{\"what\": 1}}' WHERE id = {events[2]}",
    )
    assert chain.verify().broken == chain.Break(2, events[1], "altered")


def test_an_end_that_was_cut_off_shows_against_the_head_kept_outside(owner_at_work: Any, head: Path) -> None:
    events = record_some(4)
    chain.link()
    assert json.loads(head.read_text())["seq"] == 4
    owner_at_work("DELETE FROM audit_link WHERE seq >= 3", f"DELETE FROM audit_event WHERE id >= {events[2]}")
    assert chain.verify() == chain.Verdict(2, chain.Break(4, None, "cut"), 0)
    record_some(3)
    chain.link()  # new acts take the place of those cut off: the chain itself holds, the head does not
    assert chain.verify().broken == chain.Break(4, None, "cut")


def test_whoever_has_the_database_but_not_the_key_cannot_make_the_chain_fit(owner_at_work: Any) -> None:
    """The owner alters an event and works every later hash out again, with a key of their own."""
    record_some(3)
    chain.link()
    owner_at_work(
        "UPDATE audit_event SET who = 'x' WHERE id = (SELECT min(id) FROM audit_event)", "DELETE FROM audit_link"
    )
    held = keys.key_file().read_text()
    try:
        keys.write(keys.fresh_keyring())
        keys.source().ring(now=True)
        chain.link()
    finally:
        keys.key_file().write_text(held)
        keys.source().ring(now=True)
    broken = chain.verify().broken
    assert broken is not None
    assert (broken.seq, broken.what) == (1, "altered")


def test_events_written_by_many_at_once_are_all_linked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 7)

    def work(number: int) -> None:
        for n in range(10):
            if number % 3 == 0:
                chain.link()
            else:
                with open_scope(LOGIN):
                    record(DONE, subject=("thing", n + 1), by=LOGIN, data={"what": number})

    in_threads(work, 6)
    chain.link()
    assert chain.verify() == chain.Verdict(40, None, 0)


def test_an_act_that_took_long_is_linked_late_and_not_lost(monkeypatch: pytest.MonkeyPatch, owner_at_work: Any) -> None:
    monkeypatch.setattr(chain, "LOOK_BACK", 2)
    with open_scope(LOGIN), connection.cursor() as cursor:
        cursor.execute("SELECT nextval('audit_event_id_seq')")  # another transaction holds this number and is not done
        early = cursor.fetchone()[0]
    record_some(5)
    assert chain.link() == 5
    owner_at_work(  # the application's own number would be a later one
        "INSERT INTO audit_event (id, at, kind, subject_kind, subject_id, who, purpose, reason, request, data) "
        f"VALUES ({int(early)}, now(), 'x.y', '', '', '', '', '', '', '{{}}')"
    )
    assert chain.link() == 0
    assert chain.verify().waiting == 1
    assert chain.link(everything=True) == 1
    assert chain.verify() == chain.Verdict(6, None, 0)


@pytest.mark.parametrize("gone", ["removed", "{", '{"seq": "x"}', "[]"])
def test_an_end_that_was_cut_off_with_its_head_shows_as_an_end_that_nothing_proves(
    gone: str, owner_at_work: Any, head: Path
) -> None:
    events = record_some(4)
    chain.link()
    owner_at_work("DELETE FROM audit_link WHERE seq >= 3", f"DELETE FROM audit_event WHERE id >= {events[2]}")
    head.unlink() if gone == "removed" else head.write_text(gone)
    assert chain.verify().broken == chain.Break(2, None, "head_missing")
    record_some(2)
    chain.link()  # what comes after does not bring a head back by itself
    assert chain.verify().broken == chain.Break(4, None, "head_missing")


def test_a_cut_shows_against_a_head_that_was_noted_elsewhere(owner_at_work: Any, head: Path) -> None:
    """The end is cut, the head's file made to fit, new acts take its place: whoever noted a head sees it."""
    events = record_some(4)
    chain.link()
    before = chain.verify().head
    assert before is not None
    assert chain.Head.of(f" {before} ") == before
    assert chain.verify(noted=before).broken is None
    owner_at_work("DELETE FROM audit_link WHERE seq >= 3", f"DELETE FROM audit_event WHERE id >= {events[2]}")
    head.unlink()
    chain.accept_end()
    record_some(3)
    chain.link()
    assert chain.verify().broken is None, "by itself the chain holds again"
    assert chain.verify(noted=before).broken == chain.Break(4, None, "cut")
    for written in ("four", "x:00", "4:zz", "4"):
        with pytest.raises(ValueError):  # noqa: PT011 -- int's and fromhex's own
            chain.Head.of(written)


def test_the_head_is_never_set_back(head: Path) -> None:
    chain._write_head(5, "aa")
    chain._write_head(4, "bb")
    assert json.loads(head.read_text())["hash"] == "aa"


def test_the_heads_file_lies_in_the_sites_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    place = chain.head_file()
    assert place.parent.name == "audit"
    assert place.name.startswith("head-test_")


def test_after_a_restore_the_chain_goes_on_and_the_old_head_is_kept_as_evidence(owner_at_work: Any, head: Path) -> None:
    events = record_some(4)
    chain.link()
    chain.accept_end()
    assert head.exists()  # nothing was cut off: nothing to accept
    owner_at_work("DELETE FROM audit_link WHERE seq >= 3", f"DELETE FROM audit_event WHERE id >= {events[2]}")
    chain.accept_end()
    assert sorted(file.name for file in head.parent.iterdir()) == ["head.json", "head.until-4.json"]
    record_some(1)
    chain.link()
    assert chain.verify() == chain.Verdict(3, None, 0)
    assert json.loads(head.read_text())["seq"] == 3


def test_two_first_writers_about_one_subject_share_its_key() -> None:
    def work(number: int) -> None:
        with open_scope(LOGIN):
            record(NAMED, subject=("thing", 7), by=LOGIN, personal={"name": f"虚构{number}"})

    in_threads(work, 6)
    with open_scope(system_scope("chain")):
        opened = personal_of(Event.objects.all())
    assert {found["name"] for found in opened.values() if found} == {f"虚构{n}" for n in range(6)}
