"""Whose file it is: the organisation code that each row names must be one of the hospital's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Q

from tonghu.errors import InputRefused
from tonghu.intake.checking import organisation
from tonghu.network.models import Institution

#: So many foreign codes are named in the refusal.
_NAMED: Final = 3


def own_codes(institution: int) -> frozenset[str]:
    """Every code under which files may name a hospital, as they are compared."""
    held = Institution.objects.prefetch_related("codes").get(pk=institution)
    return frozenset(organisation(code) for code in (held.code, *(one.code for one in held.codes.all())))


def require_own(named: Mapping[str, int], institution: int) -> frozenset[str]:
    """Refuse a file of another hospital; returns the codes among its rows that are those of other institutions.

    A single mistyped code does not make it another's file: the rules say what is wrong with it. But a row that names an
    institution that is known belongs there, and is not imported here.

    Args:
        named: organisation code → rows in scope that name it.

    Raises:
        InputRefused: most rows name others; with the codes, whose they are where that is known, and what to do.
    """
    own = own_codes(institution)
    foreign = {code: rows for code, rows in named.items() if code not in own}
    known = _known(list(foreign))
    if not foreign or 2 * sum(foreign.values()) <= sum(named.values()):
        return frozenset(known)
    held = Institution.objects.get(pk=institution)
    shown = sorted(foreign, key=lambda code: (-foreign[code], code))[:_NAMED]
    listed = "、".join(code + (f"（{known[code]}）" if code in known else "") for code in shown)
    listed_en = ", ".join(code + (f" ({known[code]})" if code in known else "") for code in shown)
    rows = sum(foreign.values())
    more, more_en = (" 等", " and others") if len(foreign) > _NAMED else ("", "")
    raise InputRefused(
        f"文件中 {rows} 行的医疗机构代码是 {listed}{more}，不是本院（{held.name}，{held.code}），没有导入任何内容："
        "请核对是否选错文件；若是本院的其他代码，请先由卫生健康部门登记到本院名下",
        f"{rows} row(s) name the organisation {listed_en}{more_en}, not this hospital ({held.name}, {held.code}); "
        "nothing was taken in: check whether this is the right file, or have the code registered with the institution",
    )


def _known(codes: list[str]) -> dict[str, str]:
    """Code → name of the institution that it is known to name."""
    found = (
        Institution.objects.filter(Q(code__in=codes) | Q(codes__code__in=codes)).prefetch_related("codes").distinct()
    )
    return {
        code: one.name
        for one in found
        for code in codes
        if code in {organisation(one.code), *(organisation(other.code) for other in one.codes.all())}
    }
