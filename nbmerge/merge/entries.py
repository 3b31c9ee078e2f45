"""Owns: entries that both sides added to one enumeration: all are kept, local's first.

Must not know: the text around, beyond the bracket that is open there.
Invariant: nothing of base is gone; no entry stands twice; two entries that may be one, said
in two ways (the same key, much the same words), stay for a person to decide.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from nbmerge.frozen import frozen
from nbmerge.merge.tokens import code_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from nbmerge.merge.values import Clash, Lines

    Patterns: TypeAlias = tuple[re.Pattern[str], ...]

_ITEM = re.compile(r"(?P<kind>\s*(?:[-*+]|\d+[.)])\s+)(?P<text>\S.*)")
_ROW = re.compile(r"(?P<kind>\s*\|)(?P<text>[^|]*\S[^|]*)\|.*\|\s*")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)")
_LITERAL = r"""(?:[rbuf]*'[^'\\]*'|[rbuf]*"[^"\\]*"|[-+]?[\d.]+)"""
_KEYWORD = re.compile(r"(?P<kind>\s*)(?P<text>[A-Za-z_]\w*)\s*=(?!=).*,\s*(?:\#.*)?")
_MEMBER = re.compile(rf"(?P<kind>\s*)(?P<text>{_LITERAL}|\w+)\s*:.*,\s*(?:\#.*)?")
_ELEMENT = re.compile(rf"(?P<kind>\s*)(?P<text>{_LITERAL}|[\w.]+(?:\(.*\))?)\s*,\s*(?:\#.*)?")
_INSTALL = r"\s*[%!]?\s*(?:python\d?\s+-m\s+|uv\s+)?(?:pip\d?|conda|mamba)\s+install\s+"
_INSTALLED = re.compile(rf"(?P<kind>{_INSTALL})(?P<text>[^#;&|]*)")
_IN_ONE_LINE = (
    (re.compile(rf"({_INSTALL})([^#;&|]*?)(\s*)"), " "),
    (re.compile(r"(\s*from\s+\S+\s+import\s+)([\w\s,]+?)(\s*)"), ", "),
    (re.compile(r"(\s*__all__\s*=\s*[\[(]\s*)([^\[\]()#]*?)(\s*[\])]\s*)"), ", "),
)
_STARTS = (_INSTALL, r"[^=]*,\s*(?:#|$)", r"\s*\w+\s*=", rf"\s*(?:{_LITERAL}|\w+)\s*(?::|$)")
_SIGHT = 500  # lines before, in which the open bracket is looked for
_TOO_MANY = 10_000  # pairs of entries
_SAME_WORDS = 0.6  # of two items; above it they are one item, reworded


@frozen
class _Entry:
    """An item with its lines; items of one `kind` (marker and indentation) stand in one enumeration."""

    kind: str
    key: str
    lines: Lines


def entries_of_both(clash: Clash[Lines], whole: Lines, at: int, *, code: bool) -> Lines | None:
    """The entries that both sides added; None if they added something else, or changed more.

    `whole` is base, in which these lines begin at index `at`.
    """
    base, local, remote = clash
    if code and len(base) == len(local) == len(remote) == 1:
        line = _in_one_line(base[0], local[0], remote[0])
        return None if line is None else (line,)
    if len(base) > 1:
        return None
    if not code:
        patterns: Patterns = (_ITEM, _ROW)
    elif not _may_be_entries(local + remote) or (base and not local[:1] == remote[:1] == (f"{base[-1]},",)):
        return None
    else:
        patterns = _fitting(whole[max(at - _SIGHT, 0) : at + len(base)])
    found = None if base and not code else _all_of(local[len(base) :], remote[len(base) :], patterns, code)
    return None if found is None else local[: len(base)] + found


def _may_be_entries(lines: Lines) -> bool:
    return all(any(re.match(start, line) for start in _STARTS) for line in lines)


