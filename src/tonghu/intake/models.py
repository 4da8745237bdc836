"""A batch: one file on its way into the registry; and, while it is looked at, the rows in scope that it holds.

Rows stay for as long as somebody decides on them and go when the batch ends. What remains is the batch: the file's
hash, what it was taken for, and the counts.
"""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import EncryptedText, KeyedHash
from tonghu.platform.files.models import StoredFile
from tonghu.platform.scope.wording import label_in_words
from tonghu.registry.content import KEY_PURPOSE, PLACE
from tonghu.registry.models.sealed import SealedBytes

#: Where the samples of a batch name headings; no rule is called so.
UNKNOWN: Final = "unknown_columns"
#: What binds the sealed identity of a row to its place.
IDENTITY_PLACE: Final = "intake_row.identity"


class State(models.TextChoices):
    """Where a batch stands on its way."""

    CHECKING = "checking", _("Being checked")
    READY = "ready", _("Waits for confirmation")
    CONFIRMING = "confirming", _("Being imported")
    CONFIRMED = "confirmed", _("Imported")
    REFUSED = "refused", _("Cannot be used")
    DISCARDED = "discarded", _("Discarded")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


#: From where to where; services move a batch under its row's lock.
MOVES: Final[dict[State, frozenset[State]]] = {
    State.CHECKING: frozenset({State.READY, State.REFUSED, State.DISCARDED}),
    State.READY: frozenset({State.CONFIRMING, State.DISCARDED}),
    State.CONFIRMING: frozenset({State.CONFIRMED}),
    State.CONFIRMED: frozenset({State.UNDOING}),
    State.UNDOING: frozenset({State.UNDONE}),
}
#: On its way: the same file of the same month does not come in a second time beside it.
LIVE: Final = (State.CHECKING, State.READY, State.CONFIRMING)


@tracked(
    exclude=("summary", "refusal", "samples"),
    name=_("import"),
    called=("archive_month",),
    words={"archive_month": "{:%Y-%m}".format},
)
class Batch(models.Model):
    """One uploaded file and what became of it."""

    State = State

    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, verbose_name=_("hospital"))
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    #: The number of the stored file that is the marked workbook; made after the batch, so no key of it.
    marked = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    archive_month = models.DateField(_("archive month"))
    #: Running number of the confirmed batches of a hospital in a year.
    year = models.SmallIntegerField(null=True)
    number = models.IntegerField(_("number"), null=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.CHECKING)
    #: The job that works on it now, or did last.
    job = models.BigIntegerField(null=True)
    layout = models.CharField(max_length=4, blank=True)
    #: created, updated, unchanged, skipped, failed: how many rows; kept, voided, restored: how many cards of an undo,
    #: and of those kept: locked, as their archive month is locked; of those restored: submitted again, or left in_hand.
    counts = models.JSONField(default=dict)
    #: What the check says of the file, without the content of any cell or heading.
    summary = models.JSONField(default=dict)
    #: Why the file cannot be used (Chinese, then English, then the file's name, a line each); sealed, as it may quote
    #: the file, whose name is destroyed with it.
    refusal = EncryptedText(place="intake_batch.refusal", null=True, stars=True)
    #: Rule → some of the values that it finds, and `UNKNOWN` → headings that the standard does not know, while the file
    #: is looked at; JSON, sealed.
    samples = EncryptedText(place="intake_batch.samples", null=True, stars=True)
    #: Cards that an undo left as they are: changed after the import, or of a locked month.
    kept_cards = ArrayField(models.BigIntegerField(), default=list)
    person_id = models.BigIntegerField()
    post_id = models.BigIntegerField(null=True)
    #: Who it was in words, as they were then.
    who = models.TextField(default="")
    created_at = models.DateTimeField(_("uploaded"), db_default=Now(), editable=False)
    confirmed_at = models.DateTimeField(_("imported"), null=True)
    confirmed_by = models.TextField(default="")
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.TextField(default="")

    class Meta:
        verbose_name = _("import")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "year", "number"], name="one_batch_a_number"),
            # What its rows name, with their hospital, in one key.
            models.UniqueConstraint(fields=["id", "institution"], name="a_batch_its_hospital"),
            models.UniqueConstraint(
                fields=["institution", "sha256", "archive_month"],
                condition=Q(state__in=LIVE),
                name="one_live_batch_a_file",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="batch_state_is_known"),
            models.CheckConstraint(condition=Q(archive_month__day=1), name="batch_month_is_a_first"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "-id"], name="batch_by_institution"),
            models.Index(fields=["state", "created_at"], name="batch_by_state"),
        ]

    def __str__(self) -> str:
        return f"batch {self.label}"

    @property
    def uploaded_by(self) -> str:
        """Who brought the file, with the role in the reader's language."""
        return label_in_words(self.who)

    @property
    def confirmed_by_whom(self) -> str:
        """Who confirmed it, with the role in the reader's language."""
        return label_in_words(self.confirmed_by)

    @property
    def label(self) -> str:
        """What people call it: 2026-0012 once it is confirmed, else the number of its row."""
        return f"{self.year}-{self.number:04d}" if self.number is not None else f"#{self.pk}"

    @property
    def looked_again(self) -> int:
        """How often rows of it were compared again while it waited."""
        return int(self.summary.get("looked_again", 0))


