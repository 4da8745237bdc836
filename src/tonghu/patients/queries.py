"""Every read about a child, under the open scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Case, Exists, F, Func, OuterRef, Q, QuerySet, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from tonghu.codes.text import halfwidth
from tonghu.network.queries import few_reached
from tonghu.patients.access import MERGE
from tonghu.patients.identity import ask
from tonghu.patients.models import (
    DOCUMENT,
    DOCUMENT_TAIL,
    TAIL_LENGTH,
    Child,
    HospitalView,
    Identifier,
    Merge,
    MergeProposal,
    NameToken,
    Split,
)  # fmt: skip
from tonghu.platform.crypto.hashing import keyed_hashes
from tonghu.platform.scope.scope import Scope

#: What one search answers at most.
FOUND_AT_ONCE = 20
#: Prefixes shorter than this would find half the country.
SHORTEST_PINYIN = 2
#: The hospital that reads; None for an authority. Asked once a statement.
_OWN = RawSQL("(SELECT scope.institution())", [], output_field=BigIntegerField())
#: No record number or document is longer.
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """One hospital's view that fits a search.

    Attributes:
        child, group: whose view it is, and the id under which that child and those merged with it are one.
        former: it was found by a name that the child had before.
    """

    child: int
    group: int
    view: int
    institution: int
    institution_name: str
    record_number: str
    patient_name: str
    sex: str
    birth_date: date | None
    former: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One child of a search: the views that the reader may see, the nearest match first."""

    group: int
    views: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """What a text may mean: a name, its pinyin or initials, a record number, a document or its last characters."""

    spelt: str | None = None
    record: str | None = None
    tails: list[bytes] | None = None
    documents: list[bytes] | None = None

    @classmethod
    def of(cls, text: str) -> Ways:
        """Return what `text` as typed may mean; full-width characters and blanks within do not matter."""
        wanted = "".join(halfwidth(text).split()).replace("\0", "")
        if not wanted or len(wanted) > LONGEST:
            return cls()
        if not wanted.isascii():
            return cls(spelt=wanted)
        spelt = wanted.lower() if wanted.isalpha() and len(wanted) >= SHORTEST_PINYIN else None
        digits = any(character.isdigit() for character in wanted)
        tails = keyed_hashes(wanted, DOCUMENT_TAIL) if digits and len(wanted) == TAIL_LENGTH else None
        documents = keyed_hashes(wanted, DOCUMENT) if digits and len(wanted) > TAIL_LENGTH else None
        return cls(spelt, wanted, tails, documents)

    def __bool__(self) -> bool:
        return self != Ways()


def search(text: str, *, by: Scope, limit: int = FOUND_AT_ONCE) -> list[Found]:  # noqa: ARG001 -- the scope is open
    """Find children by name, pinyin, initials, document number, its last four characters, or record number.

    Names and pinyin match from their beginning; everything else as a whole. One statement asks all ways; see
    ``search.sql``.

    Args:
        text: as typed.
        by: the open scope.
        limit: views at most, of which some may be one child's.
    """
    ways = Ways.of(text)
    if not ways:
        return []
    asked = [ways.spelt, ways.record, ways.tails, ways.documents, limit]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM patients_search(%s, %s, %s::bytea[], %s::bytea[], %s)", asked)
        hits = [Hit(*row) for row in cursor.fetchall()]
    found: dict[int, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.group, []).append(hit)
    return [Found(group, tuple(views)) for group, views in found.items()]


def listed(by: Scope) -> QuerySet[HospitalView]:
    """Return the views in the reader's reach, for a table that is ordered by ``name_sort``."""
    return _of_few(_shown(), by)