def _all_of(local: Lines, remote: Lines, patterns: Patterns, code: bool) -> Lines | None:
    last = [lines[-1] for lines in (local, remote) if lines]
    bare = code and patterns != (_INSTALLED,) and all(not line.rstrip().endswith(",") for line in last)
    for pattern in patterns:
        ours, theirs = (_entries(_with_comma(lines) if bare else lines, pattern) for lines in (local, remote))
        if not ours or not theirs or len({entry.kind for entry in ours + theirs}) > 1:
            continue
        new = [entry for entry in theirs if entry not in ours]
        too_many = len(ours) * len(new) > _TOO_MANY
        if too_many or any(_may_be_one(one, other, code) for one in ours for other in new):
            return None
        lines = tuple(line for entry in ours + new for line in entry.lines)
        return (*lines[:-1], lines[-1].removesuffix(",")) if bare else lines
    return None


def _with_comma(lines: Lines) -> Lines:
    return (*lines[:-1], f"{lines[-1]},") if lines else ()


def _entries(lines: Lines, pattern: re.Pattern[str]) -> list[_Entry]:
    """The lines as entries, those of an item that are indented with it; none if they are no enumeration."""
    found: list[_Entry] = []
    for line in lines:
        entry = pattern.fullmatch(line)
        kind = re.sub(r"\d+", "1", entry["kind"]) if entry else ""
        if entry and (not found or pattern is not _ITEM or len(_indent(line)) <= len(_indent(found[0].kind))):
            found.append(_Entry(kind, _key(entry["text"]), (line,)))
        elif pattern is _ITEM and found and len(_indent(line)) > len(_indent(found[0].kind)):
            found[-1] = _Entry(found[-1].kind, found[-1].key, (*found[-1].lines, line))
        else:
            return []
    return found


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _key(text: str) -> str:
    """What an entry is about: where it links to, or what it says before a colon."""
    link = _LINK.match(text)
    return link[1] if link else text.partition(":")[0].strip().strip("'\"*`").casefold()


def _may_be_one(one: _Entry, other: _Entry, code: bool) -> bool:
    if one.key == other.key:
        return True
    ours, theirs = (Counter(re.findall(r"\w+", " ".join(entry.lines))) for entry in (one, other))
    return not code and 2 * (ours & theirs).total() > _SAME_WORDS * (ours + theirs).total()


def _fitting(before: Lines) -> Patterns:
    """What entries look like in the bracket that is open after these lines of code."""
    text = "\n".join(before)
    if not any(bracket in text for bracket in "([{"):
        return (_INSTALLED,)
    opened: list[tuple[str, str, str]] = []  # what stands before each open bracket, and the bracket
    tokens = [token for token in code_tokens(text) if not token.comment]
    words = ["", "", *(token.text for token in tokens)]
    for number, (token, following) in enumerate(pairwise(tokens)):
        del opened[token.depth :]
        if following.depth > token.depth:
            opened.append((words[number], words[number + 1], token.text))
    match opened[tokens[-1].depth - 1] if opened and tokens[-1].depth else None:
        case None:
            return (_INSTALLED,)
        case ("def" | "class", _, _):
            return ()
        case (_, _, "{"):
            return (_MEMBER, _ELEMENT)
        case (_, name, bracket) if name.isidentifier() or name in (")", "]"):
            return (_KEYWORD,) if bracket == "(" else ()
    return (_ELEMENT,)


def _in_one_line(base: str, local: str, remote: str) -> str | None:
    """Names or requirements that both sides added to one line."""
    for pattern, between in _IN_ONE_LINE:
        found = [pattern.fullmatch(line) for line in (base, local, remote)]
        if not all(found) or len({(line[1], line[3]) for line in found if line}) > 1:
            continue
        before, ours, theirs = (_names(line[2], between) for line in found if line)
        new = [name for name in theirs if name not in ours]
        kept = all([name for name in side if name in before] == before for side in (ours, theirs))
        apart = {_plain(name) for name in new}.isdisjoint(map(_plain, ours))
        options = [name for name in (*ours, *theirs) if name.startswith("-") and name not in before]
        if kept and apart and not options:
            head, tail = (found[1][1], found[1][3]) if found[1] else ("", "")
            return head + between.join([*ours, *new]) + tail
    return None


def _names(text: str, between: str) -> list[str]:
    return [name.strip() for name in text.split(between.strip() or None) if name.strip()]


def _plain(name: str) -> str:
    """A requirement without its version, a name without its quotes."""
    return re.split(r"[=<>!~\[\s]", name.strip("'\""))[0].casefold().replace("_", "-")
