"""Every write on docking clients: issue, renew the secret, end. The secret is returned once and kept as a hash."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from django.db import transaction
from django.utils import timezone
from psycopg.types.range import TimestamptzRange

from tonghu.errors import InputRefused
from tonghu.platform.accounts.access import check_may
from tonghu.platform.accounts.reach import Place, in_scope
from tonghu.platform.api import events, limits
from tonghu.platform.api.access import ISSUE
from tonghu.platform.api.callers import digest
from tonghu.platform.api.models import DockingClient, DockingToken
from tonghu.platform.api.queries import for_clients, lacks
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.scope.permissions import declared
from tonghu.platform.scope.scope import Scope, open_scope, system_scope

Environment = DockingClient.Environment


class Institution(Place, Protocol):
    """What of ``network.Institution`` is asked here."""

    made_up: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """A client with its secret, which nobody can read again."""

    client: DockingClient
    secret: str


@transaction.atomic
def issue(
    *,
    name: str,
    institution: Institution,
    environment: str,
    permissions: Iterable[str],
    networks: Iterable[str],
    starts: date,
    ends: date,
    by: Scope,
) -> Issued:
    """Issue credentials to an information system of an institution in scope.

    Args:
        networks: from where it may call, as addresses or CIDR networks; must not be empty where it sees real patients.
        starts, ends: first and last day on which it holds, in China's time.

    Raises:
        PermissionDenied: `by` may not. InputRefused: outside their scope, a right that their own post lacks, that the
            API does not use or the environment forbids, an address that cannot be read, or days that do not fit.
    """
    check_may(by, ISSUE)
    if not in_scope(institution, by):
        raise InputRefused("该单位不在您的范围内", "The institution is not in your scope")
    if not name.strip():
        raise InputRefused("请填写系统名称", "A name is needed")
    wanted, places = sorted(set(permissions)), sorted({_network(one) for one in networks if one.strip()})
    _check_held(wanted, by)
    _check_rights(wanted, Environment(environment), places, made_up=institution.made_up)
    secret = secrets.token_urlsafe(32)
    client = DockingClient.objects.create(
        client_id=f"tonghu-{secrets.token_hex(8)}", secret_digest=digest(secret), name=name.strip(),
        institution_id=institution.pk, environment=environment, permissions=wanted, networks=places,
        valid=_days(starts, ends), issued_by_id=by.person, kept_by_id=by.person,
    )  # fmt: skip
    record(
        events.ISSUED, subject=(events.CLIENT, client.pk), by=by, institution=client.institution_id,
        data={"name": client.name, "rights": "、".join(wanted) or "—"},
    )  # fmt: skip
    return Issued(client, secret)


@transaction.atomic
def renew(*, client: DockingClient, reason: str, by: Scope) -> Issued:
    """Give a client another secret; the one before, and every token, end at once. Who does it answers for it then.

    Whoever sees the secret is the client: it is shown to nobody whose post lacks a right that the client has.

    Raises:
        PermissionDenied: `by` may not. InputRefused: outside their scope, a right that their own post lacks, no reason,
            or it has ended.
    """
    held = _held(client, by)
    _check_held(held.permissions, by)
    secret = secrets.token_urlsafe(32)
    with acting_because(by, reason):
        held.secret_digest, held.renewed_at, held.kept_by_id = digest(secret), timezone.now(), by.person
        held.save(update_fields=["secret_digest", "renewed_at", "kept_by"])
        record(events.RENEWED, subject=(events.CLIENT, held.pk), by=by, institution=held.institution_id)
    _drop_tokens(held, by)
    return Issued(held, secret)


@transaction.atomic
def end(*, client: DockingClient, reason: str, by: Scope) -> None:
    """End a client at once, with its tokens.

    Raises:
        PermissionDenied: `by` may not. InputRefused: outside their scope, no reason, or it has ended.
    """
    held = _held(client, by)
    now = timezone.now()
    with acting_because(by, reason):
        begun = held.valid.lower < now
        held.valid = TimestamptzRange(held.valid.lower, now) if begun else TimestamptzRange(empty=True)
        held.save(update_fields=["valid"])
        record(events.ENDED, subject=(events.CLIENT, held.pk), by=by, institution=held.institution_id)
    _drop_tokens(held, by)


def _held(client: DockingClient, by: Scope) -> DockingClient:
    check_may(by, ISSUE)
    held = DockingClient.objects.select_for_update(of=("self",)).select_related("institution").get(pk=client.pk)
    if not in_scope(held.institution, by):
        raise InputRefused("该单位不在您的范围内", "The institution is not in your scope")
    if held.valid.isempty or held.valid.upper <= timezone.now():
        raise InputRefused("该凭证已经终止，请重新发放", "The client has ended: issue a new one")
    return held


def _drop_tokens(client: DockingClient, by: Scope) -> None:
    with open_scope(system_scope("docking", by)):
        DockingToken.objects.filter(client=client).delete()


def _check_held(wanted: Iterable[str], by: Scope) -> None:
    lacking = lacks(wanted, by)
    if lacking:
        raise InputRefused(
            f"您的岗位自己没有这些权限，不能交给信息系统：{'、'.join(one.zh for one in lacking)}",
            f"Your own post lacks these rights, so it hands them to no system: {', '.join(one.en for one in lacking)}",
        )


def _check_rights(wanted: list[str], environment: Environment, networks: list[str], *, made_up: bool) -> None:
    known = for_clients()
    unknown = [code for code in wanted if code not in known]
    if unknown:
        raise InputRefused(
            f"接口用不到这些权限，不能授予：{'、'.join(unknown)}",
            f"The API does not use these rights, so no client gets them: {', '.join(unknown)}",
        )
    if made_up or not any(declared()[code].of_patients for code in wanted):
        return
    if environment == Environment.TEST:
        raise InputRefused(
            "测试凭证不能带有查看真实患儿资料的权限，请改为正式环境或去掉这些权限",
            "A test client never sees patients: make it a live one, or leave those rights out",
        )
    if not networks:
        raise InputRefused(
            "能查看患儿资料的凭证必须登记调用方的网络地址",
            "A client that sees patients needs the addresses from which it calls",
        )


def _network(said: str) -> str:
    try:
        return str(ipaddress.ip_network(said.strip(), strict=False))
    except ValueError:
        raise InputRefused(
            f"“{said.strip()[:50]}”不是网络地址，应如 10.1.2.3 或 10.1.2.0/24",
            f"“{said.strip()[:50]}” is no network address such as 10.1.2.3 or 10.1.2.0/24",
        ) from None


def _days(starts: date, ends: date) -> TimestamptzRange:
    longest = limits.number("credentials", "client_days")
    if starts < timezone.localdate():
        raise InputRefused("开始日期不能早于今天", "It cannot begin before today")
    if ends < starts:
        raise InputRefused("结束日期早于开始日期", "The last day is before the first")
    if (ends - starts).days >= longest:
        raise InputRefused(f"有效期最长 {longest} 天，到期前可重新发放", f"It holds for at most {longest} days")
    return TimestamptzRange(_midnight(starts), _midnight(ends + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
