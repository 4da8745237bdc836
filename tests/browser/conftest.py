"""A real browser on a real server: Debian's Chromium, the site's own WSGI application, the tests' database as ``app``.

A journey asks for ``page`` (1366×768, Chinese) and goes to ``site + "/…"``. When it ends, whatever the browser
complained about (a refused script, an error, a request to another host) fails it. What a journey commits it must
clean up: the fixture ``committed`` does.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from committed import committed

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from browser_fonts import font_settings  # noqa: E402

__all__ = ["committed"]

# Playwright's synchronous calls keep a loop in this thread, and Django would refuse the database beside one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

expect.set_options(timeout=15_000)  # two busy cores: a slow moment is no failure

#: htmx says so of a request that a later one replaced, as it is told to: no fault.
REPLACED = ("htmx:afterRequest", "htmx:sendAbort")

AXE = ROOT / "var" / "frontend" / "dev" / "axe.min.js"
CHROMIUM = os.environ.get("TONGHU_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
#: Without a graphics card, and without the process that would play one.
LAUNCHED = ["--no-sandbox", "--disable-gpu", "--disable-software-rasterizer"]


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="session")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The address of the running site."""
    from django.db import connections

    from tonghu.config.wsgi import application

    def serve(request: Any, address: Any) -> None:
        """One thread a connection, as gunicorn's, and its database connection closed with it."""
        try:
            ThreadedWSGIServer.process_request_thread(server, request, address)
        finally:
            connections.close_all()

    with django_db_blocker.unblock():
        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        server.daemon_threads = True
        server.process_request_thread = serve  # type: ignore[method-assign]
        server.set_app(application)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Debian's Chromium, with a Chinese font."""
    if not CHROMIUM:
        pytest.fail("Chromium is missing: install Debian's package chromium, or name it in TONGHU_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=LAUNCHED,
            env={**os.environ, **font_settings(tmp_path_factory.mktemp("fonts"))},
        )  # fmt: skip
        yield started
        started.close()


@pytest.fixture
def open_page(site: str, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages of one's own liking: ``open_page(viewport={"width": 390, "height": 844}, color_scheme="dark")``."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> Page:
        context = browser.new_context(
            **{"viewport": {"width": 1366, "height": 768}, "locale": "zh-CN", "base_url": site, **options}
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
        page.on("console", lambda said: complaints.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("request", lambda asked: _leaves(asked.url, site) and complaints.append(f"left the host: {asked.url}"))
        page.expected_complaints = []  # type: ignore[attr-defined]
        return page

    yield open_one
    expected = list(REPLACED) + [
        word for context in contexts for page in context.pages for word in page.expected_complaints
    ]  # type: ignore[attr-defined]
    for context in contexts:
        context.close()
    assert [said for said in complaints if not any(word in said for word in expected)] == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A page of 1366×768 in Chinese."""
    return open_page()


def _leaves(url: str, site: str) -> bool:
    return not url.startswith((site, "data:", "blob:", "about:"))


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Asks axe-core about a page: what is serious or critical, each as one line with the place."""
    source = AXE.read_text("utf-8")

    def ask(page: Page) -> list[str]:
        page.evaluate(source)  # through the debugger: the page's own policy would refuse it
        found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [
            f"{each['impact']} {each['id']}: {each['help']} · {node['target']} {node['html'][:160]}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    return ask
