"""`nbmerge resolve` at a terminal: somebody goes through the conflicts one by one."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.cli.past import BEGIN, Past
from tests.cli.world import sources
from tests.helpers.build import Cell, code, conflict, markdown, notebook
from tests.helpers.spelling import JUPYTER

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from tests.cli.pseudo import Terminal

THREE = [
    markdown("# Title", id="title"),
    code(f"before = 0\n{conflict(['a = 2'], ['a = 9'], 'HEAD', 'topic')}\nafter = 0", id="first"),
    code(conflict(["b = 2"], ["b = 9"], "HEAD", "topic"), id="second"),
    markdown(conflict(["Ours."], ["Theirs."], "HEAD", "topic"), id="third"),
]
OPEN = sources(JUPYTER.spell(notebook(*THREE)))


@pytest.fixture
def at(past: Past) -> type[Walked]:
    Walked.past = past
    return Walked


class Walked(Terminal):
    """`resolve nb.ipynb` on a notebook with these cells."""

    past: Past

    def __init__(
        self, *cells: Cell, size: tuple[int, int] = (100, 40), more: tuple[str, ...] = (), **env: str
    ) -> None:
        self.path = self.past.path
        self.before = JUPYTER.spell(notebook(*(cells or THREE)))
        self.path.write_bytes(self.before)
        os.utime(self.path, (BEGIN, BEGIN))
        super().__init__("resolve", "nb.ipynb", *more, where=self.path.parent, size=size, **env)

    @property
    def sources(self) -> list[str]:
        return sources(self.path.read_bytes())

    @property
    def is_untouched(self) -> bool:
        return (self.path.read_bytes(), self.path.stat().st_mtime) == (self.before, BEGIN)


def editor(folder: Path, *lines: str) -> str:
    """An editor that runs this Python; `path` is the file, `text` what is in it."""
    script = folder / "editor.py"
    begin = ["import sys", "path = sys.argv[-1]", "text = open(path).read()"]
    script.write_text("\n".join([*begin, *lines]))
    return f"'{sys.executable}' '{script}' --wait"


# What is shown.


def test_each_conflict_is_shown_with_what_stands_around_it(at: type[Walked]) -> None:
    walk = at()
    assert walk.expect("> ").splitlines() == [
        "nb.ipynb: 3 conflicts; nothing is written before the end",
        "",
        "--- conflict 1 of 3: cell 2 (id first), code ".ljust(99, "-"),
        "    before = 0",
        "  local (HEAD):",
        "  | a = 2",
        "  remote (topic):",
        "  | a = 9",
        "    after = 0",
        "",
        "[l]ocal [r]emote [b]oth [e]dit [s]kip [q]uit [?] > ",
    ]
    walk.type("s\n")
    assert "conflict 2 of 3: cell 3 (id second), code" in walk.answer("s")
    assert "conflict 3 of 3: cell 4 (id third), markdown" in walk.answer("q")
    assert walk.end() == 1


def test_one_conflict_alone(at: type[Walked]) -> None:
    walk = at(THREE[2])
    assert "nb.ipynb: 1 conflict; nothing" in walk.answer("l")
    assert walk.end() == 0
    assert walk.sources == ["b = 2"]


def test_only_those_of_one_cell(at: type[Walked]) -> None:
    walk = at(more=("--cell", "second"))
    assert "conflict 1 of 1: cell 3" in walk.answer("r")
    assert walk.end() == 1
    assert walk.sources == [*OPEN[:2], "b = 9", OPEN[3]]


# The keys.


def test_a_side_for_each(at: type[Walked]) -> None:
    walk = at()
    walk.answer("l", "r", "b")
    assert walk.end() == 0
    assert walk.sources == ["# Title", "before = 0\na = 2\nafter = 0", "b = 9", "Ours.\nTheirs."]
    assert "nb.ipynb: 3 conflicts settled (1 local, 1 remote, 1 both), none left\n" in walk.plain
    assert walk.plain.endswith("to undo it: python -m nbmerge restore nb.ipynb@1\n")


WORDS = {
    **{"local": "b = 2", "OURS": "b = 2", "remote": "b = 9", " theirs ": "b = 9"},
    **{"both": "b = 2\nb = 9", "base": "b = 1", "o": "b = 1", "original": "b = 1"},
}


def test_words_do_what_they_say(at: type[Walked]) -> None:
    """`base` is no `b`, `ours` no `o`."""
    shown = "\n".join(["<<<<<<< HEAD", "b = 2", "||||||| 1a2b", "b = 1", "=======", "b = 9", ">>>>>>> t"])
    walk = at(*(code(shown, id=f"c{number}") for number, _ in enumerate(WORDS)))
    assert "  base (the original, before both changes):\n  | b = 1\n" in walk.answer(*WORDS)
    assert walk.end() == 0
    assert walk.sources == list(WORDS.values())


def test_what_is_none_of_the_keys_chooses_nothing(at: type[Walked]) -> None:
    walk = at(THREE[2])
    for word in ("x", "ll", "lr", "yes", "1", "\t", "é", "\x1b[A"):
        walk.answer(word)
        shown = walk.expect("Ctrl-C       leave")
        assert "l, local     take local's lines\n" in shown
        assert ("is none of the keys" in shown) == bool(word.strip())
    walk.answer("q")
    assert "\x1b[A" not in walk.seen.replace("^[[A", "")
    assert (walk.end(), walk.is_untouched) == (1, True)


def test_help(at: type[Walked]) -> None:
    walk = at(THREE[2])
    walk.answer("?")
    shown = walk.answer("h")
    assert all(f"  {key}, " in shown for key in "lrboespvq")
    assert "Ctrl-C       leave without writing anything" in shown
    assert max(map(len, shown.splitlines())) < 80
    walk.answer("l")
    assert walk.end() == 0


def test_base_that_is_not_known(at: type[Walked]) -> None:
    walk = at(THREE[2])
    walk.answer("o")
    assert "what was there before both changes is not known" in walk.answer("r")
    assert (walk.end(), walk.sources) == (0, ["b = 9"])


def test_back_and_another_answer(at: type[Walked]) -> None:
    walk = at()
    walk.answer("p")
    assert "this is the first one" in walk.answer("l")
    walk.answer("l", "p")
    shown = walk.answer("p")
    assert "conflict 2 of 3" in shown
    assert "(chosen: local; Enter keeps it)" in shown
    walk.answer("r")
    shown = walk.answer("")
    assert "conflict 2 of 3" in shown
    assert walk.answer("s").count("conflict 3 of 3") == 1
    assert walk.end() == 1
    assert walk.sources == ["# Title", "before = 0\na = 9\nafter = 0", "b = 2", OPEN[3]]


def test_skipping_takes_an_answer_back(at: type[Walked]) -> None:
    walk = at()
    walk.answer("l", "p", "s", "q")
    assert walk.end() == 1
    assert walk.is_untouched
    assert walk.plain.endswith("nb.ipynb: nothing was chosen, nothing was written\n")


def test_quitting_writes_what_was_chosen(at: type[Walked]) -> None:
    walk = at()
    walk.answer("l", "q")
    assert walk.end() == 1
    assert walk.sources == ["# Title", "before = 0\na = 2\nafter = 0", *OPEN[2:]]
    assert "1 conflict settled (local), 2 left" in walk.plain
    assert walk.plain.endswith("to go on: python -m nbmerge resolve nb.ipynb\n")


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_leaving_writes_nothing(at: type[Walked], key: str) -> None:
    """Ctrl-C, and Ctrl-D or a terminal that is closed."""
    walk = at()
    walk.answer("l", "r")
    walk.expect("> ")
    walk.type(key)
    assert walk.end() == 130
    assert walk.is_untouched
    assert "nb.ipynb: nothing was written\n" in walk.plain


def test_bytes_that_are_no_text(at: type[Walked]) -> None:
    walk = at(THREE[2])
    walk.expect("> ")
    os.write(walk.own, b"\xff\xfe\n")
    walk.answer("l")
    assert walk.end() == 0


# The editor.


def test_an_editor(at: type[Walked], folder: Path) -> None:
    walk = at(
        EDITOR=editor(
            folder, "open('seen.txt', 'w').write(text)", "open(path, 'w').write('b = 5\\nc = 6\\n')"
        )
    )
    walk.answer("s", "e")
    assert "conflict 3 of 3" in walk.answer("q")
    assert walk.end() == 1
    assert walk.sources[2] == "b = 5\nc = 6"
    seen = (folder / "seen.txt").read_text()
    assert seen == f"{conflict(['b = 2'], ['b = 9'], 'local (HEAD)', 'remote (topic)')}\n"
    assert "1 conflict settled (edited)" in walk.plain


@pytest.mark.parametrize(("cell", "ending"), [(2, ".py"), (3, ".md")])
def test_the_file_has_the_ending_of_its_language(
    at: type[Walked], folder: Path, cell: int, ending: str
) -> None:
    walk = at(THREE[cell], VISUAL=editor(folder, "open(path, 'w').write(path)"), EDITOR="false")
    walk.answer("e")
    assert walk.end() == 0
    assert walk.sources[0].endswith(ending)
    assert not Path(walk.sources[0]).parent.exists()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "markers are still in it: nothing was chosen"),
        (
            ["text = open(path).read()", "open(path, 'w').write(text.partition('\\n')[2])"],
            "markers are still in it: nothing was chosen",
        ),
        (["sys.exit(3)"], "ended with 3: nothing was taken from it"),
    ],
)
def test_an_edit_that_cannot_be_used(at: type[Walked], folder: Path, lines: list[str], said: str) -> None:
    walk = at(THREE[2], EDITOR=editor(folder, *lines))
    walk.answer("e")
    assert said in walk.answer("q")
    assert (walk.end(), walk.is_untouched) == (1, True)


def test_the_editor_begins_with_what_was_typed_before(at: type[Walked], folder: Path) -> None:
    """Also if it could not be used: a marker was left in it."""
    typed = ["text = open(path).read()", "new = 'y' if '# mine' in text else text + '# mine\\n'"]
    walk = at(THREE[2], EDITOR=editor(folder, *typed, "open(path, 'w').write(new)"))
    walk.answer("e")
    assert "markers are still in it" in walk.answer("e")
    assert (walk.end(), walk.sources) == (0, ["y"])


def test_an_editor_that_is_not_there(at: type[Walked]) -> None:
    walk = at(THREE[2], EDITOR="/no/such/\x1b[31meditor")
    walk.answer("e")
    assert "cannot be run (No such file or directory): set $EDITOR" in walk.answer("r")
    assert "\x1b[31m" not in walk.seen
    assert (walk.end(), walk.sources) == (0, ["b = 9"])


def test_ctrl_c_is_a_key_of_the_editor_while_it_runs(at: type[Walked], folder: Path) -> None:
    lines = [
        "import signal, time",
        "signal.signal(signal.SIGINT, lambda *_: open(path, 'w').write('b = 7\\n'))",
    ]
    wait = ["print('editing', flush=True)", "while open(path).read() != 'b = 7\\n': time.sleep(0.02)"]
    walk = at(THREE[2], EDITOR=editor(folder, *lines, *wait))
    walk.answer("e")
    walk.expect("editing")
    walk.type("\x03")
    assert walk.end() == 0
    assert walk.sources == ["b = 7"]


def test_what_cannot_be_edited_as_text(at: type[Walked]) -> None:
    """nbdime's conflict of metadata is no text."""
    changes = {"local_diff": [{"op": "replace", "key": "k", "value": 2}], "remote_diff": []}
    changes["remote_diff"] = [{"op": "replace", "key": "k", "value": 9}]
    walk = at(code("x = 1", id="one", metadata={"k": 1, "nbdime-conflicts": changes}))
    shown = walk.answer("e")
    assert "conflict 1 of 1: cell 1 (id one), metadata" in shown
    assert "[e]dit" not in shown
    assert "cannot be edited as text: choose a side" in walk.answer("l")
    assert walk.end() == 0
    assert json.loads(walk.path.read_bytes())["cells"][0]["metadata"] == {"k": 2}


