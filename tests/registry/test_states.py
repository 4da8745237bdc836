"""Every state and every role, allowed and refused, from the one table; by the services and by raw SQL."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

import made_up
from made_up_cards import Point, code
from tonghu.errors import InputRefused
from tonghu.registry.models import Card, CardAct, CardVersion, Finding, SeenCard, Transition
from tonghu.registry.pages import looking
from tonghu.registry.services import ask_department, move, override, save_card
from tonghu.registry.services.saving import NotInHand
from tonghu.registry.states import ACTS, EDITABLE, RETURNED, State, transitions

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("REG-05")]

WHY = "虚构的原因"
_REPORTED = [("entry_clerk", "submit"), ("auditor", "approve"), ("auditor", "report")]
_ACCEPTED = [*_REPORTED, ("centre_officer", "accept")]
_REVISED = [*_ACCEPTED, ("entry_clerk", "revise")]
#: How a card comes into each state from draft, before the centre held any of it and after: role and act.
WAYS: dict[tuple[str, bool], list[tuple[str, str]]] = {
    (State.DRAFT, False): [],
    (State.SUBMITTED, False): _REPORTED[:1],
    (State.RETURNED, False): [("entry_clerk", "submit"), ("auditor", "return")],
    (State.APPROVED, False): _REPORTED[:2],
    (State.VOIDED, False): [("entry_clerk", "void")],
    (State.REPORTED, True): _REPORTED,
    (State.RETURNED_BY_CENTRE, True): [*_REPORTED, ("centre_officer", "return_by_centre")],
    (State.ACCEPTED, True): _ACCEPTED,
    (State.DRAFT, True): _REVISED,
    (State.SUBMITTED, True): [*_REVISED, ("entry_clerk", "submit")],
    (State.RETURNED, True): [*_REVISED, ("entry_clerk", "submit"), ("auditor", "return")],
    (State.APPROVED, True): [*_REVISED, ("entry_clerk", "submit"), ("auditor", "approve")],
    (State.VOIDED, True): [*_REVISED, ("auditor", "void_reported")],
}
#: The first way into a state.
WAY = {state: next(way for (to, _held), way in WAYS.items() if to == state) for state in State}
#: Each state, and whether the centre holds a version.
PLACES = [pytest.param(state, held, id=f"{state}{'-held' if held else ''}") for state, held in WAYS]
#: What says that the act is another one's, by what the act does and whether the centre holds the card.
OTHERS = {
    ("void", True): "with_centre", ("void_reported", False): "not_with_centre",
    ("restore", True): "restored_by_auditor", ("restore_reported", False): "restored_by_clerk",
}  # fmt: skip
ROLES = ("entry_clerk", "records_department", "auditor", "point_lead", "responsible_deputy", "centre_officer")


def brought_to(point: Point, state: str, held: bool | None = None) -> Card:
    """A card in a state: by the first way there, or by the one on which the centre holds a version of it or none."""
    card = point.card()
    for role, act in WAY[State(state)] if held is None else WAYS[state, held]:
        with point.acting(role) as by:
            (answer,) = move(cards=[card.pk], act=act, by=by, reason=WHY)
            assert answer.refused == "", (role, act, answer)
    return card


def state_of(point: Point, card: Card) -> str:
    with point.acting("auditor"):
        return Card.objects.get(pk=card.pk).state


def test_the_database_has_the_table_of_states() -> None:
    held = {(one.act, one.from_state, one.to_state, one.permission, one.needs_clean, one.not_by_authors,
             one.centre_holds) for one in Transition.objects.all()}  # fmt: skip
    assert held == {
        (act.code, source, act.to, act.permission, act.clean, act.not_by_authors, act.centre_holds)
        for act, source in transitions()
    }
    assert {state for state, _held in WAYS} == set(State), "every state is reached"
    assert {source for act, source in transitions() if act.code == "submit"} == EDITABLE


@pytest.mark.parametrize(("state", "held"), PLACES)
@pytest.mark.parametrize("role", ROLES)
def test_every_act_in_every_state_by_every_role(point: Point, state: str, held: bool, role: str) -> None:
    """The service moves exactly what the table allows; the same by raw SQL."""
    card = brought_to(point, state, held)
    for act in ACTS.values():
        with point.acting(role) as by:
            fits = act.centre_holds in (None, held)
            seen = Card.objects.filter(pk=card.pk).exists()
            with transaction.atomic():
                if not by.may(act.permission):
                    with pytest.raises(PermissionDenied):
                        move(cards=[card.pk], act=act.code, by=by, reason=WHY)
                else:
                    (answer,) = move(cards=[card.pk], act=act.code, by=by, reason=WHY)
                    if not seen:
                        assert answer.refused == "absent"
                    elif state not in act.sources:
                        assert answer.refused == "state"
                    else:
                        assert answer.refused == ("" if fits else OTHERS[act.code, held]), act.code
                transaction.set_rollback(True)


@pytest.mark.requirement("REG-17")
@pytest.mark.parametrize(("state", "held"), PLACES)
@pytest.mark.parametrize("role", ROLES)
def test_raw_sql_moves_nothing_that_the_table_does_not_allow(point: Point, state: str, held: bool, role: str) -> None:
    card = brought_to(point, state, held)
    for to in State:
        if to == state:
            continue
        with point.acting(role) as by:
            allowed = any(
                state in act.sources and act.to == to and by.may(act.permission) and act.centre_holds in (None, held)
                for act in ACTS.values()
            )
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("UPDATE registry_card SET state = %s WHERE id = %s", [to, card.pk])
                    moved = cursor.rowcount == 1
                    if moved:
                        raise Undone
            except Undone:
                moved = True
            except DatabaseError as fault:
                if getattr(fault.__cause__, "sqlstate", "") != "TH010":
                    raise
                moved = False
        assert moved == allowed, (state, to)


class Undone(Exception):  # noqa: N818 -- no error
    """Takes a test's change back."""


