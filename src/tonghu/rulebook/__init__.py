"""The rulebook: dated rules in files, one language, several executors with one meaning.

>>> from datetime import date
>>> from tonghu.rulebook import load
>>> judge = load().on(date(2026, 11, 22), sets={"registry.front_page"}, layout="2012").for_record()
>>> answers = judge({"patient_name": "张某某"})
"""

from tonghu.rulebook.rule_error import RuleError
from tonghu.rulebook.rulebook import PACKAGED, Rulebook, load, packaged
from tonghu.rulebook.rules import Layer, Level, Rule
from tonghu.rulebook.ruleset import RuleSet

__all__ = ["PACKAGED", "Layer", "Level", "Rule", "RuleError", "RuleSet", "Rulebook", "load", "packaged"]
