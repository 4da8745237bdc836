"""Consent is voluntary and dated; what rests on it ends with it; a hospital sees a child no longer than was said."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from time import sleep
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from made_up_hospitals import CHILDREN, enter, scope_of
from psycopg.types.range import Range, TimestamptzRange

from tonghu.errors import InputRefused
from tonghu.network.models import Institution
from tonghu.patients import purposes
from tonghu.patients.agreements import end_grant, let_see, record_consent, resting, withdraw_consent
from tonghu.patients.merges import merge, split, undo_merge
from tonghu.patients.models import Child, Consent, Grant, HospitalView
from tonghu.patients.story import told
from tonghu.platform.audit.models import Event
from tonghu.platform.dated import settings
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.policy.library import clause_ids

Hospitals = tuple[Institution, Institution]


@pytest.fixture
def child(hospitals: Hospitals) -> Child:
    with open_scope(scope_of(hospitals[0])) as by:
        return enter(by, hospitals[0], "1").child


def consented(child: Child, here: Institution, by: Scope, **said: Any) -> Consent:
    return record_consent(
        child=child, institution=here.pk, by=by, **{"purpose": "sharing", "given_by": "虚构母", "relation": "5", **said}
    )


def granted(child: Child, hospitals: Hospitals, by: Scope, **said: Any) -> Grant:
    here, there = hospitals
    now = timezone.now()
    return let_see(
        **{"child": child, "institution": there.pk, "given_by": here.pk, "ground": "referral", "by": by,
           "start": now - timedelta(hours=1), "end": now + timedelta(hours=1), **said}
    )  # fmt: skip


@pytest.mark.requirement("REG-18")
def test_every_purpose_is_dated_has_a_source_and_cites_clauses_that_exist() -> None:
    assert purposes.purposes(date(2018, 12, 25)) == {}
    assert list(purposes.purposes(date(2018, 12, 26))) == ["designated_treatment"]
    for one in settings(purposes.FILE):
        assert one.source.strip()
        assert one["clause"] == "" or one["clause"] in clause_ids()
        assert all(one[key] for key in ("zh", "en", "what_zh", "what_en"))
    assert purposes.purposes()["designated_treatment"]["clause"] == "L18.0"
    assert purposes.shares("sharing")
    assert not purposes.shares("research")
    assert not purposes.shares("no such")
    with translation.override("en"):
        assert purposes.name_of("designated_treatment") == "Treatment at a designated hospital"
        assert purposes.name_of("an old one") == "an old one"


@pytest.mark.requirement("REG-18")
def test_a_consent_is_recorded_and_withdrawn_once_and_never_erased(hospitals: Hospitals, child: Child) -> None:
    here, there = hospitals
    with open_scope(scope_of(here)) as by:
        held = consented(child, here, by)
        assert (held.stands, held.relation_label()) == (True, "父母")
        assert withdraw_consent(consent=held, reason="改变主意", by=by) == 0
        held.refresh_from_db()
        assert not held.stands
        with pytest.raises(InputRefused, match="无需重复"):
            withdraw_consent(consent=held, reason="再撤一次", by=by)
        with pytest.raises(InputRefused, match="原因"):
            withdraw_consent(consent=held, reason="", by=by)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():  # nobody deletes one
            Consent.objects.filter(pk=held.pk).delete()
    with open_scope(scope_of(there)) as by, pytest.raises(InputRefused, match="您的岗位"):
        withdraw_consent(consent=held, reason="不归我管", by=by)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"purpose": "no such"}, "没有这一项"), ({"given_by": " "}, "由谁"),
        ({"start": datetime(2026, 2, 1, tzinfo=UTC), "end": datetime(2026, 1, 1, tzinfo=UTC)}, "晚于"),
    ],
)  # fmt: skip
def test_a_consent_that_says_nothing_is_refused(
    hospitals: Hospitals, child: Child, said: dict[str, Any], why: str
) -> None:
    with open_scope(scope_of(hospitals[0])) as by, pytest.raises(InputRefused, match=why):
        consented(child, hospitals[0], by, **said)


def test_only_the_own_hospital_records_a_consent(hospitals: Hospitals, child: Child) -> None:
    here, there = hospitals
    with open_scope(scope_of(there)) as by, pytest.raises(InputRefused, match="您的岗位"):
        consented(child, here, by)


def test_a_grant_by_consent_needs_one_that_stands_and_allows_it(hospitals: Hospitals, child: Child) -> None:
    here, _ = hospitals
    with open_scope(scope_of(here)) as by:
        with pytest.raises(InputRefused, match="请选择家属"):
            granted(child, hospitals, by, ground="consent")
        research = consented(child, here, by, purpose="research")
        with pytest.raises(InputRefused, match="不包括"):
            granted(child, hospitals, by, ground="consent", consent=research)
        other = enter(by, here, "2").child
        theirs = consented(other, here, by)
        with pytest.raises(InputRefused, match="请选择家属"):
            granted(child, hospitals, by, ground="consent", consent=theirs)
        held = consented(child, here, by)
        grant = granted(child, hospitals, by, ground="consent", consent=held)
        by_referral = granted(child, hospitals, by)
        assert withdraw_consent(consent=held, reason="改变主意", by=by) == 1
        with pytest.raises(InputRefused, match="已失效"):
            granted(child, hospitals, by, ground="consent", consent=Consent.objects.get(pk=held.pk))
        assert [Grant.objects.get(pk=one.pk).stands for one in (grant, by_referral)] == [False, True]


def test_a_grant_is_refused_to_oneself_and_backwards_and_ended_by_its_giver_alone(
    hospitals: Hospitals, child: Child
) -> None:
    here, there = hospitals
    now = timezone.now()
    with open_scope(scope_of(here)) as by:
        with pytest.raises(InputRefused, match="另一家"):
            granted(child, hospitals, by, institution=here.pk)
        with pytest.raises(InputRefused, match="晚于"):
            granted(child, hospitals, by, start=now, end=now)
        grant = granted(child, hospitals, by, start=now + timedelta(days=1), end=now + timedelta(days=2))
        assert (grant.stands, grant.to_come) == (False, True)
    for stranger in (scope_of(there), scope_of(here, CHILDREN - {"children.grant", "children.consent"})):
        with open_scope(stranger) as by, pytest.raises(InputRefused, match="您的岗位"):
            end_grant(grant=grant, reason="不归我管", by=by)
    with open_scope(scope_of(here)) as by:
        end_grant(grant=grant, reason="不再转诊", by=by)
        grant.refresh_from_db()
        assert (grant.stands, grant.to_come) == (False, False)
        with pytest.raises(InputRefused, match="无需重复"):
            end_grant(grant=grant, reason="再来一次", by=by)


@pytest.mark.requirement("REG-18")
def test_a_grant_ends_with_the_consent_it_rests_on(hospitals: Hospitals, child: Child) -> None:
    here, there = hospitals
    now = timezone.now()
    with open_scope(scope_of(here)) as by:
        held = consented(child, here, by, start=now - timedelta(minutes=1), end=now + timedelta(minutes=1))
        with pytest.raises(InputRefused, match="家属的同意到"):
            granted(child, hospitals, by, ground="consent", consent=held)
        until = held.valid.upper
        grant = granted(child, hospitals, by, ground="consent", consent=held, end=until)
        assert (grant.valid.lower, grant.valid.upper) == (held.valid.lower, until)
        brief = consented(child, here, by, end=timezone.now() + timedelta(seconds=1))
        # What the services would refuse, the database bounds.
        Grant.objects.filter(pk=grant.pk).update(valid=TimestamptzRange(grant.valid.lower, timezone.now()))
        Grant.objects.create(
            child=child, institution=there, given_by=here, ground="consent", consent=brief,
            valid=TimestamptzRange(now, None),
        )  # fmt: skip
    with open_scope(scope_of(there)):
        assert HospitalView.objects.count() == 1
        sleep(max(0.0, (brief.valid.upper - timezone.now()).total_seconds()) + 0.01)
        assert HospitalView.objects.count() == 0


@pytest.mark.requirement("REG-18")
def test_what_others_granted_on_a_consent_ends_when_it_is_withdrawn(hospitals: Hospitals) -> None:
    here, there = hospitals
    with open_scope(system_scope("provisioning")):
        third = Institution.objects.create(
            code="HC", name="虚构HC医院", kind="hospital", region_code="330102", valid=Range(None, None)
        )
    document = {"document_number": "P7777777", "document_type": "02"}
    with open_scope(scope_of(here)) as by:
        child = enter(by, here, "1", **document).child
        held = consented(child, here, by)
    with open_scope(scope_of(there)) as by:
        assert enter(by, there, "9", **document).child == child
    with open_scope(scope_of(here)) as by:
        granted(child, hospitals, by, ground="consent", consent=held)
    tomorrow = timezone.now() + timedelta(days=1)
    for to_come in (False, True):
        said = {"start": tomorrow, "end": tomorrow + timedelta(days=1)} if to_come else {}
        with open_scope(scope_of(there)) as by:
            granted(child, (there, third), by, ground="consent", consent=Consent.objects.get(), **said)
            assert resting(held) == []  # whose consent it is not, it does not ask about
    with open_scope(scope_of(third)):
        assert HospitalView.objects.get().institution == there
    with open_scope(scope_of(here)) as by:
        assert Grant.objects.count() == 1  # it sees its own alone, and yet
        assert withdraw_consent(consent=held, reason="家属撤回", by=by) == 3
        assert resting(held) == []
    with open_scope(scope_of(third)):
        assert not HospitalView.objects.exists()
        assert not any(one.stands or one.to_come for one in Grant.objects.all())
    with open_scope(system_scope("migration")):
        told = Event.objects.filter(kind="children.grant_ended")
        assert sorted(told.values_list("institution_id", flat=True)) == sorted([here.pk, there.pk, there.pk])


@pytest.fixture
def merged(hospitals: Hospitals) -> tuple[HospitalView, HospitalView, HospitalView]:
    """A child at both hospitals under one document; the first hospital has a second view that was merged with it."""
    here, there = hospitals
    document = {"document_number": "P7777777", "document_type": "02"}
    with open_scope(scope_of(here)) as by:
        first, beside = enter(by, here, "1", **document), enter(by, here, "2", "虚构乙")
    with open_scope(scope_of(there)) as by:
        far = enter(by, there, "9", **document)
    return first, beside, far


def sql(query: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(query, values)


@pytest.mark.requirement("REG-18")
def test_a_merge_taken_back_leaves_no_grant_on_the_other_childs_consent(
    hospitals: Hospitals, merged: tuple[HospitalView, HospitalView, HospitalView]
) -> None:
    """It ends where its giver has no view of the side that agreed, and follows the consent where it has one."""
    here, there = hospitals
    first, beside, _far = merged
    with open_scope(scope_of(here)) as by:
        act = merge(by=by, kept=first.child, merged=beside.child, reason="同一人")
        of_first, of_beside = consented(first.child, here, by), consented(beside.child, here, by)
        crossed = granted(first.child, hospitals, by, ground="consent", consent=of_beside)
        own = granted(first.child, hospitals, by, ground="consent", consent=of_first)
    with open_scope(system_scope("provisioning")):
        third = Institution.objects.create(
            code="HC", name="虚构HC医院", kind="hospital", region_code="330102", valid=Range(None, None)
        )
    with open_scope(scope_of(there)) as by:  # it knows the first child alone
        lost = granted(first.child, (there, third), by, ground="consent", consent=Consent.objects.get(pk=of_beside.pk))
    with open_scope(scope_of(third)):
        assert HospitalView.objects.filter(institution=there).exists()
    with open_scope(scope_of(here)) as by:
        undo_merge(act=act, reason="不是同一人", by=by)
        standing = {one.pk: one.child_id for one in Grant.objects.all() if one.stands}
        assert standing == {crossed.pk: beside.child_id, own.pk: first.child_id}
    with open_scope(scope_of(third)):
        assert not HospitalView.objects.exists()
        assert not Grant.objects.get(pk=lost.pk).stands
    assert ended_in_the_log() == [(there.pk, str(first.child_id), third.name, "不是同一人")]
    with open_scope(scope_of(there)):
        assert ("终止虚构HC医院的查看", "不是同一人") in sentences(first.child_id)


def ended_in_the_log() -> list[tuple[int | None, str, str, str]]:
    """In whose book an end stands, of which child, to whom it had been open, and why it ended."""
    with open_scope(system_scope("migration")):
        found = Event.objects.filter(kind="children.grant_ended").order_by("pk")
        return [(one.institution_id, one.subject_id, one.data["hospital"], one.reason) for one in found]


def sentences(child: int) -> list[tuple[str, str]]:
    """What the history of a child says to the open scope, with the reasons."""
    return [(str(one.what), str(one.why)) for one in told([child], list(HospitalView.objects.filter(child=child)))]


@pytest.mark.requirement("REG-18")
def test_a_split_leaves_no_grant_on_the_other_childs_consent(
    hospitals: Hospitals, merged: tuple[HospitalView, HospitalView, HospitalView]
) -> None:
    here, there = hospitals
    first, _beside, far = merged
    assert far.child_id == first.child_id
    with open_scope(scope_of(there)) as by:
        theirs = consented(far.child, there, by)
        own = granted(far.child, (there, here), by, ground="consent", consent=theirs)
    with open_scope(scope_of(here)) as by:
        ours = granted(first.child, hospitals, by, ground="consent", consent=Consent.objects.get(pk=theirs.pk))
        referral = granted(first.child, hospitals, by, ground="referral")
    region = Scope(region_from="000000", region_to="999999", permissions=CHILDREN)
    with open_scope(region) as by:
        split(by=by, view=HospitalView.objects.get(pk=far.pk), reason="双胞胎，证件录错")
        far.refresh_from_db()
        assert {one.pk: one.child_id for one in Grant.objects.all() if one.stands} == {
            own.pk: far.child_id, referral.pk: first.child_id,
        }  # fmt: skip
        assert not Grant.objects.get(pk=ours.pk).stands
    assert ended_in_the_log() == [(here.pk, str(first.child_id), there.name, "双胞胎，证件录错")]
    with open_scope(scope_of(here)):
        assert (f"终止{there.name}的查看", "双胞胎，证件录错") in sentences(first.child_id)


@pytest.mark.requirement("REG-18")
def test_the_history_says_how_each_grant_ended(hospitals: Hospitals, child: Child) -> None:
    """By hand, with the consent, by its date; one that stands is not said to have ended."""
    here, there = hospitals
    now = timezone.now()
    with open_scope(scope_of(here)) as by:
        granted(child, hospitals, by, end=now + timedelta(hours=3))
        assert not [what for what, _why in sentences(child.pk) if "终止" in what or "到期" in what]
        with time_machine.travel(now + timedelta(hours=3, seconds=1)):
            (over,) = [one for one in told([child.pk], []) if "到期" in str(one.what)]
        assert (str(over.what), str(over.who), over.at) == (
            f"{there.name}的查看到期", "按约定的日期", now + timedelta(hours=3),
        )  # fmt: skip
        end_grant(grant=Grant.objects.get(), reason="不再转诊", by=by)
        held = consented(child, here, by)
        granted(child, hospitals, by, ground="consent", consent=held)
        withdraw_consent(consent=held, reason="家属撤回", by=by)
        ended = (f"终止{there.name}的查看", "不再转诊"), (f"终止{there.name}的查看", "家属撤回")
        with time_machine.travel(now + timedelta(days=1)):
            assert [one for one in sentences(child.pk) if "查看" in one[0] and "允许" not in one[0]] == [*ended[::-1]]


@pytest.mark.requirement("REG-18")
def test_a_grant_rests_on_a_consent_to_be_shared_whoever_writes_it(hospitals: Hospitals, child: Child) -> None:
    """Of each purpose in the catalogue; the database holds what the catalogue says."""
    here, there = hospitals
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('resolver.shares(text, date)'::regprocedure)")
        held = set(re.findall(r"\('(\w+)', DATE '([\d-]+)', (true|false)\)", cursor.fetchone()[0]))
    said = settings(purposes.FILE)
    assert held == {(one.name, f"{one.valid_from}", "true" if one["shares"] else "false") for one in said}
    into = (
        "INSERT INTO patients_grant (child_id, institution_id, given_by_id, ground, consent_id, reference, valid) "
        "VALUES (%s, %s, %s, %s, %s, '', tstzrange(now(), now() + interval '1 day'))"
    )
    with open_scope(scope_of(here)):
        for purpose in (*purposes.purposes(), "unknown"):
            span = TimestamptzRange(timezone.now(), None)
            consent = Consent.objects.create(
                child=child, institution=here, purpose=purpose, given_by="虚构", valid=span
            )
            for ground in ("consent", "referral"):
                passes = purposes.shares(purpose)
                with nullcontext() if passes else pytest.raises(DatabaseError, match="row-level security"):
                    sql(into, child.pk, there.pk, here.pk, ground, consent.pk)
        assert Grant.objects.count() == 2
