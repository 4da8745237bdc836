"""The `tonghu` command: finds the capability that a word names, and hands over.

Each capability has a ``commands.py`` with ``add_commands(parser)``; it is imported only when its word is used, so
that one command never pays for the start-up of another.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from tonghu import __version__
from tonghu.arguments import Arguments
from tonghu.errors import InputRefused, of_the_system
from tonghu.leaving import leave, without_core_dumps

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("tonghu.demo", "演示：从文件到结果 · from a file to the results"),
    "site": ("tonghu.config.commands", "网站：启动、状态、升级、备份 · the site: up, status, migrate, backup"),
    "keys": (
        "tonghu.config.key_commands",
        "加密密钥：列出、新增、轮换、删除 · keys: list, add, rotate, forget",
    ),
    "audit": ("tonghu.config.audit_commands", "操作日志：检查是否被改动 · the log of acts: was it changed"),
    "hqms": (
        "tonghu.hqms.commands",
        "出院病案首页文件：检查、筛查、标注 · discharge files: check, screen, mark",
    ),
    "tumours": ("tonghu.tumours.commands", "肿瘤编码：ICCC-3 分类、校验 · tumour codes: classify, check"),
    "rules": (
        "tonghu.rulebook.commands",
        "规则库：列出、查看、测试、运行、回放 · the rules: list, show, test, run, replay",
    ),
    "policy": ("tonghu.policy.commands", "政策条款 · the clauses of the policies"),
    "codes": ("tonghu.codes.commands", "代码表与字段字典 · code tables and field dictionaries"),
    "synth": ("tonghu.synth.commands", "虚构数据：生成样例文件 · made-up hospitals and discharge files"),
}

#: Words that neither start processes nor leave anything to clear away at the end of their own.
ENGINES = frozenset({"hqms", "tumours", "rules"})

#: Words after which a site has ended in order, and Django's heap is left: see :mod:`tonghu.leaving`.
SITES = frozenset({"demo", "site"})

#: Who reads a user's file into typed tables of a schema's facts, for `tonghu rules replay`; imported only then, and
#: named here because the rulebook below must not know the engines above it.
FACTS_READERS = {"hqms_stay": "tonghu.hqms.facts:tables"}


def build_parser(word: str | None) -> argparse.ArgumentParser:
    """The whole parser, with the sub-commands of `word` alone filled in (all others stay one line each)."""
    parser = Arguments(
        prog="tonghu", description="童护 Tonghu · 儿童白血病、血液病与肿瘤的登记与救治 · registry and care"
    )
    parser.add_argument("--version", action="version", version=f"tonghu {__version__}")
    words = parser.add_subparsers(dest="word", metavar="COMMAND", required=True)
    for name, (module, help_text) in COMMANDS.items():
        sub = words.add_parser(name, help=help_text, description=help_text)
        if name == word:
            importlib.import_module(module).add_commands(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code: 0 done, 2 refused with one line on stderr."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    word = next((a for a in arguments if not a.startswith("-")), None)
    args = build_parser(word).parse_args(arguments, argparse.Namespace(facts_readers=FACTS_READERS))
    try:
        code: int = args.run(args)
    except InputRefused as refused:
        print(refused, file=sys.stderr)
        return 2
    except BrokenPipeError:
        _heard_enough()
        return 0
    except OSError as fault:
        if not (said := of_the_system(fault, "?")):
            raise
        print(said, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("已中断 / Interrupted", file=sys.stderr)
        return 130
    return code


def _heard_enough() -> None:
    """`tonghu … | head` closes our output early: not an error, and what is still to be said goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> NoReturn:
    """Run one command and end the process. Raises SystemExit, or ends without unwinding.

    The engines' words end by ``os._exit`` once all is written: the kernel takes the memory of a million rows back
    at once, where the interpreter would first take its own heap apart piece by piece (0.13 s of a run of 2.5 s).
    """
    without_core_dumps()
    try:
        code = main()
    finally:
        try:
            sys.stdout.flush()  # short answers meet a closed pipe here, not in the interpreter's last breath
        except BrokenPipeError:
            _heard_enough()
    if sys.argv[1:2] and sys.argv[1] in ENGINES:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    if sys.argv[1:2] and sys.argv[1] in SITES:
        leave(code)
    raise SystemExit(code)
