"""A mistyped command line: one line in both languages that says what was meant, and exit code 2."""

from __future__ import annotations

import pytest

from tonghu import cli
from tonghu.arguments import Arguments


def refused(capsys, *words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    zh, _, en = line.partition(" / ")
    assert "用法见 tonghu" in zh
    assert "see tonghu" in en
    assert en.isascii() or "“" in en
    return line


@pytest.mark.parametrize(
    ("words", "zh", "en"),
    [
        ("", "请给出命令：demo、", "name a command: demo, "),
        ("hqsm", "没有命令“hqsm”，是否为 hqms？可选：", "no command “hqsm”; did you mean hqms?"),
        ("zzz", "没有命令“zzz”，可选：demo", "no command “zzz”; choose from demo"),
        ("hqms", "tonghu hqms：请给出命令：check", "name a command: check"),
        ("hqms check", "缺少 FILE、--out", "FILE, --out missing"),
        ("hqms check f --out", "--out 后面缺少值", "--out needs a value"),
        ("hqms check f --out o --mrak", "不认识“--mrak”，是否为 --mark？", "did you mean --mark?"),
        ("hqms check f --out o --xyzzy=1", "不认识“--xyzzy=1”（", "“--xyzzy=1” is not known ("),
        ("hqms check f g --out o", "多出了“g”；文件名或目录名含空格时请加引号", "“g” is too much"),
        ("keys add hash", "“hash”前面缺少选项，应写 --use hash", "“hash” lacks its option: write --use hash"),
        ("hqms check f --out o --a 1", "--a 不明确，可能是 --all-rows、", "--a may be any of --all-rows"),
        ("hqms check f --out o --mark=3", "--mark 后面不能有值“3”", "--mark takes no value"),
        ("demo --rows many", "--rows 应为整数，而不是“many”", "--rows should be a whole number"),
        ("demo --layout 2013", "--layout 不能是“2013”，是否为 2012？可选：2012、2020", "Choose from 2012, 2020"),
        ("synth --rows many --out x", "--rows：“many”应为非负整数", "--rows: 'many' is not a whole number"),
        ("rules run", "tonghu rules run：缺少 --facts", "--facts missing"),
    ],
)
def test_what_was_meant_is_said(words, zh, en, capsys):
    line = refused(capsys, *words.split())
    assert zh in line
    assert en in line


def test_what_argparse_says_otherwise_is_passed_on(capsys):
    parser = Arguments(prog="tonghu")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--a", action="store_true")
    one.add_argument("--b", action="store_true")
    with pytest.raises(SystemExit):
        parser.parse_args(["--a", "--b"])
    assert "命令写法有误（argument --b: not allowed with argument --a）" in capsys.readouterr().err


def test_help_and_version_are_no_errors(capsys):
    for words in (["--help"], ["hqms", "check", "--help"], ["--version"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(words)
        assert stopped.value.code == 0
        assert capsys.readouterr().err == ""
