"""Sending what is due: one e-mail a person for everything that is due, in their language, by numbers and codes alone.

A message is marked before it goes and after it went. A worker that dies between the two leaves it marked as being sent;
it then goes again under the same Message-ID: at least once, and a receiver can tell. While the mail server is gone,
everything waits and says why.
"""

from __future__ import annotations

import smtplib
import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation

from tonghu.platform.accounts.models import Person
from tonghu.platform.dated import Setting, setting
from tonghu.platform.jobs.points import point
from tonghu.platform.notices.kinds import sentence
from tonghu.platform.notices.models import Message
from tonghu.platform.notices.services import SETTINGS, SYSTEM
from tonghu.platform.notices.sms import provider
from tonghu.platform.operations.logs import log
from tonghu.platform.scope.scope import Scope, open_scope

State, Channel = Message.State, Message.Channel
NO_SERVER = ("邮件服务器没有应答，稍后自动重发", "The mail server does not answer; it is sent again by itself")
TURNED_AWAY = (
    "邮件服务器不接受本站（账号、发件地址或加密设置），稍后自动重发；请系统管理员核对邮件设置",
    "The mail server does not take mail from this site (log-in, sender or TLS); it is sent again by itself: check the "
    "site's mail settings",
)
REFUSED = ("邮件服务器拒收，请核对邮箱地址", "The mail server refused it: check the address")
NO_GATEWAY = ("短信网关没有应答，稍后自动重发", "The SMS gateway does not answer; it is sent again by itself")
NOT_TAKEN = ("短信接口程序出错，稍后自动重发", "The SMS adapter failed; it is sent again by itself")
NOT_SENT = ("本站点没有短信网关，短信未发送", "This site has no SMS gateway; nothing was sent")
#: What a mail server that is gone, or breaks off, looks like.
GONE = (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError, smtplib.SMTPHeloError)
#: It is there and takes nothing from us, whoever the letter is for.
NOT_US = (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused, smtplib.SMTPNotSupportedError)


@dataclass(frozen=True, slots=True)
class Reader:
    """Where and in which language somebody is written to."""

    address: str
    language: str


def due_people(channel: str) -> list[int]:
    """Return who has messages due on a channel, the longest waiting first."""
    with open_scope(SYSTEM):
        rows = _due(channel).order_by("due_at").values_list("person_id", flat=True)
        return list(dict.fromkeys(rows))


def send_mail_to(person: int, connection: BaseEmailBackend) -> int | None:
    """Send a person everything that is due, as one e-mail; return how many went. None: the server takes none."""
    mail = setting(SETTINGS, "mail", timezone.localdate())
    held = _take(person, Channel.MAIL)
    if not held:
        return 0
    reader = _reader(person)
    if reader is None:
        _mark(held, state=State.NO_ADDRESS)
        return 0
    letter = _letter(held, reader)
    try:
        connection.send_messages([letter])
    except NOT_US as fault:
        log.error("notice.mail_server_refuses_us", code=type(fault).__name__)
        _later(held, mail, TURNED_AWAY)
        return None
    except smtplib.SMTPResponseException as fault:
        _later(held, mail, REFUSED if fault.smtp_code >= 500 else NO_SERVER)
        return 0
    except smtplib.SMTPRecipientsRefused:
        _later(held, mail, REFUSED)
        return 0
    except GONE as fault:
        log.warning("notice.mail_server_gone", code=type(fault).__name__)
        _later(held, mail, NO_SERVER)
        return None
    point("notices.sent")
    _mark(held, state=State.SENT, sent_at=timezone.now(), error_zh="", error_en="")
    return 1


