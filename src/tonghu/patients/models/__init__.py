"""Children and what each hospital knows of them.

``Child`` is an identity and nothing else: no hospital owns it, it is made by the resolver alone. What a front page
says stands in ``HospitalView``, one for each hospital, record number and child, under that hospital's scope. A merge
rewrites none of them: it is an act that puts children into one group (``one_with``), so that undoing it leaves both as
if never merged.
"""

from tonghu.patients.models.agreements import Consent, Grant
from tonghu.patients.models.child import Child, DocumentKey, KnownChild, RecordKey
from tonghu.patients.models.known import FormerName, Guardian, HospitalView, Identifier, NameToken
from tonghu.patients.models.merging import Merge, MergeProposal, Split
from tonghu.patients.models.numbers import DOCUMENT, DOCUMENT_TAIL, TAIL_LENGTH, tail

__all__ = [
    "DOCUMENT",
    "DOCUMENT_TAIL",
    "TAIL_LENGTH",
    "Child",
    "Consent",
    "DocumentKey",
    "FormerName",
    "Grant",
    "Guardian",
    "HospitalView",
    "Identifier",
    "KnownChild",
    "Merge",
    "MergeProposal",
    "NameToken",
    "RecordKey",
    "Split",
    "tail",
]
