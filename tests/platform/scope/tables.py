"""The tables of the database and what the wall around each must hold; a row of each, made up.

Adding a table: protect it in its migration (docs/scope.md), and nothing is to be done here; unless a row of it cannot
be made up without help (``SAMPLES``), everybody may read it (``PUBLIC``), or it is not protected (``OPEN``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.ranges import RangeField
from django.db import connection, models
from django.utils import timezone
from psycopg.types.range import Range, TimestamptzRange

import made_up
from made_up_cards import identity_number, page
from tonghu.network.models import Institution, Region
from tonghu.patients.merges import merge, split
from tonghu.patients.models import Child, Grant, HospitalView, Merge, MergeProposal, NameToken, Split
from tonghu.patients.services import change_view, enter_view
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.audit.models import Event
from tonghu.platform.crypto.fields import EncryptedText
from tonghu.platform.scope.scope import open_scope, system_scope
from tonghu.registry.models import Card, CardVersion, ReportedCard, Tally
from tonghu.registry.services import enter_card, move, save_card
from tonghu.surveillance.models import Arrival

#: Tables without row security, each with the reason. None may hold a person.
OPEN: Final = {
    "api_ratecount": "how often each caller asked of late, by hash of the address or number of the client",
    "auth_group": "Django's own, unused: what a person may do comes from posts",
    "auth_group_permissions": "Django's own, unused",
    "auth_permission": "Django's own, unused: names of models",
    "crypto_key": "which keys there are, by number: no key, no person",
    "django_content_type": "names of models",
    "django_migrations": "names of migrations",
    "pghistory_context": "stays empty: our triggers take the context from the scope",
    "procrastinate_events": "when a job was queued, begun, ended: numbers of jobs and times",
    "procrastinate_jobs": "the queue: names of tasks and the number of the job, whose particulars are in jobs_job",
    "procrastinate_periodic_defers": "when periodic tasks were queued",
    "procrastinate_workers": "which workers are alive",
}
#: Tables that every scope reads, also none: they name no person. Who writes them is a permission.
PUBLIC: Final = {
    "network_region": "the region tree",
    "network_region_event": "its history: what changed; who did it stands in it by post",
    "network_institution": "institutions, which policies want published",
    "network_institution_event": "their history",
    "network_institutioncode": "codes of institutions",
    "network_institutioncode_event": "their history",
    "registry_transition": "which act leads from which state of a card where; the same for everybody",
}


#: What is not a matter of the place, with the reason: (table, act).
ANYWHERE: Final = {
    ("audit_link", "SELECT"): "the chain of hashes is one for the site; a hash says nothing of a person",
    (
        "audit_subjectkey",
        "SELECT",
    ): "keys of subjects, sealed; what they open stands behind the wall of the events",
    ("notices_message", "SELECT"): "operators of the site see how sending stands: to whom and when, not what it says",
    ("notices_message", "UPDATE"): "operators of the site have a message sent again",
    ("audit_subjectkey", "INSERT"): "whoever speaks of a subject first makes its key",
    ("surveillance_monthlock", "SELECT"): "a month is locked for the whole nation; everybody who reports sees it",
    ("surveillance_monthlock_event", "SELECT"): "the history of the locks, likewise",
    ("surveillance_figuresmade", "SELECT"): "when the job last counted: one moment for the whole nation",
    ("registry_writtenname", "SELECT"): "what several hospitals call a code: neither a person nor a hospital in it",
    ("audit_subjectkey", "DELETE"): "to shred what was said of a subject is a right of its own, wherever it was said",
}

#: Tables without row security that the application writes; the others of ``OPEN`` it only reads.
WRITTEN: Final = {
    "api_ratecount",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
}
#: Keys of rows that the application may change, and why: (table, column). To another hospital none of them moves.
MOVES: Final = {
    ("accounts_onetimelink", "issued_by_id"): "who issued it, which only names who acts",
    ("accounts_person", "institution_id"): "an account is moved by whoever registers people at both places",
    ("api_dockingclient", "kept_by_id"): "who renewed its secret last, which only names who acts",
    ("accounts_session", "person_id"): "a session is nobody's until the password is right; log-in alone writes it",
    ("files_storedfile", "destroyed_by_id"): "who destroyed it, which only names who acts",
    ("jobs_job", "decided_by_id"): "who decided about a dead letter, which only names who acts",
    ("registry_card", "child_id"): "a card goes with its view where that is parted from a child",
    ("registry_card", "view_id"): "a card goes with its view where that is parted from a child",
    ("jobs_progress", "cancel_asked_by_id"): "who asked the job to stop, which only names who acts",
}
#: Keys of a new row that may name what is another hospital's, and why: (table, column).
AIMS: Final = {
    ("patients_grant", "institution_id"): "a grant is for another hospital: it lets that one see rows of the giver's",
    ("audit_event", "institution_id"): "a look at what another hospital let one see stands in that one's book, signed",
    ("audit_event", "subject_id"): "an event is about anything; who acted is never taken from the statement",
}
#: Keys that a row of one's own may still aim at another hospital's by raw SQL: each is a hole to be mended. The tests
#: fail once it is, until its line here is gone.
HOLES: Final[dict[tuple[str, str], str]] = {}
#: The same for keys that may be changed.
HOLES_OF_MOVES: Final[dict[tuple[str, str], str]] = {}
#: What goes with a person whatever post they act from, and why; histories go with their tables.
OF_THE_PERSON: Final = {
    "accounts_loginevent": "what happened at the door with one's own account",
    "accounts_person": "one's own account",
    "accounts_post": "which posts one holds",
    "api_keptanswer": "the answer to one's own call, kept for its repetition; only the same call with its key gets it",
    "notices_notice": "what one was told; it names nobody",
    "notices_preference": "how one wishes to be told",
}
#: What a copy of a row holds instead, so that it is another row: no two are alike in these columns.
ANEW: Final[dict[str, dict[str, Any]]] = {
    "accounts_onetimelink": {"digest": "q"},
    "accounts_session": {"session_key": "q"},
    "api_dockingclient": {"client_id": "q"},
    "api_dockingtoken": {"digest": "q"},
    "audit_subjectkey": {"subject_id": "q"},
    "files_storedfile": {"place": "q"},
    "network_institutioncode": {"system": "q", "code": "q"},
    "patients_formername": {"name": "q"},
    "patients_hospitalview": {"record_number": "q"},
    "patients_identifier": {"document_key": "\\x0102"},
    "registry_card": {"record_number": "q"},
    "registry_cardversion": {"number": 2},
}


class Place:
    """Where the made-up rows belong: one hospital of Chengdu, one person there, one post."""

    #: They set what is made up here apart from what is made up at another place.
    number, letter = 1, "x"

    def __init__(self, code: str = "WALL1") -> None:
        self.post: Post = made_up.post("entry_clerk", made_up.hospital(code, "510104"))
        self.number = int(code.removeprefix("WALL"))
        self.letter = "wxyz"[self.number]
        self.institution: Institution = self.post.institution
        self.person: Person = self.post.person


def protected() -> list[type[models.Model]]:
    """Every model whose table must stand behind row security, by table; a view shows what its tables show."""
    ours = {
        model._meta.db_table: model
        for model in apps.get_models()
        if model.__module__.startswith("tonghu.") and model._meta.managed
    }
    return [ours[table] for table in sorted(set(ours) - set(OPEN))]


def make(model: type[models.Model], place: Place) -> models.Model:
    """Make a row of a table up, with the rows that it stands on; under the scope that may write everything."""
    table = model._meta.db_table
    if table.endswith("_event") and hasattr(model, "pgh_tracked_model"):
        row = make(model.pgh_tracked_model, place)
        with open_scope(system_scope("migration")):
            return model._default_manager.filter(pgh_obj=row.pk).latest("pgh_id")
    if model is Institution:
        return place.institution
    if model is Person:
        return place.person
    if model is Post:
        return place.post
    with open_scope(system_scope("migration")):
        if table in SAMPLES:
            return SAMPLES[table](place)
        values: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            if field.name in SPECIAL.get(table, {}):
                values[field.name] = SPECIAL[table][field.name]
            elif _needs_value(field):
                values[field.name] = _value(field, place)
        columns = {field.name for field in model._meta.concrete_fields}
        owners = {"institution": place.institution, "person": place.person}
        values |= {column: owner for column, owner in owners.items() if column in columns}
        return model._default_manager.create(**values)


def _needs_value(field: models.Field[Any, Any]) -> bool:
    made_by_database = field.generated or isinstance(field, models.AutoField)
    return not (made_by_database or field.null or field.has_default() or getattr(field, "auto_now_add", False))


def _value(field: models.Field[Any, Any], place: Place) -> Any:
    if isinstance(field, models.ForeignKey):
        return make(field.related_model, place)
    if field.choices:
        return next(iter(field.flatchoices))[0]
    if isinstance(field, EncryptedText):
        return "虚构"
    if isinstance(field, RangeField):
        moments = "timestamp" in field.get_internal_type().lower() or "DateTime" in type(field).__name__
        return TimestamptzRange(None, None) if moments else Range(None, None)
    if isinstance(field, ArrayField):
        return []
    for kind, value in (
        (models.UUIDField, uuid.uuid4()), (models.DateTimeField, timezone.now()), (models.DateField, date(2026, 1, 1)),
        (models.BinaryField, f"made up {place.number}".encode()), (models.BooleanField, False),
        (models.IntegerField, place.number),
        (models.JSONField, {}), (models.CharField, place.letter), (models.TextField, place.letter),
        (models.GenericIPAddressField, "10.0.0.1"),
    ):  # fmt: skip
        if isinstance(field, kind):
            return value
    raise AssertionError(f"{field}: say in SPECIAL or SAMPLES what a made-up value is")


def _region(place: Place) -> Region:
    held = {"code": f"99000{place.number}", "name": "虚构", "level": Region.Level.COUNTY, "valid": Range(None, None)}
    return Region.objects.create(**held)


def _event(place: Place) -> Event:
    """As the application writes one: number, time and signature are the database's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_event (kind, subject_kind, subject_id, institution_id, data) "
            "VALUES ('made.up', 'thing', '1', %s, '{}') RETURNING id",
            [place.institution.pk],
        )
        return Event.objects.get(pk=cursor.fetchone()[0])