# The screen.

WIDE = code(
    conflict([f"value_{n} = {n}" for n in range(60)], [f"value_{n} = {n + n // 59}" for n in range(60)])
)


def test_sides_that_are_long_show_where_they_differ(at: type[Walked]) -> None:
    walk = at(WIDE)
    shown = walk.answer("v")
    assert "lines that are the same" in shown
    assert "  | value_59 = 59\n" in shown
    assert "  | value_59 = 60\n" in shown
    assert "[v]iew" in shown
    whole = walk.answer("l")
    assert all(f"  | value_{n} = {n}\n" in whole for n in range(60))
    assert walk.end() == 0


@pytest.mark.parametrize("size", [(79, 24), (20, 5), (1, 1), (0, 0)])
def test_screens_of_any_size(at: type[Walked], size: tuple[int, int]) -> None:
    prose = [f"A sentence that is rather long and goes on and on, the {n}th of its kind." for n in range(9)]
    walk = at(markdown(conflict(prose, [*prose[:8], "Short."]), id="p"), size=size)
    shown = walk.expect("> ")
    columns = size[0] or 80
    if columns >= 20:
        question = shown.rpartition("\n")[2]
        rows = shown.splitlines()[1:]
        assert len(question) <= max(columns, 36)
        assert max(map(len, rows[:-1])) < columns
    assert ("[l]ocal" in shown) == (columns >= 80)
    walk.type("l\n")
    assert walk.end() == 0


