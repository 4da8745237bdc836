"""Asking the resolver: which child is this? It answers across hospitals with ids, or yes and no, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tonghu.errors import InputRefused
from tonghu.patients.models import DOCUMENT, HospitalView
from tonghu.platform.crypto.box import seal_with
from tonghu.platform.crypto.hashing import hash_with, keyed_hashes
from tonghu.platform.crypto.keys import keyring

#: What ``resolver.sql`` says when it refuses, and what the user is told.
REFUSALS: Final = {
    "TH002": ("您的岗位不能对这名患儿做这件事", "Your post may not do this with this child"),
    "42501": ("您的岗位不能对这名患儿做这件事", "Your post may not do this with this child"),
    "TH003": ("请填写证件号码或病案号", "A document number or a record number is needed"),
    "TH004": ("已经是这样，无需重复操作", "It is so already"),
}
#: So long after a new key began to write, a transaction may still be open that wrote with the one before: until then a
#: new document is kept under both, so that the two meet.
BOTH_KEYS: Final = timedelta(minutes=10)
_PLACE: Final = "patients_documentkey.number"


@dataclass(frozen=True, slots=True)
class Asked:
    """One row's evidence: the hospital, its record number ('' where unknown) and a document's number ('' likewise)."""

    institution: int
    record_number: str = ""
    document_number: str = ""


@transaction.atomic
def which_children(asked: Sequence[Asked]) -> list[int]:
    """Return the child of each row, in the same order; children are made where there are none.

    A document decides, else hospital and record number; see ``resolver.sql``. However many rows there are, the database
    is asked once, and locks are taken in one order: call it once in a transaction, and two imports never deadlock.

    Raises:
        InputRefused: a row has neither number, or the scope does not enter children at one of the hospitals.
    """
    if not asked:
        return []
    numbers = {one.document_number for one in asked if one.document_number}
    documents = _documents(numbers)
    aliases = _aliases(documents.values())
    held = [documents.get(one.document_number) for one in asked]
    answer: list[int] = ask(
        "SELECT resolver.children(%s::bigint[], %s::text[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[], %s)",
        [
            [one.institution for one in asked], [one.record_number or None for one in asked],
            [document and document.hash for document in held], [document and document.sealed for document in held],
            *aliases, _both_are_written(),
        ],
    )  # fmt: skip
    return answer


def which_child(*, institution: int, record_number: str = "", document_number: str = "") -> int:
    """Return the id of the child with this document, or with this record number at this hospital; make it if need be.

    Raises:
        InputRefused: neither is given, or the scope does not enter children there.
    """
    return which_children([Asked(institution, record_number, document_number)])[0]


def attach(view: HospitalView, document_number: str) -> bool:
    """Say that a view's child has this document; False where it is another child's, and a person is asked.

    Raises:
        InputRefused: the scope does not enter children there.
    """
    document = _documents([document_number])[document_number]
    asked = [view.pk, document.hash, document.sealed, *_aliases([document]), _both_are_written()]
    return bool(ask("SELECT resolver.attach(%s, %s::bytea, %s::bytea, %s::bytea[], %s::bytea[], %s)", asked))


def release(view: HospitalView, document_number: str) -> bool:
    """Say that a number had been typed wrongly at a view; returns whether it is evidence no more."""
    return bool(ask("SELECT resolver.release(%s, %s)", [view.pk, keyed_hashes(document_number, DOCUMENT)]))


def ask(query: str, arguments: list[Any]) -> Any:
    """Ask one value of the resolver.

    Raises:
        InputRefused: it refuses.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(query, arguments)
            return cursor.fetchone()[0]
    except DatabaseError as fault:
        raise refusal(fault) from fault


def refusal(fault: DatabaseError) -> Exception:
    """The refusal that a fault of the database stands for; the fault itself where it stands for none."""
    state = getattr(fault.__cause__, "sqlstate", "")
    return InputRefused(*REFUSALS[state]) if state in REFUSALS else fault


@dataclass(frozen=True, slots=True)
class _Document:
    """A document as the resolver knows it."""

    hash: bytes
    others: tuple[bytes, ...]
    sealed: bytes


def _documents(numbers: Iterable[str]) -> dict[str, _Document]:
    ring = keyring()
    writer, sealer = ring.writer("hash"), ring.writer("seal")
    others = [key for key in ring.of("hash") if key.number != writer.number]
    return {
        number: _Document(
            hash_with(writer, number, DOCUMENT),
            tuple(hash_with(key, number, DOCUMENT) for key in others),
            seal_with(sealer, number.encode(), _PLACE),
        )
        for number in numbers
    }


def _aliases(documents: Iterable[_Document]) -> tuple[list[bytes], list[bytes]]:
    pairs = sorted({(document.hash, other) for document in documents for other in document.others})
    return [document for document, _other in pairs], [other for _document, other in pairs]


def _both_are_written() -> bool:
    return timezone.now() - keyring().writer("hash").writes_from < BOTH_KEYS
