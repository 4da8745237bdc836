"""The packaged rules, parsed once for each state of the program, as Python keeps its modules compiled.

Reading YAML and SQL takes a sixth of a second, which every command that asks rules would spend before it begins. So the
parsed rulebook is kept in ``__pycache__`` beside this module, under the hash of all that it follows from: every byte of
the rules, of the dictionaries and clauses that they speak of and of the code that reads them, and the versions of
Python and the parsers. What lies under another hash, or is damaged, is as good as not there. Who could write there
could change the program itself; where nobody may write, rules are parsed at every start.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import pickle
import sys
from collections.abc import Callable
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tonghu.rulebook.rulebook import Rulebook

_PROGRAM = Path(__file__).parents[1]
#: What the parsed rules follow from: these folders, and these libraries.
_FOLDERS = ("rulebook", "codes", "policy")
_PARSERS = ("sqlglot", "PyYAML")
_HASH = hashlib.sha256


def rulebook(name: str, parse: Callable[[], Rulebook]) -> Rulebook:
    """What `parse` makes, or made before of the same rules. `name` tells several choices of packaged rules apart."""
    file = Path(cache_from_source(str(Path(__file__).with_name(f"rules-{name}.py")))).with_suffix(".pickle")
    try:
        key = _key()
    except OSError:  # a file goes while it is looked for: the program is just being changed
        return parse()
    kept = _read(file, key)
    if kept is None:
        kept = parse()
        _write(file, key, kept)
    return kept


def _key() -> bytes:
    """The hash of all that the parsed rules follow from."""
    whole = _HASH(sys.version.encode())
    for parser in _PARSERS:
        whole.update(f"\0{parser} {importlib.metadata.version(parser)}".encode())
    for folder in _FOLDERS:
        for place, folders, names in os.walk(_PROGRAM / folder):
            folders[:] = sorted(set(folders) - {"__pycache__"})
            for name in sorted(names):
                content = Path(place, name).read_bytes()
                whole.update(f"\0{Path(place, name).relative_to(_PROGRAM)} {len(content)}\0".encode())
                whole.update(content)
    return whole.digest()


def _read(file: Path, key: bytes) -> Rulebook | None:
    """The rulebook kept under `key`, if there is one and it is whole."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    size = len(key)
    if content[:size] != key or content[size : 2 * size] != _HASH(content[2 * size :]).digest():
        return None
    found: Rulebook = pickle.loads(content[2 * size :])  # noqa: S301 -- as trusted as the compiled modules beside it
    return found


def _write(file: Path, key: bytes, made: Rulebook) -> None:
    """Keep a rulebook for the next start, whole or not at all."""
    content = pickle.dumps(made, pickle.HIGHEST_PROTOCOL)
    partial = file.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        partial.write_bytes(key + _HASH(content).digest() + content)
        partial.replace(file)
