"""README and docs are true: what they say to type is typed, samples are compared, links are followed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nbmerge import errors
from nbmerge.cli.merge_command import merge_parser
from nbmerge.cli.program import COMMANDS
from nbmerge.merge.files import MergedFile, merge_bytes
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import Outputs

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, *DOCS]
GENERATED = "commands.md"  # made from the parsers, and held by a test of its own
NAME = "nbmerge-on-save"
LARGEST_README = 8_192  # bytes


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language and its text."""

    kind: str
    text: str


def text_of(page: str) -> str:
    return next(path for path in PAGES if path.name == page).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    found = re.findall(r"^(```|~~~)(.*)\n((?:.*\n)*?)\1$", text, re.M)
    return [Block(kind, body) for _, kind, body in found]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^(```|~~~).*\n(?:.*\n)*?\1$", "", text, flags=re.M)


@dataclass(frozen=True)
class Typed:
    """A line that is typed, the folder below Ann's home where it is, and what appears."""

    command: str
    folder: str
    shown: str


def dialogues(text: str) -> list[Typed]:
    """What is typed on a page, in order, as in one terminal that was opened at home."""
    found, folder = [], "."
    for block in blocks(text):
        for part in re.split(r"^\$ ", block.text if block.kind == "console" else "", flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            found.append(Typed(command, folder, shown))
            if command.startswith("cd ~/"):
                folder = command.removeprefix("cd ~/")
    return found


def each_page(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", [page.name for page in pages])


# What is typed ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terminal:
    """Ann's: a home with a clone of nbmerge, notebooks and a project, and the commands of this checkout."""

    home: Path
    environment: dict[str, str]

    def type(self, command: str, folder: str = ".") -> str:
        """What appears, with Ann's names for what differs from machine to machine."""
        ran = subprocess.run(
            ["sh", "-c", f"exec 2>&1; {command}"],
            cwd=self.home / folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        mine = {sys.executable: "/home/ann/env/bin/python", str(self.home): "/home/ann"}
        for here, there in mine.items():
            ran.stdout = ran.stdout.replace(here, there)
        return ran.stdout


START = "import sys; sys.argv[0] = 'nbmerge-on-save'; from nbmerge.__main__ import main; sys.exit(main())"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    programs, home = tmp_path / "bin", tmp_path / "ann"
    programs.mkdir()
    script = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{START}" "$@"\n'
    (programs / NAME).write_text(script, encoding="utf-8")
    (programs / NAME).chmod(0o755)
    for name in ("python", "python3"):
        (programs / name).symlink_to(sys.executable)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "NBMERGE_"))}
    own = {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    ann = Terminal(home, {**kept, **own, "PATH": path})
    furnish(ann)
    return ann


def furnish(ann: Terminal) -> None:
    """A watched notebook, and one in git that Ann and a colleague have changed in the same line."""
    shutil.copytree(ROOT / "fixtures", ann.home / "nbmerge" / "fixtures")
    (ann.home / "notebooks").mkdir()
    shutil.copy(ROOT / "fixtures/different-cells/base.ipynb", ann.home / "notebooks/levels.ipynb")
    assert ann.type(REPOSITORY) == ""


REPOSITORY = """set -e
git init --quiet --initial-branch=main project
cd project
git config user.name Ann
git config user.email ann@home
put() { cp ../nbmerge/fixtures/same-line/$1.ipynb levels.ipynb; git add .; git commit --quiet -m $1; }
put base; git branch colleague; put local
git checkout --quiet colleague; put remote; git checkout --quiet main
"""


WATCHED = (f"{NAME} log", f"{NAME} status")  # what they print comes about in a moment
PATIENCE = 30.0  # seconds


def agrees(printed: str, shown: str) -> bool:
    return without_chance(printed) == without_chance(shown)


def without_chance(text: str) -> str:
    """Times and process numbers are different each time."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "(time)", text)
    return re.sub(r"process \d+", "process N", text)


@each_page(PAGES)
def test_what_is_typed_prints_what_the_page_shows(page: str, terminal: Terminal) -> None:
    try:
        for typed in dialogues(text_of(page)):
            deadline = time.monotonic() + (PATIENCE if typed.command.startswith(WATCHED) else 0.0)
            printed = terminal.type(typed.command, typed.folder)
            while not agrees(printed, typed.shown) and time.monotonic() < deadline:
                time.sleep(0.1)
                printed = terminal.type(typed.command, typed.folder)
            assert without_chance(printed) == without_chance(typed.shown), typed.command
    finally:
        terminal.type(f"{NAME} stop")


def test_there_are_dialogues_on_the_pages_that_need_them() -> None:
    assert all(dialogues(text_of(page)) for page in ("README.md", "watching.md", "git.md", "conflicts.md"))


@each_page(PAGES)
def test_every_block_is_of_a_kind_that_is_tried(page: str) -> None:
    """Shell lines outside a dialogue are in the README alone; Python and JavaScript have their own tests."""
    kinds = {block.kind for block in blocks(text_of(page))}
    tried = {"README.md": {"sh"}, "merge-rules.md": {"python"}, "taking-part.md": {"python", "js"}}
    tried["hub.md"] = {"sql"}  # by tests/history/test_roles.py
    assert kinds <= {"", "console"} | tried.get(page, set())


def test_the_hook_for_pre_commit_is_a_command_that_is_installed() -> None:
    """The file is YAML, of which only plain lines are needed here."""
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    fields = dict(re.findall(r"^[- ] (\w+): ([^#\n]*[^#\s])", text, re.M))
    program, command = fields["entry"].split()
    assert (
        program in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    )
    assert command in COMMANDS
    assert f"- id: {fields['id']}\n" in text_of("git.md")


def test_readme_gets_a_checkout_and_an_environment(terminal: Terminal) -> None:
    """Without pip in it, which takes seconds; `.ci/run` makes a whole one."""
    python = terminal.home.parent / "bin" / "python3"
    python.unlink()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@" --without-pip\n', encoding="utf-8")
    python.chmod(0o755)
    [get] = [block for block in blocks(text_of("README.md")) if "git clone" in block.text]
    shutil.rmtree(terminal.home / "nbmerge")
    lines = [*get.text.strip().splitlines(), "command -v python"]
    printed = terminal.type(" && ".join(lines).replace("REPOSITORY", str(terminal.home / "project")))
    assert printed.splitlines()[-1] == "/home/ann/nbmerge/env/bin/python", printed
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "requires-python"
    ]
    assert f"Python {required.removeprefix('>=')} or newer" in text_of("README.md")


def test_the_first_fence_of_backticks_is_what_ci_runs() -> None:
    """`.ci/run` takes it from the README: the line that installs and shows, and the line that tests."""
    first = re.split(r"^```.*\n", text_of("README.md"), flags=re.M)[1]
    assert first.splitlines() == [
        f"python -m pip install . && {NAME} demo",
        "python -m pip install '.[test]' && python -m pytest -n auto",
    ]


def test_the_sample_for_python_runs() -> None:
    [sample] = [block.text for block in blocks(text_of("merge-rules.md")) if block.kind == "python"]
    folder = ROOT / "fixtures" / "same-line"
    names: dict[str, object] = {
        side: (folder / f"{side}.ipynb").read_bytes() for side in ("base", "local", "remote")
    }
    exec(sample, names)
    whole = names["whole"]
    assert isinstance(whole, MergedFile)
    assert whole.data == (folder / "merged.ipynb").read_bytes()
    assert len(whole.result.conflicts) == 1


@pytest.mark.parametrize("page", ["README.md", "conflicts.md"])
def test_the_conflict_that_is_shown_is_the_one_that_comes_out(page: str) -> None:
    [cell] = [block.text for block in blocks(text_of(page)) if block.text.startswith("<<<<<<< ")]
    local, remote = re.findall(r"^[<>]{7} (\w+)$", cell, re.M)
    folder = ROOT / "fixtures" / "same-line"
    base, mine, theirs = ((folder / f"{side}.ipynb").read_bytes() for side in ("base", "local", "remote"))
    style = MarkerStyle(labels=Labels(local=local, remote=remote))
    merged = json.loads(merge_bytes(base, mine, theirs, markers=style).data)
    assert "".join(merged["cells"][3]["source"]) + "\n" == cell


# What is named ------------------------------------------------------------------------------------


def commands_in(text: str) -> list[str]:
    """What a reader might type: lines of dialogues and shell blocks, and code between words."""
    lines = [typed.command for typed in dialogues(text)]
    lines += [line for block in blocks(text) if block.kind == "sh" for line in block.text.splitlines()]
    lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(text))]
    return [part.strip() for line in lines for part in re.split(r"&&|[|;]|\$\(|<\(", line)]


