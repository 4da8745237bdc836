"""Ages and numbers as people say them."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tonghu.codes.dates import age_days, completed_months

#: From this age on months are no longer said.
YEARS_ALONE = 6


def age(born: date, on: date) -> str:
    """The age on a day: ``12天`` under a month, ``3月`` under a year, ``3岁4月`` under six years, ``6岁`` after.

    Raises:
        ValueError: the day lies before the birth.
    """
    if on < born:
        raise ValueError(f"{on} lies before the birth on {born}")
    months = completed_months(born, on)
    years, rest = divmod(months, 12)
    if months < 1:
        days = age_days(born, on)
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if years < 1:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    if years >= YEARS_ALONE or not rest:
        return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}
    return _("%(years)d y %(months)d m") % {"years": years, "months": rest}