def send_sms_to(person: int) -> int | None:
    """Hand a person's due SMS to the site's provider; return how many went. None: its gateway is gone."""
    went, mail = 0, setting(SETTINGS, "mail", timezone.localdate())
    held = _take(person, Channel.SMS)
    for number, message in enumerate(held):
        reader = _reader(person, needs_address=False)
        if reader is None:
            _mark([message], state=State.NO_ADDRESS)
            continue
        with translation.override(reader.language):
            text = sentence(message.notice.kind, message.notice.data)
        try:
            came = provider().send(person=person, text=text)
        except OSError:
            _later([message], mail, NO_GATEWAY)
            _mark(held[number + 1 :], state=State.WAITING)  # untried, so none of their attempts is used up
            return None
        except Exception as fault:  # an adapter's mistake about one message holds up no other
            log.error("notice.sms_adapter_failed", code=type(fault).__name__)
            _later([message], mail, NOT_TAKEN)
            continue
        if came == "sent":
            _mark([message], state=State.SENT, sent_at=timezone.now())
            went += 1
        else:
            _mark([message], state=State.KEPT, error_zh=NOT_SENT[0], error_en=NOT_SENT[1])
    return went


def mail_connection() -> BaseEmailBackend:
    """Return a connection to the mail server, opened with the first letter."""
    made: BaseEmailBackend = get_connection()
    return made


def _due(channel: str) -> QuerySet[Message]:
    now = timezone.now()
    stuck = timedelta(seconds=setting(SETTINGS, "mail", timezone.localdate())["stuck"])
    return Message.objects.filter(
        Q(state=State.WAITING, due_at__lte=now) | Q(state=State.SENDING, due_at__lte=now - stuck), channel=channel
    )


def _take(person: int, channel: str) -> list[Message]:
    """Mark what is due as being sent."""
    with transaction.atomic(), open_scope(SYSTEM):
        rows = list(
            _due(channel)
            .filter(person_id=person)
            .select_related("notice")
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("pk")
        )
        # A letter that may have gone already goes again as it was; what is new waits for the next round.
        before = next((row.letter for row in rows if row.letter), None)
        rows = [row for row in rows if row.letter == before]
        letter = before or uuid.uuid4()
        for row in rows:
            row.letter = letter
            row.state = State.SENDING
            row.due_at = timezone.now()
            row.save(update_fields=["letter", "state", "due_at"])
        return rows


def _reader(person: int, *, needs_address: bool = True) -> Reader | None:
    """Where somebody is written to, read as they themselves: least rights. None where they have no address or left."""
    with open_scope(Scope(person=person, purpose="send a notice")):
        found = Person.objects.filter(pk=person, is_active=True).values("email", "language").first()
    if found is None or (needs_address and not found["email"]):
        return None
    return Reader(found["email"], found["language"])


def _letter(held: list[Message], reader: Reader) -> EmailMessage:
    with translation.override(reader.language):
        lines = [(sentence(one.notice.kind, one.notice.data), one.notice.url, one.notice.created_at) for one in held]
        context = {"lines": lines, "site": settings.SITE_URL, "only": lines[0][0] if len(lines) == 1 else ""}
        subject = " ".join(render_to_string("notices/mail_subject.txt", context).split())
        body = render_to_string("notices/mail.txt", context)
    return EmailMessage(
        subject,
        body,
        to=[reader.address],
        headers={"Message-ID": f"<{held[0].letter}@tonghu>", "Auto-Submitted": "auto-generated"},
    )


def _mark(held: list[Message], **values: object) -> None:
    with open_scope(SYSTEM):
        Message.objects.filter(pk__in=[one.pk for one in held], state=State.SENDING).update(**values)


def _later(held: list[Message], mail: Setting, why: tuple[str, str]) -> None:
    """Let messages wait for another attempt, or give them up after the last one."""
    for one in held:
        attempts = one.attempts + 1
        wait = min(mail["longest"], mail["wait"] * mail["factor"] ** (attempts - 1))
        over = attempts >= mail["attempts"]
        _mark(
            [one],
            state=State.FAILED if over else State.WAITING,
            attempts=attempts,
            due_at=timezone.now() + timedelta(seconds=wait),
            error_zh=why[0],
            error_en=why[1],
        )