@each_page(PAGES)
def test_examples_call_the_command_by_one_name(page: str) -> None:
    for command in commands_in(text_of(page)):
        assert not re.match(r"nbmerge +\S", command), command


@each_page(PAGES)
def test_every_command_that_is_shown_exists(page: str) -> None:
    for command in commands_in(text_of(page)):
        for name in re.findall(rf"^{NAME} ([a-z]+)(?: |$)", command):
            assert name in COMMANDS


def test_every_command_is_explained_somewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES if path.name != GENERATED)
    for name in COMMANDS:
        assert re.search(rf"`(?:{NAME} )?{name}\b", text), name


def test_exit_codes_are_those_of_the_code() -> None:
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", text_of("merge-rules.md"), re.M)}
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert table == codes - {errors.EXIT_DRIVER_FAILED}  # that one is told to git, not to people
    for code in table:
        assert re.search(rf"^  {code} +\w", merge_parser().format_help(), re.M)


def test_options_and_their_choices_are_those_of_the_command() -> None:
    usage = next(
        block.text for block in blocks(text_of("merge-rules.md")) if "BASE LOCAL REMOTE" in block.text
    )
    for option in re.findall(r"--[a-z-]+", usage):
        assert option in merge_parser().format_help()
    for choices in (ConflictStyle, Outputs):
        assert "|".join(choice.value for choice in choices) in usage