#: Values that the constraints of a table ask for.
SPECIAL: dict[str, dict[str, Any]] = {
    "files_storedfile": {"name": "虚构.csv", "key": "made up"},
}


def _child(place: Place, record_number: str = "R1") -> Child:
    with made_up.acting(place.post) as by:
        return enter_view(
            institution=place.institution.pk, record_number=record_number, patient_name="欧阳测童", by=by
        ).child


def _merge(place: Place) -> Merge:
    one, other = _child(place), _child(place, "R2")
    with made_up.acting(place.post, "children.merge") as by:
        return Merge.objects.get(pk=merge(kept=one, merged=other, reason="made up", by=by))


def second_view(place: Place) -> HospitalView:
    """A second view of a child, entered under the document of the first."""
    with made_up.acting(place.post) as by:
        held = [
            enter_view(
                institution=place.institution.pk, record_number=number, patient_name="欧阳测童",
                document_number="P7777778", by=by,
            )
            for number in ("R3", "R4")
        ]  # fmt: skip
    return held[1]


def _split(place: Place) -> Split:
    with made_up.acting(place.post, "children.merge") as by:
        return split(view=second_view(place), reason="made up", by=by)


def _proposal(place: Place) -> MergeProposal:
    """The question that comes up when one document is entered for two children."""
    one, other = (HospitalView.objects.get(child=_child(place, number)) for number in ("R1", "R2"))
    with made_up.acting(place.post) as by:
        for view in (one, other):
            change_view(view=view, by=by, document_number=f"P777777{place.number}")
    return MergeProposal.objects.latest("pk")


