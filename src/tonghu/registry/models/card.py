"""The card and its versions."""

from __future__ import annotations

from typing import ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models import Child, HospitalView
from tonghu.patients.models.known import in_words
from tonghu.platform.audit.history import tracked
from tonghu.platform.crypto.fields import KeyedHash
from tonghu.registry.content import KEY_PURPOSE, PLACE
from tonghu.registry.models.columns import CardColumns, Origin
from tonghu.registry.models.sealed import SealedBytes
from tonghu.registry.states import State

#: What narrows lists of several hospitals, by the name of its index. Reported cards alone are in it: also what is rare,
#: or nobody's, is found without a search, and no import pays for it.
OF_REPORTED: Final[dict[str, tuple[str, ...]]] = {
    "card_by_newest_in_state": ("state",),
    "card_by_group": ("scope_group",),
    "card_by_subgroup": ("iccc3_subgroup",),
    "card_by_month_and_state": ("archive_month", "state"),
    "card_by_month_and_change": ("archive_month", "changed_at"),
    "card_by_age": ("age_years",),
    "card_by_residence": ("residence_code",),
}


@tracked(
    # who submitted and explained, the acts keep; what is asked changes with the items' dates
    exclude=("rules_key", "compared_at", "requested_by", "to_supplement"),
    part_of="child",
    name=_("report card"),
    called=("record_number",),
    words={"archive_month": "{:%Y-%m}".format, "sex": lambda code: in_words("RC001", code)},
)
class Card(CardColumns):
    """One hospital stay of a child in scope. What only the database writes is marked; see ``states.sql``."""

    child = models.ForeignKey(Child, models.PROTECT, related_name="cards", db_constraint=False, verbose_name=_("child"))
    view = models.ForeignKey(HospitalView, models.PROTECT, related_name="cards", db_index=False, db_constraint=False)

    class Meta:
        verbose_name = _("report card")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "record_number", "discharge_at"], name="one_card_a_stay"),
            models.UniqueConstraint(fields=["id", "institution"], name="a_card_its_hospital"),
            models.CheckConstraint(
                condition=Q(audited_by=None) | ~Q(authors__contains=[F("audited_by")]), name="nobody_audits_their_own"
            ),
            models.CheckConstraint(
                condition=Q(audited_by=None) | ~Q(requested_by__contains=[F("audited_by")]),
                name="nobody_approves_their_own_request",
            ),
            models.CheckConstraint(condition=Q(archive_month__day=1), name="archive_month_is_a_first"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="card_state_is_known"),
            models.CheckConstraint(
                condition=Q(errors__gte=0, warnings__gte=0, confirms__gte=0), name="open_findings_are_counted"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "state", "archive_month", "id"], name="card_by_state"),
            models.Index(fields=["institution", "archive_month", "id"], name="card_by_month"),
            models.Index(fields=["institution", "-changed_at", "id"], name="card_by_change"),
            models.Index(fields=["state", "state_since", "id"], name="card_by_state_nationwide"),
            *(
                models.Index(fields=[*fields, "id"], name=name, condition=Q(first_reported_at__isnull=False))
                for name, fields in OF_REPORTED.items()
            ),
        ]

    def __str__(self) -> str:
        return f"card {self.pk}"


class CardVersion(models.Model):
    """What a card says, as it was written. Only added to; who, when and from which post come from the scope."""

    card = models.ForeignKey(Card, models.PROTECT, related_name="versions", db_index=False, db_constraint=False)
    institution = models.ForeignKey("network.Institution", models.PROTECT, db_index=False, db_constraint=False)
    number = models.IntegerField(_("version"))
    made_at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    person_id = models.BigIntegerField(null=True, editable=False)
    post_id = models.BigIntegerField(null=True, editable=False)
    origin = models.CharField(_("origin"), max_length=12, choices=Origin.choices)
    #: The number of the import that it came with or took back; of a bulk mend its number below zero.
    batch = models.BigIntegerField(null=True, db_index=False)
    #: Who uploaded the file that somebody else confirmed; None where whoever wrote the version did.
    brought_by = models.BigIntegerField(null=True, editable=False)
    #: Codes of the fields and names of the supplement items that differ from the version before; of the first, all.
    changed = ArrayField(models.CharField(max_length=40), default=list)
    content = SealedBytes(place=PLACE)
    content_key = KeyedHash(purpose=KEY_PURPOSE)
    #: The file's own row, as a content, where an import changed a card that was there: what of it the card did not take
    #: is in no version. Of a card that an import made the first version is the row.
    row = SealedBytes(place=PLACE, null=True)

    class Meta:
        verbose_name = _("version of a card")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["card", "number"], name="one_version_a_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="versions_begin_with_one"),
            # Authors are worked out from it: a version that changed nothing would have none.
            models.CheckConstraint(condition=Q(changed__len__gte=1), name="a_version_says_what_it_changed"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "batch"], name="version_by_batch", condition=Q(batch__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"card {self.card_id} version {self.number}"
