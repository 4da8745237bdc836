"""Every page of the site, and who gets what there. A page without a line here fails ``test_pages.py``.

A line says which post is right for the page; it is then asked five ways: by the right post, by another post of the same
hospital, by the same post at another hospital, by the same post in the wrong region, and by a stranger without log-in.
Nobody but the right post may ever be shown the person the page is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

import tables
from django.db.models import Model
from django.test import TestCase
from django.utils import timezone

import docking
import made_up
import made_up_cards
from tonghu.intake.identity import sealed
from tonghu.intake.models import Batch, Row
from tonghu.network.models import Institution
from tonghu.patients.merges import split
from tonghu.patients.models import Consent, Grant, HospitalView, Merge
from tonghu.patients.services import add_document, change_view, save_guardian
from tonghu.platform.accounts.links import issue_link
from tonghu.platform.accounts.models import Person, Post
from tonghu.platform.files.models import StoredFile
from tonghu.platform.files.services import store
from tonghu.platform.jobs.models import Job, Progress
from tonghu.platform.notices.models import Notice
from tonghu.registry.content import Content, key, seal
from tonghu.registry.services import bulk_mend, enter_card, exports, move
from tonghu.registry.summary import identity
from tonghu.surveillance.calendar import Month
from tonghu.surveillance.models import MonthLock, Point, ZeroReport

#: The name that must stay inside the walls.
SECRET: Final = "欧阳测童"
#: Answers: a page, an act that leads on, not found, not permitted, and being led to the log-in.
OK, DONE, ABSENT, FORBIDDEN, TO_LOG_IN = 200, 302, 404, 403, "to the log-in"
Answer = int | str


class Site:
    """A made-up site: a hospital and its people, an authority above it, and the same elsewhere."""

    def __init__(self) -> None:
        self.here = made_up.hospital("PAGES1", "510104")
        self.authority = made_up.authority("health", "510000")
        self.place = tables.Place.__new__(tables.Place)
        self.place.institution = self.here
        self.place.post = made_up.post("entry_clerk", self.here, holder=made_up.person(self.here, name=SECRET))
        self.place.person = self.place.post.person
        self._visitors: dict[tuple[str, str], Post] = {}

    @property
    def clerk(self) -> Person:
        """The person whom the pages are about."""
        return self.place.person

    def visitor(self, role: str, where: str) -> Post:
        """The holder of a role: ``here``, at ``another`` hospital of the county, or ``far`` away."""
        key = (role, where)
        if key not in self._visitors:
            if role == "entry_clerk" and where == "here":
                self._visitors[key] = self.place.post
            else:
                self._visitors[key] = made_up.post(role, self._institution(role, where))
        return self._visitors[key]

    def _institution(self, role: str, where: str) -> Institution:
        region = {"here": "510000", "another": "510105", "far": "330000"}[where]
        if role in ("commission_officer", "commission_head"):
            return self.authority if where == "here" else made_up.authority("health", region)
        if role in ("site_operator", "centre_officer", "centre_head"):
            return made_up.authority("centre", "000000")
        if where == "here":
            return self.here
        return made_up.hospital(region="510104" if where == "another" else "330102")

    @cached_property
    def job(self) -> Job:
        row = tables.make(Progress, self.place)
        assert isinstance(row, Progress)
        return row.job

    @cached_property
    def file(self) -> StoredFile:
        with made_up.acting(self.place.post) as by, TestCase.captureOnCommitCallbacks(execute=True):
            return store([b"a,b\n1,2\n"], name=f"{SECRET}.csv", purpose_name="discharge_upload", by=by)

    @cached_property
    def notice(self) -> Notice:
        row = tables.make(Notice, self.place)
        assert isinstance(row, Notice)
        return row

    @cached_property
    def token(self) -> str:
        with made_up.acting(made_up.post("security_admin", self.here)) as by:
            return issue_link(person=self.clerk, by=by)


def _none(_site: Site) -> dict[str, Any]:
    return {}


def _clerk(site: Site) -> dict[str, Any]:
    return {"pk": site.clerk.pk}


def _post(site: Site) -> dict[str, Any]:
    return {"pk": site.place.post.pk}


def _job(site: Site) -> dict[str, Any]:
    return {"pk": site.job.pk}


def _file(site: Site) -> dict[str, Any]:
    return {"pk": site.file.pk}


def _docking(site: Site) -> dict[str, Any]:
    return {"pk": docking.client(site.here, name=SECRET).pk}


def _here(site: Site) -> dict[str, Any]:
    return {"pk": site.here.pk}


def _view(site: Site) -> HospitalView:
    row = tables.make(HospitalView, site.place)
    assert isinstance(row, HospitalView)
    return row


def _child(site: Site) -> dict[str, Any]:
    return {"pk": _view(site).child_id}


def _child_view(site: Site) -> dict[str, Any]:
    return {"pk": _view(site).pk}


def _two_views(site: Site) -> dict[str, Any]:
    """The second of two views that stand for one child."""
    _view(site)
    return {"pk": tables.second_view(site.place).pk}


def _parted(site: Site) -> dict[str, Any]:
    with made_up.acting(site.place.post, "children.merge") as by:
        return {"pk": split(view=tables.second_view(site.place), reason="made up", by=by).pk}


def _guardian(site: Site) -> dict[str, Any]:
    view = _view(site)
    with made_up.acting(site.place.post) as by:
        return {"pk": view.pk, "guardian": save_guardian(view=view, name="虚构母", by=by).pk}


def _document(site: Site) -> dict[str, Any]:
    view = _view(site)
    with made_up.acting(site.place.post) as by:
        row = add_document(view=view, document_type="other", document_number="P7777777", by=by)
    return {"pk": view.pk, "document": row.pk}


def _month(_site: Site) -> dict[str, Any]:
    return {"month": "2026-01"}


def _locked_month(site: Site) -> dict[str, Any]:
    return {"month": Month(tables.make(MonthLock, site.place).archive_month)}


def _of_child(model: type[Model]) -> Callable[[Site], dict[str, Any]]:
    return lambda site: {"pk": tables.make(model, site.place).pk}


def _revealed(site: Site) -> dict[str, Any]:
    view = _view(site)
    with made_up.acting(site.place.post) as by:
        change_view(view=view, phone="13800001234", by=by)
    return {"what": "phone", "pk": view.pk}


def _import(site: Site) -> dict[str, Any]:
    """A file that waits for confirmation, with one row in scope."""
    with made_up.acting(site.place.post) as by, TestCase.captureOnCommitCallbacks(execute=True):
        file = store([b"a,b\n1,2\n"], name="made up.csv", purpose_name="discharge_upload", by=by)
        batch = Batch.objects.create(
            institution=site.here, file=file, sha256=file.sha256, archive_month=date(2026, 10, 1), state="ready",
            layout="2012", person_id=by.person, summary=MADE_UP_SUMMARY,
        )  # fmt: skip
        said = Content("2012", {"P4": SECRET, "P3": "R1", "P13": "110101201601010010"})
        Row.objects.create(
            batch=batch, institution=site.here, row=1, record_number="R1", discharge_at=timezone.now(),
            content=seal(said), content_key=key(said), identity=sealed(identity(said)),
        )  # fmt: skip
    return {"pk": batch.pk}


def _import_row(site: Site) -> dict[str, Any]:
    return {**_import(site), "row": 1}


def _card(site: Site) -> dict[str, Any]:
    """A report card with an error, of the child whom nobody else may see."""
    content = made_up_cards.page(patient_name=SECRET, age_years="12")
    with made_up.acting(site.place.post) as by:
        return {"pk": enter_card(institution=site.here, content=content, by=by).pk}


def _submitted(site: Site) -> dict[str, Any]:
    content = made_up_cards.page(patient_name=SECRET)
    with made_up.acting(site.place.post) as by:
        card = enter_card(institution=site.here, content=content, by=by)
        move(cards=[card.pk], act="submit", by=by)
        return {"pk": card.pk}


def _with_card(site: Site) -> dict[str, Any]:
    return _card(site) and {}


def _mended(site: Site) -> dict[str, Any]:
    _card(site)
    with made_up.acting(site.place.post) as by:
        return {"batch": bulk_mend(rule="HQ051", by=by).batch}


def _exported(site: Site) -> dict[str, Any]:
    with made_up.acting(site.visitor("records_department", "here")) as by:
        asked = exports.ask(
            cards=[_card(site)["pk"]], layout="2012", kind="csv", filters="", reason="made up", by=by
        )  # fmt: skip
        return {"pk": asked.pk}


def _with_submitted(site: Site) -> dict[str, Any]:
    return _submitted(site) and {}


@dataclass(frozen=True)
class Page:
    """What a page answers to each of the five.

    Attributes:
        role: the right post's role; it is held at the hospital, or at the authority above it.
        right, wrong, another, far, stranger: the answers.
        args: the address's arguments.
        post: what is posted; None asks with GET.
        query: the query of the address.
        names: the right post is shown the name, so that the test would see a leak.
    """

    role: str
    right: Answer
    wrong: Answer
    another: Answer
    far: Answer
    stranger: Answer = TO_LOG_IN
    args: Callable[[Site], dict[str, Any]] = _none
    post: dict[str, Any] | None = None
    query: dict[str, str] = field(default_factory=dict)
    names: bool = False


def everyone(answer: Answer = OK, **more: Any) -> Page:
    """A page that answers everybody alike, strangers included."""
    return Page("entry_clerk", answer, answer, answer, answer, answer, **more)


def people(answer: Answer = OK, **more: Any) -> Page:
    """A page that answers everybody alike who has logged in: about themselves, or about what names nobody."""
    return Page("entry_clerk", answer, answer, answer, answer, **more)


def listing(role: str, **more: Any) -> Page:
    """A list that every holder of the right sees, each their own part of it."""
    return Page(role, OK, FORBIDDEN, OK, OK, **more)


def about(role: str, args: Callable[[Site], dict[str, Any]], answer: Answer = OK, **more: Any) -> Page:
    """A page about something here: absent for those elsewhere, not permitted to those without the right."""
    return Page(role, answer, FORBIDDEN, ABSENT, ABSENT, args=args, **more)


def own(args: Callable[[Site], dict[str, Any]], answer: Answer = OK, **more: Any) -> Page:
    """A page about something of the clerk's own: absent for everybody else."""
    return Page("entry_clerk", answer, ABSENT, ABSENT, ABSENT, args=args, **more)


