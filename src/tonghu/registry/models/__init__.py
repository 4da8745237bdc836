"""Cards and what belongs to them.

``Card`` holds what is queried; what was written, word by word, stands sealed in its versions, which are only added to.
What the database itself sees to (states, versions, authors, tally) is in ``states.sql``.
"""

from tonghu.registry.models.card import Card, CardVersion
from tonghu.registry.models.columns import Layout, Origin
from tonghu.registry.models.exports import CardExport
from tonghu.registry.models.names import WrittenName
from tonghu.registry.models.reported import ReportedCard, SeenCard
from tonghu.registry.models.tally import Tally, Transition
from tonghu.registry.models.work import CardAct, Draft, Finding, Level

__all__ = [
    "Card",
    "CardAct",
    "CardExport",
    "CardVersion",
    "Draft",
    "Finding",
    "Layout",
    "Level",
    "Origin",
    "ReportedCard",
    "SeenCard",
    "Tally",
    "Transition",
    "WrittenName",
]
