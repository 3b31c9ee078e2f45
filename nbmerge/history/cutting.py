"""Owns: where bytes are cut into pieces, so that versions share most of them.

Must not know: notebooks; any bytes are cut.  Invariant: the pieces joined are the bytes; whether
there is a cut depends on the text beside it alone, so an edit moves only the cuts around it.

Content-defined chunking (as in LBFS, rsync, restic), but instead of rolling a hash over each byte
the places are those where notebooks change: between JSON objects that follow each other, and
between lines or strings within a large one.  Of these so many are taken, by checksum, that a
piece has about so many bytes as is aimed at; what is larger by itself stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

HUGE = 8 << 20  # bytes; from here on speed and memory count more than size
FINE, COARSE = 1 << 11, 1 << 14  # bytes; coarse where huge, for a recipe names each piece
LONGEST = 1 << 16  # a piece is never longer
WINDOW = 1 << 18  # so that the lines of a huge text are never all in memory
BETWEEN = re.compile(rb"\},\s*(?=\{)")
REACH = 1 << 14  # bytes: how far, and
AHEAD = 8  # for how many known pieces, an edit is looked past
TELLING = 64  # bytes; shorter pieces stand in many places
SEPARATORS = (b"\n", rb"\n", b'"', b",")  # lines of the file, lines in a string, strings, numbers


def cut(data: bytes, target: int = FINE) -> list[int]:
    """Where the pieces end, ascending; the last is the length.  Of no bytes: no pieces."""
    ends: list[int] = []
    last = 0
    for end in _objects(data, target):
        if end > last:
            ends.extend(range(last + LONGEST, end, LONGEST))
            ends.append(end)
            last = end
    return ends


def cut_again(data: bytes, known: Sequence[bytes]) -> Iterator[tuple[bytes, int | None]]:
    """The pieces of bytes that are mostly the known pieces, each with the number of the known one it is.

    What did not change keeps its cuts: comparing memory takes a tenth of the time of looking for places.
    """
    target = COARSE if len(data) > HUGE else FINE
    place = number = 0
    while place < len(data):
        if number < len(known) and data.startswith(known[number], place):
            yield known[number], number
            place += len(known[number])
            number += 1
        else:
            number, found = _next_known(data, place, known, number)
            start = 0
            changed = data[place:found]
            for end in cut(changed, target):
                yield changed[start:end], None
                start = end
            place = found


def _next_known(data: bytes, place: int, known: Sequence[bytes], number: int) -> tuple[int, int]:
    """Which known piece comes next, and where: one of the next few if it is near, else the first of
    those with which the data end."""
    reach = place + REACH
    for ahead in range(number, min(number + AHEAD, len(known))):
        reach += len(known[ahead])
        if len(known[ahead]) >= TELLING and (found := data.find(known[ahead], place, reach)) >= 0:
            return ahead, found
    stop, first = len(data), len(known)
    while first > number and data.endswith(known[first - 1], place, stop):
        first -= 1
        stop -= len(known[first])
    return first, stop


def _objects(data: bytes, target: int) -> Iterator[int]:
    shift = 33 - target.bit_length()
    start = 0
    for found in BETWEEN.finditer(data):
        end = found.end()
        size = end - start
        if size >= target:
            yield start
            yield from _within(data, (start, end), target, SEPARATORS)
        elif crc32(data[start:end]) < size << shift:
            yield end
        start = end
    yield from _within(data, (start, len(data)), target, SEPARATORS)


def _within(data: bytes, part: tuple[int, int], target: int, separators: Sequence[bytes]) -> Iterator[int]:
    """Ends of pieces of a part that stands alone; the last is its end."""
    start, end = part
    if end - start > 2 * target and separators:
        shift = 33 - target.bit_length()  # a line is taken if its checksum, of 32 bits, is below its share
        for size, checksum in _lines(data, start, end, separators[0]):
            if checksum < size << shift:
                if size >= target:
                    yield start
                    yield from _within(data, (start, start + size), target, separators[1:])
                else:
                    yield start + size
            start += size
    yield end


def _lines(data: bytes, start: int, end: int, separator: bytes) -> Iterator[tuple[int, int]]:
    """Size (with the separator) and checksum of each line; 0 for one that is longer than the window."""
    while start < end:
        stop = _whole_lines(data, start, end, separator)
        if stop - start > WINDOW:
            yield stop - start, 0
        else:
            lines = data[start:stop].split(separator)
            last = lines.pop()
            yield from zip((len(line) + len(separator) for line in lines), map(crc32, lines), strict=True)
            if last:
                yield len(last), crc32(last)
        start = stop


def _whole_lines(data: bytes, start: int, end: int, separator: bytes) -> int:
    """The end of as many lines as fit into the window, or of one that does not."""
    if end - start <= WINDOW:
        return end
    found = data.rfind(separator, start, start + WINDOW)
    if found < 0:
        found = data.find(separator, start + WINDOW - len(separator), end)
    return end if found < 0 else found + len(separator)
