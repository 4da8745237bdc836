"""Storing files, opening them in memory, handing them out, and ending their lives."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.errors import InputRefused
from tonghu.platform.accounts.models import Post
from tonghu.platform.accounts.reach import in_scope
from tonghu.platform.audit.acts import export_mark, log_children
from tonghu.platform.audit.events import acting_because, record
from tonghu.platform.crypto.ciphers import Altered
from tonghu.platform.files import vault
from tonghu.platform.files.access import TAKE
from tonghu.platform.files.events import DESTROYED, EXPORTS, FILE, TAKEN
from tonghu.platform.files.incoming import Incoming, too_large
from tonghu.platform.files.kinds import KINDS
from tonghu.platform.files.marking import mark_workbook
from tonghu.platform.files.models import Download, StoredFile
from tonghu.platform.files.names import clean_name, watermarked
from tonghu.platform.files.plain import NoRoom, in_memory
from tonghu.platform.files.purposes import Purpose, purpose
from tonghu.platform.files.sealed import opened
from tonghu.platform.files.upload import ReceivedFile
from tonghu.platform.jobs.points import point
from tonghu.platform.scope.scope import Scope

End = StoredFile.End
#: So much of a marked file is read at once.
_PIECE: Final = 1 << 16


def store(
    stream: ReceivedFile | Iterable[bytes],
    *,
    name: str,
    purpose_name: str,
    by: Scope,
    life: timedelta | None = None,
    shown: Iterable[tuple[int, int | None]] = (),
) -> StoredFile:
    """Store a file: an upload as it lies in the vault, or whatever yields bytes, sealed on the way.

    Args:
        stream: an upload (:func:`tonghu.platform.files.upload.uploaded`), or pieces of plaintext.
        name: as its giver calls it; made safe here.
        purpose_name: a purpose of ``purposes.yaml``.
        by: whose file it is.
        life: how long it lives where that is less than its purpose says; None as its purpose says.
        shown: of an export: each child that it names, with the hospital whose record of it is told.

    Raises:
        InputRefused: too large, of a kind that the purpose does not take, empty, or the disk is full.
        KeyError: there is no such purpose.
    """
    holds = purpose(purpose_name, timezone.localdate())
    incoming = stream.incoming if isinstance(stream, ReceivedFile) else _take_in(stream, holds)
    try:
        _require_fit(incoming, holds)
        with transaction.atomic():
            stored = _row(incoming, name=clean_name(name), holds=holds, by=by, life=life, shown=shown)
            point("files.stored")
            # The row may still be rolled back; then nobody names the file and `sweep` removes it.
            transaction.on_commit(incoming.keep)
    except BaseException:
        incoming.discard()
        raise
    return stored


@contextmanager
def open_plain(file: StoredFile, *, by: Scope) -> Iterator[Path]:
    """Give the path of a file's plaintext for the block: anonymous memory, gone afterwards and after a kill.

    Raises:
        PermissionDenied: :func:`may_take` says no.
        InputRefused: it was destroyed, or what lies in the vault is not what was stored.
        NoRoom: the process holds as much plaintext as it may; try again later.
    """
    require_may_take(file, by)
    with in_memory(pieces(file), file.size) as path:
        yield path


def download(*, file: int, by: Scope, who: str, reason: str) -> tuple[str, str, Iterator[bytes]]:
    """Hand a file out, and record it. Returns its marked name, its content type, and its plaintext piece by piece.

    A workbook that the site made carries who took it, when and why, on a sheet at its end; the log names the children
    in it. What somebody uploaded comes back as it came, byte for byte: its name alone says who took it.

    Args:
        file: its number.
        by: who takes it, a person.
        who: the user name that goes into the file's name.
        reason: what for; the log and the file's page keep it.

    Raises:
        StoredFile.DoesNotExist: it is not in the scope.
        PermissionDenied, InputRefused: as for :func:`open_plain`; or no reason is given.
    """
    held = StoredFile.objects.get(pk=file)
    require_may_take(held, by)
    assert by.person is not None, "the system opens files in memory, it takes none"
    with acting_because(by, reason) as because:
        plain = _marked(held, export_mark(because, because.reason).text) if _is_ours(held) else pieces(held)
        first = next(plain)  # what is damaged is said before the answer begins
        Download.objects.create(file=held, person_id=by.person, post_id=by.post, reason=because.reason)
        about = {"purpose": held.purpose}
        record(TAKEN, subject=(FILE, held.pk), by=because, data=about, institution=held.institution_id)
        log_children(_named(held), EXPORTS.get(held.purpose, ""), by=because)
    when = timezone.localtime().strftime("%Y%m%d-%H%M")
    return watermarked(held.name, who=who, when=when), KINDS[held.kind][2], _chained(first, plain)


@transaction.atomic
def destroy(*, file: int, by: Scope, why: str) -> StoredFile:
    """Destroy a file: its key and name go at once, its bytes with the commit; the record stays. Twice is once.

    Raises:
        StoredFile.DoesNotExist: it is not in the scope.
        PermissionDenied: :func:`may_end` says no.
        ValueError: `why` is not one of :class:`StoredFile.End`.
    """
    why = End(why)
    held = StoredFile.objects.select_for_update().get(pk=file)
    if by.system != "upkeep" and not may_end(held, by):
        raise PermissionDenied(_("This file belongs to somebody else; your post may not destroy it."))
    if held.destroyed_at is None:
        held.key = held.name = None
        held.destroyed_at, held.destroyed_why = timezone.now(), why
        held.destroyed_by_id, held.destroyed_system = by.person, by.system or ""
        held.save(update_fields=["key", "name", "destroyed_at", "destroyed_why", "destroyed_by", "destroyed_system"])
        data = {"purpose": held.purpose, "why": str(why)}
        record(DESTROYED, subject=(FILE, held.pk), by=by, data=data, institution=held.institution_id)
        point("files.destroyed")
        transaction.on_commit(partial(_remove, held.place))
    return held


def happened(event: str, *, file: int, by: Scope) -> StoredFile:
    """Say that something happened to what a file belongs to; where the purpose says so, that ends the file's life.

    Raises:
        StoredFile.DoesNotExist, PermissionDenied, ValueError: as for :func:`destroy`.
    """
    held = StoredFile.objects.get(pk=file)
    if event in purpose(held.purpose, timezone.localdate()).ends_with:
        return destroy(file=file, by=by, why=event)
    return held


def pieces(file: StoredFile) -> Iterator[bytes]:
    """Yield a living file's plaintext piece by piece; rights are the caller's matter.

    Raises:
        InputRefused: it was destroyed, or what lies in the vault is not what was stored.
    """
    if file.key is None:
        raise InputRefused(
            f"文件 {file.pk} 已于 {timezone.localtime(file.destroyed_at):%Y-%m-%d %H:%M} 销毁，请重新上传",
            f"File {file.pk} was destroyed on {timezone.localtime(file.destroyed_at):%Y-%m-%d %H:%M}; upload it again",
        )
    try:
        yield from opened(
            vault.path_of(file.place), key=base64.b64decode(file.key), algorithm=file.algorithm, place=file.place
        )
    except (FileNotFoundError, Altered) as fault:
        raise InputRefused(
            f"文件 {file.pk} 的存储内容缺失或已损坏，请重新上传；请告知系统管理员",
            f"What is stored of file {file.pk} is missing or damaged: upload it again, and tell the administrator",
        ) from fault


def may_take(file: StoredFile, by: Scope) -> bool:
    """Whether a scope may have a file's content: of one that it may end, with the right that its purpose asks for."""
    needs = purpose(file.purpose, timezone.localdate()).take
    return may_end(file, by) and (not needs or by.system is not None or by.may(needs))


