"""The log of acts: what is recorded, by whom it is read, and that nobody changes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import translation

import made_up
from tonghu.errors import InputRefused
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.audit.acts import CHILD, CHILD_READ, EXPORTED, REVEALED, log_export, log_read, log_reveal
from tonghu.platform.audit.events import SITE, acting_because, personal_of, record, shred
from tonghu.platform.audit.kinds import Kind, kind, kinds, subject_words
from tonghu.platform.audit.models import Event, Link, SubjectKey
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = pytest.mark.django_db

NOTED = kind(
    "audittest.noted", zh="记下了 {subject}：{name}（{count}）", en="noted {subject}: {name} ({count})",
    data=("count",), personal=("name",),
)  # fmt: skip
DONE = kind("audittest.done", zh="做了", en="did it")
#: A made-up number.
NUMBER = "11010120100307002X"


def everything() -> list[Event]:
    with open_scope(system_scope("chain")):
        return list(Event.objects.order_by("id"))


def test_who_when_and_why_are_taken_from_the_open_scope() -> None:
    held = made_up.post("point_lead")
    scope = replace(made_up.scope_at(held, purpose="POST /x"), reason="核对", request="r-9")
    with open_scope(scope):
        record(DONE, subject=("case", 7), by=scope)
    event = everything()[-1]
    assert (event.kind, event.subject_kind, event.subject_id) == ("audittest.done", "case", "7")
    assert (event.by_person, event.by_post, event.institution_id) == (held.person_id, held.pk, held.institution_id)
    assert (event.reason, event.request, event.purpose) == ("核对", "r-9", "POST /x")
    assert event.who == scope.label
    assert str(event) == f"{event.pk} audittest.done"


def test_a_piece_of_the_system_records_under_its_name_without_being_able_to_read() -> None:
    login = system_scope("login")
    with open_scope(login):
        record(DONE, subject=SITE, by=login)
        assert Event.objects.count() == 0
    assert everything()[-1].who == "login"


def test_an_event_cannot_name_somebody_else() -> None:
    held = made_up.post("point_lead")
    with pytest.raises(DatabaseError, match="another actor"), made_up.acting(held):
        record(DONE, subject=SITE, by=Scope(person=held.person_id + 1))


def test_an_event_stands_if_and_only_if_the_act_does() -> None:
    login = system_scope("login")

    def act() -> None:
        with open_scope(login):
            record(DONE, subject=SITE, by=login)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert everything() == []


def test_other_data_than_the_kind_names_or_an_identity_number_in_them_are_errors() -> None:
    login = system_scope("login")
    with open_scope(login):
        for data, personal in (({}, {"name": "x"}), ({"count": 1}, {}), ({"count": 1, "x": 2}, {"name": "x"})):
            with pytest.raises(ValueError, match="keeps"):
                record(NOTED, subject=SITE, by=login, data=data, personal=personal)
        with pytest.raises(ValueError, match="identity number"):
            record(NOTED, subject=SITE, by=login, data={"count": f"见 {NUMBER}。"}, personal={"name": "x"})
    assert everything() == []


@pytest.mark.parametrize(
    ("code", "zh", "en", "data", "said"),
    [
        ("Nonsense", "x", "x", (), "room.verb"),
        ("audittest.bad", "", "x", (), "empty"),
        ("audittest.bad", "x", "{name}", (), "not kept"),
        ("audittest.done", "x", "y", (), "twice"),
    ],
)
def test_a_kind_with_a_bad_wording_is_an_error_at_start(
    code: str, zh: str, en: str, data: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        kind(code, zh=zh, en=en, data=data)


def test_every_kind_says_itself_in_both_languages() -> None:
    for one in kinds().values():
        for language in ("zh-hans", "en"):
            with translation.override(language):
                said = one.sentence("#1", dict.fromkeys(one.data, "a"), dict.fromkeys(one.personal, "b"))
            assert "{" not in said
            assert said
    assert NOTED.sentence("#1", {"count": 3}, "（已销毁）") == "记下了 #1：（已销毁）（3）"
    assert Kind("a.b", "{x}", "{x}", ("x",)).sentence("", {}, {}) == "—"


def test_subjects_have_words() -> None:
    assert subject_words(CHILD, "7") == "患儿 #7"
    with translation.override("en"):
        assert subject_words(CHILD, "7") == "child #7"
    assert subject_words("unheard", "7") == "unheard #7"


@pytest.mark.requirement("REG-17")
def test_personal_data_are_sealed_and_can_be_shredded_while_the_event_stays() -> None:
    held = made_up.post("centre_officer", made_up.authority("centre", "000000"))
    with made_up.acting(held, "audit.shred") as scope:
        for name in ("张子涵", "李子涵"):
            record(NOTED, subject=(CHILD, 7), by=scope, data={"count": 1}, personal={"name": name})
        record(NOTED, subject=(CHILD, 8), by=scope, data={"count": 1}, personal={"name": "王子涵"})
        record(DONE, subject=(CHILD, 7), by=scope)
        events = list(Event.objects.order_by("id"))
        names = [(found or {}).get("name") for found in personal_of(events).values()]
        assert names == ["张子涵", "李子涵", "王子涵", None]
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(audit_event::text, '') FROM audit_event")
            assert "子涵" not in cursor.fetchone()[0]
        shred((CHILD, 7), reason="监护人要求删除", by=scope)
        opened = personal_of(events)
        assert [opened[event.pk] for event in events] == [None, None, {"name": "王子涵"}, {}]
        # a later event about the same child gets a key of its own, and opens nothing that was shredded
        record(NOTED, subject=(CHILD, 7), by=scope, data={"count": 1}, personal={"name": "赵子涵"})
        events = list(Event.objects.order_by("id"))
        assert personal_of(events)[events[0].pk] is None
        assert personal_of(events)[events[-1].pk] == {"name": "赵子涵"}
        assert Event.objects.get(kind="audit.shredded").reason == "监护人要求删除"
        assert str(SubjectKey.objects.get(subject_id="8")) == "child 8"


@pytest.mark.parametrize(
    "written",
    [
        "110101201801011234",
        "110101 20180101 1234",
        "110101-20180101-123X",
        "证件１１０１０１　２０１８０１０１　１２３４核对",
    ],
)
def test_an_identity_number_is_no_part_of_a_reason_however_it_is_written(written: str) -> None:
    with made_up.acting(made_up.post()) as scope:
        with pytest.raises(InputRefused, match="identity"), acting_because(scope, written):
            pass
        with acting_because(scope, "2026-11-22 10:30 与门诊核对，共 12 例"):
            pass


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-22 10:30 与 13900001111 核对，共 12 例", "电话13900001111", "家长 139 0000 1111", "139-0000-1111",
        "139 00001111", "1390000 1111", "１３９００００１１１１", "1 3 9 0 0 0 0 1 1 1 1", "致电 +8613900001111",
        "+86 139 0000 1111", "0086-13900001111", "139—0000—1111 核对", "与 2 号 19812345678 通话",
        "2026-11-22 13900001111",
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_mobile_number_is_no_part_of_a_reason_however_it_is_written(written: str, language: str) -> None:
    with translation.override(language), made_up.acting(made_up.post()) as scope:
        with pytest.raises(InputRefused, match="telephone") as refused, acting_because(scope, written):
            pass
        assert refused.value.zh == "原因中请不要写电话号码：原因会长期留在记录中"


@pytest.mark.parametrize(
    "written",
    [
        "10-15 2026-11-22 8 例", "15 2026-11-22 8", "病案号 12900001111", "第 13 14 15 16 17 8 行", "共 1390000 例",
        "流水号 139000011112", "卡 113900001111", "2026-10-13 与 2026-11-22 两次住院", "办公室 028-85550000 分机 3",
    ],
)  # fmt: skip
def test_days_and_counts_and_other_numbers_may_stand_in_a_reason(written: str) -> None:
    with made_up.acting(made_up.post()) as scope, acting_because(scope, written) as by:
        assert by.reason == written


def test_shredding_needs_the_right_and_a_reason() -> None:
    held = made_up.post("point_lead")
    with made_up.acting(held) as scope, pytest.raises(PermissionDenied):
        shred((CHILD, 7), reason="x y", by=scope)
    with made_up.acting(held, "audit.shred") as scope, pytest.raises(InputRefused, match="reason"):
        shred((CHILD, 7), reason=" ", by=scope)


def test_without_the_right_a_subjects_key_cannot_be_deleted_in_the_database_either() -> None:
    held = made_up.post("point_lead")
    with made_up.acting(held) as scope:
        record(NOTED, subject=(CHILD, 7), by=scope, data={"count": 1}, personal={"name": "张子涵"})
        assert SubjectKey.objects.all().delete()[0] == 0
        assert SubjectKey.objects.count() == 1


@pytest.mark.parametrize(("table", "column"), [("audit_event", "who"), ("audit_link", "hash")])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}", "DROP TABLE {table}",
     "ALTER TABLE {table} DISABLE TRIGGER ALL"],
)  # fmt: skip
def test_the_application_cannot_change_the_log(table: str, column: str, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match=r"permission denied|must be owner"),
        open_scope(system_scope("chain")),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table=table, column=column))


def test_only_the_linker_adds_links() -> None:
    with pytest.raises(DatabaseError, match="row-level security"), made_up.acting(made_up.post("point_lead")):
        Link.objects.create(seq=1, event_id=1, hash=b"x")


@pytest.mark.parametrize(
    ("kind_code", "subject"),
    [
        ("no such kind", SITE), ("", SITE), ("Child.read", SITE), (CHILD_READ.code, (CHILD, "nope")),
        (CHILD_READ.code, (CHILD, "")), (CHILD_READ.code, (CHILD, "0")), (CHILD_READ.code, (CHILD, "9" * 19)),
        (CHILD_READ.code, (CHILD, "7\n")), (CHILD_READ.code, ("", "7")), (CHILD_READ.code, ("no kind", "7")),
    ],
)  # fmt: skip
def test_the_database_takes_nothing_that_has_not_the_shape_of_an_event(
    kind_code: str, subject: tuple[str, str]
) -> None:
    held = made_up.post("entry_clerk")
    written = "INSERT INTO audit_event (kind, subject_kind, subject_id, by_person, data) VALUES (%s, %s, %s, %s, '{}')"
    with made_up.acting(held), connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match=r"event_(kind|subject)"), transaction.atomic():
            cursor.execute(written, [kind_code, *subject, held.person_id])
        cursor.execute(written, [CHILD_READ.code, CHILD, "7", held.person_id])


@pytest.mark.parametrize(
    "given",
    ["(id, kind, by_person, data) VALUES (9000000000000000000, 'child.read', {person}, '{{}}')",
     "(id, kind, by_person, data) OVERRIDING SYSTEM VALUE VALUES (9000000000000000000, 'child.read', {person}, '{{}}')",
     "(at, kind, by_person, data) VALUES (now() - interval '1 year', 'child.read', {person}, '{{}}')"],
)  # fmt: skip
def test_the_application_chooses_neither_number_nor_time_of_an_event(given: str) -> None:
    held = made_up.post("entry_clerk")
    with (
        pytest.raises(DatabaseError, match="permission denied for table audit_event"),
        made_up.acting(held),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"INSERT INTO audit_event {given.format(person=held.person_id)}")


def test_the_log_is_read_in_scope() -> None:
    here, there = made_up.post("point_lead"), made_up.post("point_lead", made_up.hospital(region="330102"))
    province = made_up.post("commission_officer", made_up.authority("health", "510000"))
    login = system_scope("login")
    for held in (here, there, province):
        with made_up.acting(held) as scope:
            record(DONE, subject=("case", held.pk), by=scope)
    with open_scope(login):
        record(DONE, subject=SITE, by=login)

    def seen(held: object, *permissions: str) -> set[str]:
        with made_up.acting(held, *permissions):  # type: ignore[arg-type]
            return set(Event.objects.values_list("subject_id", flat=True))

    auditor = made_up.post("audit_admin", here.institution)
    centre = made_up.post("audit_admin", made_up.authority("centre", "000000"))
    of_the_province = made_up.post("audit_admin", province.institution)
    assert seen(here) >= {str(here.pk)}
    assert str(there.pk) not in seen(here)
    assert seen(auditor, "audit.read") == {str(here.pk)}
    assert seen(of_the_province, "audit.read") == {str(here.pk), str(province.pk)}
    assert seen(centre, "audit.read") == {str(here.pk), str(there.pk), str(province.pk), ""}
    with pytest.raises(DatabaseError, match="no scope"), transaction.atomic():
        Event.objects.count()


@pytest.mark.requirement("REG-17")
def test_a_look_at_a_child_stands_in_the_readers_log_and_in_that_of_the_hospital() -> None:
    hospital = made_up.hospital()
    province = made_up.post("commission_officer", made_up.authority("health", "510000"))
    with made_up.acting(province) as scope:
        log_read(7, "核查", by=scope, institution=hospital.pk)
    with made_up.acting(made_up.post("audit_admin", province.institution), "audit.read"):
        assert Event.objects.count() == 1
    lead = made_up.post("audit_admin", hospital)
    with made_up.acting(lead, "audit.read"):
        event = Event.objects.get()
    assert (event.kind, event.subject_id, event.data) == ("child.read", "7", {"purpose": "核查"})
    assert event.by_person == province.person_id
    assert CHILD_READ.sentence("患儿 #7", event.data, {}) == "查看了患儿 #7（核查）"


def test_a_whole_number_is_shown_only_with_the_right_and_a_reason_and_is_logged_first() -> None:
    held = made_up.post("point_lead")
    with pytest.raises(PermissionDenied), made_up.acting(held) as scope:
        log_reveal("证件号", subject=(CHILD, 7), reason="核对", by=replace(scope, permissions=frozenset()))
    for reason in ("", " ", "x", f"是 {NUMBER}"):
        with pytest.raises(InputRefused), made_up.acting(held, "audit.reveal") as scope:
            log_reveal("证件号", subject=(CHILD, 7), reason=reason, by=scope)
    assert everything() == []
    with made_up.acting(held, "audit.reveal") as scope:
        log_reveal("证件号", subject=(CHILD, 7), reason="与家属核对", by=scope)
    event = everything()[-1]
    assert (event.kind, event.data, event.reason) == (REVEALED.code, {"what": "证件号"}, "与家属核对")


def test_an_export_is_logged_with_its_reason_and_carries_a_watermark() -> None:
    held = made_up.post("point_lead")
    with pytest.raises(PermissionDenied), made_up.acting(held) as scope:
        log_export("名单", count=3, filters="全部", reason="上报", permission="children.export", by=scope)
    with made_up.acting(held, "children.export") as scope:
        mark = log_export(
            "名单", count=3, filters="2026 年", reason=" 上报 ", permission="children.export",
            by=replace(scope, request="r-3"),
        )  # fmt: skip
    event = everything()[-1]
    assert event.kind == EXPORTED.code
    assert event.data == {"what": "名单", "count": 3, "filters": "2026 年"}
    assert event.reason == "上报"
    for said in (scope.label, "监测点总负责人", "上报", "r-3"):
        assert said in mark.text


def test_watermarks_call_the_role_in_the_readers_language() -> None:
    with (
        translation.override("en"),
        made_up.acting(made_up.post("point_lead"), "children.export", "audit.reveal") as by,
    ):
        marks = (
            log_export("名单", count=3, filters="", reason="for the report", permission="children.export", by=by),
            log_reveal("证件号", subject=(CHILD, 7), reason="for the family", by=by),
        )
        name, role, place = by.label.split(" · ")
    for mark in marks:
        assert f"{name} · {ROLES['point_lead'].en} · {place}" in mark.text
        assert role not in mark.text
