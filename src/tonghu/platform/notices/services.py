"""Telling people, reading, and choosing how to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from tonghu.platform.accounts.access import check_may
from tonghu.platform.dated import setting
from tonghu.platform.jobs.plain import require_plain
from tonghu.platform.notices.access import OPERATE
from tonghu.platform.notices.kinds import GROUPS, Mail, NoticeKind, kinds
from tonghu.platform.notices.models import Message, Notice, Preference
from tonghu.platform.notices.queries import wishes_of
from tonghu.platform.scope.scope import Scope, open_scope, system_scope
from tonghu.platform.stale import merged

SETTINGS: Final = Path(__file__).with_name("settings.yaml")
SYSTEM: Final = system_scope("notices")


@transaction.atomic
def notify(
    kind: str, *, to: Iterable[int], data: Mapping[str, Any] | None = None, url: str = "", key: str = ""
) -> list[Notice]:
    """Tell people something, in the caller's transaction: with the change that causes it, or not at all.

    Args:
        kind: a declared kind.
        to: numbers of people; whoever is told need not be visible to who tells.
        data: numbers and codes for the sentence.
        url: the page it is about, an address within the site.
        key: what the teller calls it by; the same one is told once to each.

    Returns:
        The notices that are new.

    Raises:
        KeyError: the kind was not declared, or its sentence needs a field that `data` lacks.
        ValueError: `data` could name somebody.
    """
    said = kinds()[kind]
    data = dict(data or {})
    require_plain(data, kind)
    require_plain({"key": key}, kind)
    said.sentence(data)
    with open_scope(SYSTEM):
        told = [_tell(said, person, data, url, key) for person in dict.fromkeys(to)]
    return [notice for notice in told if notice is not None]


@transaction.atomic
def mark_read(*, by: Scope, notice: int | None = None) -> int:
    """Mark one notice of the reader's as read, or all; return how many were unread."""
    if by.person is None:
        return 0
    mine = Notice.objects.filter(person_id=by.person, read_at=None)
    return (mine if notice is None else mine.filter(pk=notice)).update(read_at=timezone.now())


@transaction.atomic
def prefer(*, by: Scope, group: str, mail: str, sms: bool = False) -> Preference:
    """Set how the reader wants the notices of a group; what waits to be sent goes as it was.

    Args:
        mail: one of :class:`Mail`, or '' for each kind as it was declared.

    Raises:
        KeyError: there is no such group.
        ValueError: `mail` is none of these.
    """
    GROUPS[group]
    assert by.person is not None
    chosen, _ = Preference.objects.update_or_create(
        person_id=by.person, group=group, defaults={"mail": Mail(mail) if mail else "", "sms": sms}
    )
    return chosen


@transaction.atomic
def prefer_all(*, by: Scope, wanted: Mapping[str, Any], shown: Mapping[str, str] | None) -> None:
    """Set how the reader wants the notices of every group, as :func:`wishes_of` names them.

    Args:
        shown: what they saw, by the same names; None where nothing was shown.

    Raises:
        ChangedMeanwhile: they chose something else meanwhile, in another window.
    """
    held = wishes_of(by)
    changed = merged(held=held, shown=shown, wanted=wanted)
    said = held | changed
    for group in GROUPS:
        mail, sms = f"mail_{group}", f"sms_{group}"
        if changed.keys() & {mail, sms}:
            prefer(by=by, group=group, mail=str(said[mail]), sms=bool(said.get(sms)))


@transaction.atomic
def send_again(*, by: Scope) -> int:
    """Let everything that was given up wait again; return how many messages.

    Raises:
        PermissionDenied: the post may not.
    """
    check_may(by, OPERATE)
    return Message.objects.filter(state=Message.State.FAILED).update(
        state=Message.State.WAITING, attempts=0, due_at=timezone.now()
    )


def next_digest(now: datetime) -> datetime:
    """Return when the next daily e-mail goes, in China time."""
    local = timezone.localtime(now)
    hour: int = setting(SETTINGS, "mail", local.date())["digest_hour"]
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if local < today else today + timedelta(days=1)


def _tell(said: NoticeKind, person: int, data: dict[str, Any], url: str, key: str) -> Notice | None:
    try:
        with transaction.atomic():
            notice = Notice.objects.create(person_id=person, kind=said.code, data=data, url=url, key=key)
    except IntegrityError as fault:
        if "notice_told_once" not in str(fault):
            raise
        return None
    wish = Preference.objects.filter(person_id=person, group=said.group).first()
    now = timezone.now()
    mail = Mail(wish.mail) if wish and wish.mail else said.mail
    if mail != Mail.NEVER:
        due = now if mail == Mail.AT_ONCE else next_digest(now)
        Message.objects.create(notice=notice, person_id=person, channel=Message.Channel.MAIL, due_at=due)
    if said.sms and wish is not None and wish.sms:
        Message.objects.create(notice=notice, person_id=person, channel=Message.Channel.SMS, due_at=now)
    return notice