def other_numbers(views: Sequence[HospitalView]) -> dict[int, list[str]]:
    """Return, for each of some views whose child its hospital knows under several record numbers, the other ones."""
    one = {view.child.group for view in views}
    # Asked one after the other, each by its index: a condition on both tables at once walks through all views, and one
    # on what coalesce() says is asked of every child, as row security lets no index answer it first.
    group = {child: child for child in one}
    group |= dict(Child.objects.filter(one_with__in=one).values_list("pk", "one_with_id"))
    each = HospitalView.objects.filter(child__in=list(group), taken_back=None).order_by("record_number")
    known: dict[tuple[int, int], list[str]] = {}
    for child, institution, number in each.values_list("child_id", "institution_id", "record_number"):
        known.setdefault((group[child], institution), []).append(number)
    return {
        view.pk: others
        for view in views
        if (
            others := [
                number
                for number in known.get((view.child.group, view.institution_id), ())
                if number != view.record_number
            ]
        )
    }


def let_see_here(by: Scope) -> QuerySet[HospitalView]:
    """Return the views of other hospitals that the reader's own is let see now."""
    rows = _shown()
    return rows.none() if by.institution is None else rows.exclude(institution=by.institution)


def matching(rows: QuerySet[HospitalView], text: str) -> QuerySet[HospitalView]:
    """Narrow views to those that a search for `text` finds, for a table in pages.

    Those found by a name have it as ``token`` and are to be ordered by that: then a page is one walk along an index,
    however many there are.
    """
    ways = Ways.of(text)
    if ways.spelt:
        begins = Q(token__gte=ways.spelt, token__lt=f"{ways.spelt}\U0010ffff")  # no LIKE: it would use no index
        fits = begins & (~Q(token_kind=NameToken.Kind.INITIALS) | Q(token=ways.spelt))
        spelt = rows.annotate(
            token=F("nametoken__token"), token_kind=F("nametoken__kind"), token_at=F("nametoken__institution")
        )
        spelt = spelt.filter(fits, token_at=F("institution"))  # always so; said, it leads to a hospital's own index
        earlier = NameToken.objects.filter(
            ~Q(kind=NameToken.Kind.INITIALS) | Q(token=ways.spelt),
            view=OuterRef("pk"), token__gte=ways.spelt, token__lt=OuterRef("token"),
        )  # fmt: skip
        return spelt.exclude(Exists(earlier))  # one with two readings that fit is shown once
    if not ways:
        return rows.none()
    fitting = Q(record_number=ways.record)
    if ways.tails:
        others = Identifier.objects.filter(document_tail__in=ways.tails).values("view")
        fitting |= Q(document_tail__in=ways.tails) | Q(pk__in=others)
    if ways.documents:
        others = Identifier.objects.filter(document_key__in=ways.documents).values("view")
        fitting |= Q(document_key__in=ways.documents) | Q(pk__in=others)
    return rows.filter(fitting)


def is_name(text: str) -> bool:
    """Whether a search for `text` looks for a name, so that its rows have a ``token``."""
    return Ways.of(text).spelt is not None


def _shown() -> QuerySet[HospitalView]:
    """Views with what a list shows of them; nothing is unsealed for it. What an undone import brought has left it."""
    rows = HospitalView.objects.filter(taken_back=None).select_related("institution", "child")
    return rows.defer("document_number", "residence", "phone")


def _of_few(rows: QuerySet[HospitalView], by: Scope) -> QuerySet[HospitalView]:
    """Say which hospitals a reader reaches where they are few."""
    if by.institution is not None:
        return rows.filter(institution=by.institution)
    few = few_reached(by)
    return rows if few is None else rows.filter(institution__in=few)


def find_child(pk: int) -> Child | None:
    """Return the child that the reader sees under an id: that child, or one that it is one with; None where none is.

    The id by which a merged child is called is its smallest, and that may be another hospital's own.
    """
    seen = Child.objects.filter(pk=pk).first()
    return seen or Child.objects.filter(pk=ask("SELECT resolver.seen_as(%s)", [pk])).first()


