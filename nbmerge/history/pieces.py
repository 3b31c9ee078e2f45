"""Owns: the pieces that versions are made of: where bytes are cut, how pieces and lists of their ids are
packed, and the tables in which each piece is kept once, whatever notebooks it is in.

Must not know: notebooks (any bytes are cut), what versions mean.  Invariant: the pieces joined are the
bytes.  Unpacking gives back what was packed, or raises ValueError or TypeError if it was something else.
A piece is there as long as some recipe names it; `use` says for each notebook (`book`) which newest
version names it, NULL being the newest of the notebook, so that a record touches only the pieces that
came or went.  The caller is in a transaction.

Content-defined chunking (as in LBFS, rsync, restic), but instead of rolling a hash over each byte the
places are those where notebooks change: between JSON objects that follow each other, and between lines
or strings within a large one.  Of these so many are taken, by checksum, that a piece has about so many
bytes as is aimed at; what is larger by itself stands alone.  Whether there is a cut depends on the text
beside it alone, so an edit moves only the cuts around it.  Lines that are blank, or repeat the one before,
are not taken: a million of them would be a million pieces.
"""

from __future__ import annotations

import re
import sys
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from io import BytesIO
from itertools import accumulate, islice
from zlib import crc32

from nbmerge.history.database import Database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Item = TypeVar("Item")

HUGE = 8 << 20  # bytes; from here on speed and memory count more than size
FINE, COARSE = 1 << 11, 1 << 14  # bytes; coarse where huge, for a recipe names each piece
LONGEST = 1 << 16  # a piece is never longer
WINDOW = 1 << 18  # so that the lines of a huge text are never all in memory
BETWEEN = re.compile(rb"\},\s*(?=\{)")
REACH = 1 << 14  # bytes: how far, and
AHEAD = 8  # for how many known pieces, an edit is looked past
TELLING = 64  # bytes; shorter pieces stand in many places
_OF_NOTHING = crc32(b"")  # 0
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
        before = _OF_NOTHING
        for size, checksum in _lines(data, start, end, separators[0]):
            if size >= target:
                yield start
                yield from _within(data, (start, start + size), target, separators[1:])
            elif checksum < size << shift and checksum not in (_OF_NOTHING, before):
                yield start + size  # after a blank line, or the same one again, would be everywhere
            before = checksum or before
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


BATCH = 250  # statements have room for so many values


@dataclass(frozen=True, slots=True, eq=False)
class StoredContent:
    """The ids of a version's pieces, and the pieces unless they are too large to be held, or unknown; `added`
    are the bytes of those that were new, as they are kept."""

    ids: Sequence[int] = ()
    pieces: Sequence[bytes] = ()
    added: int = 0


def keep(
    database: Database, notebook_id: int, data: bytes, last: int, before: StoredContent
) -> StoredContent:
    """Keep the bytes; `before` is the content of `last`, the notebook's newest version."""
    ids: list[int] = []
    pieces: list[bytes] = []
    sizes: list[int] = []
    level = QUICK if len(data) > HUGE else THOROUGH

    def packed(piece: bytes) -> bytes:
        found = pack(piece, level)
        sizes.append(len(found))
        return found

    for batch in _batches(cut_again(data, before.pieces)):
        ids.extend(_ids(database, notebook_id, batch, before.ids, packed))
        if len(data) <= HUGE:
            pieces.extend(piece for piece, _ in batch)
    old, new = set(before.ids), set(ids)
    database.run_all(
        "INSERT INTO use (piece, book) VALUES (?, ?) ON CONFLICT (piece, book) DO UPDATE SET last = NULL",
        [(one, notebook_id) for one in sorted(new - old)],
    )
    database.run_all(
        "UPDATE use SET last = ? WHERE piece = ? AND book = ?",
        [(last, one, notebook_id) for one in sorted(old - new)],
    )
    return StoredContent(ids, pieces, sum(sizes))


def _ids(
    database: Database,
    notebook_id: int,
    batch: Sequence[tuple[bytes, int | None]],
    before: Sequence[int],
    packed: Callable[[bytes], bytes],
) -> Iterator[int]:
    def name(piece: bytes) -> bytes:
        return database.piece_name(notebook_id, blake2b(piece, digest_size=20).digest())

    names = [b"" if same is not None else name(piece) for piece, same in batch]
    new = zip(names, batch, strict=True)
    known = database.pieces({one: partial(packed, piece) for one, (piece, _) in new if one})
    for one, (_, same) in zip(names, batch, strict=True):
        yield known[one] if same is None else before[same]


class PieceReader:
    """Reads the pieces of one version after another; those that the last one had, too, are the same
    objects."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[int, bytes] = {}

    def pieces(self, recipe: bytes) -> list[bytes]:
        """The pieces that a recipe names.  Raises ValueError or TypeError if one is missing or broken."""
        ids = unpack_ids(recipe)
        found = {one: self._known[one] for one in ids if one in self._known}
        for batch in _batches([one for one in dict.fromkeys(ids) if one not in found]):
            query = f"SELECT id, data FROM piece WHERE id IN ({_marks(batch)})"
            found |= {one: unpack(data) for one, data in self._database.rows(query, *batch)}
        self._known = found
        try:
            return [found[one] for one in ids]
        except KeyError:
            raise ValueError("a piece is missing") from None


def fetch(database: Database, recipe: bytes) -> bytes:
    """The bytes that a recipe stands for.  Raises ValueError or TypeError if a piece is missing or broken."""
    whole = BytesIO()
    for batch in _batches(unpack_ids(recipe)):
        found = dict(database.rows(f"SELECT id, data FROM piece WHERE id IN ({_marks(batch)})", *batch))
        for one in batch:
            if one not in found:
                raise ValueError("a piece is missing")
            whole.write(unpack(found[one]))
    return whole.getvalue()


def drop_unused_pieces(database: Database, notebook_id: int, dropped: Sequence[int]) -> None:
    """Remove the pieces that only the dropped versions of the notebook needed; their recipes are gone."""
    used: dict[int, int] = {}
    for batch in _batches(dropped):
        query = f"SELECT piece, last FROM use WHERE book = ? AND last IN ({_marks(batch)})"
        used |= database.rows(query, notebook_id, *batch)
    below = max(used.values(), default=0)
    kept = "SELECT number, recipe FROM version WHERE book = ? AND number < ? AND recipe IS NOT NULL"
    for number, recipe in database.rows(f"{kept} ORDER BY number DESC", notebook_id, below):
        still = [one for one in set(unpack_ids(recipe)) if used.get(one, 0) > number]
        rows = [(number, one, notebook_id) for one in still]
        database.run_all("UPDATE use SET last = ? WHERE piece = ? AND book = ?", rows)
        for one in still:
            del used[one]
    for pieces in _batches(sorted(used)):
        marks = _marks(pieces)
        database.run(f"DELETE FROM use WHERE book = ? AND piece IN ({marks})", notebook_id, *pieces)
        database.run(
            f"DELETE FROM piece WHERE id IN ({marks}) "
            f"AND id NOT IN (SELECT piece FROM use WHERE piece IN ({marks}))",
            *pieces,
            *pieces,
        )


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _batches(many: Iterable[Item]) -> Iterator[list[Item]]:
    items = iter(many)
    while batch := list(islice(items, BATCH)):
        yield batch
