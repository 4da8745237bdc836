"""Uploads through Django's own parser: sealed on the way, bounded, gone when nobody stores them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory
from django.test.client import MULTIPART_CONTENT

import made_up
from tonghu.errors import InputRefused
from tonghu.platform.files.purposes import Purpose
from tonghu.platform.files.services import open_plain, store
from tonghu.platform.files.upload import ReceivedFile, SealingHandler, takes_files, uploaded

pytestmark = pytest.mark.django_db


def taking(request: HttpRequest, purpose_name: str = "discharge_upload") -> HttpRequest:
    """As the middleware leaves a request to a page that takes files."""
    request.upload_handlers = [SealingHandler(request, purpose_name)]
    return request


def post(body: bytes, name: str = "首页.csv") -> HttpRequest:
    return taking(RequestFactory().post("/upload", {"file": SimpleUploadedFile(name, body), "note": "x"}))


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make discharge uploads small."""

    def limit(size: int) -> None:
        def said(name: str, on: Any) -> Purpose:
            return Purpose(name, size, None, None, frozenset(), "")

        monkeypatch.setattr("tonghu.platform.files.upload.purpose", said)
        monkeypatch.setattr("tonghu.platform.files.services.purpose", said)

    return limit


def test_an_upload_lies_sealed_before_any_view_sees_it_and_is_stored_without_being_read_again(in_vault: Path) -> None:
    body = "病案号,姓名\n".encode() + b"1001,x\n" * 500_000
    request = post(body, "../../数据/首页.csv")
    received = uploaded(request, "file")
    (path,) = on_disk(in_vault)
    assert b"1001,x" not in path.read_bytes()
    assert (received.name, received.size) == ("首页.csv", len(body))
    assert b"".join(received.chunks()) == body
    with pytest.raises(TypeError, match="chunks"):
        received.read()
    clerk = made_up.post("entry_clerk")
    with made_up.acting(clerk) as scope:
        file = store(received, name=received.name, purpose_name="discharge_upload", by=scope)
        assert on_disk(in_vault) == [path], "no second copy"
        with open_plain(file, by=scope) as plain:
            assert plain.read_bytes() == body


def test_an_upload_that_nobody_stores_is_gone_with_its_request(in_vault: Path) -> None:
    request = post(b"a,b\n")
    assert uploaded(request, "file").size == 4
    request.close()
    assert on_disk(in_vault) == []


def test_a_stored_upload_survives_the_end_of_its_request_when_committed(
    in_vault: Path, django_capture_on_commit_callbacks: Any
) -> None:
    request = post(b"a,b\n1,2\n")
    with made_up.acting(made_up.post("entry_clerk")) as scope, django_capture_on_commit_callbacks(execute=True):
        store(uploaded(request, "file"), name="x.csv", purpose_name="export", by=scope)
    request.close()
    assert len(on_disk(in_vault)) == 1


def test_a_file_over_the_limit_is_let_go_by_and_refused_in_words(in_vault: Path, small: Callable[[int], None]) -> None:
    small(100_000)
    request = post(b"x" * 100_001)
    assert request.POST["note"] == "x", "the rest of the form is read"
    with pytest.raises(InputRefused, match=r"97\.7 kB"):
        uploaded(request, "file")
    assert on_disk(in_vault) == []
    assert uploaded(post(b"x" * 100_000), "file").size == 100_000


def test_the_limit_of_the_purpose_that_it_is_stored_for_holds_too(in_vault: Path, small: Callable[[int], None]) -> None:
    received = uploaded(post(b"x" * 300_000), "file")
    small(200_000)
    with made_up.acting(made_up.post("entry_clerk")) as scope, pytest.raises(InputRefused, match=r"195\.3 kB"):
        store(received, name="x", purpose_name="export", by=scope)
    assert on_disk(in_vault) == []


def test_a_view_takes_files_only_for_a_purpose_that_there_is() -> None:
    with pytest.raises(KeyError, match="anything"):
        takes_files("anything")


def test_nothing_chosen_is_said(in_vault: Path) -> None:
    request = RequestFactory().post("/upload", {"note": "x"})
    with pytest.raises(InputRefused, match="选择"):
        uploaded(request, "file")


def test_a_full_disk_is_said_while_the_file_comes_in_and_at_its_end(
    in_vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tonghu.platform.files.sealed.os.fsync", full)
    with pytest.raises(InputRefused, match="磁盘"):
        uploaded(post(b"a,b\n"), "file")
    monkeypatch.setattr("tonghu.platform.files.sealed.Sealing.write", full)
    with pytest.raises(InputRefused, match="磁盘"):
        uploaded(post(b"a,b\n"), "file")
    assert on_disk(in_vault) == []


def test_an_upload_that_breaks_off_leaves_nothing(in_vault: Path) -> None:
    whole = RequestFactory().post("/upload", {"file": SimpleUploadedFile("x.csv", b"a,b\n" * 50_000)})
    body = whole.body[:100_000]
    request = taking(RequestFactory().generic("POST", "/upload", body, content_type=MULTIPART_CONTENT))
    with pytest.raises((MultiPartParserError, InputRefused)):
        uploaded(request, "file")
    request.close()
    assert on_disk(in_vault) == []


def test_memory_does_not_grow_with_the_file(in_vault: Path) -> None:
    """What the parser and the sealing hold is a few pieces, whether 8 MB come or 64."""

    def peak(megabytes: int) -> int:
        request = post(b"x" * (megabytes << 20))
        _ = request.META
        tracemalloc.start()
        received = uploaded(request, "file")
        assert isinstance(received, ReceivedFile)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        request.close()
        return held

    small, large = peak(8), peak(64)
    assert large < small + (4 << 20)
