"""Defects put in on purpose, by the id of the rule that each breaks, and written down in the truth.

A planter changes one card and says what it broke for certain (`mark`) and what else may follow (`may`). It knows the
rule's published text only, never the code of the rule.
"""

from tonghu.synth.mistakes.card import Card, Planter
from tonghu.synth.mistakes.planting import RULES, Deck

__all__ = ["RULES", "Card", "Deck", "Planter"]
