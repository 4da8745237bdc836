"""Taking children off a hospital's lists whom only an import brought that is undone, and why one stays.

The view stays where it is, with its number, history and keys: the cards that were voided name it, and the same file
brings the same child back. ``taken_back`` says that lists, counts and searches leave it out. The database empties it
where something speaks of the child again (``back.sql``; cards likewise), and refuses it where a card is in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from tonghu.patients.models import HospitalView


class Knows(models.TextChoices):
    """Why a child stays on a hospital's lists although the import that named it is undone: the first that holds."""

    BEFORE = "before", _("No import brought them: they were entered by hand, or came over an interface")
    EDITED = "edited", _("Somebody changed what is known of them, or entered a guardian or a document")
    CONSENT = "consent", _("A consent of the family is on record, or another hospital was let see them")
    MERGED = "merged", _("They were declared one with another child, or parted from one")


#: The views that stand, each with why its hospital keeps it, or ''. What jobs of imports wrote (`ours`, by the purpose
#: that the history keeps) is nobody's hand; a view that is taken off or put back keeps when it was changed.
_WHY: Final = """
SELECT v.id, CASE
  WHEN NOT EXISTS (
    SELECT FROM patients_hospitalview_event AS e
    WHERE e.pgh_obj_id = v.id AND e.pgh_label = 'insert' AND e.pgh_purpose LIKE %(ours)s) THEN 'before'
  WHEN EXISTS (SELECT FROM patients_guardian AS g WHERE g.view_id = v.id)
    OR EXISTS (
      SELECT FROM patients_identifier AS i WHERE i.view_id = v.id AND NOT EXISTS (
        SELECT FROM patients_identifier_event AS e
        WHERE e.pgh_obj_id = i.id AND e.pgh_label = 'insert' AND e.pgh_purpose LIKE %(ours)s))
    OR EXISTS (
      SELECT FROM (
        SELECT e.pgh_purpose, e.updated_at, lag(e.updated_at) OVER (ORDER BY e.pgh_id) AS earlier
        FROM patients_hospitalview_event AS e WHERE e.pgh_obj_id = v.id) AS change
      WHERE change.updated_at <> change.earlier AND change.pgh_purpose NOT LIKE %(ours)s) THEN 'edited'
  WHEN EXISTS (
      SELECT FROM patients_consent AS c WHERE c.child_id = v.child_id AND c.institution_id = v.institution_id)
    OR EXISTS (
      SELECT FROM patients_grant AS g WHERE g.child_id = v.child_id AND g.given_by_id = v.institution_id) THEN 'consent'
  WHEN EXISTS (SELECT FROM patients_merge AS m WHERE m.kept_id = v.child_id)
    OR EXISTS (SELECT FROM patients_merge AS m WHERE m.merged_id = v.child_id)
    OR EXISTS (SELECT FROM patients_split AS s WHERE s.child_id = v.child_id)
    OR EXISTS (SELECT FROM patients_split AS s WHERE s.parted_id = v.child_id) THEN 'merged'
  ELSE '' END
FROM patients_hospitalview AS v WHERE v.id = ANY (%(views)s::bigint[]) AND v.taken_back IS NULL
"""


def hold(views: Sequence[int]) -> None:
    """Lock views to the end of the transaction: nobody writes a card or anything else of them meanwhile."""
    list(HospitalView.objects.select_for_update().filter(pk__in=views).order_by("pk").values_list("pk"))


def why_kept(views: Sequence[int], ours: str) -> dict[int, str]:
    """Return, of those views that stand, why the hospital keeps each, a :class:`Knows` or ''; cards are not asked.

    Args:
        ours: what the kinds of the imports' jobs begin with.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WHY, {"views": list(views), "ours": f"job {ours}%"})
        return dict(cursor.fetchall())


def take_off(views: Sequence[int], batch: int) -> int:
    """Take views off the lists with the import of this number; returns how many."""
    return HospitalView.objects.filter(pk__in=views, taken_back=None).update(taken_back=batch)
