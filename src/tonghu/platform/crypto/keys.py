"""Keys: where they come from, which one writes, which ones still read.

They stand in one JSON file outside the database (``keys/fields.json`` in the site's folder, readable by its owner only)
or are what a command prints (``TONGHU_KEY_COMMAND``, for a key service). Each key has a number that stands in front of
everything written with it. A key that is added begins to write a little later (:data:`LEAD`), when every process has
read it; from then on the newest writes and the older ones read, until nothing is left that needs them.

A running process looks at the file once a second. When the file goes away, it works on with the keys it holds and
:func:`state` says so; a process that holds none answers :class:`KeysMissing` until the file is back.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from django.conf import settings

from tonghu.errors import InputRefused
from tonghu.platform.crypto.ciphers import HASHERS, SEALERS

Use = Literal["seal", "hash"]
#: How long after it was added a key begins to write: longer than any process needs to see it.
LEAD: Final = timedelta(seconds=30)
FILE_SECONDS: Final = 1.0
COMMAND_SECONDS: Final = 60.0
COMMAND_LIMIT: Final = 10.0
DEFAULTS: Final[dict[Use, str]] = {"seal": "SM4-GCM", "hash": "HMAC-SM3"}


class KeysMissing(InputRefused):
    """Keys cannot be read now; nothing is lost, and it works again when they are back."""


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        number: 1 to 65535, never used twice in a site.
        use: ``seal`` or ``hash``.
        algorithm: a name in :data:`~tonghu.platform.crypto.ciphers.SEALERS` or ``HASHERS``.
        secret: the key itself; it is left out of the printed form.
        writes_from: from when on new values are written with it.
    """

    number: int
    use: Use
    algorithm: str
    secret: bytes
    writes_from: datetime

    def __repr__(self) -> str:
        return f"Key({self.number}, {self.use}, {self.algorithm})"

    def fingerprint(self) -> str:
        """Return 16 characters that tell this key from any other and say nothing about it."""
        return HASHERS["HMAC-SM3"].hash(self.secret, b"tonghu key fingerprint")[:8].hex()

    def as_entry(self) -> dict[str, Any]:
        """Return what the file holds of the key."""
        return {
            "number": self.number, "use": self.use, "algorithm": self.algorithm,
            "secret": base64.b64encode(self.secret).decode(), "writes_from": self.writes_from.isoformat(),
        }  # fmt: skip


class Keyring:
    """All keys of a site, in order of their numbers."""

    def __init__(self, keys: list[Key]) -> None:
        self.keys = sorted(keys, key=lambda key: key.number)
        self._by_number = {key.number: key for key in self.keys}
        if len(self._by_number) != len(self.keys):
            raise _unusable("两个密钥编号相同", "two keys have one number")

    def get(self, number: int) -> Key | None:
        """Return the key with a number, or None."""
        return self._by_number.get(number)

    def of(self, use: Use) -> list[Key]:
        """Return the keys of one use, the oldest first."""
        return [key for key in self.keys if key.use == use]

    def writer(self, use: Use) -> Key:
        """Return the key that writes now: the newest whose time has come; the oldest where a clock was set back.

        Raises:
            KeysMissing: there is none.
        """
        known, now = self.of(use), datetime.now(UTC)
        if not known:
            raise _unusable(f"没有用途为 {use} 的密钥", f"no key for {use}")
        return next((key for key in reversed(known) if key.writes_from <= now), known[0])

    def with_new(self, use: Use, *, algorithm: str | None = None, lead: timedelta = LEAD) -> Keyring:
        """Return these keys and a fresh one that writes after `lead`.

        Raises:
            InputRefused: no such algorithm.
        """
        algorithm = algorithm or DEFAULTS[use]
        known = SEALERS if use == "seal" else HASHERS
        if algorithm not in known:
            raise InputRefused(
                f"没有算法 {algorithm}（可用：{'、'.join(known)}）",
                f"No algorithm {algorithm} (there are {', '.join(known)})",
            )
        number = max(self._by_number, default=0) + 1
        secret = secrets.token_bytes(known[algorithm].key_size)
        return Keyring([*self.keys, Key(number, use, algorithm, secret, datetime.now(UTC) + lead)])

    def without(self, number: int) -> Keyring:
        """Return these keys but one."""
        return Keyring([key for key in self.keys if key.number != number])

    def as_text(self) -> str:
        """Return the file's text."""
        return json.dumps({"format": 1, "keys": [key.as_entry() for key in self.keys]}, indent=1)


def fresh_keyring() -> Keyring:
    """Return the keys of a new site: one that seals and one that hashes, writing at once."""
    return Keyring([]).with_new("seal", lead=timedelta(0)).with_new("hash", lead=timedelta(0))


