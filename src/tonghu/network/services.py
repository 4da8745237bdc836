"""Every write on regions and institutions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.types.range import Range

from tonghu.codes.pinyin import sort_key
from tonghu.codes.regions import Region as Spell
from tonghu.errors import InputRefused
from tonghu.network.access import MANAGE, PROVISION
from tonghu.network.catalogues import GRADES, departments, institution_types
from tonghu.network.models import Institution, InstitutionCode, Region
from tonghu.network.queries import became, region
from tonghu.network.region_range import NATION
from tonghu.network.succession import level, successors
from tonghu.platform.accounts.access import check_may
from tonghu.platform.scope.scope import Scope
from tonghu.platform.stale import merged


@transaction.atomic
def load_regions(*, spells: Iterable[Spell], by: Scope) -> tuple[int, int]:
    """Bring the tree to what the lists say, the nation on top; the same lists again change nothing.

    Where both meanings of a renamed code may have held in the year of the change, the newer one does.

    Returns:
        how many rows were added, and how many fell away.
    """
    check_may(by, PROVISION)
    # Compared as plain values: models of some 6,000 rows would cost every start of a site most of a second.
    wanted = set(_lines(list(spells)))
    held = {_line(found): pk for pk, *found in Region.objects.values_list("pk", *_Line._fields)}
    gone = [pk for line, pk in held.items() if line not in wanted]
    fresh = sorted(wanted - held.keys(), key=lambda line: (line.code, line.valid.lower or date.min))
    Region.objects.filter(pk__in=gone).delete()
    Region.objects.bulk_create([Region(**line._asdict()) for line in fresh], batch_size=2000)
    return len(fresh), len(gone)


@transaction.atomic
def register_institution(
    *,
    code: str,
    name: str,
    kind: str,
    region_code: str,
    by: Scope,
    department: str = "",
    type: str = "",
    level: int | None = None,
    grade: str = "",
    since: date | None = None,
    made_up: bool = False,
) -> Institution:
    """Register an institution or authority that exists from a day on (default: always has).

    Raises:
        PermissionDenied: `by` may not, InputRefused: outside their region, or a value that does not fit.
    """
    check_may(by, MANAGE, PROVISION)
    institution = Institution(
        code=code.strip(), name=name.strip(), kind=kind, department=department, region_code=region_code, type=type,
        level=level, grade=grade, valid=Range(since, None), made_up=made_up,
    )  # fmt: skip
    _check(institution, by)
    return _save(institution)


@transaction.atomic
def change_institution(
    *, institution: Institution, by: Scope, shown: Mapping[str, str] | None = None, **changes: Any
) -> Institution:
    """Change what is known of an institution: name, region, type, level, grade, department.

    Args:
        shown: what whoever changes it saw, by field; None where nothing was shown.

    Raises:
        PermissionDenied: `by` may not. ChangedMeanwhile: somebody else changed the same since it was shown.
        InputRefused: outside their region before or after, or a value does not fit.
    """
    check_may(by, MANAGE, PROVISION)
    institution = _locked(institution)  # the caller's stays as it is when something is refused
    _check_reach(institution, by)
    held = {field: getattr(institution, field) for field in changes}
    changes = merged(held=held, shown=shown, wanted=changes, agree=(("level", "grade"),))
    for field, value in changes.items():
        if field not in ("name", "region_code", "type", "level", "grade", "department"):
            raise TypeError(f"{field} of an institution is not changed here")
        setattr(institution, field, value)
    _check(institution, by)
    return _save(institution)


@transaction.atomic
def close_institution(
    *, institution: Institution, last_day: date, by: Scope, shown: Mapping[str, str] | None = None
) -> Institution:
    """Let an institution end with a day; posts at it end with it, its rows stay.

    Args:
        shown: which ``last_day`` whoever closes it saw; None where nothing was shown.

    Raises:
        PermissionDenied: `by` may not. ChangedMeanwhile: somebody else set another day since it was shown.
        InputRefused: outside their region, or the day is over or before it began.
    """
    check_may(by, MANAGE, PROVISION)
    institution = _locked(institution)
    _check_reach(institution, by)
    merged(held={"last_day": institution.last_day}, shown=shown, wanted={"last_day": last_day})
    if last_day < timezone.localdate() or (institution.valid.lower and last_day < institution.valid.lower):
        raise InputRefused("停用日期不能早于今天，也不能早于启用日期", "The last day is over, or before the first")
    institution.valid = Range(institution.valid.lower, date.fromordinal(last_day.toordinal() + 1))
    return _save(institution)


@transaction.atomic
def set_code(
    *, institution: Institution, system: str, code: str, by: Scope, shown: Mapping[str, str] | None = None
) -> InstitutionCode:
    """Say under which code of a system files and messages name the institution; replaces the one before.

    Args:
        shown: the codes that whoever sets it saw, by system; None where nothing was shown.

    Raises:
        PermissionDenied: `by` may not. ChangedMeanwhile: somebody else set another code since they were shown.
        InputRefused: outside their region, or the code names another institution.
    """
    check_may(by, MANAGE, PROVISION)
    institution = _locked(institution)
    _check_reach(institution, by)
    code = code.strip().upper()
    length = {"registration": 22, "credit": 18, "organisation": 9}[system]
    if len(code) != length or not code.isascii() or not code.isalnum():
        raise InputRefused(
            f"编码“{code}”应为 {length} 位字母和数字", f"The code “{code}” must have {length} letters and digits"
        )
    now = codes_of(institution).get(system)
    seen = None if shown is None else {**shown, "code": shown.get(system, "")}
    merged(held={"code": now, system: now}, shown=seen, wanted={"code": code})
    try:
        with transaction.atomic():
            return InstitutionCode.objects.update_or_create(
                institution=institution, system=system, defaults={"code": code}
            )[0]
    except IntegrityError:
        raise InputRefused(f"编码 {code} 已属于另一家机构", f"The code {code} names another institution") from None


def codes_of(institution: Institution) -> dict[str, str]:
    """Return under which codes files and messages name an institution, by system."""
    return dict(InstitutionCode.objects.filter(institution=institution).values_list("system", "code"))


def may_manage(institution: Institution, by: Scope) -> bool:
    """Whether `by` may change this institution: in their region, or their own, with the right."""
    return by.may(PROVISION) or (by.may(MANAGE) and _reached(institution.pk, institution.region_code, by))


class _Line(NamedTuple):
    """A row of the tree, field by field."""

    code: str
    name: str
    level: int
    parent_code: str
    valid: Range[date]
    replaced_by: tuple[str, ...] = ()
    replaced_how: str = ""


def _lines(spells: list[Spell]) -> Iterable[_Line]:
    became_of = successors(spells)
    yield _Line(NATION, "全国", 0, "", Range(None, None))
    by_code: dict[str, list[Spell]] = {}
    for spell in spells:
        by_code.setdefault(spell.code, []).append(spell)
    for code, meanings in by_code.items():
        for this, after in zip(meanings, [*meanings[1:], None], strict=True):
            until = this.valid_to if after is None else min(filter(None, (this.valid_to, after.valid_from)))
            successor = became_of.get(code) if after is None else None
            yield _Line(
                code, this.name, level(code), this.parent or NATION, Range(this.valid_from, until),
                successor.codes if successor else (), successor.how if successor else "",
            )  # fmt: skip


def _line(found: Iterable[Any]) -> _Line:
    line = _Line(*found)
    return line._replace(replaced_by=tuple(line.replaced_by))


def _check(institution: Institution, by: Scope) -> None:
    _check_reach(institution, by)
    if not institution.code or not institution.name:
        raise InputRefused("请填写机构编码和名称", "An institution needs a code and a name")
    for field, zh, en in (("code", "机构编码", "code"), ("name", "机构名称", "name")):
        most: int = getattr(Institution._meta.get_field(field), "max_length", 0)
        if len(getattr(institution, field)) > most:
            raise InputRefused(f"{zh}不能超过 {most} 个字符", f"The {en} has at most {most} characters")
    if institution.kind == Institution.Kind.AUTHORITY:
        if institution.department not in departments():
            raise InputRefused("请选择主管部门的条线", "Choose the department of the authority")
    elif institution.department:
        raise InputRefused("医疗机构不填部门条线", "Only an authority has a department")
    if institution.type and (
        institution.type not in institution_types() or institution_types()[institution.type].kind != institution.kind
    ):
        raise InputRefused(
            f"机构类别“{institution.type}”不适用于此类机构",
            f"The type “{institution.type}” does not fit this kind of institution",
        )
    if institution.grade and institution.grade not in GRADES:
        raise InputRefused(f"等次应为{'、'.join(GRADES)}之一", f"The grade is one of {', '.join(GRADES)}")
    if institution.level is not None and institution.level not in (1, 2, 3):
        raise InputRefused("级别应为一、二、三级", "The level is 1, 2 or 3")
    if Region.objects.exists() and region(institution.region_code) is None:
        now = "、".join(became(institution.region_code))
        raise InputRefused(
            f"行政区划代码 {institution.region_code} 今天不存在" + (f"，现为 {now}" if now else ""),
            f"The region code {institution.region_code} does not exist today" + (f"; it is {now} now" if now else ""),
        )


def _locked(institution: Institution) -> Institution:
    """The institution as it stands now, held until the transaction ends."""
    found = Institution.objects.select_for_update().filter(pk=institution.pk).first()
    if found is None:  # the policies of updates do not let `by` at it
        raise InputRefused("该机构不在您的辖区内", "The institution is not in your region")
    return found


def _check_reach(institution: Institution, by: Scope) -> None:
    if not (by.may(PROVISION) or _reached(institution.pk, institution.region_code, by)):
        raise InputRefused("该机构不在您的辖区内", "The institution is not in your region")


def _reached(pk: int | None, region_code: str, by: Scope) -> bool:
    if by.region_from is not None and by.region_to is not None:
        return by.region_from <= region_code < by.region_to
    return pk is not None and pk == by.institution


def _save(institution: Institution) -> Institution:
    institution.name_pinyin = sort_key(institution.name)[:400]
    try:
        with transaction.atomic():
            institution.save()
    except IntegrityError as refused:
        if "code" not in str(refused):
            raise
        raise InputRefused(
            f"机构编码 {institution.code} 已被登记", f"The institution code {institution.code} is registered already"
        ) from None
    return institution
