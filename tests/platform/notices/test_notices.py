"""Telling people: once, in their language, without identities, even while the mail server is gone."""

from __future__ import annotations

import smtplib
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone, translation

import made_up
import sample_jobs
from run_jobs import run_one
from tonghu.platform.accounts.models import Post
from tonghu.platform.jobs.models import Job
from tonghu.platform.jobs.tasks import enqueue
from tonghu.platform.notices import kinds as kinds_module
from tonghu.platform.notices import sending, services
from tonghu.platform.notices.kinds import Mail, declare, kinds, sentence
from tonghu.platform.notices.models import Message, Notice, Preference
from tonghu.platform.notices.queries import count_unread, outgoing, wishes_of
from tonghu.platform.notices.services import mark_read, next_digest, notify, prefer, prefer_all, send_again
from tonghu.platform.notices.tasks import send, tidy
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("effects", "sample_kinds")]
State = Message.State


@pytest.fixture
def sample_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds_module, "_kinds", dict(kinds_module._kinds))
    for code, mail_, sms in (("daily", Mail.DAILY, False), ("urgent", Mail.AT_ONCE, True)):
        declare(
            f"sample.{code}", group="jobs", zh="有 {count} 份卡片等您处理", en="{count} cards wait for you",
            mail=mail_, sms=sms,
        )  # fmt: skip


@pytest.fixture
def reader(db: None) -> Post:
    at = made_up.hospital()
    return made_up.post("auditor", at, holder=made_up.person(at, email="reader@example.org"))


def tell(held: Post, kind: str = "sample.urgent", by: Scope | None = None, **more: Any) -> list[Notice]:
    with open_scope(by or Scope(purpose="test")):
        return notify(kind, to=[held.person_id], data={"count": 3}, **more)


def run_send() -> dict[str, int]:
    with open_scope(system_scope("notices")) as scope:
        asked = enqueue(send, by=scope)
    ended = run_one(asked.pk)
    assert ended.state == Job.State.DONE, ended.error_place
    return cast(dict[str, int], ended.result)


def messages() -> list[Message]:
    with open_scope(system_scope("notices")):
        return list(Message.objects.order_by("pk"))


def make_due() -> None:
    with open_scope(system_scope("notices")):
        Message.objects.update(due_at=timezone.now())


def test_a_notice_reaches_its_reader_alone_and_is_read_once(reader: Post) -> None:
    other = made_up.post("auditor", reader.institution)
    (notice,) = tell(reader, url="/cards?state=returned")
    with made_up.acting(reader) as scope:
        assert count_unread(scope) == 1
        assert sentence(notice.kind, notice.data) == "有 3 份卡片等您处理"
        with translation.override("en"):
            assert sentence(notice.kind, notice.data) == "3 cards wait for you"
        assert mark_read(by=scope, notice=notice.pk) == 1
        assert mark_read(by=scope) == 0
        assert count_unread(scope) == 0
    with made_up.acting(other) as scope:
        assert not Notice.objects.exists()
        assert not Message.objects.exists()
        assert mark_read(by=scope) == 0
    assert count_unread(Scope(purpose="public")) == 0


def test_the_same_is_told_once(reader: Post) -> None:
    assert len(tell(reader, key="card-7")) == 1
    assert tell(reader, key="card-7") == []
    assert len(tell(reader, key="card-8")) == 1
    assert len(tell(reader)) == len(tell(reader)) == 1


def test_a_notice_goes_with_the_change_that_causes_it_or_not_at_all(reader: Post) -> None:
    with transaction.atomic():
        tell(reader)
        transaction.set_rollback(True)
    with made_up.acting(reader):
        assert not Notice.objects.exists()


@pytest.mark.parametrize(
    ("data", "url", "error"),
    [
        ({"count": "张三"}, "", ValueError),
        ({"count": "13800138000"}, "", ValueError),
        ({}, "", KeyError),
        ({"count": 1}, "//evil.example/x", DatabaseError),
        ({"count": 1}, "https://evil.example", DatabaseError),
        ({"count": 1}, "/\\evil.example", DatabaseError),
    ],
)
def test_what_could_name_somebody_or_leads_elsewhere_is_refused(
    reader: Post, data: dict[str, Any], url: str, error: type[Exception]
) -> None:
    with open_scope(Scope(purpose="test")), pytest.raises(error):
        notify("sample.urgent", to=[reader.person_id], data=data, url=url)