def parse(text: str) -> Keyring:
    """Read keys from their JSON form.

    Raises:
        KeysMissing: it is not that form; the message never holds a piece of the text.
    """
    try:
        keys = [_key(entry) for entry in json.loads(text)["keys"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _unusable("密钥内容格式不对", "the keys are not in the form that is expected") from None
    return Keyring(keys)


def _key(entry: dict[str, Any]) -> Key:
    key = Key(
        number=int(entry["number"]),
        use=entry["use"],
        algorithm=entry["algorithm"],
        secret=base64.b64decode(entry["secret"], validate=True),
        writes_from=datetime.fromisoformat(entry["writes_from"]),
    )
    if not 1 <= key.number <= 0xFFFF or len(key.secret) != _size(key.use, key.algorithm):
        raise ValueError
    if key.writes_from.tzinfo is None:
        raise ValueError
    return key


def _size(use: Use, algorithm: str) -> int:
    """Bytes of a key; KeyError for an unknown use or algorithm."""
    return {"seal": {n: a.key_size for n, a in SEALERS.items()}, "hash": {n: a.key_size for n, a in HASHERS.items()}}[
        use
    ][algorithm]


def key_file() -> Path:
    """Return the file that holds this site's keys."""
    return Path(settings.SITE) / "keys" / "fields.json"


def write(ring: Keyring, place: Path | None = None) -> None:
    """Write the key file, readable by its owner only, whole or not at all."""
    place = place or key_file()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = place.with_suffix(f".{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(ring.as_text())
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(place)


class Source:
    """Reads the keys again when they may have changed, and keeps the last good ones."""

    def __init__(self, read: Callable[[], str], stamp: Callable[[], object], every: float) -> None:
        self._read, self._stamp, self._every = read, stamp, every
        self._lock = threading.Lock()
        self._held: Keyring | None = None
        self._seen: object = None
        self._looked = -1e9
        self._fault: KeysMissing | None = None

    def ring(self, *, now: bool = False) -> Keyring:
        """Return the keys; looks again at once when `now`.

        Raises:
            KeysMissing: none could ever be read by this process.
        """
        if now or self._held is None or time.monotonic() - self._looked > self._every:
            with self._lock:
                self._look()
        if self._held is None:
            assert self._fault is not None
            raise self._fault
        return self._held

    def fault(self) -> KeysMissing | None:
        """Return why the last look failed, or None."""
        return self._fault

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            stamp = self._stamp()
            if self._held is None or stamp != self._seen:
                self._held = parse(self._read())
                self._seen = stamp
            self._fault = None
        except KeysMissing as fault:
            self._fault = fault


def _unusable(zh: str, en: str) -> KeysMissing:
    return KeysMissing(
        f"密钥不可用：{zh}。请放回 {_whence()}，系统随即恢复",
        f"The keys cannot be used: {en}. Put back {_whence()}, and the system works again",
    )


def _whence() -> str:
    return "TONGHU_KEY_COMMAND" if settings.KEY_COMMAND else "keys/fields.json"


def _read_file() -> str:
    try:
        return key_file().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise _unusable("读不到密钥文件", "the key file cannot be read") from None


def _stamp_file() -> object:
    try:
        held = key_file().stat()
    except OSError:
        raise _unusable("密钥文件不见了", "the key file is missing") from None
    return held.st_mtime_ns, held.st_ino, held.st_size


def _run_command() -> str:
    try:
        done = subprocess.run(  # noqa: S603 -- the operator's own command
            shlex.split(settings.KEY_COMMAND), capture_output=True, text=True, timeout=COMMAND_LIMIT, check=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        raise _unusable("取密钥的命令失败", "the command that prints the keys failed") from None
    return done.stdout


_sources: dict[tuple[str, str], Source] = {}


def source() -> Source:
    """Return where this site's keys come from."""
    command = settings.KEY_COMMAND
    name = (command, str(settings.SITE))
    if name not in _sources:
        _sources[name] = (
            Source(_run_command, time.monotonic, COMMAND_SECONDS)
            if command
            else Source(_read_file, _stamp_file, FILE_SECONDS)
        )
    return _sources[name]


def keyring() -> Keyring:
    """Return this site's keys.

    Raises:
        KeysMissing: they cannot be read, and this process holds none.
    """
    return source().ring()


def present() -> Keyring:
    """Return the keys as they stand in their place now; for what must not go by a memory of them.

    Raises:
        KeysMissing: they are not there, whatever this process may still hold.
    """
    if fault := state():
        raise fault
    return source().ring()


def state() -> KeysMissing | None:
    """Look now: None when the keys are there, else what is wrong (the process may still hold the keys and work)."""
    try:
        source().ring(now=True)
    except KeysMissing as fault:
        return fault
    return source().fault()
