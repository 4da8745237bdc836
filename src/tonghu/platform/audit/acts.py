"""Acts that every room logs alike: a child's record was read, a masked value was shown whole, data were taken away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from tonghu.platform.audit.access import REVEAL
from tonghu.platform.audit.events import SITE, Subject, acting_because, record, record_each
from tonghu.platform.audit.kinds import Kind, kind, subject_kind, word
from tonghu.platform.scope.scope import Scope
from tonghu.platform.scope.wording import label_in_words


@dataclass(frozen=True, slots=True)
class Watermark:
    """The line beside what was taken or shown whole: who, when, why, and under which request it is in the log."""

    text: str


CHILD = subject_kind("child", zh="患儿", en="child")

#: Why children were shown, on which page: kept in Chinese, read in both languages.
for _zh, _en in {
    "查看资料": "record", "查看修改记录": "history of the child", "患儿列表": "list of children",
    "搜索框": "search box",
    "今日待办": "first screen", "登记核对": "check at entry", "登记修改": "change of the record", "记录同意": "consent",
    "开放查看": "letting another hospital see", "核对是否同一患儿": "one child or two", "核对是否两名患儿": "split",
    "撤回同意": "consent withdrawn", "结束查看": "ending what another hospital sees", "撤销合并": "merge taken back",
    "撤销拆分": "split taken back",
    "接口查询": "query by the interface", "修改记录": "history of changes", "查看报告卡": "report card",
    "核对导入": "check of an import", "报告卡": "report cards", "报告卡列表": "list of report cards",
}.items():  # fmt: skip
    word(_zh, en=_en)

CHILD_READ = kind(
    "child.read", zh="查看了{subject}（{purpose}）", en="looked at {subject} ({purpose})", data=("purpose",)
)
#: Children that one page or answer showed together: their numbers, so that the log stays one row and finds them again.
CHILDREN_LISTED = kind(
    "children.listed",
    zh="查看了 {count} 名患儿的名单（{purpose}），编号：{children}",
    en="looked at a list of {count} children ({purpose}), numbers: {children}",
    data=("purpose", "count", "children"),
)
REVEALED = kind(
    "audit.revealed", zh="查看了{subject}的完整{what}", en="saw the whole {what} of {subject}", data=("what",)
)
EXPORTED = kind(
    "audit.exported",
    zh="导出了“{what}” {count} 条（筛选：{filters}）", en="exported “{what}”, {count} rows (filters: {filters})",
    data=("what", "count", "filters"),
)  # fmt: skip
#: Whom a file names: their numbers, so that the log finds it by a child. Its sentence leaves them out, they are many.
CHILDREN_EXPORTED = kind(
    "children.exported",
    zh="导出的“{what}”中有 {count} 名患儿", en="an export of “{what}” names {count} children",
    data=("what", "count", "children"),
)  # fmt: skip


def log_read(child_id: int, purpose: str, *, by: Scope, institution: int | None = None) -> None:
    """Log that a child's record was shown.

    Args:
        child_id: whose.
        purpose: for what: one of the words above, never free text about the child.
        by: the open scope.
        institution: whose view of the child was shown, so that its own log has it too.
    """
    record(CHILD_READ, subject=(CHILD, child_id), by=by, data={"purpose": purpose}, institution=institution)


def log_list(shown: Iterable[tuple[int, int | None]], purpose: str, *, by: Scope) -> None:
    """Log that several children were shown together, each of them by name: one row in the book of each hospital.

    Args:
        shown: each child with the hospital whose view of it was shown; None for the reader's own book.
        purpose: for what: one of the words above.
        by: the open scope.
    """
    _in_books(CHILDREN_LISTED, shown, {"purpose": purpose}, by)


def _in_books(kind: Kind, shown: Iterable[tuple[int, int | None]], said: Mapping[str, str], by: Scope) -> None:
    books: dict[int | None, set[int]] = {}
    for child, institution in shown:
        books.setdefault(institution, set()).add(child)
    if books:
        record_each(
            kind,
            by=by,
            books=[
                (place, {**said, "count": len(children), "children": sorted(children)})
                for place, children in sorted(books.items(), key=lambda book: book[0] or 0)
            ],
        )


def log_reveal(what: str, *, subject: Subject, reason: str, by: Scope, institution: int | None = None) -> Watermark:
    """Log that a masked value is shown whole; call it before showing, and show the watermark beside the value.

    Raises:
        PermissionDenied: `by` may not.
        InputRefused: no reason is given.
    """
    if not by.may(REVEAL):
        raise PermissionDenied(_("Your active post may not see whole numbers. Ask a colleague whose post may."))
    with acting_because(by, reason):
        record(REVEALED, subject=subject, by=by, data={"what": what}, institution=institution)
    said = _("Shown to %(who)s at %(now)s, reason: %(reason)s, request %(request)s. Held in trust: do not pass on.")
    return Watermark(said % _marks(by, reason))


def log_children(shown: Iterable[tuple[int, int | None]], what: str, *, by: Scope) -> None:
    """Log whom a file names that is taken, in the book of each hospital; nobody, where it names nobody.

    Args:
        shown: each child, with the hospital whose record of it the file tells.
        what: what the log calls such files: a registered word, as it is kept.
        by: the open scope, with the reason.
    """
    _in_books(CHILDREN_EXPORTED, shown, {"what": what}, by)


def log_export(
    what: str,
    *,
    count: int,
    filters: str,
    reason: str,
    permission: str,
    by: Scope,
    shown: Iterable[tuple[int, int | None]] = (),
    subject: Subject = SITE,
) -> Watermark:
    """Log that data are taken away; the file carries the watermark that is returned.

    Args:
        what: what is exported, as the page calls it.
        count: how many rows.
        filters: how they were chosen, in words, without anybody's name or number.
        reason: why, in the asker's words.
        permission: the right that this export needs.
        by: the open scope.
        shown: each child that the rows are about, with the hospital whose record of it they tell, as for
            :func:`log_list`: it stands in the book of each.

    Raises:
        PermissionDenied: `by` may not.
        InputRefused: no reason is given.
    """
    if not by.may(permission):
        raise PermissionDenied(_("Your active post may not export this."))
    with acting_because(by, reason):
        record(EXPORTED, subject=subject, by=by, data={"what": what, "count": count, "filters": filters})
        log_children(shown, what, by=by)
    return export_mark(by, reason)


def export_mark(by: Scope, reason: str) -> Watermark:
    """What stands in a file that `by` takes away, for a reason; whoever hands it out logs that."""
    said = _("Exported by %(who)s at %(now)s, reason: %(reason)s, request %(request)s. Held in trust: do not pass on.")
    return Watermark(said % _marks(by, reason))


def _marks(by: Scope, reason: str) -> dict[str, str]:
    now = timezone.localtime().strftime("%Y-%m-%d %H:%M:%S")
    return {"who": label_in_words(by.label) or "—", "now": now, "reason": reason.strip(), "request": by.request or "—"}