def test_nobody_writes_a_notice_past_the_service(reader: Post) -> None:
    with pytest.raises(DatabaseError, match="row-level security"), made_up.acting(reader):
        Notice.objects.create(person_id=reader.person_id, kind="sample.urgent", data={"count": 1})


@pytest.mark.parametrize(("language", "said"), [("zh-hans", "有 3 份卡片等您处理"), ("en", "3 cards wait for you")])
def test_an_email_speaks_the_readers_language_and_names_nobody(reader: Post, language: str, said: str) -> None:
    with open_scope(system_scope("migration")):
        reader.person.language = language
        reader.person.name = "虚构读者"
        reader.person.save()
    tell(reader, url="/cards/7")
    assert run_send() == {"mails": 1, "of": 1, "sms": 0}
    (letter,) = mail.outbox
    assert letter.to == ["reader@example.org"]
    assert said in letter.subject
    assert f"{said}\n" in letter.body
    assert "http://127.0.0.1:8000/cards/7\n" in letter.body
    assert "虚构读者" not in letter.subject + letter.body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"
    (sent,) = messages()
    assert (sent.state, sent.attempts) == (State.SENT, 0)
    assert sent.sent_at is not None
    assert run_send() == {"mails": 0, "of": 0, "sms": 0}
    assert len(mail.outbox) == 1


def test_a_days_notices_come_as_one_letter_in_the_morning(reader: Post) -> None:
    for n in range(3):
        tell(reader, "sample.daily", key=f"n-{n}")
    assert {message.due_at for message in messages()} == {next_digest(timezone.now())}
    assert run_send()["mails"] == 0
    make_due()
    assert run_send()["mails"] == 1
    (letter,) = mail.outbox
    assert "3 条通知" in letter.subject
    assert letter.body.count("有 3 份卡片等您处理") == 3
    assert {message.state for message in messages()} == {State.SENT}


def test_the_morning_is_chinas() -> None:
    china = ZoneInfo("Asia/Shanghai")
    before, after = datetime(2026, 11, 22, 7, 59, tzinfo=china), datetime(2026, 11, 22, 8, 0, tzinfo=china)
    assert next_digest(before) == datetime(2026, 11, 22, 8, tzinfo=china)
    assert next_digest(after) == datetime(2026, 11, 23, 8, tzinfo=china)


def test_readers_choose_how_they_are_told(reader: Post) -> None:
    with made_up.acting(reader) as scope:
        prefer(by=scope, group="jobs", mail="never")
        prefer(by=scope, group="jobs", mail="never", sms=True)
        assert Preference.objects.count() == 1
        with pytest.raises(KeyError):
            prefer(by=scope, group="weather", mail="never")
        with pytest.raises(ValueError, match="sometimes"):
            prefer(by=scope, group="jobs", mail="sometimes")
    tell(reader)
    tell(reader, "sample.daily")
    assert [message.channel for message in messages()] == ["sms"]


def test_what_was_not_chosen_goes_as_it_was_declared_and_the_page_says_so(reader: Post) -> None:
    with made_up.acting(reader) as scope:
        assert wishes_of(scope)["mail_jobs"] == "", "nothing was chosen: not once a day, since the urgent goes at once"
    tell(reader, "sample.urgent", key="a")
    tell(reader, "sample.daily", key="b")
    assert run_send()["mails"] == 1
    (waits,) = [message for message in messages() if message.state == State.WAITING and message.channel == "mail"]
    assert waits.due_at == next_digest(timezone.now())
    with made_up.acting(reader) as scope:  # whoever wants the urgent in the morning, too, chooses that and gets it
        prefer_all(by=scope, wanted={"mail_jobs": "daily"}, shown={"mail_jobs": ""})
        assert wishes_of(scope)["mail_jobs"] == "daily"
    tell(reader, "sample.urgent", key="c")
    assert run_send()["mails"] == 0
    with made_up.acting(reader) as scope:
        prefer_all(by=scope, wanted={"mail_jobs": "", "sms_jobs": True}, shown={"mail_jobs": "daily", "sms_jobs": ""})
    tell(reader, "sample.urgent", key="d")
    assert run_send() == {"mails": 1, "of": 1, "sms": 0}
    assert [message.channel for message in messages()].count("sms") == 1


