"""Whether two stays may be one under two names: what an import asks of its rows, and the form of a card that is typed.

Record numbers of one stay may differ by what spreadsheets and hands change; a child may be under two of them. Days are
compared and not hours, since a card that somebody typed may lack the hour; a stay that begins on the day on which
another ends is the next one.
"""

# ruff: noqa: S608 -- SQL of constants of the code; every value is a parameter

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection

from tonghu.patients.models import DOCUMENT
from tonghu.patients.models.known import DocumentType
from tonghu.platform.crypto.hashing import keyed_hashes
from tonghu.registry.summary import Identity, Summary, document

_DAY: Final = "({of}.{at} AT TIME ZONE 'Asia/Shanghai')::date"
#: Whether two stays end on the same day in China.
SAME_DAY: Final = f"{_DAY.format(of='{one}', at='discharge_at')} = {_DAY.format(of='{other}', at='discharge_at')}"
#: Whether a child would have been in two stays at once: both end on one day, or one begins before the other ends.
TOGETHER: Final = f"""
({SAME_DAY}
 OR {_DAY.format(of="{one}", at="admission_at")} < {_DAY.format(of="{other}", at="discharge_at")}
    AND {_DAY.format(of="{other}", at="admission_at")} < {_DAY.format(of="{one}", at="discharge_at")})
"""
#: What is left of a record number without what spreadsheets and hands change: leading zeros, letter case and marks.
BARE: Final = "ltrim(upper(regexp_replace({of}.record_number, '[^0-9A-Za-z]', '', 'g')), '0')"
#: Whether two record numbers are one but for that; of one without a digit or a Latin letter nothing is left.
LIKE: Final = f"({BARE.format(of='{one}')} = {BARE.format(of='{other}')} AND {BARE.format(of='{one}')} <> '')"
#: So many cards are named at most.
_NAMED: Final = 5
#: The living cards of a hospital that may be of a stay. What ends on its day is looked through for its record number;
#: the children whose document it names are found by index.
_NEAR: Final = f"""
WITH r AS MATERIALIZED (
  SELECT %(record)s::text AS record_number, %(admission)s::timestamptz AS admission_at,
         %(discharge)s::timestamptz AS discharge_at
), children AS MATERIALIZED (
  SELECT v.child_id FROM patients_hospitalview AS v
  WHERE v.document_key = ANY (%(documents)s::bytea[]) AND v.institution_id = %(institution)s
  UNION SELECT i.child_id FROM patients_identifier AS i
  WHERE i.document_key = ANY (%(documents)s::bytea[]) AND i.institution_id = %(institution)s
), that_day AS MATERIALIZED (
  SELECT c.id, c.record_number, c.discharge_at, c.admission_at FROM registry_card AS c, r
  WHERE c.institution_id = %(institution)s AND c.state <> 'voided'
    AND c.discharge_at > r.discharge_at - interval '1 day' AND c.discharge_at < r.discharge_at + interval '1 day'
), found AS (
  SELECT c.id, CASE WHEN c.record_number = r.record_number THEN 1 ELSE 2 END AS why FROM that_day AS c, r
  WHERE {SAME_DAY.format(one="c", other="r")} AND (c.record_number, c.discharge_at) <> (r.record_number, r.discharge_at)
    AND (c.record_number = r.record_number OR {LIKE.format(one="c", other="r")})
  UNION ALL
  SELECT c.id, 3 FROM children JOIN registry_card AS c USING (child_id), r
  WHERE c.institution_id = %(institution)s AND c.state <> 'voided' AND c.record_number <> r.record_number
    AND {TOGETHER.format(one="c", other="r")}
)
SELECT id, (ARRAY['same_day', 'another_writing', 'same_child'])[min(why)] FROM found
GROUP BY id ORDER BY min(why), id LIMIT {_NAMED}
"""


@dataclass(frozen=True, slots=True)
class Near:
    """A card that may be of the same stay, and why: ``same_day``, ``another_writing`` or ``same_child``."""

    card: int
    why: str


def own_number(identity: Identity) -> str:
    """Return the document number by which a stay is surely a certain child's; '' for none.

    Only a resident identity number with the child's own birth date in it: a newborn's page may hold the mother's
    passport, and whose a passport is nothing in its number tells.
    """
    kind, number = document(identity)
    return number if kind == DocumentType.RESIDENT_ID and identity.birth_date else ""


def near(institution: int, said: Summary, identity: Identity) -> list[Near]:
    """Return the living cards of the hospital that may be of the stay, though its record number or its time is another.

    Args:
        institution: the hospital; cards of no other are looked at.
        said, identity: what a content says.
    """
    number = own_number(identity)
    with connection.cursor() as cursor:
        cursor.execute(
            _NEAR,
            {
                "institution": institution, "record": said.record_number, "admission": said.admission_at,
                "discharge": said.discharge_at, "documents": keyed_hashes(number, DOCUMENT) if number else [],
            },
        )  # fmt: skip
        return [Near(*row) for row in cursor.fetchall()]