def may_end(file: StoredFile, by: Scope) -> bool:
    """Whether a file is a scope's to destroy: their own from a post that reaches its institution, or by right."""
    own = file.person_id == by.person if by.person is not None else file.system == by.system
    return (own or by.may(TAKE)) and _reaches(file, by)


def require_may_take(file: StoredFile, by: Scope) -> None:
    """Check that a scope may have a file's content.

    Raises:
        PermissionDenied: it is somebody else's, and the post does not hold ``files.take``; it belongs to an
            institution that the post does not reach; or it is an export, and the post may make no such one now.
    """
    if not may_end(file, by):
        raise PermissionDenied(_("This file belongs to somebody else; your post may not take its content."))
    if not may_take(file, by):
        raise PermissionDenied(_("Your active post may not take such exports, also not those that you once made."))


def _reaches(file: StoredFile, by: Scope) -> bool:
    """Whether the file's institution lies in the scope, as the wall asks (``OWN_HERE``); the system reaches all."""
    if file.institution_id is None or by.system is not None or file.institution_id == by.institution:
        return True
    return file.institution is not None and in_scope(file.institution, by)


def _remove(place: str) -> None:
    point("files.removing")
    vault.remove(place)  # killed before it, `sweep` removes what no living row names


def _take_in(stream: Iterable[bytes], holds: Purpose) -> Incoming:
    incoming = Incoming()
    try:
        for piece in stream:
            if incoming.size + len(piece) > holds.limit:
                raise too_large(holds.limit)
            incoming.write(piece)
        incoming.finish()
    except BaseException:
        incoming.discard()
        raise
    return incoming