@pytest.mark.parametrize("state", list(State))
def test_a_card_changes_in_hand_only(point: Point, state: str) -> None:
    card = brought_to(point, state)
    with point.acting("entry_clerk") as by:
        if state in EDITABLE:
            assert save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by).version == 2
        else:
            with pytest.raises(NotInHand):
                save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)


def may(point: Point, role: str, act: str) -> bool:
    with point.acting(role) as by:
        return by.may(ACTS[act].permission)


@pytest.mark.parametrize("act", [act.code for act in ACTS.values() if act.reason])
def test_acts_that_ask_for_a_reason_are_refused_without(point: Point, act: str) -> None:
    card = brought_to(point, ACTS[act].sources[0])
    role = next(
        role
        for role in ROLES
        if made_up.scope_at(point.centre() if role == "centre_officer" else point.post(role)).may(ACTS[act].permission)
    )
    with point.acting(role) as by, pytest.raises(InputRefused, match="原因"):
        move(cards=[card.pk], act=act, by=by, reason="  ")


@pytest.mark.requirement("REG-05")
def test_nobody_audits_what_they_wrote(point: Point) -> None:
    """Invariant 6: by the service, by the trigger and by the constraint."""
    card = point.card("records_department")
    both = made_up.post("auditor", point.hospital, holder=point.post("records_department").person)
    with point.acting("records_department") as by:
        move(cards=[card.pk], act="submit", by=by)
    with made_up.acting(both) as by:
        (answer,) = move(cards=[card.pk], act="approve", by=by)
        assert answer.refused == "own"
        with pytest.raises(DatabaseError) as fault, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE registry_card SET state = 'approved' WHERE id = %s", [card.pk])
        assert fault.value.__cause__.sqlstate == "TH013"
        with (
            pytest.raises(DatabaseError, match="only the database"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE registry_card SET audited_by = %s WHERE id = %s", [by.person, card.pk])
    with point.acting("auditor") as by:
        (answer,) = move(cards=[card.pk], act="approve", by=by)
        assert answer.refused == ""


def test_nobody_approves_what_they_submitted(point: Point) -> None:
    """Invariant 6, its second half: whoever submits a version asks for its approval, also where they wrote no field."""
    card = point.card("records_department")
    clerk = point.post("entry_clerk")
    both = made_up.post("auditor", point.hospital, holder=clerk.person)
    with made_up.acting(clerk) as by:
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""
        held = Card.objects.get(pk=card.pk)
        assert held.requested_by == [by.person]
        assert by.person not in held.authors
    with made_up.acting(both) as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == "requested"
        approved_by_sql_is_refused(card, "nobody approves their own request")
        assert by.person is not None
        assert not looking.auditable(by).filter(pk=card.pk).exists()
        move(cards=[card.pk], act="return", by=by, reason=WHY)  # that they may
    with point.acting("records_department") as by:
        move(cards=[card.pk], act="submit", by=by, reason="已核对")
    with made_up.acting(both) as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == "requested", "they asked for this version, too"
    with point.acting("auditor") as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == ""


def test_nobody_approves_what_they_explained(point: Point) -> None:
    """Whoever explained a finding on which the version stands does not approve it, whoever submits it."""
    card = point.card("records_department", home_phone="")
    clerk = point.post("entry_clerk")
    both = made_up.post("auditor", point.hospital, holder=clerk.person)
    with made_up.acting(clerk) as by:
        found = list(Finding.objects.filter(card=card.pk).exclude(level="error").values_list("pk", flat=True))
        assert found, "the mix has a card with something to explain"
        override(findings=found, reason=WHY, by=by)
    with point.acting("records_department") as by:
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)  # the explanation stands on
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""
    with made_up.acting(both) as by:
        submitter = point.post("records_department").person_id
        assert set(Card.objects.get(pk=card.pk).requested_by) == {by.person, submitter}
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == "requested"
        approved_by_sql_is_refused(card, "nobody approves their own request")
    with point.acting("auditor") as by:
        assert move(cards=[card.pk], act="approve", by=by)[0].refused == ""


def test_a_new_version_is_a_new_request(point: Point) -> None:
    card = brought_to(point, State.RETURNED)
    with point.acting("records_department") as by:
        assert Card.objects.get(pk=card.pk).requested_by == [point.post("entry_clerk").person_id]
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        assert Card.objects.get(pk=card.pk).requested_by == []


def approved_by_sql_is_refused(card: Card, why: str) -> None:
    """By the trigger, in the open scope; nor may the application write the column or say that it is empty."""
    with pytest.raises(DatabaseError, match=why) as fault, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_card SET state = 'approved' WHERE id = %s", [card.pk])
    assert fault.value.__cause__.sqlstate == "TH013"
    with pytest.raises(DatabaseError, match="only the database"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_card SET requested_by = '{}' WHERE id = %s", [card.pk])


def test_open_errors_and_unexplained_warnings_are_not_submitted(point: Point) -> None:
    wrong = point.card(cost_total="900.00")
    assert wrong.errors
    with point.acting("entry_clerk") as by:
        (answer,) = move(cards=[wrong.pk], act="submit", by=by)
        assert answer.refused == "errors"
        with pytest.raises(DatabaseError) as fault, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE registry_card SET state = 'submitted' WHERE id = %s", [wrong.pk])
        assert fault.value.__cause__.sqlstate == "TH012"


def test_of_many_cards_each_has_its_answer(point: Point) -> None:
    good, wrong, moved = point.card(), point.card(cost_total="900.00"), brought_to(point, State.SUBMITTED)
    elsewhere = Point().card()
    with point.acting("entry_clerk") as by:
        answers = move(cards=[wrong.pk, good.pk, elsewhere.pk, moved.pk, good.pk], act="submit", by=by)
    assert [(one.card, one.refused) for one in answers] == [
        (wrong.pk, "errors"), (good.pk, ""), (elsewhere.pk, "absent"), (moved.pk, "state"),
    ]  # fmt: skip
    assert all((one.zh and one.en) for one in answers if one.refused)


@pytest.mark.parametrize("state", sorted(RETURNED))
def test_a_returned_card_goes_on_changed_or_with_an_answer(point: Point, state: State) -> None:
    same, other = brought_to(point, state), brought_to(point, state)
    with point.acting("entry_clerk") as by:
        save_card(card=other.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        answers = move(cards=[same.pk, other.pk], act="submit", by=by, reason="  ")
        assert [(one.card, one.refused) for one in answers] == [(same.pk, "unanswered"), (other.pk, "")]
        assert "答复" in answers[0].zh
        ask_department(card=same.pk, department="病理科", note="请核对", by=by)  # stays in its state: no return
        assert move(cards=[same.pk], act="submit", by=by)[0].refused == "unanswered"
        assert move(cards=[same.pk], act="submit", by=by, reason="已核对病案，原填写无误")[0].refused == ""
        act = CardAct.objects.filter(card=same.pk).latest("pk")
    assert (act.act, act.from_state, act.version, act.reason) == ("submit", state, 1, "已核对病案，原填写无误")


def test_only_a_version_since_the_last_return_counts(point: Point) -> None:
    card = brought_to(point, State.RETURNED)
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        move(cards=[card.pk], act="submit", by=by)
    with point.acting("auditor") as by:
        move(cards=[card.pk], act="return", by=by, reason=WHY)
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == "unanswered"


def test_an_answer_that_is_withdrawn_is_asked_again(point: Point) -> None:
    card = brought_to(point, State.RETURNED)
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="submit", by=by, reason="已核对病案")[0].refused == ""
        move(cards=[card.pk], act="withdraw", by=by)
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == "unanswered"
    page = made_up.browser(point.post("entry_clerk")).get(f"/cards/{card.pk}").content.decode()
    assert 'name="_answer"' in page, "the form has the place for what it asks"
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="submit", by=by, reason="已再次核对病案")[0].refused == ""


def test_a_revision_without_any_change_goes_on_with_a_reason_only(point: Point) -> None:
    card = brought_to(point, State.ACCEPTED)
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="revise", by=by, reason=WHY)
        (answer,) = move(cards=[card.pk], act="submit", by=by)
        assert answer.refused == "unrevised"
        assert "写明原因" in answer.zh
    assert "不需要更正的原因" in made_up.browser(point.post("entry_clerk")).get(f"/cards/{card.pk}").content.decode()
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="submit", by=by, reason="核对后无需更正")[0].refused == ""


