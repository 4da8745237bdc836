"""Every text of the platform is there in Chinese and in English: a test that fails when one is forgotten."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import polib
import pytest
from django.conf import settings
from django.utils import translation

from tonghu.platform.web.languages import compile_catalogues

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_text_is_translated(messages: ModuleType) -> None:
    assert [f"{text.where}: {text.msgid}" for text in messages.missing()] == [], "run python tools/messages.py"


def test_no_template_has_chinese_written_into_it(messages: ModuleType) -> None:
    assert messages.untranslated_chinese() == []


def test_the_extraction_sees_code_and_templates(messages: ModuleType) -> None:
    code = '_("a")\ngettext_lazy("b c")\nngettext("one", "many", n)\npgettext("context", "d")\n_(variable)\n'
    found = {(text.msgid, text.plural, text.context) for text in messages.in_code(code, "x.py")}
    assert found == {("a", None, None), ("b c", None, None), ("one", "many", None), ("d", None, "context")}
    page = (
        """{% translate "It's (so)" %} {% blocktranslate with x=y %}Dear “{{ x }}”, 50%{% endblocktranslate %}"""
        """{% blocktranslate count n=k trimmed %}one{% plural %}{{ n }} of them{% endblocktranslate %}"""
        """{% mark _("set up") "done" %}{# {% translate "not this" %} #}"""
    )
    found = {(text.msgid, text.plural) for text in messages.in_template(page, "x.html")}
    assert found == {
        ("It's (so)", None), ("Dear “%(x)s”, 50%%", None), ("one", "%(n)s of them"), ("set up", None)}  # fmt: skip


def test_a_fuzzy_or_empty_translation_counts_as_missing(
    messages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {text.msgid for text in messages.missing()}
    catalogue = polib.pofile(str(messages.CATALOGUE))
    entries = {entry.msgid: entry for entry in catalogue}
    entries["Keys"].flags.append("fuzzy")
    entries["Close"].msgstr = ""
    catalogue.remove(entries["Menu"])
    catalogue.save(str(tmp_path / "django.po"))
    monkeypatch.setattr(messages, "CATALOGUE", tmp_path / "django.po")
    assert {text.msgid for text in messages.missing()} - before == {"Keys", "Close", "Menu"}


def test_chinese_in_a_template_is_seen_but_not_in_its_comments(
    messages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("{# 好 #}\n<p>好</p>{% comment %}好{% endcomment %}", "utf-8")
    monkeypatch.setattr(messages, "SOURCE", tmp_path)
    assert [line.partition(": ")[0] for line in messages.untranslated_chinese()] == ["templates/a.html:2"]


def test_placeholders_are_the_same_in_both_languages() -> None:
    wrong = []
    for entry in polib.pofile(str(settings.LOCALE_PATHS[0] / "zh_Hans" / "LC_MESSAGES" / "django.po")):
        for said in [entry.msgstr, *entry.msgstr_plural.values()]:
            if not said:
                continue
            names = re.compile(r"%\((\w+)\)[sd]|(?<!%)%[sd](?!\w)|\{\w*\}")
            there, here = set(names.findall(entry.msgid + entry.msgid_plural)), set(names.findall(said))
            if not here <= there or (not entry.msgid_plural and there != here):
                wrong.append(entry.msgid)
    assert wrong == []


def test_a_catalogue_is_compiled_when_it_is_newer_and_only_then(tmp_path: Path) -> None:
    place = tmp_path / "zh_Hans" / "LC_MESSAGES"
    place.mkdir(parents=True)
    source = place / "django.po"
    source.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "a"\nmsgstr "甲"\n', "utf-8"
    )
    assert compile_catalogues([tmp_path]) == [source]
    assert compile_catalogues([tmp_path]) == []
    assert [entry.msgstr for entry in polib.mofile(str(place / "django.mo"))] == ["甲"]
    later = (place / "django.mo").stat().st_mtime_ns + 10**9
    os.utime(source, ns=(later, later))
    assert compile_catalogues([tmp_path]) == [source]
    assert [file.name for file in sorted(place.iterdir())] == ["django.mo", "django.po"]


def test_an_installation_that_cannot_be_written_keeps_its_binary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "zh_Hans" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.mo").write_bytes(b"old")
    (place / "django.po").write_text('msgid "a"\nmsgstr "b"\n')
    os.utime(place / "django.mo", ns=(0, 0))
    monkeypatch.setattr("tonghu.platform.web.languages.os.access", lambda *_: False)
    assert compile_catalogues([tmp_path]) == []
    assert (place / "django.mo").read_bytes() == b"old"


def test_django_says_how_to_mend_too() -> None:
    with translation.override("zh-hans"):
        assert translation.gettext("Enter a valid date.") == "不是有效的日期，请按年-月-日填写，例如 2020-06-15。"
