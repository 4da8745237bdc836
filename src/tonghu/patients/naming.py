"""What histories call children and acts about them: by the record numbers that the reader sees, else by number."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from django.utils.translation import gettext as _

from tonghu.patients.models import HospitalView, Merge

#: A child of many hospitals is called by so many of its record numbers; more would tell nobody more.
SAID: Final = 3


def children(numbers: set[int]) -> dict[int, str]:
    """Return what children are called, by number; those of whom the reader sees no hospital's record are left out."""
    found: dict[int, list[str]] = defaultdict(list)
    seen = HospitalView.objects.filter(child_id__in=numbers).order_by("child_id", "pk")
    for child, record in seen.values_list("child_id", "record_number"):
        if record not in found[child]:
            found[child].append(record)
    return {child: _(", ").join(records[:SAID]) for child, records in found.items()}


def merges(numbers: set[int]) -> dict[int, str]:
    """Return what merges are called, by number: the children that they declared one."""
    acts = list(Merge.objects.filter(pk__in=numbers).values_list("pk", "kept_id", "merged_id"))
    called = children({child for _pk, *both in acts for child in both})
    return {pk: " · ".join(called.get(child, f"#{child}") for child in (kept, merged)) for pk, kept, merged in acts}
