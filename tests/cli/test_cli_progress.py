"""Progress: shown to people once something takes long, and gone when it is done."""

from __future__ import annotations

import json

from tonghu import cli, progress


def watched_and_slow(monkeypatch):
    """A clock by which everything takes two seconds, watched by somebody."""
    now = iter(range(0, 1_000_000, 2))
    monkeypatch.setattr(progress.time, "perf_counter", lambda: float(next(now)))
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)


def test_progress_is_shown_after_a_second_and_not_too_often(monkeypatch, capsys):
    clock = iter([0.5, 1.0, 2.0, 2.1, 2.5])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True)
    with progress.Progress("已读 {} 行", "rows read") as shown:
        for rows in (0, 10, 1000, 1500, 2000):
            shown.show(rows)
    told = capsys.readouterr().err
    assert "已读 1,000 行，每秒 667 · rows read" in told
    assert "2,000" in told
    assert "1,500" not in told
    assert "已读 10 " not in told
    assert told.endswith("\r\x1b[K")


def test_nobody_watching_nothing_is_shown(monkeypatch, capsys):
    now = iter(range(0, 100, 2))
    monkeypatch.setattr(progress.time, "perf_counter", lambda: float(next(now)))
    with progress.Progress("已读 {} 行", "rows read") as shown:
        shown.show(1)
    assert capsys.readouterr().err == ""


def test_the_examples_of_the_rules_show_how_far_they_are(monkeypatch, capsys):
    watched_and_slow(monkeypatch)
    assert cli.main(["rules", "test", "--set", "registry.scope"]) == 0
    printed = capsys.readouterr()
    assert "次，每秒" in printed.err
    assert "0 处不符" in printed.out


def test_a_discharge_file_shows_how_far_it_is(monkeypatch, capsys, tmp_path):
    watched_and_slow(monkeypatch)
    file = tmp_path / "made.csv"
    assert cli.main(["synth", "--out", str(file), "--rows", "30"]) == 0
    assert cli.main(["hqms", "check", str(file), "--out", str(tmp_path / "out"), "--mark"]) == 0
    told = capsys.readouterr().err
    assert "已读 30 行" in told
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["in_scope"]
    assert f"已标注 {summary['in_scope'] + summary['undetermined']} 行" in told