def _require_fit(incoming: Incoming, holds: Purpose) -> None:
    if incoming.size > holds.limit:
        raise too_large(holds.limit)
    kind = incoming.kind
    if kind == "empty":
        raise InputRefused("文件是空的，请检查后重新上传", "The file is empty: check it and upload it again")
    if holds.kinds is not None and kind not in holds.kinds:
        zh = "、".join(KINDS[one][0] for one in sorted(holds.kinds))
        en = ", ".join(KINDS[one][1] for one in sorted(holds.kinds))
        raise InputRefused(f"这是{KINDS[kind][0]}，此处只接受：{zh}", f"This is {KINDS[kind][1]}; here are taken: {en}")


def _row(
    incoming: Incoming,
    *,
    name: str,
    holds: Purpose,
    by: Scope,
    life: timedelta | None,
    shown: Iterable[tuple[int, int | None]],
) -> StoredFile:
    post = Post.objects.get(pk=by.post) if by.post is not None else None
    lives = [one for one in (holds.life, life) if one is not None]
    books: dict[int | None, set[int]] = {}
    for child, place in shown:
        books.setdefault(place, set()).add(child)
    return StoredFile.objects.create(
        purpose=holds.name,
        kind=incoming.kind,
        name=name,
        size=incoming.size,
        sha256=incoming.sha256,
        place=incoming.place,
        algorithm=incoming.algorithm,
        key=base64.b64encode(incoming.key).decode(),
        children=[[place, sorted(children)] for place, children in books.items()],
        person_id=by.person,
        post=post,
        institution_id=post.institution_id if post else None,
        system=by.system or "",
        ends_at=timezone.now() + min(lives) if lives else None,
    )


def _is_ours(file: StoredFile) -> bool:
    """Whether the site made a file that can carry a watermark."""
    return purpose(file.purpose, timezone.localdate()).is_export and file.kind == "xlsx"


def _named(file: StoredFile) -> list[tuple[int, int | None]]:
    """Each child that an export names, with the hospital whose record of it is told."""
    return [(child, place) for place, children in file.children for child in children]


def _marked(file: StoredFile, watermark: str) -> Iterator[bytes]:
    """Yield a workbook with its watermark.

    Raises:
        InputRefused: as :func:`pieces`; or the process holds as much plaintext as it may.
    """
    try:
        with in_memory(pieces(file), file.size) as path:
            mark_workbook(path, _("Taken by"), watermark)
            with path.open("rb") as marked:
                yield from iter(partial(marked.read, _PIECE), b"")
    except NoRoom:
        raise InputRefused(
            "同时打开的文件过多，请稍后再下载", "Too many files are open at once: take it a little later"
        ) from None


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
