"""Static files: collected when something changed and only then; a missing fetch is one clear refusal."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.contrib.staticfiles.storage import staticfiles_storage

from tonghu.errors import InputRefused
from tonghu.platform.web import assets


@pytest.fixture
def root(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.STATIC_ROOT = tmp_path / "static"
    monkeypatch.setattr(assets, "call_command", lambda *_args, **_options: done.append(1))
    done.clear()
    return Path(settings.STATIC_ROOT)


done: list[int] = []


def test_the_second_time_there_is_nothing_to_do_and_a_change_is_seen(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert assets.collect()
    assert not assets.collect()
    monkeypatch.setattr(assets, "_state", lambda: "changed")
    assert assets.collect()
    assert len(done) == 2


def test_a_collection_that_broke_off_is_done_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assets.collect()

    def broken(*_args: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(assets, "call_command", broken)
    monkeypatch.setattr(assets, "_state", lambda: "changed")
    with pytest.raises(OSError, match="No space"):
        assets.collect()
    monkeypatch.setattr(assets, "call_command", lambda *_args, **_options: None)
    assert assets.collect()


def test_without_the_packages_one_line_says_how_to_fetch_them(settings: Any, tmp_path: Path) -> None:
    settings.FRONTEND = tmp_path
    with pytest.raises(InputRefused) as refused:
        assets.collect()
    assert "vendor/tabler.min.css" in refused.value.zh
    assert "tools/frontend.py" in refused.value.en


@pytest.mark.django_db
def test_modules_import_each_other_by_hashed_names() -> None:
    """So that a browser never mixes two versions."""
    manifest = json.loads((Path(site.STATIC_ROOT) / "staticfiles.json").read_text())["paths"]
    main = (Path(site.STATIC_ROOT) / manifest["web/main.js"]).read_text()
    assert re.findall(r'from "\./keys\.[0-9a-f]{12}\.js"', main)
    charts = (Path(site.STATIC_ROOT) / manifest["web/charts.js"]).read_text()
    assert re.findall(r'import\("\./vega-draw\.[0-9a-f]{12}\.js"\)', charts)
    assert staticfiles_storage.url("web/tokens.css") == f"/static/{manifest['web/tokens.css']}"


@pytest.mark.django_db
def test_no_file_we_serve_names_another_host_to_load_from() -> None:
    for file in Path(site.STATIC_ROOT).rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", file.read_text("utf-8")), file
    for file in Path(site.STATIC_ROOT).glob("web/*.js"):
        text = file.read_text("utf-8")
        assert not re.findall(r"https?://", text), file
        assert "eval(" not in text
        assert "new Function" not in text


def test_state_changes_with_any_source_file(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    settings.STATICFILES_DIRS = [tmp_path / "static"]
    from django.contrib.staticfiles import finders

    finders.get_finder.cache_clear()
    before = assets._state()
    (tmp_path / "static" / "new.css").write_text("a{}")
    assert assets._state() != before
    finders.get_finder.cache_clear()