def together(child: Child) -> list[int]:
    """Return the ids of the child and of everyone merged with it whom the reader may see, the smallest first."""
    same = Child.objects.filter(Q(pk=child.group) | Q(one_with=child.group))
    return list(same.order_by("pk").values_list("pk", flat=True))


def of_group(child: Child) -> QuerySet[HospitalView]:
    """Return every view of the child and of those merged with it that the reader may see, the latest first."""
    return HospitalView.objects.filter(child__in=together(child)).select_related("institution").order_by("-updated_at")


def name_of_child(child: Child, *, by: Scope) -> str:
    """Return what the reader's own hospital calls a child, else whoever met it first; '' where nobody in reach has."""
    own = Case(When(institution=by.institution, then=0), default=1)
    names = HospitalView.objects.filter(child__in=together(child)).order_by(own, "pk").values_list("patient_name")
    return next(iter(names[:1]), ("",))[0]


def merges_of(children: Sequence[int]) -> list[Merge]:
    """Return the acts that joined or parted these children, the newest first."""
    acts = Merge.objects.filter(Q(kept__in=children) | Q(merged__in=children))
    return list(acts.select_related("undone_by").order_by("-pk"))


def may_take_back(acts: Sequence[Merge]) -> set[int]:
    """Return which of these merges are the reader's to be taken back, also if somebody has."""
    allowed = Func(F("pk"), function="resolver.may_undo", output_field=BooleanField())
    return set(Merge.objects.filter(allowed, pk__in=[act.pk for act in acts]).values_list("pk", flat=True))


def holds(views: Iterable[HospitalView | Hit], by: Scope) -> bool:
    """Whether one of these views is of the reader's own hospital; all that an authority sees are in its range."""
    places = (one.institution_id if isinstance(one, HospitalView) else one.institution for one in views)
    return by.institution is None or by.institution in places


def splits_of(children: Sequence[int]) -> list[Split]:
    """Return the acts that made views of these children stand apart, the newest first."""
    return list(Split.objects.filter(Q(child__in=children) | Q(parted__in=children)).order_by("-pk"))


def may_split(views: Sequence[HospitalView], by: Scope) -> list[int]:
    """Return the views, of those that a reader sees, that may be parted from the rest of their child."""
    if not by.may(MERGE):
        return []
    together = Counter(view.child_id for view in views)
    beside = [view for view in views if together[view.child_id] > 1]
    if by.institution is not None:
        return [view.pk for view in beside if view.institution_id == by.institution]
    return [view.pk for view in beside]


def open_proposals() -> QuerySet[MergeProposal]:
    """Return the questions that wait for an answer and that the reader may answer, the oldest first.

    Whom a hospital sees by a grant alone it is not asked about.

    Of two that are one by a merge nothing is asked, as long as it stands; nor of one that an undone import took off the
    lists.
    """
    of_first, of_second = Coalesce("first__one_with", "first"), Coalesce("second__one_with", "second")
    held = HospitalView.objects.filter(institution=Coalesce(_OWN, "institution"), taken_back=None)
    first, second = (held.filter(child=OuterRef(name)) for name in ("first", "second"))
    asked = MergeProposal.objects.filter(~Q(Exact(of_first, of_second)), Exists(first), Exists(second), settled_at=None)
    return asked.order_by("made_at", "pk")


def count_open(by: Scope, most: int) -> int:
    """Return how many questions wait for an answer of the reader, `most` at most; the number that the menu shows."""
    if by.institution is not None:
        return len(open_proposals().values_list("pk", flat=True)[:most])
    with connection.cursor() as cursor:
        cursor.execute("SELECT resolver.questions_of_region(%s)", [most])
        found: int = cursor.fetchone()[0]
    return found


def question_between(one: Sequence[int], other: Sequence[int]) -> MergeProposal | None:
    """Return the question that waits on whether children of one group are those of another, the oldest."""
    either = Q(first__in=one, second__in=other) | Q(first__in=other, second__in=one)
    return open_proposals().filter(either).first()