@pytest.mark.parametrize("declared", ["sample.urgent", "sample.daily"])
@pytest.mark.parametrize("choice", ["at_once", "daily", "never"])
def test_each_choice_does_what_it_says_whatever_was_declared(reader: Post, choice: str, declared: str) -> None:
    with made_up.acting(reader) as scope:
        prefer(by=scope, group="jobs", mail=choice)
    tell(reader, declared, key="a")
    tell(reader, declared, key="b")
    assert run_send()["mails"] == (1 if choice == "at_once" else 0), "within the minute, or not yet"
    left = [message for message in messages() if message.state == State.WAITING]
    assert {message.due_at for message in left} == ({next_digest(timezone.now())} if choice == "daily" else set())
    make_due()
    assert run_send()["mails"] == (1 if choice == "daily" else 0), "one letter in the morning"
    assert len(mail.outbox) == (0 if choice == "never" else 1)
    with made_up.acting(reader) as scope:
        assert Notice.objects.filter(person=scope.person, read_at=None).count() == 2, "on the site they are always told"


def test_a_site_without_a_gateway_says_that_it_sent_nothing(reader: Post) -> None:
    with made_up.acting(reader) as scope:
        prefer(by=scope, group="jobs", mail="never", sms=True)
    tell(reader)
    assert run_send()["sms"] == 0
    (kept,) = messages()
    assert (kept.state, kept.sent_at) == (State.KEPT, None)
    assert "未发送" in kept.error_zh


class Gateway:
    gone = False
    texts: list[tuple[int, str]] = []  # noqa: RUF012 -- what the test reads

    def send(self, *, person: int, text: str) -> str:
        if self.gone:
            raise ConnectionRefusedError
        self.texts.append((person, text))
        return "sent"


