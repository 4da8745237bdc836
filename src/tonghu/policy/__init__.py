"""The policy documents as data: clauses that everything cites, and what they require of the system.

A clause path is the key of its document and the numbers of its headings: ``NHC20.3.2`` is 三(二) of
国卫办医函〔2020〕22号. ``0`` is what stands before the first heading, ``annex`` an annex, ``end`` what follows the
last heading. The words are our own; ``terms`` are as printed.
"""

from tonghu.policy.library import (
    Area,
    Clause,
    Document,
    Requirement,
    UnknownClause,
    areas,
    clause,
    clause_ids,
    clauses,
    document,
    documents,
    requirement,
    requirements,
)

__all__ = [
    "Area",
    "Clause",
    "Document",
    "Requirement",
    "UnknownClause",
    "areas",
    "clause",
    "clause_ids",
    "clauses",
    "document",
    "documents",
    "requirement",
    "requirements",
]