#: What a batch keeps of a check that found one reportable stay and nothing wrong.
MADE_UP_SUMMARY: Final = {
    "rows": 1, "under_20": 1, "in_scope": 1, "undetermined": 0, "by_group": {"malignant": 1}, "problem_cards": 0,
    "findings_by_rule": [], "notes": [], "taken_for": {"zh": "文本", "en": "text"}, "unknown_columns": 0,
    "missing_columns": [],
}  # fmt: skip


PAGES: Final[dict[str, Page]] = {
    "home:home": people(),
    # --- the shell
    "web:language": everyone(DONE, post={"language": "en"}),
    "web:search": everyone(query={"q": SECRET}),
    "web:help": everyone(args=lambda _site: {"topic": "accounts.people"}),
    "web:codes": everyone(args=lambda _site: {"list_id": "RC001"}, query={"q": "1"}),
    "web:columns": everyone(DONE, args=lambda _site: {"name": "people"}, post={"columns": "name"}),
    "web:style": everyone(),
    "web:style_paper": everyone(args=lambda _site: {"kind": "pdf"}),
    # --- the door and one's own account
    "accounts:login": Page("entry_clerk", DONE, DONE, DONE, DONE, OK),
    "accounts:code": Page("entry_clerk", OK, OK, OK, OK, DONE),
    "accounts:enrol": Page("entry_clerk", OK, OK, OK, OK, DONE),
    "accounts:activate": everyone(args=lambda site: {"token": site.token}),
    "accounts:logout": people(DONE, post={}),
    "accounts:switch": people(),
    "accounts:account": people(names=True),
    "accounts:password": people(),
    "accounts:recovery": people(),
    "accounts:language": people(DONE, post={"language": "en"}),
    "accounts:device": people(DONE, post={"device": "nobody's"}),
    # --- people and posts
    "accounts:people": listing("point_lead", names=True),
    "accounts:roles": people(),
    "accounts:register": listing("point_lead"),
    "accounts:person": about("point_lead", _clerk, names=True),
    "accounts:appoint": about("point_lead", _clerk, names=True),
    "accounts:move": about("commission_officer", _clerk, names=True),
    "accounts:link": about("security_admin", _clerk, post={}, names=True),
    "accounts:secure": about(
        "security_admin", lambda site: {"pk": site.clerk.pk, "act": "suspend"}, DONE, post={"reason": "made up"}
    ),
    "accounts:end_post": about("point_lead", _post, names=True),
    "accounts:deputy": about("point_lead", _post, names=True),
    # --- regions and institutions: they name nobody
    "network:institutions": people(),
    "network:following": listing("commission_officer"),
    "network:institution": people(args=_here),
    "network:register": listing("system_admin"),
    "network:change": Page("commission_officer", OK, FORBIDDEN, FORBIDDEN, FORBIDDEN, args=_here),
    "network:code": Page("commission_officer", OK, FORBIDDEN, FORBIDDEN, FORBIDDEN, args=_here),
    "network:close": Page("commission_officer", OK, FORBIDDEN, FORBIDDEN, FORBIDDEN, args=_here),
    "network:regions": people(),
    "network:region": people(ABSENT, args=lambda _site: {"code": "990000"}),
    # --- history and logs
    "trail:changes": listing("records_department"),
    "trail:export": listing("records_department"),
    "trail:record": about(
        "records_department", lambda site: {"table": "accounts.person", "pk": site.clerk.pk}, names=True
    ),
    "trail:events": listing("audit_admin"),
    "trail:check": Page("audit_admin", DONE, FORBIDDEN, DONE, DONE, post={}),
    # --- jobs, files, notices
    "jobs:mine": people(),
    "jobs:all": listing("records_department"),
    "jobs:dead": listing("records_department"),
    "jobs:job": own(_job),
    "jobs:progress": own(_job),
    "jobs:cancel": own(_job, DONE, post={}),
    "jobs:again": own(_job, DONE, post={}),
    "jobs:drop": own(_job, DONE, post={"reason": "made up"}),
    "files:mine": people(),
    "files:all": listing("records_department"),
    "files:file": own(_file, names=True),
    "files:download": own(_file, post={"reason": "核对病案"}),
    "files:withdraw": own(_file, DONE, post={"reason": "made up"}),
    "notices:mine": people(),
    "notices:read_all": people(DONE, post={}),
    "notices:preferences": people(),
    "notices:outgoing": listing("site_operator"),
    "notices:again": Page("site_operator", DONE, FORBIDDEN, DONE, DONE, post={}),
    # --- docking clients
    "docking:clients": listing("point_lead"),
    "docking:issue": listing("security_admin"),
    "docking:client": about("point_lead", _docking, names=True),
    "docking:renew": about("security_admin", _docking, post={"reason": "made up"}, names=True),
    "docking:end": about("security_admin", _docking, DONE, post={"reason": "made up"}),
    "notices:open": own(lambda site: {"pk": site.notice.pk}, DONE),
    # --- imports
    "intake:imports": listing("entry_clerk"),
    "intake:upload": Page("entry_clerk", DONE, FORBIDDEN, DONE, DONE, post={"archive_month": "2026-10"}),
    "intake:batch": about("entry_clerk", _import),
    "intake:rows": about("entry_clerk", _import, names=True),
    "intake:row": about("entry_clerk", _import_row, names=True),
    "intake:whole": about(
        "entry_clerk", lambda site: {**_import_row(site), "code": "P13"}, post={"reason": "made up"}, names=True
    ),
    "intake:cards": about("entry_clerk", lambda site: {**_import(site), "name": "created"}),
    "intake:choose": about("entry_clerk", _import, DONE, post={"choice": "skip", "match": "new"}),
    "intake:confirm": about("entry_clerk", _import, DONE, post={}),
    "intake:discard": about("entry_clerk", _import, DONE, post={}),
    "intake:go_on": about("entry_clerk", _import, DONE, post={}),
    "intake:undo": about("entry_clerk", _import, DONE, post={}),
    "intake:mark": about("entry_clerk", _import, DONE, post={}),
    # --- report cards
    "registry:cards": listing("entry_clerk", args=_with_card, names=True),
    "registry:export": listing("records_department", args=_with_card),
    "registry:exported": Page("records_department", OK, FORBIDDEN, ABSENT, ABSENT, args=_exported),
    "registry:scope": listing("entry_clerk"),
    "registry:codes": listing("entry_clerk", args=lambda _site: {"kind": "icd10"}),
    "registry:queue": listing("entry_clerk", args=_with_card, query={"by": "card"}, names=True),
    "registry:start": Page("entry_clerk", DONE, FORBIDDEN, DONE, DONE, args=_with_card),
    "registry:submit_ready": Page("entry_clerk", DONE, FORBIDDEN, DONE, DONE, post={}),
    "registry:bulk": listing("entry_clerk", args=lambda site: {**_with_card(site), "rule": "HQ051"}),
    "registry:mends": listing("entry_clerk", args=lambda site: _mended(site) and {}),
    "registry:mend": about("entry_clerk", _mended, names=True),
    "registry:mending": Page("entry_clerk", ABSENT, FORBIDDEN, ABSENT, ABSENT, args=lambda _site: {"batch": 1}),
    "registry:undo_bulk": Page(
        "entry_clerk", DONE, FORBIDDEN, DONE, DONE, args=lambda _site: {"batch": 1}, post={}
    ),  # there is none: said on the queue
    "registry:new": listing("entry_clerk"),
    "registry:enter": Page("entry_clerk", 422, FORBIDDEN, 422, 422, post={}),
    "registry:new_check": listing("entry_clerk", post={"A11": "made up"}),
    "registry:new_draft": Page("entry_clerk", 204, FORBIDDEN, 204, 204, post={"A11": "made up"}),
    "registry:new_discard": Page("entry_clerk", DONE, FORBIDDEN, DONE, DONE, post={}),
    "registry:new_row": listing("entry_clerk", query={"stem": "other_diagnosis_2"}),
    "registry:new_rest": listing("entry_clerk", query={"section": "basic"}),
    "registry:card": about("entry_clerk", _card, names=True),
    "registry:save": about("entry_clerk", _card, DONE, post={"_act": "save"}),
    "registry:act": about("auditor", _submitted, DONE, post={"_version": "1", "_act": "return", "reason": "made up"}),
    "registry:month": about("entry_clerk", _card, DONE, post={"month": "2026-09", "typed": "made up"}),
    "registry:ask": about("entry_clerk", _card, DONE, post={"department": "made up"}),
    "registry:void_request": about("entry_clerk", _card, DONE, post={"_act": "ask", "reason": "made up"}),
    "registry:take_back": about("entry_clerk", _card, DONE, post={"_about": "HQ051|P7"}),
    "registry:check": about("entry_clerk", _card, post={}),
    "registry:draft": about("entry_clerk", _card, 204, post={"P7": "11"}),
    "registry:discard": about("entry_clerk", _card, DONE, post={}),
    "registry:row": about("entry_clerk", _card, query={"stem": "other_diagnosis_2"}),
    "registry:rest": about("entry_clerk", _card, query={"section": "basic"}),
    "registry:whole": about("entry_clerk", _card, post={"_field": "P13"}),
    "registry:audit": listing("auditor", args=_with_submitted, names=True),
    "registry:not_decided": listing("auditor", args=_with_submitted),
    "registry:approve_clean": Page("auditor", DONE, FORBIDDEN, DONE, DONE, post={}),
    "registry:approve_picked": Page("auditor", DONE, FORBIDDEN, DONE, DONE, post={}),
    "registry:ask_picked": Page("auditor", OK, FORBIDDEN, OK, OK, post={}),
    "registry:report": Page("auditor", DONE, FORBIDDEN, DONE, DONE, post={}),
    "registry:received": listing("centre_officer", args=_with_card),
    "registry:accept": Page("centre_officer", DONE, FORBIDDEN, DONE, DONE, post={}),
    # --- children
    "patients:children": listing("records_department", args=lambda site: _child(site) and {}, names=True),
    "patients:enter": listing("records_department"),
    "patients:questions": listing("records_department"),
    "patients:child": about("records_department", _child, names=True),
    "patients:history": about("records_department", _child, names=True),
    "patients:merge": about("records_department", _child, names=True),
    "patients:consent": about("records_department", _child, names=True),
    "patients:grant": about("point_lead", _child, names=True),
    "patients:change": about("records_department", _child_view, names=True),
    "patients:add_guardian": about("records_department", _child_view, names=True),
    "patients:guardian": about("records_department", _guardian),
    "patients:remove_guardian": about("records_department", _guardian, DONE, post={}),
    "patients:restore_guardian": about("records_department", _guardian, DONE, post={}),
    "patients:document": about("records_department", _child_view, names=True),
    "patients:remove_document": about("records_department", _document, DONE, post={}),
    "patients:restore_document": about("records_department", _document, DONE, post={}),
    "patients:withdraw": about("records_department", _of_child(Consent)),
    "patients:end_grant": about("point_lead", _of_child(Grant)),
    "patients:split": about("records_department", _two_views),
    "patients:undo_split": about("records_department", _parted),
    "patients:undo_merge": about("records_department", _of_child(Merge)),
    "patients:reveal": about("records_department", _revealed),
    # --- monitoring points and their months: they name no patient
    "surveillance:board": listing("point_lead"),
    "surveillance:month": listing("point_lead", args=_month),
    "surveillance:after_lock": listing("point_lead", args=_locked_month),
    "surveillance:paper": listing("point_lead"),
    "surveillance:sign": listing("point_lead", args=_month),
    "surveillance:withdraw": about("point_lead", lambda site: {"pk": tables.make(ZeroReport, site.place).pk}),
    "surveillance:lock": Page("centre_officer", OK, FORBIDDEN, OK, OK, args=_month),
    "surveillance:lift": Page(
        "centre_officer", OK, FORBIDDEN, OK, OK, args=lambda site: {"pk": tables.make(MonthLock, site.place).pk}
    ),
    "surveillance:quality": listing("commission_officer"),
    "surveillance:cases": listing("commission_officer"),
    "surveillance:cards": listing("commission_officer", query={"topic": "all"}),
    "surveillance:points": listing("commission_officer"),
    "surveillance:admit": listing("commission_officer"),
    "surveillance:point": about("commission_officer", lambda site: {"pk": tables.make(Point, site.place).pk}),
    "surveillance:end": about("commission_officer", lambda site: {"pk": tables.make(Point, site.place).pk}),
}