def test_what_was_done_stands_with_who_why_and_which_version(point: Point) -> None:
    card = brought_to(point, State.RETURNED)
    with point.acting("auditor") as by:
        act = CardAct.objects.filter(card=card).latest("pk")
        assert (act.act, act.from_state, act.to_state, act.reason, act.version) == (
            "return", "submitted", "returned", WHY, 1,
        )  # fmt: skip
        assert (act.person_id, act.post_id, act.who) == (by.person, by.post, by.label)


def test_the_centre_sees_what_was_reported_and_no_newer_version(point: Point) -> None:
    card = brought_to(point, State.RETURNED_BY_CENTRE)
    with point.acting("entry_clerk") as by:
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
    hidden = point.card()
    with point.acting("centre_officer"):
        assert list(CardVersion.objects.filter(card=card.pk).values_list("number", flat=True)) == [1]
        assert not SeenCard.objects.filter(pk=hidden.pk).exists()
        assert SeenCard.objects.get(pk=card.pk).first_reported_at is not None


def test_an_accepted_card_that_is_revised_stays_accepted_at_the_centre(point: Point) -> None:
    card = brought_to(point, State.ACCEPTED)
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="revise", by=by, reason=WHY)
        save_card(card=card.pk, based_on=1, front={code("abo_group"): "1"}, by=by)
        move(cards=[card.pk], act="submit", by=by)
    with point.acting("auditor") as by:
        move(cards=[card.pk], act="approve", by=by)
        move(cards=[card.pk], act="report", by=by)
        held = Card.objects.get(pk=card.pk)
        assert (held.version, held.reported_version, held.accepted_version) == (2, 2, 1)
    with point.acting("centre_officer") as by:
        move(cards=[card.pk], act="accept", by=by)
        assert Card.objects.get(pk=card.pk).accepted_version == 2