class Match(models.TextChoices):
    """What a row is to the cards that are there."""

    NEW = "new", _("New stay")
    CHANGED = "changed", _("Differs from the card")
    UNCHANGED = "unchanged", _("Unchanged")
    PROBABLE = "probable", _("Probably the same stay")
    REPEATED = "repeated", _("Twice in the file")
    UNDETERMINED = "undetermined", _("Age unknown")
    UNUSABLE = "unusable", _("Cannot be imported")


class Choice(models.TextChoices):
    """What somebody wants of a row whose stay is there, or may be."""

    KEEP = "keep", _("Keep the card")
    REPLACE = "replace", _("Take the file")
    FILL = "fill", _("Fill blanks")
    NEW = "new", _("New card")
    SKIP = "skip", _("Leave out")


class Damage(models.TextChoices):
    """How a row seems to have come to harm on its way (``damage.py``)."""

    RAGGED = "ragged", _("More or fewer cells than the header")
    UNREADABLE = "unreadable", _("A date or number became unreadable")
    EMPTIES = "empties", _("Many filled fields would become blank")


#: What may be chosen for which rows; of those that seem another row's stay, which has no card yet, ``BESIDE_A_ROW``.
CHOICES: Final[dict[str, tuple[Choice, ...]]] = {
    Match.NEW: (Choice.NEW, Choice.SKIP),
    Match.CHANGED: (Choice.REPLACE, Choice.FILL, Choice.KEEP),
    Match.PROBABLE: (Choice.REPLACE, Choice.FILL, Choice.KEEP, Choice.NEW),
    Match.UNDETERMINED: (Choice.NEW, Choice.SKIP),
}
BESIDE_A_ROW: Final = (Choice.SKIP, Choice.NEW)
#: Rows that seem the stay of another row.
SEEMS_A_ROWS: Final = Q(match=Match.PROBABLE, card=None)