def test_a_gateway_gets_the_text_and_a_gone_one_is_tried_again(
    reader: Post, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SMS_PROVIDER = f"{__name__}.Gateway"
    monkeypatch.setattr("tonghu.platform.notices.sms.import_string", lambda name: Gateway)
    monkeypatch.setattr(Gateway, "gone", True)
    with made_up.acting(reader) as scope:
        prefer(by=scope, group="jobs", mail="never", sms=True)
    tell(reader)
    run_send()
    assert (messages()[0].state, messages()[0].attempts) == (State.WAITING, 1)
    monkeypatch.setattr(Gateway, "gone", False)
    make_due()
    run_send()
    assert messages()[0].state == State.SENT
    assert Gateway.texts == [(reader.person_id, "有 3 份卡片等您处理")]


class Choosy:
    """An adapter that falls over for one person, and a gateway that is gone for another."""

    falls_over = gone_for = 0
    asked: list[int] = []  # noqa: RUF012 -- what the test reads

    def send(self, *, person: int, text: str) -> str:
        self.asked.append(person)
        if person == self.falls_over:
            raise KeyError("no such number")
        if person == self.gone_for:
            raise TimeoutError
        return "sent"


def test_an_adapter_that_falls_over_for_one_person_holds_up_nobody_else(
    reader: Post, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tonghu.platform.notices.sms.import_string", lambda name: Choosy)
    monkeypatch.setattr(Choosy, "asked", [])
    other = made_up.post("entry_clerk")
    for held in (reader, other):
        with made_up.acting(held) as scope:
            prefer(by=scope, group="jobs", mail="never", sms=True)
        tell(held)
    monkeypatch.setattr(Choosy, "falls_over", reader.person_id)
    assert run_send()["sms"] == 1
    states = {message.person_id: message.state for message in messages()}
    assert states == {reader.person_id: State.WAITING, other.person_id: State.SENT}
    (waits,) = (message for message in messages() if message.person_id == reader.person_id)
    assert waits.attempts == 1
    assert "短信接口程序出错" in waits.error_zh
    for _time in range(40):  # given up in the end, and shown
        make_due()
        run_send()
    assert {message.state for message in messages()} == {State.SENT, State.FAILED}


def test_what_was_not_tried_waits_at_once_and_nothing_goes_twice(
    reader: Post, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tonghu.platform.notices.sms.import_string", lambda name: Choosy)
    monkeypatch.setattr(Choosy, "asked", [])
    with made_up.acting(reader) as scope:
        prefer(by=scope, group="jobs", mail="never", sms=True)
    for number in range(3):
        tell(reader, key=f"n-{number}")
    monkeypatch.setattr(Choosy, "gone_for", reader.person_id)
    run_send()
    assert len(Choosy.asked) == 1
    assert sorted((message.state, message.attempts) for message in messages()) == [
        (State.WAITING, 0), (State.WAITING, 0), (State.WAITING, 1),
    ]  # fmt: skip
    monkeypatch.setattr(Choosy, "gone_for", 0)
    make_due()
    assert run_send()["sms"] == 3
    assert run_send()["sms"] == 0
    assert len(Choosy.asked) == 4


class Server:
    """A mail server's connection that answers as told."""

    def __init__(self, *faults: Exception | None) -> None:
        self.faults = list(faults)
        self.letters: list[Any] = []

    def send_messages(self, letters: list[Any]) -> int:
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault
        self.letters += letters
        return len(letters)

    def close(self) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr("tonghu.platform.notices.tasks.mail_connection", lambda: made)
    return made


def test_while_the_mail_server_is_gone_everything_is_kept_tried_again_and_shown(reader: Post, server: Server) -> None:
    at = reader.institution
    second = made_up.post("auditor", at, holder=made_up.person(at, email="second@example.org"))
    tell(reader)
    tell(second)
    server.faults = [ConnectionRefusedError(), smtplib.SMTPServerDisconnected("bye")]
    began = timezone.now()
    assert run_send() == {"mails": 0, "of": 2, "sms": 0}, "the second waits for the next minute"
    first, other = messages()
    assert (first.state, first.attempts, other.attempts) == (State.WAITING, 1, 0)
    assert timedelta(seconds=55) < first.due_at - began < timedelta(seconds=70)
    assert "没有应答" in first.error_zh
    with made_up.acting(reader, "notices.operate"):
        assert {(line["state"], line["count"]) for line in outgoing()} == {("waiting", 2)}
        assert any("没有应答" in line["error_zh"] for line in outgoing())
        assert not Notice.objects.exclude(person=reader.person).exists(), "an operator does not see what it says"
    run_send()
    assert messages()[1].attempts == 1
    make_due()
    assert run_send()["mails"] == 2
    assert {message.state for message in messages()} == {State.SENT}
    assert [message.error_zh for message in messages()] == ["", ""]
    assert len(server.letters) == 2


def test_a_refused_address_does_not_hold_up_others_and_is_given_up_in_the_end(reader: Post, server: Server) -> None:
    tell(reader)
    refused = smtplib.SMTPRecipientsRefused({"reader@example.org": (550, b"no such user")})
    for attempt in range(1, 15):
        server.faults = [refused if attempt % 2 else smtplib.SMTPDataError(554, b"no")]
        make_due()
        run_send()
    (given_up,) = messages()
    assert (given_up.state, given_up.attempts) == (State.FAILED, 14)
    assert "拒收" in given_up.error_zh
    make_due()
    run_send()
    assert server.letters == []
    with made_up.acting(reader) as scope, pytest.raises(PermissionDenied):
        send_again(by=scope)
    with made_up.acting(reader, "notices.operate") as scope:
        assert send_again(by=scope) == 1
    run_send()
    assert messages()[0].state == State.SENT


@pytest.mark.parametrize(
    "fault",
    [
        smtplib.SMTPAuthenticationError(535, b"bad credentials"),
        smtplib.SMTPSenderRefused(550, b"not you", "tonghu@localhost"),
        smtplib.SMTPNotSupportedError("no STARTTLS"),
    ],
)
def test_a_server_that_takes_nothing_from_us_is_no_fault_of_an_address(
    reader: Post, server: Server, fault: Exception
) -> None:
    second = made_up.post(
        "auditor", reader.institution, holder=made_up.person(reader.institution, email="b@example.org")
    )
    tell(reader)
    tell(second)
    server.faults = [fault]
    assert run_send()["mails"] == 0, "nobody else is tried in this round"
    first, other = messages()
    assert (first.state, other.state, other.attempts) == (State.WAITING, State.WAITING, 0)
    assert "邮件设置" in first.error_zh
    assert "地址" not in first.error_zh.replace("发件地址", "")


def test_a_temporary_answer_of_the_server_is_tried_again(reader: Post, server: Server) -> None:
    tell(reader)
    server.faults = [smtplib.SMTPDataError(451, b"later")]
    run_send()
    assert "没有应答" in messages()[0].error_zh


def test_who_has_no_address_or_left_gets_no_letter(reader: Post, server: Server) -> None:
    silent = made_up.post("auditor")
    tell(silent)
    tell(reader)
    with open_scope(system_scope("migration")):
        type(reader.person).objects.filter(pk=reader.person_id).update(is_active=False)
    run_send()
    assert [message.state for message in messages()] == [State.NO_ADDRESS, State.NO_ADDRESS]
    assert server.letters == []


def test_a_letter_that_may_have_gone_goes_again_as_the_same_letter(
    reader: Post, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(reader, key="one")

    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        if name == "notices.sent":
            raise Killed

    from tonghu.platform.jobs import points

    points.let_in(die)
    try:
        with pytest.raises(Killed):
            sending.send_mail_to(reader.person_id, cast(Any, server))
    finally:
        points.let_in(None)
    assert messages()[0].state == State.SENDING
    tell(reader, key="two")
    run_send()
    assert len(server.letters) == 2, "what is new has gone; what was being sent waits ten minutes"
    with open_scope(system_scope("notices")):
        Message.objects.filter(state=State.SENDING).update(due_at=timezone.now() - timedelta(seconds=601))
    tell(reader, key="three")
    run_send()
    first, _, again = server.letters
    assert again.extra_headers["Message-ID"] == first.extra_headers["Message-ID"]
    assert again.body == first.body
    run_send()
    assert {message.state for message in messages()} == {State.SENT}


def test_the_asker_is_told_of_a_job_that_failed_and_of_one_that_took_long(reader: Post) -> None:
    def ended(function: Any, **arguments: Any) -> list[str]:
        with made_up.acting(reader) as scope:
            asked = enqueue(function, by=scope, **arguments)
            if arguments.get("parts") == 2:
                Job.objects.filter(pk=asked.pk).update(created_at=timezone.now() - timedelta(seconds=31))
        run_one(asked.pk)
        with made_up.acting(reader):
            told = Notice.objects.filter(data__job=asked.pk)
            assert all(one.url == f"/jobs/{asked.pk}" for one in told)
            return [sentence(one.kind, one.data) for one in told]

    assert ended(sample_jobs.parts, number=1, parts=1) == []
    (long,) = ended(sample_jobs.parts, number=2, parts=2)
    assert long.startswith("任务已完成：样例：逐份写入")
    (failed,) = ended(sample_jobs.refusing)
    assert failed.startswith("任务未完成，请查看原因：样例：拒收")
    with open_scope(system_scope("upkeep")) as upkeep:
        run_one(enqueue(sample_jobs.periodic, by=upkeep).pk)
    with made_up.acting(reader):
        assert Notice.objects.count() == 2


def test_a_notice_of_a_kind_that_this_version_forgot_shows_its_code(reader: Post) -> None:
    assert sentence("sample.gone", {}) == "sample.gone"
    assert kinds()["jobs.failed"].sentence({"job": 1, "kind": "sample.gone"}).endswith("sample.gone（编号 1）")


def test_old_notices_go(reader: Post) -> None:
    for key, age, read in (("fresh", 1, True), ("read", 91, True), ("unread", 91, False), ("old", 366, False)):
        (notice,) = tell(reader, key=key)
        with open_scope(system_scope("migration")):
            at = timezone.now() - timedelta(days=age)
            Notice.objects.filter(pk=notice.pk).update(created_at=at, read_at=at if read else None)
    with open_scope(system_scope("upkeep")) as upkeep:
        asked = enqueue(tidy, by=upkeep)
    assert run_one(asked.pk).result == {"removed": 2}
    with made_up.acting(reader):
        assert set(Notice.objects.values_list("key", flat=True)) == {"fresh", "unread"}


def test_declaring_a_notice_badly_is_an_error_at_start() -> None:
    for code, group, zh in (("sample.daily", "jobs", "x"), ("sample.x", "jobs", ""), ("sample.x", "weather", "x")):
        with pytest.raises(ValueError, match=code):
            declare(code, group=group, zh=zh, en="x")
    with pytest.raises(KeyError):
        services.notify("sample.unknown", to=[1])
