"""The shell: who sees which menu, what is found, in which language, and what a browser may do with a page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import translation

import made_up
from tonghu.platform.scope.scope import Scope, open_scope
from tonghu.platform.shell import MenuGroup, MenuItem, SearchHit, SearchProvider
from tonghu.platform.web import duties, helping, samples
from tonghu.platform.web import search as searching
from tonghu.platform.web.context import Shell
from tonghu.platform.web.security import POLICY

pytestmark = pytest.mark.django_db

CLERK = Scope(person=1, permissions=frozenset({"cards.enter"}))
ITEMS = (
    MenuItem("审核报告卡", "web:search", permission="cards.audit", count=lambda scope: 7),
    MenuItem("录入报告卡", "web:style", permission="cards.enter", count=lambda scope: 3, icon="edit"),
    MenuItem("样式", "web:style", group=MenuGroup.HELP),
)


@pytest.fixture
def items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "items", lambda: ITEMS)


def test_the_menu_holds_what_the_post_may_open_and_no_empty_group(items: None) -> None:
    groups = duties.menu(CLERK, "/elsewhere")
    assert [(group.label, [entry.label for entry in group.items]) for group in groups] == [
        (MenuGroup.TODO.value, ["录入报告卡"]), (MenuGroup.HELP.value, ["样式"])]  # fmt: skip
    assert groups[0].items[0].count == 3
    assert duties.menu(Scope(), "/")[0].label == MenuGroup.HELP.value


def test_the_first_screen_is_where_the_reader_stands_only_when_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "items", lambda: (MenuItem("今日待办", "home:home"), MenuItem("样式", "web:style")))
    for path, here in (("/", [True, False]), ("/style/x", [False, True]), ("/account", [False, False])):
        [todo] = duties.menu(CLERK, path)
        assert [entry.here for entry in todo.items] == here, path


def test_the_reader_stands_on_the_longest_address_that_leads_to_the_page(items: None) -> None:
    [todo, _help] = duties.menu(CLERK, "/style/paper.pdf")
    assert todo.items[0].here
    [todo, _help] = duties.menu(CLERK, "/")
    assert not todo.items[0].here


def test_every_entry_of_every_room_has_an_address_and_a_known_icon() -> None:
    from tonghu.platform.web.icons import ICONS

    assert duties.items()
    everything = Scope(permissions=frozenset({"*"}))
    with open_scope(everything):  # the counts are asked of the database
        groups = duties.menu(everything, "/")
    for group in groups:
        for entry in group.items:
            assert entry.url.startswith("/")
            assert entry.icon == "" or entry.icon in ICONS


def test_search_asks_only_whom_the_post_may_ask_and_keeps_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def find(scope: Scope, text: str, limit: int) -> list[SearchHit]:
        asked.append((scope, text, limit))
        return [SearchHit(f"child {n}", f"/{n}") for n in range(limit + 5)]

    class Room:
        @staticmethod
        def providers() -> tuple[SearchProvider, ...]:
            return (SearchProvider("Children", find, "children.read"), SearchProvider("Nothing", lambda *_: ()))

    monkeypatch.setattr(duties, "modules", lambda name: (Room,))
    assert searching.search(CLERK, "x") == ()
    assert asked == []
    reader = Scope(person=2, permissions=frozenset({"children.read"}))
    [found] = searching.search(reader, " x ", 5)
    assert asked == [(reader, "x", 5)]
    assert len(found.hits) == 5
    assert searching.search(reader, "  ") == ()


@pytest.mark.parametrize("typed", ["录入", "luru", "lrbgk", "LuRu BaoGaoKa", "报告"])
def test_a_page_is_found_by_words_pinyin_and_initials_within_the_rights(items: None, typed: str) -> None:
    assert [hit.label for hit in searching.find_pages(CLERK, typed, 5)] == ["录入报告卡"]
    assert list(searching.find_pages(CLERK, typed, 0)) == []


def test_the_box_gets_a_part_and_the_page_a_whole(client: Client) -> None:
    part = client.get("/search", {"q": "zzz"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "没有找到“zzz”" in part
    whole = client.get("/search", {"q": "<b>"}).content.decode()
    assert "<html" in whole
    assert "&lt;b&gt;" in whole
    assert "请在上方输入" in client.get("/search").content.decode()


def test_chinese_first_whatever_the_browser_says_until_someone_chooses(client: Client) -> None:
    page = client.get("/style", headers={"Accept-Language": "en-US,en"})
    assert page.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-Hans"' in page.content.decode()
    answer = client.post("/language", {"language": "en", "next": "/style"})
    assert (answer.status_code, answer["Location"]) == (302, "/style")
    page = client.get("/style")
    assert '<html lang="en"' in page.content.decode()
    assert page.headers["Content-Language"] == "en"
    client.post("/language", {"language": "zh-hans"})
    assert client.get("/style").headers["Content-Language"] == "zh-hans"


@pytest.mark.parametrize("there", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""])
def test_the_language_switch_leads_nowhere_else(client: Client, there: str) -> None:
    assert client.post("/language", {"language": "xx", "next": there})["Location"] == "/"
    assert client.get("/style").headers["Content-Language"] == "zh-hans"


def test_every_answer_carries_the_policy_and_no_page_is_kept(client: Client) -> None:
    for address in ("/style", "/search", "/no/such/page", "/codes/RC001?q=1"):
        headers = client.get(address).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert client.get("/style").headers["Cache-Control"] == "no-store, private"
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY


def test_no_template_has_inline_script_style_or_handlers() -> None:
    """A policy without exceptions would refuse them; here they do not even get that far."""
    from pathlib import Path

    import tonghu

    wrong = []
    for file in Path(tonghu.__file__).parent.rglob("templates/**/*.html"):
        text = re.sub(r"\{%.*?%\}", "", file.read_text("utf-8"), flags=re.S)
        wrong += [f"{file.name}: {tag}" for tag in re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style[\s>]", text)]
        wrong += [f"{file.name}: {word}" for word in re.findall(r"\s(?:style|on[a-z]+|hx-on[^=]*)=", text)]
        wrong += [
            f"{file.name}: {word}"
            for word in re.findall(r"(?:src|href|action)=\"(?:https?:)?//[^\"]*|javascript:", text)
        ]
        wrong += [f"{file.name}: hx-vals js" for _ in re.findall(r"hx-vals=.js:", text)]
    assert wrong == []


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/no/such/page", 404, "找不到"),
        ("/codes/none", 404, "找不到"),
        ("/help/..", 404, "找不到"),
        ("/style/paper.exe", 404, "找不到"),
    ],
)
def test_what_is_not_there_says_what_to_do(client: Client, address: str, status: int, words: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_an_expired_form_says_that_nothing_typed_is_lost() -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/style", {"name": "x"}, HTTP_REFERER="http://testserver/style?sort=due")
    assert answer.status_code == 403
    assert "仍保留在本标签页" in answer.content.decode()
    assert 'class="btn btn-primary" href="/style?sort=due"' in answer.content.decode()
    assert "/login?next=/style%3Fsort%3Ddue" in answer.content.decode()
    strange = browser.post("/style", HTTP_REFERER="http://elsewhere.example/style").content.decode()
    assert "返回表单</a>" not in strange, "the address of a form is no page, and nobody else's page is one of ours"
    behind = browser.post("/style", HTTP_HX_REQUEST="true")
    assert (behind.status_code, behind["X-Form-Expired"], behind.content) == (403, "1", b"")


@pytest.mark.parametrize(("address", "above"), [("/account/language", "/account"), ("/columns/sample", "/")])
def test_an_address_that_only_takes_forms_says_so_and_leads_to_the_page(address: str, above: str) -> None:
    browser = made_up.browser(made_up.post())
    answer = browser.get(address)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "只接收表单提交的内容" in answer.content.decode()
    assert f'class="btn btn-primary" href="{above}"' in answer.content.decode()


def test_what_the_style_page_removes_can_be_had_back(client: Client) -> None:
    page = client.post("/style", follow=True).content.decode()
    assert 'action="/style?undo=1"' in page
    page = client.post("/style?undo=1", follow=True).content.decode()
    assert "已恢复该行" in page
    assert "data-toast" not in page


def test_the_code_list_answers_the_picker_and_escapes(client: Client) -> None:
    answer = client.get("/codes/RC001", {"q": "nan", "id": 'x"><b>'})
    assert "男" in answer.content.decode()
    assert "<b>1</b>" in answer.content.decode()
    assert 'id="choice-1"' in answer.content.decode()
    assert "没有符合的条目" in client.get("/codes/RC001", {"q": "qqq", "id": "id_sex-list"}).content.decode()


def test_the_choice_of_columns_is_kept_and_bad_names_are_not(client: Client) -> None:
    answer = client.post("/columns/sample", {"column": ["born", "due"], "next": "/style?sort=due"})
    assert answer["Location"] == "/style?sort=due"
    assert client.cookies["tonghu_columns_sample"].value == "born.due"
    page = client.get("/style").content.decode()
    assert re.search(r'value="group"(?! checked)', page)
    assert client.post("/columns/sample", {"column": ["a;b"], "next": "//x"})["Location"] == "/"
    assert client.cookies["tonghu_columns_sample"].value == "born.due"


def test_papers_of_the_style_page_download(client: Client) -> None:
    answer = client.get("/style/paper.pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tonghu-style.pdf"'
    assert b"".join(answer.streaming_content).startswith(b"%PDF")  # type: ignore[attr-defined]
    assert b"".join(client.get("/style/paper.docx").streaming_content).startswith(b"PK")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("topic", "there"),
    [("start", True), ("web.style", True), ("nonsense.page", True), ("../x", False), ("A", False), ("a..b", False)],
)
def test_every_page_has_help_in_both_languages(topic: str, there: bool) -> None:
    for language in ("zh-hans", "en"):
        assert (helping.text(topic, language) is not None) == there


def test_each_help_page_stands_in_both_languages() -> None:
    names = {file.name for folder in helping.folders() for file in folder.iterdir()}
    assert names
    assert {name.replace(".zh.md", ".en.md") for name in names} == {name for name in names if name.endswith(".en.md")}


def test_help_is_a_page_and_a_sheet(client: Client) -> None:
    assert "<html" in client.get("/help/web.style").content.decode()
    part = client.get("/help/web.style", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "快捷键" in part


def request_with(**attributes: Any) -> HttpRequest:
    request = RequestFactory().get("/style")
    for name, value in attributes.items():
        setattr(request, name, value)
    return request


def test_the_theme_is_what_the_cookie_says_and_nonsense_is_the_systems() -> None:
    request = request_with()
    for said, theme in (("dark", "dark"), ("light", "light"), ("<b>", "system"), ("", "system")):
        request.COOKIES["tonghu_theme"] = said
        assert Shell(request).theme == theme


def test_posts_to_choose_from_and_addresses_that_may_be_missing(settings: Any) -> None:
    class Post:
        def __init__(self, pk: int) -> None:
            self.pk, self.institution = pk, f"hospital {pk}"
            self.described = type("Role", (), {"name": f"role {pk}"})()

    posts = [Post(1), Post(2)]
    shell = Shell(request_with(posts=posts, post=posts[1], resolver_match=None))
    assert [(choice.label, choice.place, choice.active) for choice in shell.posts] == [
        ("role 1", "hospital 1", False), ("role 2", "hospital 2", True)]  # fmt: skip
    assert shell.post is not None
    assert shell.post.pk == 2
    assert shell.help_url == "/help/start"
    assert Shell(request_with()).post is None
    settings.ROOT_URLCONF = "tonghu.platform.web.urls"  # a site without accounts
    with translation.override("zh-hans"):
        assert (shell.login_url, shell.logout_url, shell.switch_url, shell.account_url) == ("", "", "", "")


def test_the_chart_of_the_style_page_is_drawn_once_in_each_language() -> None:
    with translation.override("zh-hans"):
        chinese = samples.chart()
        assert samples.chart() is chinese
    with translation.override("en"):
        english = samples.chart()
    assert (chinese.head[0], english.head[0]) == ("医院", "Hospital")
    assert english.figures != chinese.figures
