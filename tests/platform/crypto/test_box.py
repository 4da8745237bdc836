"""Sealing and hashing: what was sealed opens, and nothing else does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tonghu.platform.crypto import keys
from tonghu.platform.crypto.box import CannotOpen, key_number, seal, seal_with, unseal
from tonghu.platform.crypto.ciphers import SEALERS, Altered
from tonghu.platform.crypto.hashing import keyed_hash, keyed_hashes
from tonghu.platform.crypto.keys import Keyring

pytestmark = pytest.mark.usefixtures("site")

#: The site fixture is the same for all examples of a test, and that is meant.
examples = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
NOW = timedelta(0)


@examples
@given(plain=st.binary(max_size=300), place=st.text(max_size=20), algorithm=st.sampled_from(sorted(SEALERS)))
def test_what_was_sealed_opens_again(plain: bytes, place: str, algorithm: str) -> None:
    ring = Keyring([]).with_new("seal", algorithm=algorithm, lead=NOW)
    keys.write(ring.with_new("hash", lead=NOW))
    keys.source().ring(now=True)
    sealed = seal(plain, place)
    assert unseal(sealed, place) == plain
    assert plain not in sealed or len(plain) < 4
    assert seal(plain, place) != sealed  # a fresh nonce every time


@examples
@given(plain=st.binary(max_size=60), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_one_flipped_bit_anywhere_is_found(plain: bytes, at: int, bit: int) -> None:
    sealed = bytearray(seal(plain, "t.c"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(CannotOpen):
        unseal(bytes(sealed), "t.c")


@examples
@given(plain=st.binary(max_size=60), cut=st.integers(min_value=0))
def test_a_shortened_value_is_found(plain: bytes, cut: int) -> None:
    sealed = seal(plain, "t.c")
    with pytest.raises(CannotOpen):
        unseal(sealed[: cut % len(sealed)], "t.c")


def test_a_value_cannot_be_moved_to_another_column() -> None:
    sealed = seal(b"110101201003070020", "patients.number")
    with pytest.raises(CannotOpen, match="altered or moved"):
        unseal(sealed, "patients.phone")


@pytest.mark.parametrize("algorithm", sorted(SEALERS))
def test_another_key_does_not_open(algorithm: str) -> None:
    one = Keyring([]).with_new("seal", algorithm=algorithm, lead=NOW).keys[0]
    other = Keyring([]).with_new("seal", algorithm=algorithm, lead=NOW).keys[0]
    sealed = SEALERS[algorithm].seal(one.secret, b"x", b"")
    with pytest.raises(Altered):
        SEALERS[algorithm].open(other.secret, sealed, b"")
    with pytest.raises(Altered):
        SEALERS[algorithm].open(one.secret, sealed[:10], b"")


def test_a_key_that_is_gone_is_named() -> None:
    stranger = Keyring([]).with_new("seal").with_new("seal").with_new("seal").keys[2]
    with pytest.raises(CannotOpen, match="key 3 is not in the key file"):
        unseal(seal_with(stranger, b"x", "t.c"), "t.c")


def test_a_hash_key_opens_nothing() -> None:
    hash_key = keys.keyring().of("hash")[0]
    sealed = bytearray(seal(b"x", "t.c"))
    sealed[1:3] = hash_key.number.to_bytes(2, "big")
    with pytest.raises(CannotOpen, match="not in the key file"):
        unseal(bytes(sealed), "t.c")


def test_the_key_number_stands_in_front() -> None:
    assert key_number(seal(b"x", "t.c")) == keys.keyring().writer("seal").number
    with pytest.raises(CannotOpen, match="not a sealed value"):
        key_number(b"plain")


def test_sm4_and_sm3_are_the_standards_own() -> None:
    """SM3 of GB/T 32905 (its example A.1) and SM4-GCM of RFC 8998, appendix A.1."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(b"abc")
    assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    sealed = bytes.fromhex(
        "00001234567800000000ABCD"
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15"
        "A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    plain = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    bound = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    assert SEALERS["SM4-GCM"].open(key, sealed, bound) == plain


def test_one_number_hashes_alike_however_it_is_written_and_differently_for_each_purpose() -> None:
    plain = keyed_hash("11010120100307002X", "identifier")
    assert keyed_hash(" １１０１０１２０１００３０７００２ｘ ", "identifier") == plain
    assert keyed_hash("11010120100307002X", "tail") != plain
    assert keyed_hash("110101201003070038", "identifier") != plain
    assert len(plain) == 18


def test_during_a_change_of_keys_both_hashes_are_found_and_the_newest_is_written() -> None:
    before = keyed_hash("x", "p")
    keys.write(keys.keyring().with_new("hash", lead=NOW))
    keys.source().ring(now=True)
    assert keyed_hashes("x", "p") == [before, keyed_hash("x", "p")]
    assert keyed_hash("x", "p") != before


def test_nobody_without_the_key_can_work_a_hash_out(tmp_path: Path) -> None:
    before = keyed_hash("x", "p")
    keys.write(keys.fresh_keyring())
    keys.source().ring(now=True)
    assert keyed_hash("x", "p")[2:] != before[2:]