class Row(models.Model):
    """One row in scope of a file that is looked at: what a card would be made of."""

    Match, Choice = Match, Choice

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="rows", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    #: Its place in the file, from 1.
    row = models.IntegerField(_("row"))
    record_number = models.CharField(_("record number"), max_length=20, blank=True)
    admission_count = models.CharField(_("admission count"), max_length=4, blank=True)
    admission_at = models.DateTimeField(_("admission"), null=True)
    discharge_at = models.DateTimeField(_("discharge"), null=True)
    sex = models.CharField(max_length=1, blank=True)
    age_years = models.SmallIntegerField(null=True)
    age_days = models.IntegerField(null=True)
    residence_code = models.CharField(max_length=6, blank=True)
    principal_code = models.CharField(max_length=20, blank=True)
    scope_group = models.CharField(max_length=24, blank=True)
    scope_code = models.CharField(max_length=20, blank=True)
    scope_position = models.SmallIntegerField(null=True)
    iccc3_subgroup = models.CharField(max_length=3, blank=True)
    iccc3_method = models.CharField(max_length=20, blank=True)
    iccc3_certainty = models.CharField(max_length=1, blank=True)
    errors = models.SmallIntegerField(default=0)
    warnings = models.SmallIntegerField(default=0)
    confirms = models.SmallIntegerField(default=0)
    #: The whole front page, sealed as a card's version holds it, and its hash.
    content = SealedBytes(place=PLACE)
    content_key = models.BinaryField()
    #: What a hospital's view of the child says, sealed; see ``identity.py``.
    identity = SealedBytes(place=IDENTITY_PLACE)
    #: The keyed hash of the identity number that surely is the child's (``near.own_number``); None without one.
    document_key = models.BinaryField(null=True)
    #: The number of the card that an exported file names.
    card_key = models.BigIntegerField(null=True)
    #: The version of that card which the exported file held; 0 where it does not say.
    card_key_version = models.IntegerField(default=0, db_default=0)
    #: The card that is there, and its version and state when it was looked at.
    card = models.BigIntegerField(null=True)
    card_version = models.IntegerField(null=True)
    card_state = models.CharField(max_length=20, blank=True, db_default="")
    match = models.CharField(max_length=12, choices=Match.choices, default=Match.NEW)
    choice = models.CharField(max_length=8, choices=Choice.choices, blank=True)
    #: Codes of the fields in which it differs from the card.
    changed = ArrayField(models.CharField(max_length=40), default=list)
    #: Whether filling the card's blanks from it writes anything (``filling.py``).
    fills = models.BooleanField(default=True, db_default=True)
    #: Whether it would give the card another record number, discharge time or document (``matching.py``).
    renames = models.BooleanField(default=False, db_default=False)
    #: How it seems damaged; that its cells are not as many as the header's stands whatever it is compared with.
    damage = models.CharField(max_length=10, choices=Damage.choices, blank=True, db_default="")
    #: Why it cannot be imported, or why somebody must decide: a code of ``outcomes.WHY``.
    why = models.CharField(max_length=20, blank=True)
    #: The batch in which somebody decided on this very row before; the choice is what was decided then.
    answered = models.BigIntegerField(null=True)
    #: Whether somebody chose for it in this batch, also where the card has moved on since and the choice is gone.
    chosen = models.BooleanField(db_default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "row"], name="one_row_a_place")]
        indexes: ClassVar = [models.Index(fields=["batch", "match", "row"], name="intake_row_by_match")]

    def __str__(self) -> str:
        return f"row {self.row} of batch {self.batch_id}"

    @property
    def beside(self) -> str:
        """Beside what it was compared, for who chooses to send back: the card, its version and its state."""
        return f"{self.card or ''}/{self.card_version or ''}/{self.card_state}"

    @property
    def choices(self) -> tuple[str, ...]:
        """What may be chosen for it."""
        return BESIDE_A_ROW if self.match == Match.PROBABLE and self.card is None else CHOICES.get(self.match, ())


#: Why rows of new stays wait all the same; others become cards by themselves.
NEW_WAITS: Final = ("moved", Damage.RAGGED.value)
#: Rows that nobody has decided on yet and that wait for it.
WAITING: Final = Q(choice="") & (
    Q(match__in=(Match.CHANGED, Match.PROBABLE, Match.UNDETERMINED)) | Q(match=Match.NEW, why__in=NEW_WAITS)
)


class RowFinding(models.Model):
    """What a rule finds in a row of a file that is looked at: no value, no text."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="findings", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    row = models.IntegerField()
    rule = models.CharField(max_length=40)
    rule_version = models.SmallIntegerField()
    #: The field's code in the file's layout; '' where the rule is about the whole row.
    column = models.CharField(max_length=40, blank=True)
    level = models.CharField(max_length=8)

    class Meta:
        db_table = "intake_row_finding"
        indexes: ClassVar = [
            models.Index(fields=["batch", "row"], name="intake_finding_by_row"),
            models.Index(fields=["batch", "rule", "row"], name="intake_finding_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} in row {self.row} of batch {self.batch_id}"


class Answer(models.Model):
    """That somebody kept a card against a row, filled its blanks alone, or left the row out: no value, no identity.

    It stays, so that the same row is not asked about again (``answering.py``).
    """

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="answers", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    #: The keyed hash of the row's front page, which is gone: nobody makes it anew, so its key stays while it does.
    content_key = KeyedHash(purpose=KEY_PURPOSE, fixed=True)
    #: The card beside which it was decided, and its version that was decided on; of a fill, the filled one.
    card = models.BigIntegerField(null=True)
    card_version = models.IntegerField(null=True)
    choice = models.CharField(max_length=8, choices=Choice.choices)
    #: Codes of the fields in which the card was left as it is.
    changed = ArrayField(models.CharField(max_length=40), default=list)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["institution", "content_key"], name="intake_answer_by_content"),
            models.Index(fields=["institution", "card"], name="intake_answer_by_card", condition=Q(card__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.choice} in batch {self.batch_id}"