@pytest.mark.requirement("REG-17")
def test_what_the_centre_holds_is_voided_by_an_auditor_and_the_centre_is_told(point: Point) -> None:
    card = brought_to(point, State.ACCEPTED)
    with point.acting("entry_clerk") as by:
        move(cards=[card.pk], act="revise", by=by, reason=WHY)
        (answer,) = move(cards=[card.pk], act="void", by=by, reason=WHY)
        assert answer.refused == "with_centre"
        assert "审核员" in answer.zh
        with pytest.raises(DatabaseError, match="no act"), transaction.atomic():
            Card.objects.filter(pk=card.pk).update(state=State.VOIDED)
    own = made_up.post("auditor", point.hospital, holder=point.post("entry_clerk").person)
    with made_up.acting(own) as by:
        assert move(cards=[card.pk], act="void_reported", by=by, reason=WHY)[0].refused == "own"
        with pytest.raises(DatabaseError, match="nobody"), transaction.atomic():
            Card.objects.filter(pk=card.pk).update(state=State.VOIDED)
    auditor = made_up.browser(point.post("auditor"))
    assert "作废已上报的卡" in auditor.get(f"/cards/{card.pk}").content.decode()
    said = {"_version": 1, "_act": "void_reported", "typed": WHY}
    assert "已通知国家监测中心" in auditor.post(f"/cards/{card.pk}/act", said, follow=True).content.decode()
    centre = made_up.browser(point.centre())
    assert "作废了 1 份已上报的报告卡" in centre.get("/notices").content.decode()
    page = centre.get(f"/cards/{card.pk}").content.decode()
    assert "已作废" in page
    assert WHY in page


