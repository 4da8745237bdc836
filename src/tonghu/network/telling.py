"""Who is told that a region has ended and has left institutions behind: who moves them, and who sits there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.urls import reverse

from tonghu.network import naming
from tonghu.network.access import MANAGE
from tonghu.network.following import left_behind
from tonghu.network.models import Institution
from tonghu.network.queries import became
from tonghu.network.region_range import covered
from tonghu.platform.accounts.roles import ROLES
from tonghu.platform.accounts.sign_in import posts_in_effect
from tonghu.platform.notices.kinds import Mail, declare
from tonghu.platform.notices.services import notify


def _named(data: Mapping[str, Any]) -> dict[str, str]:
    return {"region": naming.full_name(data["code"])}


#: To those in charge of the code that has ended or of one that took its place, who move or close what it left behind.
LEFT: Final = declare(
    "network.left_behind", group="reporting",
    zh="{region}（{code}）的区划代码已停用：辖区内有 {count} 个机构待迁入新区划，主管部门须停用或改区划",
    en="The region code {code} ({region}) has ended: {count} institutions wait to be moved to what took its place; "
    "authorities there are closed or given another region",
    mail=Mail.AT_ONCE, words=_named,
)  # fmt: skip
#: To whoever holds a post at an authority of a region that has ended.
OWN: Final = declare(
    "network.own_region_ended", group="reporting",
    zh="您任职的主管部门所在区划{region}（{code}）已停用：您的岗位仍按原区划代码工作，须由上级部门停用或改区划",
    en="The region of the authority at which you hold a post has ended: {region} ({code}). Your post keeps to the old "
    "code until an authority above closes the authority or gives it another region",
    mail=Mail.AT_ONCE, words=_named,
)  # fmt: skip


def tell() -> int:
    """Tell everybody whom a region that has ended concerns, each once a region; in the scope of the nation.

    Returns:
        how many notices are new.
    """
    left: dict[str, list[Institution]] = defaultdict(list)
    for one in left_behind().order_by("region_code", "pk"):
        left[one.region_code].append(one)
    if not left:
        return 0
    keeping = _keeping()
    told = 0
    for code, institutions in left.items():
        movers = {person for near in (code, *became(code)) for person in _nearest(near, keeping)}
        data = {"code": code, "count": len(institutions)}
        told += len(notify(LEFT, to=sorted(movers), data=data, url=reverse("network:following"), key=f"ended:{code}"))
        for one in institutions:
            if one.kind == Institution.Kind.AUTHORITY:
                at = reverse("network:institution", args=[one.pk])
                told += len(notify(OWN, to=_holders(one), data={"code": code}, url=at, key=f"ended:{code}:{one.pk}"))
    return told


def _keeping() -> list[tuple[str, str, int]]:
    """The regions whose authorities keep institutions, and who does: (from, to, person)."""
    roles = [role.code for role in ROLES.values() if MANAGE in role.permissions]
    held = posts_in_effect().filter(role__in=roles, institution__kind=Institution.Kind.AUTHORITY)
    return [(*covered(region), person) for region, person in held.values_list("institution__region_code", "person_id")]


def _nearest(code: str, keeping: Iterable[tuple[str, str, int]]) -> set[int]:
    """Those of the smallest region that covers a code: the nation's centre is not told of every county."""
    over = [(int(high) - int(low), person) for low, high, person in keeping if low <= code < high]
    smallest = min((size for size, _person in over), default=0)
    return {person for size, person in over if size == smallest}


def _holders(institution: Institution) -> list[int]:
    held = posts_in_effect().filter(institution=institution)
    return sorted(set(held.values_list("person_id", flat=True)))
