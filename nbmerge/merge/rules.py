"""Owns: the rules that make clashing lines one text, and whether merged code may be believed.

Must not know: cells, where the lines stand beyond what is before them in base.
Invariant: every line that only one side added is in what comes out, or it is one line made of both sides'
edits; each rule that was needed says so in words.

The bold rules (tokens, insertions that agree) believe that two changes belong together.  In code they count
only if the whole text that comes out parses where both sides did, which is the same on every Python, for
the grammar is a fixed one of parso, loaded only when a cell needs it.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import align, align_alike, common_ends
from nbmerge.merge.tokens import merge_words
from nbmerge.merge.values import Clash, Decided, Terms, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from nbmerge.merge.values import Lines, Piece


_IMPORT = r"\s*(?:import\s+[\w.]+|from\s+[\w.]+\s+import\s+[^(\\]+$|using\s+[\w.]+|library\(\w+\)|\s*$)"
_TOO_LONG_FOR_WORDS = 20_000  # characters in a region


@frozen
class ByRule:
    """What a clash became, and the rule in words."""

    pieces: tuple[Piece, ...]
    note: str


def by_rule(clash: Clash[Lines], base: Lines, at: int, *, code: bool, bold: bool) -> ByRule | None:
    """The first rule that applies; None if a person has to decide.

    `base` are all its lines; the clash begins at index `at` in it.
    """
    found = _loose_space(clash)
    if found is None and bold:
        found = _imports(clash) or _only_deletions(clash)
        found = found or _agreed_ends(clash) or _one_contains_other(clash)
        found = found or _entries(clash, base, at, code) or _shared_insertions(clash)
        found = found or _common_insertions(clash) or _by_words(clash, code)
    return found


def _loose_space(clash: Clash[Lines]) -> ByRule | None:
    """Space at line ends and blank lines do not clash with anything."""
    law = decide(*clash, plain=_without_loose_space)
    if isinstance(law, Clash):
        return None
    if _without_loose_space(clash.local) == _without_loose_space(clash.remote):
        # whichever side it is on: swapping the sides must not change the lines
        law = Decided(max(clash.local, clash.remote, key=lambda lines: (sum(map(len, lines)), lines)))
    return ByRule((law,), "white space at line ends")


def _without_loose_space(lines: Lines) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]


def _imports(clash: Clash[Lines]) -> ByRule | None:
    """Import lines inserted by both sides are all kept."""
    lines = clash.local + clash.remote
    indents = {line[: len(line) - len(line.lstrip())] for line in lines if line.strip()}
    if clash.base or len(indents) != 1 or not all(map(is_import, lines)):
        return None
    return ByRule((Decided(tuple(dict.fromkeys(lines))),), "imports of both sides")


def is_import(line: str) -> bool:
    """True if this line imports something, or is blank."""
    return bool(re.match(_IMPORT, line))


def _only_deletions(clash: Clash[Lines]) -> ByRule | None:
    """Neither side added anything, and one deleted all that the other did, and more.

    Where each deleted what the other kept, they chose between lines (as two resolutions of
    one conflict do): to delete both choices would lose both.
    """
    kept_by_local = {i for i, _ in align(clash.base, clash.local)}
    kept_by_remote = {i for i, _ in align(clash.base, clash.remote)}
    if len(kept_by_local) < len(clash.local) or len(kept_by_remote) < len(clash.remote):
        return None
    if kept_by_local <= kept_by_remote:
        return ByRule((Decided(clash.local),), "lines deleted by both sides, more by one")
    if kept_by_remote <= kept_by_local:
        return ByRule((Decided(clash.remote),), "lines deleted by both sides, more by one")
    return None


def _agreed_ends(clash: Clash[Lines]) -> ByRule | None:
    """Both began or ended with the same new lines; between them only one side did more."""
    head, tail = common_ends(clash.local, clash.remote)
    end = -tail or None
    inner = decide(clash.base, clash.local[head:end], clash.remote[head:end])
    if not (head or tail) or isinstance(inner, Clash):
        return None
    last = clash.local[len(clash.local) - tail :]
    return _same_but_larger(clash.local[:head] + inner.value + last)


def _one_contains_other(clash: Clash[Lines]) -> ByRule | None:
    """Both made the same change, and one of them added more."""
    for less, more in ((clash.local, clash.remote), (clash.remote, clash.local)):
        if len(less) < len(clash.base) or not any(line.strip() for line in less):
            continue  # what it lacks may be lines of base that it deleted
        if Counter(less) - Counter(more) or len(align(less, more)) < len(less):
            continue
        kept_by_more = {i for i, _ in align(clash.base, more)}
        if kept_by_more <= {i for i, _ in align(clash.base, less)}:
            return _same_but_larger(more)
    return None


def _same_but_larger(lines: Lines) -> ByRule:
    return ByRule((Decided(lines),), "the same change, larger on one side")


def _shared_insertions(clash: Clash[Lines]) -> ByRule | None:
    """All that one side did is to insert lines that the other side inserted too."""
    ours, theirs = (_inserted(clash.base, lines) for lines in (clash.local, clash.remote))
    pairs = align_alike([clash.local[i] for i in ours], [clash.remote[j] for j in theirs])
    if not any(clash.local[ours[x]].strip() for x, _ in pairs):
        return None
    shared = {ours[x] for x, _ in pairs}, {theirs[y] for _, y in pairs}
    for less, added, more, added_too in (
        (clash.local, shared[0], clash.remote, shared[1]),
        (clash.remote, shared[1], clash.local, shared[0]),
    ):
        rest = tuple(line for number, line in enumerate(less) if number not in added)
        if _without_loose_space(rest) == _without_loose_space(clash.base):
            new = set(_inserted(clash.base, more)) - added_too
            kept = [line for number, line in enumerate(more) if number not in new and line.strip()]
            return _same_but_larger(more) if len(align(kept, less)) == len(kept) else None
    return None


def _inserted(base: Lines, side: Lines) -> list[int]:
    kept = {j for _, j in align(base, side)}
    return [j for j in range(len(side)) if j not in kept]


def _entries(clash: Clash[Lines], base: Lines, at: int, code: bool) -> ByRule | None:
    """Items, rows, arguments, names that both sides added to one enumeration."""
    from nbmerge.merge.entries import entries_of_both

    lines = entries_of_both(clash, base, at, code=code)
    return None if lines is None else ByRule((Decided(lines),), "entries of both sides")


def _common_insertions(clash: Clash[Lines]) -> ByRule | None:
    """Both inserted much the same lines: common ones once, the rest beside them."""
    if clash.base:
        return None
    pairs = align_alike(clash.local, clash.remote)
    weight = sum(bool(clash.local[i].strip()) for i, _ in pairs)
    smaller = min(sum(bool(x.strip()) for x in lines) for lines in (clash.local, clash.remote))
    if not weight or 2 * weight < smaller or _cross(clash, pairs):
        return None
    pieces: list[Piece] = []
    i = j = 0
    for next_i, next_j in [*pairs, (len(clash.local), len(clash.remote))]:
        ours, theirs = clash.local[i:next_i], clash.remote[j:next_j]
        pieces.append(Clash((), ours, theirs) if ours and theirs else Decided(ours or theirs))
        pieces.append(Decided(clash.local[next_i : next_i + 1]))
        i, j = next_i + 1, next_j + 1
    return ByRule(tuple(pieces), "much the same lines inserted by both sides")


def _cross(clash: Clash[Lines], pairs: list[tuple[int, int]]) -> bool:
    """True if a line stands on both sides, but in another order among the others."""
    paired = {i for i, _ in pairs}, {j for _, j in pairs}
    left = {line for i, line in enumerate(clash.local) if i not in paired[0]}
    return any(line in left for j, line in enumerate(clash.remote) if j not in paired[1])


def _by_words(clash: Clash[Lines], code: bool) -> ByRule | None:
    """Edits in the same lines that are separated by something both sides left alone."""
    texts = Terms("\n".join(clash.base), "\n".join(clash.local), "\n".join(clash.remote))
    if not all(texts) or sum(map(len, texts)) > _TOO_LONG_FOR_WORDS:
        return None
    merged = merge_words(texts, code=code)
    lines = tuple(merged.split("\n")) if merged is not None else ()
    if merged is None or adds_twice(clash, lines):
        return None
    note = "different parts of one line" if code else "different words of one line"
    return ByRule((Decided(lines),), note)


def adds_twice(texts: Terms[Lines], merged: Lines) -> bool:
    """True if a line that both sides added stands more often than on either side."""
    b, l, r, m = (Counter(lines) for lines in (*texts, merged))
    return any(
        b[line] < min(l[line], r[line]) and count > max(l[line], r[line])
        for line, count in m.items()
        if any(map(str.isalnum, line))
    )


GRAMMAR = "3.13"
_TOO_LONG = 200_000  # characters; parsing more would take seconds, and such a cell is no code
_SHELL_ASSIGNMENT = r"[\w.,\s]+=\s*[%!]"
_CELL_MAGIC = r"\s*%%(\w*)[^\n]*(?:\n|$)"
_PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun"})


def guard(python: bool, *sides: str) -> Callable[[str], bool]:
    """A judge for merged texts of one cell whose sides are given."""

    def accept(merged: str) -> bool:
        if not python:
            return True
        if len(merged) > _TOO_LONG:
            return False
        try:
            known = frozenset[str]().union(*map(faults, sides))
            return faults(merged) <= known
        except RecursionError:  # code nested as deeply as this is not worth the risk
            return False

    return accept


@lru_cache(maxsize=64)
def faults(source: str) -> frozenset[str]:
    """What is wrong with the source as Python, magics and shell lines set aside.

    Notebooks hold code that no Python file could (`await` at the top): a fault that a
    side has already is none of the merge's.
    """
    magic = re.match(_CELL_MAGIC, source)
    if magic:
        if magic.group(1) not in _PYTHON_MAGICS:
            return frozenset()
        source = source[magic.end() :]
    grammar = _grammar()
    module = grammar.parse("\n".join(map(_as_python, source.split("\n"))) + "\n")
    return frozenset(str(found.message) for found in grammar.iter_errors(module))


def _as_python(line: str) -> str:
    """The line, or `pass` in place of what only IPython understands."""
    text = line.strip()
    asks = text.endswith("?") and not any(sign in text for sign in "#'\"")
    if text.startswith(("%", "!", "?")) or asks or re.match(_SHELL_ASSIGNMENT, text):
        return line[: len(line) - len(line.lstrip())] + "pass"
    return line


@lru_cache(maxsize=1)
def _grammar() -> Any:
    from parso.grammar import load_grammar

    return load_grammar(version=GRAMMAR)