@pytest.mark.requirement("REG-17")
def test_what_was_voided_of_the_centres_is_restored_by_an_auditor_and_the_centre_is_told(point: Point) -> None:
    card = brought_to(point, State.VOIDED, held=True)
    clerk = made_up.browser(point.post("entry_clerk"))
    assert "须由没有填写、提交过此卡的审核员恢复" in clerk.get(f"/cards/{card.pk}").content.decode()
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="restore", by=by, reason=WHY)[0].refused == "restored_by_auditor"
        with pytest.raises(DatabaseError, match="no act"), transaction.atomic():
            Card.objects.filter(pk=card.pk).update(state=State.DRAFT)
    own = made_up.post("auditor", point.hospital, holder=point.post("entry_clerk").person)
    with made_up.acting(own) as by:
        assert move(cards=[card.pk], act="restore_reported", by=by, reason=WHY)[0].refused == "own"
        with pytest.raises(DatabaseError, match="nobody"), transaction.atomic():
            Card.objects.filter(pk=card.pk).update(state=State.DRAFT)
    auditor = made_up.browser(point.post("auditor"))
    assert "恢复已上报的卡" in auditor.get(f"/cards/{card.pk}").content.decode()
    said = {"_version": 1, "_act": "restore_reported", "typed": WHY}
    assert "已通知国家监测中心" in auditor.post(f"/cards/{card.pk}/act", said, follow=True).content.decode()
    assert state_of(point, card) == State.DRAFT
    centre = made_up.browser(point.centre())
    assert "恢复了 1 份作废过的已上报报告卡" in centre.get("/notices").content.decode()
    assert "恢复了您填写的 1 份已上报报告卡" in clerk.get("/notices").content.decode()
    with point.acting("entry_clerk") as by:
        assert move(cards=[card.pk], act="submit", by=by)[0].refused == ""


def test_what_was_never_reported_is_voided_by_the_clerk_alone(point: Point) -> None:
    card = brought_to(point, State.SUBMITTED)
    with point.acting("auditor") as by:
        assert move(cards=[card.pk], act="void_reported", by=by, reason=WHY)[0].refused == "not_with_centre"
    page = made_up.browser(point.post("auditor")).get(f"/cards/{card.pk}").content.decode()
    assert "作废已上报的卡" not in page
