"""Who may send a body, how large, and what is taken of it before the page has said yes: nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.http import require_http_methods

import made_up
from tonghu.config.urls import urlpatterns as of_the_site
from tonghu.platform.accounts.access import Request, requires
from tonghu.platform.files import vault
from tonghu.platform.files.incoming import Incoming
from tonghu.platform.files.upload import takes_files, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@requires("files.view")
@require_http_methods(["GET", "POST"])
@takes_files("attachment")
def attach(request: Request) -> HttpResponse:
    return HttpResponse(f"{uploaded(request, 'file').size} bytes")


urlpatterns = [path("attach", attach), *of_the_site]
handler500 = "tonghu.platform.operations.faults.server_error"


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that anything begins to seal, whether it stays or not."""
    begun: list[str] = []
    true_init = Incoming.__init__

    def init(self: Incoming) -> None:
        true_init(self)
        begun.append(self.place)

    monkeypatch.setattr(Incoming, "__init__", init)
    return begun


def a_file(size: int = 300_000) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("首页.csv", b"x" * size), "username": "somebody", "password": "x"}


@pytest.mark.parametrize("address", ["/login", "/activate/none", "/style", "/attach", "/nowhere", "/language"])
def test_a_stranger_has_nothing_sealed_whatever_page_it_is_sent_to(address: str, sealed: list[str]) -> None:
    answer = Client().post(address, a_file())  # beyond a stranger's limit; and within it, a small one
    Client().post(address, a_file(1000))
    assert answer.status_code in (302, 404, 413)
    assert sealed == []


def test_a_page_that_takes_no_files_says_so_and_does_nothing(sealed: list[str]) -> None:
    browser = made_up.browser(made_up.post("entry_clerk"))
    answer = browser.post("/account/language", {**a_file(), "language": "en"})
    assert answer.status_code == 415
    assert "这个页面不接收文件" in answer.content.decode()
    assert "My account" not in browser.get("/account").content.decode()
    assert sealed == []
    browser.cookies["django_language"] = "en"
    assert "takes no files" in browser.post("/post", a_file()).content.decode()


def test_a_form_may_come_as_multipart_as_long_as_no_file_is_in_it(sealed: list[str]) -> None:
    browser = made_up.browser(made_up.post("entry_clerk"))
    nothing_chosen = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n'
    language = b'--x\r\nContent-Disposition: form-data; name="language"\r\n\r\nen\r\n--x--\r\n'
    kind = {"content_type": "multipart/form-data; boundary=x"}
    answer = browser.post("/account/language", nothing_chosen + language, **kind)
    assert answer.status_code == 302
    assert "My account" in browser.get("/account").content.decode()
    assert sealed == []


def test_the_right_is_asked_before_the_file_is_read(sealed: list[str]) -> None:
    without = made_up.browser(made_up.post("security_admin"))
    assert without.post("/attach", a_file()).status_code == 403
    assert Client().post("/attach", a_file())["Location"].startswith("/login")
    assert sealed == []


def test_a_page_that_takes_files_takes_them(sealed: list[str], in_vault: Path) -> None:
    browser = made_up.browser(made_up.post("point_lead"))
    assert browser.post("/attach", a_file()).content == b"300000 bytes"
    assert len(sealed) == 1
    assert [one for one in vault.folder().rglob("*") if one.is_file()] == [], "nobody stored it"


@pytest.mark.parametrize(
    ("logged_in", "address", "size", "limit"),
    [
        (False, "/login", 70_000, "64 kB"),
        (True, "/account/language", 1_100_000, "1 MB"),
        (True, "/attach", 23_000_000, "21 MB"),
    ],
)
def test_a_body_over_the_limit_of_its_kind_of_page_is_not_read(
    logged_in: bool, address: str, size: int, limit: str, sealed: list[str]
) -> None:
    browser = made_up.browser(made_up.post("point_lead") if logged_in else None)
    sent = a_file(size) if address == "/attach" else {"username": "x" * size, "password": "x"}
    kind = {} if address == "/attach" else {"content_type": "application/x-www-form-urlencoded"}
    body: Any = sent if address == "/attach" else "username=" + "x" * size
    answer = browser.post(address, body, **kind)
    assert answer.status_code == 413
    assert limit in answer.content.decode()
    assert sealed == []


@pytest.mark.parametrize("said", ["-1", "x", "9" * 400, "1e9"])
def test_a_length_that_is_no_number_is_refused(said: str, sealed: list[str]) -> None:
    answer = Client().post("/login", a_file(), CONTENT_LENGTH=said)
    assert answer.status_code in (400, 413, 415)
    assert sealed == []


def test_the_api_takes_no_files(sealed: list[str]) -> None:
    answer = Client().post("/api/v1/rules/check", a_file(100_000))
    assert answer.status_code in (401, 403, 415)
    assert sealed == []
