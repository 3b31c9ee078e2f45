"""Owns: how a list of piece ids, and a piece itself, are packed.

Must not know: where they are kept.  Invariant: unpacking gives back what was packed, or
raises ValueError or TypeError if it was something else.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate

RAW, DEFLATED = b"\0", b"\1"
SAMPLE = 2048
HARD = 0.7  # a sample that does not shrink below this: base64, or compressed already
QUICK, THOROUGH = 1, 6  # zlib's levels


def pack_ids(ids: Sequence[int]) -> bytes:
    """Neighbouring pieces mostly have neighbouring ids: their differences, sign last, the high
    bytes of all apart from the low ones, deflated."""
    steps = (now - before for before, now in zip((0, *ids), ids, strict=False))
    numbers = array("Q", [step << 1 if step >= 0 else ~step << 1 | 1 for step in steps])
    if sys.byteorder == "big":
        numbers.byteswap()
    raw = numbers.tobytes()
    return zlib.compress(b"".join(raw[plane::8] for plane in range(8)), 9)


def unpack_ids(packed: bytes) -> list[int]:
    """The ids in their order."""
    planes = _inflated(packed, zlib.MAX_WBITS)
    size = len(planes) // 8
    raw = bytearray(len(planes))
    for plane in range(8):
        raw[plane::8] = planes[plane * size : (plane + 1) * size]
    numbers = array("Q", bytes(raw))
    if sys.byteorder == "big":
        numbers.byteswap()
    return list(accumulate(number >> 1 ^ -(number & 1) for number in numbers))


def pack(piece: bytes, level: int) -> bytes:
    """The piece, deflated unless that gains little: pictures are base64 of what is deflated already."""
    middle = len(piece) // 2
    sample = piece[max(0, middle - SAMPLE // 2) : middle + SAMPLE // 2]
    strategy = zlib.Z_DEFAULT_STRATEGY
    if len(piece) >= SAMPLE and len(zlib.compress(sample, QUICK)) > HARD * len(sample):
        if level == QUICK:
            return RAW + piece
        strategy = zlib.Z_HUFFMAN_ONLY  # the 6 bits of 8 that base64 uses, five times as fast
    deflate = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    packed = deflate.compress(piece) + deflate.flush()
    return DEFLATED + packed if len(packed) < len(piece) else RAW + piece


def unpack(packed: bytes) -> bytes:
    """The piece."""
    return packed[1:] if packed[:1] == RAW else _inflated(memoryview(packed)[1:], -zlib.MAX_WBITS)


def _inflated(packed: bytes | memoryview, bits: int) -> bytes:
    try:
        return zlib.decompress(packed, bits)
    except zlib.error as error:
        raise ValueError(str(error)) from error
