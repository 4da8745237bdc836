"""What attackers send to pages: SQL, HTML and NUL in every text field of every form and in every address, forged posts.

The forms are not listed here: each page is opened as its right post sees it, and the forms that stand on it are filled
in and sent, one hostile field at a time (of long forms a few) with everything else as an honest reader would have it,
so that the text gets as far as it can. The API has the same in ``tests/platform/api/test_hostile.py``.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from pages import PAGES, TO_LOG_IN, Page, Site

import made_up

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("NET-09")]

#: Must never come back as a tag; what follows breaks out of SQL, of an attribute, of a template and of a format.
TAG: Final = "<img src=x data-hostile onerror=alert(1)>"
ATTACKS: Final = {
    "html and sql": f"\"'>{TAG}'; DROP TABLE accounts_person; -- {{{{7*7}}}} {{% now %}} %s%n\u202e𠮷",
    "nul": "a\x00b",
    "long": "9" * 4000,
}
#: Forms that stand on every page are tried on the first screen alone.
SHELL: Final = ("/language", "/search", "/post", "/logout", "/columns/")
#: Inputs that hold what somebody types, or what a script puts there.
TYPED: Final = {"text", "search", "password", "email", "tel", "date", "month", "number", "hidden", "url"}


#: Of a form of more fields than these, so many are filled at once.
FEW, AT_ONCE = 12, 6


@dataclass
class Form:
    """A form as it stands on a page: where it goes, what it holds, and which of it is typed."""

    action: str
    method: str
    held: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._area = self._select = ""

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in given}
        assert "data-hostile" not in said, "the page shows what was typed as HTML"
        if tag == "form":
            self.found.append(Form(said.get("action", ""), said.get("method", "get").lower()))
        name = said.get("name", "")
        if not self.found or (not name and tag != "option"):
            return
        form = self.found[-1]
        kind = said.get("type", "text")
        if tag == "textarea" or (tag == "input" and kind in TYPED):
            form.held[name] = said.get("value") or plausible(kind, name)
            if name not in ("csrfmiddlewaretoken",):
                form.typed.append(name)
            self._area = name if tag == "textarea" else ""
        elif tag == "input" and kind in ("checkbox", "radio") and ("checked" in said or name not in form.held):
            form.held[name] = said.get("value") or "on"
        elif tag == "button" and said.get("value"):
            form.held.setdefault(name, said["value"])
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and said.get("value"):
            if "selected" in said:
                form.held[self._select] = said["value"]
            form.held.setdefault(self._select, said["value"])

    def handle_data(self, data: str) -> None:
        if self._area and data.strip():
            self.found[-1].held[self._area] = data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""


def plausible(kind: str, name: str) -> str:
    """What an honest reader might type."""
    today = timezone.localdate().isoformat()
    if kind == "hidden":
        return ""
    if kind == "date" or any(word in name for word in ("day", "starts", "ends", "date", "birth")):
        return today
    return "2026-01" if kind == "month" else "made up"


def browser_of(page: Page, site: Site) -> Client:
    client = made_up.browser(None if page.right == TO_LOG_IN else site.visitor(page.role, "here"))
    client.raise_request_exception = False
    return client


def forms_of(client: Client, address: str) -> list[Form]:
    answer = client.get(address)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return []
    seen = Forms()
    seen.feed(answer.content.decode())
    for form in seen.found:
        form.action = form.action or address
    ours = [form for form in seen.found if form.typed]
    if address == "/":
        return ours
    return [form for form in ours if not urlsplit(form.action).path.startswith(SHELL)]


def withstands(answer: Any, said: str) -> None:
    """The answer is ours, and what was sent stands in it as text at most."""
    if answer.status_code >= 500:
        fault = getattr(answer, "exc_info", None)
        pytest.fail(
            f"{answer.status_code} at {said}\n" + ("".join(traceback.format_exception(*fault)) if fault else "")
        )
    body = b"".join(answer).decode(errors="replace")
    if answer.get("Content-Type", "").startswith("text/html"):
        assert TAG not in body, said
    assert "argon2" not in body, said
    if answer.status_code in (301, 302):
        onward = urlsplit(answer["Location"])
        assert onward.netloc in ("", "testserver"), said
        assert "\n" not in answer["Location"]


def send(client: Client, form: Form, values: dict[str, str], said: str) -> None:
    """Send a form, look at the answer and at the page that it leads to; then all is as before."""
    with transaction.atomic():
        if form.method == "get":
            answer = client.get(urlsplit(form.action).path, values)
        else:
            answer = client.post(form.action, values)
        withstands(answer, said)
        if answer.status_code == 302:
            withstands(client.get(answer["Location"]), f"{said}, then {answer['Location']}")
        transaction.set_rollback(True)


def apart(typed: list[str]) -> list[list[str]]:
    """The fields of a form one by one; of a card's hundred some at a time, which stand far from each other on it."""
    groups = len(typed) if len(typed) <= FEW else -(-len(typed) // AT_ONCE)
    return [typed[first::groups] for first in range(groups)]


def with_forms() -> Iterator[str]:
    for name, page in PAGES.items():
        if page.right in (200, 422) and not name.startswith(("web:codes", "web:help", "web:style_paper")):
            yield name


@pytest.mark.parametrize("name", ["registry:card", "registry:new", "patients:enter"])
def test_the_forms_of_a_page_are_found(name: str) -> None:
    page, site = PAGES[name], Site()
    assert forms_of(browser_of(page, site), reverse(name, kwargs=page.args(site)))


@pytest.mark.parametrize("name", sorted(with_forms()))
def test_sql_html_and_nul_in_every_text_field_of_every_form(name: str) -> None:
    page, site = PAGES[name], Site()
    address = reverse(name, kwargs=page.args(site))
    client = browser_of(page, site)
    for number, form in enumerate(forms_of(client, address)):
        for kind, attack in ATTACKS.items():
            everything = {**form.held, **dict.fromkeys(form.typed, attack)}
            send(client, form, everything, f"{name} form {number}: {kind} everywhere")
            for some in apart(form.typed):
                send(
                    client,
                    form,
                    {**form.held, **dict.fromkeys(some, attack)},
                    f"{name} form {number}: {kind} in {some}",
                )


@pytest.mark.parametrize("name", sorted(PAGES))
def test_sql_html_and_nul_in_every_address_and_post(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page, site = PAGES[name], Site()
    client, address = browser_of(page, site), reverse(name, kwargs=page.args(site))
    asked: set[str] = set()
    own = MultiValueDict.get

    def get(self: MultiValueDict[str, str], key: str, default: Any = None) -> Any:
        asked.add(key)
        return own(self, key, default)

    with monkeypatch.context() as watching:  # what the page reads of its address is found out, not listed
        watching.setattr(MultiValueDict, "get", get)
        client.get(address, page.query)
    for kind, attack in ATTACKS.items():
        for names in ([one] for one in sorted(asked)) if kind != "nul" else [sorted(asked)]:
            withstands(
                client.get(address, {**page.query, **dict.fromkeys(names, attack)}), f"{name}: {kind} in {names}"
            )
        if page.post is not None:
            with transaction.atomic():
                sent = {**page.post, **dict.fromkeys(page.post, attack), "next": attack}
                withstands(client.post(address, sent), f"{name}: {kind} posted")
                transaction.set_rollback(True)


def every_page() -> Iterator[tuple[str, Page, Site]]:
    """Each page with a site of its own, which is gone when the next one comes."""
    for name, page in PAGES.items():
        with transaction.atomic():
            yield name, page, Site()
            transaction.set_rollback(True)


def test_what_is_posted_without_its_token_is_refused_on_every_page() -> None:
    """CSRF: a form on somebody else's page, sent by the browser of who has logged in."""
    for name, page, site in every_page():
        client = browser_of(page, site)
        client.handler.enforce_csrf_checks = True
        answer = client.post(reverse(name, kwargs=page.args(site)), page.post or {})
        assert answer.status_code == 403, name
        assert "csrf" in answer.templates[0].name, name


def test_numbers_that_cannot_be_are_not_there() -> None:
    """Ids tried by hand, beyond every number that the database holds; the neighbours' are in ``test_pages.py``."""
    tried = 0
    for name, page, site in every_page():
        given = page.args(site)
        for key in {"pk", "batch", "guardian", "document", "row"} & set(given):
            client = browser_of(page, site)
            for number in (0, 2**31, 2**63 - 1, 2**63, 10**30):
                try:
                    address = reverse(name, kwargs={**given, key: number})
                except NoReverseMatch:
                    continue  # no address takes it
                answer = client.get(address) if page.post is None else client.post(address, page.post)
                withstands(answer, f"{name} {key}={number}")
                assert answer.status_code in (404, 302), f"{name} {key}={number}"
                tried += 1
    assert tried > 250


@pytest.mark.parametrize(
    "address",
    [
        "/static/../keys/session.key", "/static/%2e%2e/keys/session.key", "/static/..%2f..%2fkeys/session.key",
        "//etc/passwd", "/static//etc/passwd", "/help/../../etc/passwd", "/help/..%2f..%2fetc%2fpasswd",
        "/codes/..%2f..%2fetc%2fpasswd", "/style/paper/..%2fpdf", "/activate/..%2f..%2fx", "/files/..%2f1",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_what_is_served(address: str) -> None:
    answer = browser_of(PAGES["home:home"], Site()).get(address)
    withstands(answer, address)
    assert answer.status_code in (404, 302)
    assert b"root:" not in b"".join(answer)


@pytest.mark.parametrize("name", ["home:home", "accounts:login"])
def test_a_nul_in_the_path_of_an_address_is_refused_wherever_it_stands(name: str) -> None:
    """Every address once, its last part spoilt; those of no page at all, too."""
    client = browser_of(PAGES[name], Site())
    addresses = {f"/{key.replace(':', '/')}/%00" for key in PAGES}
    for address in sorted(addresses | {"/reporting/months/%00", "/cards/queue/mend/%00", "/cards/codes/x%00", "/%00"}):
        for method in (client.get, client.post):
            answer = method(address)
            withstands(answer, address)
            assert answer.status_code == 400, address
    api = client.get("/api/v1/children/%00")
    withstands(api, "the API's")
    assert api.status_code in (401, 404, 422)


def test_what_is_posted_beside_a_form_gives_nothing() -> None:
    """Mass assignment: the columns of every table, sent along with the form of one's own account and of a person."""
    site = Site()
    extra = {
        "is_active": "", "institution": "1", "institution_id": "1", "person": "1", "person_id": "1", "pk": "1",
        "role": "security_admin", "permissions": "children.read", "made_up": "on", "password": "x", "username": "taken",
        "name": "somebody else", "valid": "[,)", "appointed_by": "1", "superuser": "on", "deputy_for": "1",
    }  # fmt: skip
    clerk = browser_of(PAGES["accounts:account"], site)
    before = dict(vars(site.clerk))
    assert clerk.post("/account/language", {"language": "en", **extra}).status_code == 302
    assert clerk.post("/notices/preferences", {"mail_jobs": "never", **extra}).status_code in (200, 302)
    with made_up.acting(site.place.post):
        site.clerk.refresh_from_db()
    after = dict(vars(site.clerk))
    changed = {key for key in before if key != "_state" and before[key] != after[key]}
    assert changed <= {"language"}
