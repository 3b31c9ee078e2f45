"""Owns: the texts in lines of JSON that is broken.

Must not know: notebooks.  Invariant: what is sound is read as JSON reads it; of what is not, no
character but the quotes and commas around it is left out.
"""

from __future__ import annotations

import re
from json import JSONDecodeError

from nbmerge.notebook.jsontext import parse_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.notebook.jsontext import Json

_END = re.compile(r'(?:(?<!\\)")?[ \t]*,?[ \t]*$')
_BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')
_QUOTE = re.compile(r'(\\.)|"', re.S)


def text_in(fragment: str) -> str:
    """The text that a line spells from its first quote on."""
    try:
        value, end = parse_value(fragment, 0)
        if isinstance(value, str) and not fragment[end:].strip(" \t,]}"):
            return value
    except JSONDecodeError:
        pass
    body = fragment[1:]
    body = body[: _END.search(body).start()]  # type: ignore[union-attr]
    body = _BAD_ESCAPE.sub(lambda found: found.group() if found.group(1) else "\\\\", body)
    body = _QUOTE.sub(lambda found: found.group(1) or '\\"', body)
    body = "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in body)
    text = parse_value(f'"{body}"', 0)[0]
    assert isinstance(text, str)
    return text


def as_lines(texts: Sequence[tuple[str, bool]]) -> list[Json]:
    """Lines of a source as one list of them.

    Each comes with whether a comma stood behind it.  One that was the last of its side has no end of line
    though others follow now; one that was followed by others has one though it is the last now.
    """
    lines: list[Json] = [text if text.endswith("\n") else f"{text}\n" for text, _ in texts]
    if texts:
        last, comma = texts[-1]
        lines[-1] = last.removesuffix("\n") if comma else last
    return lines
