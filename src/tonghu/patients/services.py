"""Writing what a hospital knows of a child: its view, names, documents and guardians.

All of it acts under the open scope of `by`; row-level security is the wall behind it. Merging stands in ``merges``,
consent and what it lets others see in ``agreements``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.db import DatabaseError, IntegrityError, transaction

from tonghu.codes.pinyin import initials, readings, sort_key
from tonghu.codes.text import seen
from tonghu.errors import InputRefused
from tonghu.patients.access import ENTER
from tonghu.patients.events import ENTERED
from tonghu.patients.identity import REFUSALS, attach, refusal, release
from tonghu.patients.models import DOCUMENT, FormerName, Guardian, HospitalView, Identifier, NameToken
from tonghu.patients.whose import Claim, people, views_of, whose
from tonghu.platform.accounts.access import check_may
from tonghu.platform.audit.acts import CHILD
from tonghu.platform.audit.events import record
from tonghu.platform.crypto.hashing import keyed_hashes
from tonghu.platform.scope.scope import Scope
from tonghu.platform.stale import check_as_shown, merged

#: Fields that say one thing together: an identity number says the day of birth and the sex as well.
AGREEING: Final = (
    ("document_number", "document_type"), ("document_number", "birth_date"), ("document_number", "sex"),
)  # fmt: skip
#: What a guardian and a further document are, as whoever takes one off sees them.
OF_GUARDIAN: Final = ("name", "relation", "phone", "document_number", "address")
OF_DOCUMENT: Final = ("document_type", "document_number")


@transaction.atomic
def enter_view(
    *, institution: int, record_number: str, patient_name: str, by: Scope, corrects: int | None = None, **known: Any
) -> HospitalView:
    """Enter what a hospital knows of a child under one of its record numbers, or change it; returns the view.

    Where both name and birth date contradict whoever is known under the number, it is another child, and a person is
    asked whether the two are one (``whose``).

    Args:
        corrects: the number of a view that nothing else speaks of: what contradicts it mends it.
        known: further fields of :class:`~tonghu.patients.models.HospitalView`; those not given stay as they are.

    Raises:
        InputRefused: outside the scope, or without a name.
    """
    check_may(by, ENTER)
    document = known.get("document_number") or ""
    claim = Claim(
        record_number=record_number, document_number=document, patient_name=patient_name,
        birth_date=known.get("birth_date"),
    )  # fmt: skip
    for _once_more in range(2):  # where the view is parted meanwhile
        met = people(institution, [record_number])
        there = views_of(met)
        (child,) = whose(institution=institution, rows=[claim], known=met, corrects=corrects)
        views = HospitalView.objects.select_for_update().filter(institution_id=institution, record_number=record_number)
        held = views.filter(child_id=child).first()
        if held is not None or (record_number, child) not in there:
            break
    if held is not None:
        return change_view(view=held, by=by, patient_name=patient_name, **known)
    return create_view(
        child=child, institution=institution, record_number=record_number, patient_name=patient_name, by=by, **known
    )


@transaction.atomic
def create_view(
    *, child: int, institution: int, record_number: str, patient_name: str, by: Scope, **known: Any
) -> HospitalView:
    """Write the view of a child under a record number under which the hospital has none of it; returns the view.

    Raises:
        InputRefused: outside the scope, or without a name.
    """
    check_may(by, ENTER)
    fields = {"patient_name": _name(patient_name), "name_sort": sort_key(patient_name), **known}
    held = HospitalView.objects.create(
        child_id=child, institution_id=institution, record_number=record_number, **fields
    )
    write_tokens([held])
    record(ENTERED, subject=(CHILD, child), by=by, institution=institution)
    return held


@transaction.atomic
def change_view(
    *,
    view: HospitalView,
    by: Scope,
    mistakes: frozenset[str] = frozenset(),
    shown: Mapping[str, str] | None = None,
    **known: Any,
) -> HospitalView:
    """Change fields of a view; returns it.

    A name that changes stays findable as a former one, and a document that changes stays as another document of the
    child, unless it had been a mistake.

    Args:
        mistakes: of ``patient_name`` and ``document_number``, those whose earlier value was mistyped.
        shown: what whoever changes it saw, by field; None where nothing was shown (a file, a message).

    Raises:
        ChangedMeanwhile: a field that was changed here was changed by somebody else since it was shown.
        InputRefused: outside the scope, or without a name.
    """
    check_may(by, ENTER)
    if "patient_name" in known:
        known["patient_name"] = _name(known["patient_name"])
    # Locked, and by the policies of updates: what may only be read is not found. Two clerks at once follow each other.
    found = HospitalView.objects.select_for_update().filter(pk=view.pk).first()
    if found is None:
        raise InputRefused(*REFUSALS["TH002"])
    view = found
    put_back(view)
    held = {name: getattr(view, name) for name in known}
    known = merged(held=held, shown=shown, wanted=known, agree=AGREEING)
    if "patient_name" in known:
        known["name_sort"] = sort_key(known["patient_name"])
    before = {name: getattr(view, name) for name in known if (getattr(view, name) or "") != (known[name] or "")}
    if not before:
        return view
    earlier_type = view.document_type
    for name in before:
        setattr(view, name, known[name])
    hashes = ["document_key", "document_tail"] if "document_number" in before else []
    view.save(update_fields=[*before, *hashes, "updated_at"])
    if "patient_name" in before:
        _renamed(view, before["patient_name"], mistake="patient_name" in mistakes)
    if "document_number" in before:
        _redocumented(view, earlier_type, before["document_number"], mistake="document_number" in mistakes)
    return view


def put_back(view: HospitalView) -> None:
    """Put a view that an undone import took off the lists back on them: somebody speaks of the child again."""
    if view.taken_back is not None:
        HospitalView.objects.filter(pk=view.pk).update(taken_back=None)
        view.taken_back = None


@transaction.atomic
def add_document(*, view: HospitalView, document_type: str, document_number: str, by: Scope) -> Identifier:
    """Say that the child has another document beside the view's own; returns it.

    Raises:
        InputRefused: outside the scope, or it is there already.
    """
    check_may(by, ENTER)
    held = Identifier(
        child_id=view.child_id, view=view, institution_id=view.institution_id, document_type=document_type,
        document_number=document_number,
    )  # fmt: skip
    with _refused(taken=("这份证件已登记", "This document is on record already")):
        held.save()
    attach(view, document_number)
    return held


@transaction.atomic
def remove_document(*, document: Identifier, by: Scope, shown: Mapping[str, str] | None = None) -> None:
    """Take back a document that was entered by mistake; the resolver forgets it, unless another view has it too.

    Args:
        shown: what whoever takes it off saw, by field (:data:`OF_DOCUMENT`); None where nothing was shown.

    Raises:
        NotAsShown: it was changed since. InputRefused: outside the scope.
    """
    check_may(by, ENTER)
    held: Identifier = _to_take_off(document, OF_DOCUMENT, shown)
    number, view = held.document_number, held.view
    held.delete()
    release(view, number)


@transaction.atomic
def save_guardian(
    *,
    view: HospitalView,
    by: Scope,
    guardian: Guardian | None = None,
    shown: Mapping[str, str] | None = None,
    **known: Any,
) -> Guardian:
    """Enter a guardian of the child at a view's hospital, or change one; returns it.

    Args:
        shown: what whoever changes it saw, by field; None where nothing was shown.

    Raises:
        ChangedMeanwhile: a field that was changed here was changed by somebody else since it was shown.
        InputRefused: outside the scope, without a name, or there is one of the same name and relation already.
    """
    check_may(by, ENTER)
    # Locked, so that the same one sent twice at once is entered once.
    if HospitalView.objects.select_for_update().filter(pk=view.pk).first() is None:
        raise InputRefused(*REFUSALS["TH002"])
    held = Guardian(child_id=view.child_id, view=view, institution_id=view.institution_id)
    if guardian is not None:
        found = Guardian.objects.filter(view=view, pk=guardian.pk).first()
        if found is None:
            raise InputRefused("这名监护人已被移除，所填内容未保存", "This guardian was taken off. Nothing was saved")
        held = found
        known = merged(held={name: getattr(held, name) for name in known}, shown=shown, wanted=known)
    known["name"] = _name(known.get("name", held.name))
    for name, value in known.items():
        setattr(held, name, value)
    check_once(held)
    with _refused():
        held.save(update_fields=known if guardian else None)
    return held


def check_once(guardian: Guardian) -> None:
    """Refuse a guardian of a name and relation that another one of the view has. Called with the view locked.

    Raises:
        InputRefused: there is one.
    """
    others = Guardian.objects.filter(view=guardian.view_id).exclude(pk=guardian.pk)
    if any((one.name, one.relation) == (guardian.name, guardian.relation) for one in others):
        raise InputRefused(
            f"监护人“{guardian.name}”（关系相同）已登记，请修改原有记录",
            f"A guardian “{guardian.name}” of the same relation is on record already: change that one",
        )


@transaction.atomic
def remove_guardian(*, guardian: Guardian, by: Scope, shown: Mapping[str, str] | None = None) -> None:
    """Take a guardian off; the history keeps who it was.

    Args:
        shown: what whoever takes it off saw, by field (:data:`OF_GUARDIAN`); None where nothing was shown.

    Raises:
        NotAsShown: it was changed since. InputRefused: outside the scope.
    """
    check_may(by, ENTER)
    _to_take_off(guardian, OF_GUARDIAN, shown).delete()


def _to_take_off(row: Any, compared: Collection[str], shown: Mapping[str, str] | None) -> Any:
    """What is about to be taken off, as it stands now, if that is what was shown.

    Raises:
        NotAsShown: it is not. InputRefused: it is gone, or outside the scope.
    """
    # Locked as by whoever changes it (`save_guardian`): one of the two comes first.
    HospitalView.objects.select_for_update().filter(pk=row.view_id).first()
    # For update, since what may only be read is not found so.
    held = type(row).objects.select_for_update(of=("self",)).select_related("view").filter(pk=row.pk).first()
    if held is None:
        raise InputRefused(*REFUSALS["TH002"])
    check_as_shown(held={name: getattr(held, name) for name in compared}, shown=shown)
    return held


def write_tokens(views: Iterable[HospitalView]) -> None:
    """Write the ways in which the names of new views may be typed."""
    NameToken.objects.bulk_create(token for view in views for token in _tokens(view, view.patient_name))


def name_tokens(name: str) -> set[tuple[int, str]]:
    """Return kind and token of every way in which a name may be typed: characters, joined syllables, initials."""
    heard = readings(name)
    return (
        {(NameToken.Kind.NAME, "".join(name.split()))}
        | {(NameToken.Kind.PINYIN, "".join(syllables)) for syllables in heard if syllables}
        | {(NameToken.Kind.INITIALS, initials(syllables)) for syllables in heard if syllables}
    )


def _tokens(view: HospitalView, name: str, *, former: bool = False) -> Iterable[NameToken]:
    for kind, token in sorted(name_tokens(name)):
        yield NameToken(
            kind=kind, token=token, institution_id=view.institution_id, child_id=view.child_id, view=view, former=former
        )


def _renamed(view: HospitalView, earlier: str, *, mistake: bool) -> None:
    """The tokens of a view whose name changed: the new name's, and its former names' marked as such."""
    if not mistake:
        place = {"child_id": view.child_id, "institution_id": view.institution_id}
        FormerName.objects.get_or_create(view=view, name=earlier, defaults=place)
    FormerName.objects.filter(view=view, name=view.patient_name).delete()
    _spell([view])


def also_called(names: Mapping[HospitalView, Iterable[str]]) -> None:
    """Keep names by which front pages of earlier stays call children, as former ones of their locked views."""
    known = set(FormerName.objects.filter(view__in=list(names)).values_list("view", "name"))
    fresh = [
        FormerName(view=view, name=name, child_id=view.child_id, institution_id=view.institution_id)
        for view, said in names.items()
        for name in sorted({*said} - {view.patient_name})
        if (view.pk, name) not in known
    ]
    FormerName.objects.bulk_create(fresh)
    _spell({one.view_id: one.view for one in fresh}.values())


def _spell(views: Collection[HospitalView]) -> None:
    """Write the tokens of views and their former names anew."""
    numbers, former = [view.pk for view in views], dict[int, list[str]]()
    NameToken.objects.filter(view__in=numbers).delete()
    for view, name in FormerName.objects.filter(view__in=numbers).order_by("pk").values_list("view", "name"):
        former.setdefault(view, []).append(name)
    NameToken.objects.bulk_create(
        token
        for one in views
        for name in (one.patient_name, *former.get(one.pk, ()))
        for token in _tokens(one, name, former=name != one.patient_name)
    )


def _redocumented(view: HospitalView, earlier_type: str, earlier: str | None, *, mistake: bool) -> None:
    """What becomes of the document that a view had, and whose child the new one is."""
    if earlier and mistake:
        release(view, earlier)
    elif earlier:
        Identifier.objects.create(
            child_id=view.child_id, view=view, institution_id=view.institution_id, document_type=earlier_type,
            document_number=str(earlier),
        )  # fmt: skip
    if view.document_number:
        hashes = keyed_hashes(view.document_number, DOCUMENT)
        Identifier.objects.filter(view=view, document_key__in=hashes).delete()
        attach(view, view.document_number)


@contextmanager
def _refused(taken: tuple[str, str] | None = None) -> Iterator[None]:
    """Turn a refusal of the database into one for people; `taken` says what a row that is there already means."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as fault:
        if taken is None:
            raise
        raise InputRefused(*taken) from fault
    except DatabaseError as fault:
        raise refusal(fault) from fault


def _name(name: str) -> str:
    name = seen(name)
    if not name:
        raise InputRefused("请填写姓名", "A name is needed")
    return name
