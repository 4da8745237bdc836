"""The sealed form: what was written comes back, and nothing else ever does."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from tonghu.platform.crypto.ciphers import NONCE, SEALERS, TAG, Altered
from tonghu.platform.files import sealed
from tonghu.platform.files.sealed import MARK, Sealing, new_key, opened

PIECE = 64
pytestmark = pytest.mark.parametrize("algorithm", sorted(SEALERS))


class OnDisk(io.BytesIO):
    def fileno(self) -> int:
        return 1


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "PIECE", PIECE)
    monkeypatch.setattr(sealed.os, "fsync", lambda handle: None)


def seal(parts: list[bytes], key: bytes, algorithm: str, place: str = "p") -> tuple[bytes, Sealing, str]:
    out = OnDisk()
    sealing = Sealing(cast(BinaryIO, out), key=key, algorithm=algorithm, place=place)
    for part in parts:
        sealing.write(part)
    digest = sealing.finish()
    return out.getvalue(), sealing, digest


def read(path: Path, key: bytes, algorithm: str, place: str = "p") -> bytes:
    return b"".join(opened(path, key=key, algorithm=algorithm, place=place))


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(parts=st.lists(st.binary(max_size=3 * PIECE), max_size=6))
def test_what_was_written_comes_back_however_it_came_in(parts: list[bytes], algorithm: str, tmp_path: Path) -> None:
    key = new_key(algorithm)
    body, sealing, digest = seal(parts, key, algorithm)
    (tmp_path / "f").write_bytes(body)
    plain = b"".join(parts)
    assert read(tmp_path / "f", key, algorithm) == plain
    assert (sealing.size, digest) == (len(plain), hashlib.sha256(plain).hexdigest())
    assert plain[:20] not in body or len(plain) < 20


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(data=st.data())
def test_nothing_else_comes_back(data: Any, algorithm: str, tmp_path: Path) -> None:
    """Flipped, cut, lengthened, pieces swapped, dropped or doubled: the reader says so."""
    key = new_key(algorithm)
    plain = data.draw(st.binary(min_size=PIECE + 1, max_size=4 * PIECE))
    body, _, _ = seal([plain], key, algorithm)
    step = PIECE + NONCE + TAG
    pieces = [body[at : at + step] for at in range(len(MARK), len(body), step)]
    harm = data.draw(st.sampled_from(["flip", "cut", "lengthen", "swap", "drop", "double"]))
    if harm == "flip":
        at = data.draw(st.integers(0, len(body) - 1))
        body = body[:at] + bytes([body[at] ^ (1 << data.draw(st.integers(0, 7)))]) + body[at + 1 :]
    elif harm == "cut":
        body = body[: data.draw(st.integers(0, len(body) - 1))]
    elif harm == "lengthen":
        body += data.draw(st.binary(min_size=1, max_size=step))
    else:
        first = data.draw(st.integers(0, len(pieces) - 2))
        if harm == "swap":
            pieces[first], pieces[first + 1] = pieces[first + 1], pieces[first]
        elif harm == "drop":
            del pieces[first]
        else:
            pieces.insert(first, pieces[first])
        body = MARK + b"".join(pieces)
    (tmp_path / "f").write_bytes(body)
    with pytest.raises(Altered):
        read(tmp_path / "f", key, algorithm)


def test_a_file_does_not_open_in_the_place_or_with_the_key_of_another(algorithm: str, tmp_path: Path) -> None:
    key = new_key(algorithm)
    (tmp_path / "f").write_bytes(seal([b"x" * 100], key, algorithm)[0])
    with pytest.raises(Altered):
        read(tmp_path / "f", key, algorithm, place="q")
    with pytest.raises(Altered):
        read(tmp_path / "f", new_key(algorithm), algorithm)


def test_head_and_tail_are_the_first_and_last_bytes(algorithm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "LOOK", 10)
    _, sealing, _ = seal([b"0123", b"456789abc", b"def"], new_key(algorithm), algorithm)
    assert (sealing.head, sealing.tail) == (b"0123456789", b"6789abcdef")
