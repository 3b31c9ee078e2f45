"""Any line in, one answer out, and never dead; a line means one thing or nothing."""

from __future__ import annotations

import json
import tempfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.notebook.jsontext import Number
from nbmerge.serve.calls import CALLS
from nbmerge.serve.conversation import Conversation, ServeOptions
from nbmerge.serve.loop import lines_in, serve
from nbmerge.serve.protocol import RefusedError, answer_line, changed_line, error_line, request_in
from tests.helpers.examples import tried

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ("id", "call", "path", "base", "content", "writer", "save_id", "exact", "whole", "other")
NEARLY = st.fixed_dictionaries(
    {},
    optional={
        name: VALUES | st.sampled_from([*CALLS, "nb.ipynb", "/nowhere/n.ipynb", 1, True]) for name in MEMBERS
    },
)
LINES = st.one_of(
    st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" ")),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass").replace(b"\n", b" ")),
    VALUES.map(lambda value: json.dumps(value).encode()),
    NEARLY.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [b"", b"[" * 100_000, b'{"id": 1, "call": "about"}', b"1" * 5000, b'{"id": NaN}', b"\xff\xfe"]
    ),
)


def conversation(state: str, sent: bytes, pieces: int = 1 << 20) -> list[dict[str, Any]]:
    """What is answered to everything that is sent."""
    rest = [sent]
    said: list[bytes] = []

    def read(size: int) -> bytes:
        size = min(size, pieces)
        piece, rest[0] = rest[0][:size], rest[0][size:]
        return piece

    options = ServeOptions("1.0", state, lambda error: str(error) or "a failure")
    serve(lambda: Conversation(options, said.append), read)
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 and line.isascii() for line in said)
    return list(map(json.loads, said))


def id_of(line: bytes) -> str:
    """The id with which a line is answered, spelled as JSON."""
    try:
        return json.dumps(request_in(line).id)
    except RefusedError as error:
        return json.dumps(error.id)


@tried(40)
@given(st.lists(LINES, max_size=8), st.integers(1, 50))
def test_each_line_is_answered_once(lines: list[bytes], pieces: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        answers = conversation(f"{folder}/state", b"".join(line + b"\n" for line in lines), pieces)
    told = [one for one in answers if "event" not in one]
    assert sorted(json.dumps(one["id"]) for one in told) == sorted(map(id_of, lines))
    for one in told:
        assert one.keys() in ({"id", "answer"}, {"id", "error"})
        if "error" in one:
            assert one["error"].keys() == {"reason", "message"}
            assert one["error"]["message"]
            assert "\n" not in one["error"]["message"]


@given(
    st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")), max_size=6), st.integers(1, 7)
)
def test_lines_are_found_however_they_come_in(lines: list[bytes], size: int) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    pieces = (whole[at : at + size] for at in range(0, len(whole), size))
    assert list(lines_in(lambda _: next(pieces, b""))) == lines


def test_the_last_line_needs_no_end() -> None:
    pieces = iter([b'{"a"', b": 1}", b""])
    assert list(lines_in(lambda _: next(pieces))) == [b'{"a": 1}']


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"nonsense", "the line is not JSON"),
        (b"\xff", r"the line is not in UTF-8 \(byte 1\)"),
        (b"[]", "a request is a JSON object"),
        (b'{"call": "about"}', "the member 'id' is missing"),
        (b'{"id": true, "call": "about"}', "the member 'id' is missing, or no number or text"),
        (b'{"id": 1}', "the member 'call' is missing"),
        (b'{"id": NaN, "call": "about"}', "the line cannot be read: NaN is no JSON"),
        (b'{"id": 1e999, "call": "about"}', "the member 'id' is missing, or no number"),
    ],
)
def test_what_is_no_request_is_refused_in_words(line: bytes, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        request_in(line)


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False), st.integers(-(1 << 63), (1 << 63) - 1))
def test_what_is_written_is_read_back(text: str, number: float, whole: int) -> None:
    for id in (text[:200], number, whole):
        line = answer_line(id, {"content": text, "digits": Number("1.50")})
        assert line.endswith(b'"digits": 1.50}}\n')
        assert json.loads(line) == {"id": id, "answer": {"content": text, "digits": 1.5}}
        assert type(json.loads(line)["id"]) is type(id)
    assert json.loads(error_line(None, "system", text))["error"] == {"reason": "system", "message": text}
    assert json.loads(changed_line(text, ""))["path"] == text


def test_half_a_character_survives() -> None:
    assert json.loads(answer_line("\ud800", {"content": "a\udfff"})) == {
        "id": "\ud800",
        "answer": {"content": "a\udfff"},
    }
