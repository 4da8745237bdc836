"""Sets of places in a block of bytes, kept as bits: how many lie before a place, and where the n-th lies.

Everything works on whole blocks at once, so that knowing every cell of a gigabyte costs a fraction of a second.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

# Small enough that a slice, its mask and its bits stay in the processor's cache; large enough that other threads,
# which may take the interpreter after each, do not take it all the time.
SLICE: Final = 1 << 20

# What a word is multiplied with, or masked by: so many bits in each byte.
_ONES: Final = np.uint64(0x0101010101010101)
_PAIRS: Final = np.uint64(0x3333333333333333)
_ODD: Final = np.uint64(0x5555555555555555)
_LOW: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_TOPS: Final = np.uint64(0x8080808080808080)
_BYTE: Final = np.uint64(0xFF)
# [n * 256 + byte]: the place of the n-th set bit of a byte.
_NTH_BIT: Final = np.array(
    [([at for at in range(8) if byte >> at & 1] + [0] * 8)[n] for n in range(8) for byte in range(256)], np.int64
)


def places_of(array: npt.NDArray[np.uint8], byte: int) -> Bits:
    """A bit for every byte of `array`, set where it is `byte`, padded with zeros."""
    packed = np.empty((len(array) // 64 + 1) * 8, np.uint8)
    packed[-9:] = 0
    for begin in range(0, len(array), SLICE):
        bits = np.packbits(array[begin : begin + SLICE] == byte, bitorder="little")
        packed[begin // 8 : begin // 8 + len(bits)] = bits
    return packed.view(np.uint64)


def parity(bits: Bits) -> Bits:
    """A bit for every place, set where the number of set bits up to and with it is odd: inside quotation marks."""
    words = bits.copy()
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - odd[:-1]
    return words


def one_later(bits: Bits) -> Bits:
    """Every bit moved to the next place."""
    moved = bits << np.uint64(1)
    moved[1:] |= bits[:-1] >> np.uint64(63)
    return moved


def one_earlier(bits: Bits) -> Bits:
    """Every bit moved to the place before."""
    moved = bits >> np.uint64(1)
    moved[:-1] |= bits[1:] << np.uint64(63)
    return moved


def listed(bits: Bits) -> Places:
    """The places of all set bits, ascending; quick where they lie far from each other."""
    words = np.flatnonzero(bits != 0)  # numpy walks booleans ten times faster than integers
    left = bits[words]
    found = [np.zeros(0, np.int64)]
    while len(words):  # once for most texts: line ends are seldom within 64 bytes of each other
        lowest = left & (~left + np.uint64(1))
        found.append(words * 64 + np.bitwise_count(lowest - np.uint64(1)))
        left ^= lowest
        more = left != 0
        words, left = words[more], left[more]
    places = np.concatenate(found)
    return places if len(found) <= 2 else np.sort(places)


class Ranked:
    """A set of places that can be counted and looked up by number."""

    def __init__(self, bits: Bits) -> None:
        self._bits = bits
        self._before = np.zeros(len(bits) + 1, np.int32)
        np.cumsum(np.bitwise_count(bits), out=self._before[1:])

    def before(self, places: Places) -> Places:
        """How many of the set lie before each place."""
        word = places >> 6
        below = (np.uint64(1) << (places & 63).astype(np.uint64)) - np.uint64(1)
        return np.asarray(self._before[word] + np.bitwise_count(self._bits[word] & below), np.int64)

    def nth(self, numbers: Places) -> Places:
        """The places with these numbers in the set, counted from 0; there must be so many. Quickest in order."""
        numbers = numbers.astype(np.int32)  # as the counts are: numpy would turn all of them into the wider type
        word = np.searchsorted(self._before, numbers, side="right") - 1
        bits = self._bits[word]
        left = (numbers - self._before[word]).astype(np.uint64)
        # In every byte: how many bits are set in the word up to and with that byte.
        sums = bits - ((bits >> np.uint64(1)) & _ODD)
        sums = (sums & _PAIRS) + ((sums >> np.uint64(2)) & _PAIRS)
        sums = ((sums + (sums >> np.uint64(4))) & _LOW) * _ONES
        passed = np.bitwise_count(((left * _ONES | _TOPS) - sums) & _TOPS).astype(np.uint64) << np.uint64(3)
        left -= (sums << np.uint64(8)) >> passed & _BYTE
        nth = _NTH_BIT[(left << np.uint64(8) | bits >> passed & _BYTE).astype(np.int64)]
        return np.asarray((word << 6) + passed.astype(np.int64) + nth, np.int64)