@each_page(PAGES)
def test_files_of_the_package_that_are_named_exist(page: str) -> None:
    for name in re.findall(r"`((?:nbmerge|tests|fixtures|\.ci)/[\w./-]+)`", text_of(page)):
        assert (ROOT / name).exists(), name


# What is linked -----------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub names them."""
    heads = re.findall(r"^#+ (.*)$", prose(page.read_text(encoding="utf-8")), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@each_page(PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = ROOT if page == "README.md" else ROOT / "docs"
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(text_of(page))):
        if "://" not in link:
            file, _, anchor = link.partition("#")
            target = folder / file if file else folder / page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


@each_page(DOCS)
def test_readme_leads_to_every_page(page: str) -> None:
    assert f"(docs/{page})" in text_of("README.md")


def test_readme_is_short() -> None:
    assert len(README.read_bytes()) <= LARGEST_README


# What is drawn ------------------------------------------------------------------------------------


def shown_lines(side: str) -> set[str]:
    """All lines of a golden notebook, and its cells' execution counts."""
    notebook = json.loads((ROOT / "fixtures" / "different-cells" / f"{side}.ipynb").read_bytes())
    return {line for cell in notebook["cells"] for line in shown(cell).splitlines()}


def shown(cell: dict[str, object]) -> str:
    def joined(lines: object) -> str:
        return "".join(lines) if isinstance(lines, list) else str(lines)

    outputs = cell.get("outputs") or []
    assert isinstance(outputs, list)
    count = f"[{cell['execution_count']}] " if cell.get("execution_count") else ""
    return count + "\n".join([joined(cell["source"]), *(joined(output["text"]) for output in outputs)])


def test_the_table_of_a_merge_is_a_golden_one() -> None:
    table = next(block.text for block in blocks(text_of("merge-rules.md")) if block.text.startswith("base "))
    head, *rows = table.splitlines()
    starts = [head.index(side) for side in ("base", "local", "remote", "merged")]
    for start, end, side in zip(starts, [*starts[1:], None], head.split(), strict=True):
        text = "\n".join(shown_lines(side))
        for row in rows:
            assert row[start:end].strip() in text, side


def test_the_picture_of_a_merge_is_a_golden_one() -> None:
    """Its three columns are local, remote and merged, as they are in the notebooks."""
    svg = ElementTree.parse(ROOT / "docs" / "images" / "merge.svg")
    texts = svg.findall(".//{*}text")
    columns = sorted({float(text.attrib["x"]) for text in texts if text.attrib["class"].startswith("h ")})
    drawn: dict[str, set[str]] = {"local": set(), "remote": set(), "merged": set()}
    for text in texts:
        if text.attrib["class"].startswith("m "):
            column = max(start for start in columns if start <= float(text.attrib["x"]))
            drawn[list(drawn)[columns.index(column)]].add(text.text or "")
    for side, lines in drawn.items():
        real = {re.sub(r"^\[\d+\] ", "", line) for line in shown_lines(side)}
        assert lines <= real, side
        assert len(lines) == 6