def test_a_window_that_is_resized(at: type[Walked]) -> None:
    walk = at()
    assert "[l]ocal" in walk.expect("> ")
    walk.resize(60, 20)
    walk.type("s\n")
    assert "[l] [r] [b]" in walk.answer("q")
    assert walk.end() == 1


def test_colours(at: type[Walked]) -> None:
    walk = at(THREE[2])
    walk.answer("l")
    assert walk.end() == 0
    assert "\x1b[32mb = \x1b[0m\x1b[32;7m2\x1b[0m" in walk.seen
    assert "\x1b[36mb = \x1b[0m\x1b[36;7m9\x1b[0m" in walk.seen


def test_no_colours(at: type[Walked]) -> None:
    walk = at(THREE[2], NO_COLOR="1")
    walk.answer("?", "l")
    assert walk.end() == 0
    assert "\x1b" not in walk.seen


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[?1049h\u202e\x9b31m\r\x08"


def test_a_hostile_notebook_does_nothing_to_the_terminal(at: type[Walked], past: Past) -> None:
    """In sources, around them, in labels, ids and types of cells, and in the name of the file."""
    lines = [f"local {HOSTILE}", f"x {HOSTILE}"], [f"remote {HOSTILE}", "y"]
    source = f"around {HOSTILE}\n{conflict(*lines, f'HEAD {HOSTILE}', f'topic {HOSTILE}')}\n{HOSTILE}"
    cells = [code(source, id=f"id{HOSTILE}"), code(source, id="raw") | {"cell_type": f"raw{HOSTILE}"}]
    Walked.past = Past(past.path.with_name(f"n{HOSTILE}.ipynb"), past.state)
    Walked.past.path.write_bytes(JUPYTER.spell(notebook(*cells)))
    os.utime(Walked.past.path, (BEGIN, BEGIN))
    walk = Terminal("resolve", Walked.past.path.name, where=past.path.parent)
    walk.answer("?", f"{HOSTILE[-4:]}x", "v", "s", "l")
    assert walk.end() in (0, 1)
    assert "\\x1b]0;owned\\x07" in walk.plain
    shown = re.sub(r"> [^\n]*\n", "> \n", walk.plain)  # without what the terminal echoes
    assert {"\x1b", "\x07", "\x08", "\x9b", "\u202e", "\r"}.isdisjoint(shown)