def _card(place: Place) -> Card:
    """A report card, with its version, findings and count."""
    held = Card.objects.filter(institution=place.institution).first()
    if held is not None:
        return held
    with made_up.acting(place.post) as by:
        return enter_card(institution=place.institution, content=page(national_id=identity_number(place.number)), by=by)


def _version(place: Place) -> models.Model:
    return CardVersion.objects.filter(card=_card(place)).latest("pk")


def _counted(model: type[models.Model], place: Place) -> models.Model:
    """A count that every reader reads: of cards in correction there are rows of one side each."""
    return model._default_manager.filter(institution=_card(place).institution_id, own=None).latest("pk")


def _reported_card(place: Place) -> models.Model:
    """What was reported of a card that its hospital corrects: the database puts it aside."""
    card = _card(place)
    if card.reported_version is None:
        for act in ("submit", "approve", "report"):
            with made_up.acting(made_up.post("auditor" if act != "submit" else "entry_clerk", place.institution)) as by:
                move(cards=[card.pk], act=act, by=by)
        with made_up.acting(made_up.post("centre_officer", made_up.authority("centre", "000000"))) as by:
            move(cards=[card.pk], act="return_by_centre", by=by, reason="made up")
        with made_up.acting(place.post) as by:
            save_card(card=card.pk, based_on=1, front={"P7": "10"}, by=by)
    return ReportedCard.objects.get(pk=card.pk)


#: Tables whose rows only a room's own function makes.
SAMPLES: dict[str, Callable[[Place], models.Model]] = {
    "audit_event": _event,
    "network_region": _region,
    "patients_child": _child,
    "patients_hospitalview": lambda place: HospitalView.objects.get(child=_child(place)),
    "patients_nametoken": lambda place: NameToken.objects.filter(child=_child(place)).latest("pk"),
    "registry_card": _card,
    "registry_cardversion": _version,
    "registry_reportedcard": _reported_card,
    "registry_tally": lambda place: Tally.objects.filter(institution=_card(place).institution_id, own=None).latest(
        "pk"
    ),
    "surveillance_arrival": lambda place: Arrival.objects.filter(
        institution=_card(place).institution_id, own=None
    ).latest("pk"),
    "patients_merge": _merge,
    "patients_mergeproposal": _proposal,
    "patients_split": _split,
    "patients_grant": lambda place: Grant.objects.create(
        child=_child(place),
        institution=made_up.hospital(region="440103"),
        given_by=place.institution,
        ground=Grant.Ground.REFERRAL,
        valid=TimestamptzRange(None, None),
    ),
}
