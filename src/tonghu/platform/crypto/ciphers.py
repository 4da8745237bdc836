"""The algorithms, behind one interface each, so that a certified module can take their place (GB/T 39786).

Authenticated encryption: SM4-GCM (the default) and AES-256-GCM; keyed hashes: HMAC-SM3 and HMAC-SHA-256. All of them
are `cryptography`'s; here is only their choice by name.
"""

from __future__ import annotations

import os
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
TAG = 16


class Altered(Exception):  # noqa: N818 -- it names what happened
    """The ciphertext, what it is bound to, or the key is not what it was when it was sealed."""


class Sealer(Protocol):
    """Authenticated encryption with a key of `key_size` bytes; sealed is nonce, ciphertext, tag."""

    key_size: int

    def seal(self, key: bytes, plain: bytes, bound: bytes) -> bytes:
        """Encrypt `plain` under a fresh nonce, so that it opens only with the same key and the same `bound`."""
        ...

    def open(self, key: bytes, sealed: bytes, bound: bytes) -> bytes:
        """Decrypt.

        Raises:
            Altered: anything differs from what was sealed.
        """
        ...


class Hasher(Protocol):
    """A keyed hash of 32 bytes."""

    key_size: int

    def hash(self, key: bytes, text: bytes) -> bytes:
        """Return the hash of `text` under `key`."""
        ...


class Aes256Gcm:
    """AES-256 in Galois/counter mode (NIST SP 800-38D)."""

    key_size = 32

    def seal(self, key: bytes, plain: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + AESGCM(key).encrypt(nonce, plain, bound)

    def open(self, key: bytes, sealed: bytes, bound: bytes) -> bytes:
        if len(sealed) < NONCE + TAG:
            raise Altered
        try:
            return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], bound)
        except InvalidTag:
            raise Altered from None


class Sm4Gcm:
    """SM4 (GB/T 32907) in Galois/counter mode (GB/T 36624)."""

    key_size = 16

    def seal(self, key: bytes, plain: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        work = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(bound)
        return nonce + work.update(plain) + work.finalize() + work.tag

    def open(self, key: bytes, sealed: bytes, bound: bytes) -> bytes:
        if len(sealed) < NONCE + TAG:
            raise Altered
        work = Cipher(algorithms.SM4(key), modes.GCM(sealed[:NONCE], sealed[-TAG:])).decryptor()
        work.authenticate_additional_data(bound)
        try:
            return work.update(sealed[NONCE:-TAG]) + work.finalize()
        except InvalidTag:
            raise Altered from None


class _Hmac:
    key_size = 32

    def __init__(self, algorithm: hashes.HashAlgorithm) -> None:
        self._algorithm = algorithm

    def hash(self, key: bytes, text: bytes) -> bytes:
        work = hmac.HMAC(key, self._algorithm)
        work.update(text)
        return work.finalize()


SEALERS: Final[dict[str, Sealer]] = {"SM4-GCM": Sm4Gcm(), "AES-256-GCM": Aes256Gcm()}
HASHERS: Final[dict[str, Hasher]] = {"HMAC-SM3": _Hmac(hashes.SM3()), "HMAC-SHA-256": _Hmac(hashes.SHA256())}
