"""The command as a process among others: pipes, devices, and what it loads."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.world import CLEAN, CONFLICT, LOCAL, Command, save, sources
from tests.helpers.build import code, notebook

HEAVY = ("nbformat", "nbdime", "jsonschema", "watchdog", "tornado", "sqlite3", "parso")
TRIO = " ".join(CLEAN)
LIST_MODULES = (
    "import sys; from nbmerge.cli.main import run; code = run(sys.argv[1:]);"
    "import json; print(json.dumps([code, sorted(sys.modules)]))"
)


@pytest.mark.parametrize(("trio", "exit_code"), [(CLEAN, 0), (CONFLICT, 1)])
def test_exit_codes(process: Command, trio: tuple[str, ...], exit_code: int) -> None:
    ended = process(f"$nbmerge {' '.join(trio)}")
    assert ended.code == exit_code
    assert json.loads(ended.out)["nbformat"] == 4


def test_a_reader_that_leaves_early(process: Command, folder: Path) -> None:
    """More than a pipe holds, so that writing must fail."""
    big = [*LOCAL["cells"], code("big", id="big", out="x" * 1_000_000)]
    save(folder / "local.ipynb", notebook(*big))
    ended = process(f"$nbmerge {TRIO} | head -c 10; exit ${{PIPESTATUS[0]}}")
    assert (ended.code, len(ended.out)) == (4, 10)
    assert ended.line == "nbmerge: standard output: cannot be written: broken pipe"


def test_help_for_a_reader_that_leaves_early(process: Command) -> None:
    ended = process("(sleep 0.2; exec $nbmerge --help) | true; exit ${PIPESTATUS[0]}")
    assert (ended.code, ended.line.count("broken pipe")) == (4, 1)


def test_standard_error_may_be_closed_or_full(process: Command) -> None:
    for way in ("2>&-", "2>/dev/full", "2> >(true)"):
        ended = process(f"$nbmerge {TRIO} {way}")
        assert (ended.code, ended.sources) == (0, ["a = 2", "b = 1", "c = 3"]), way


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_slow_reader_gets_everything(process: Command, folder: Path, unbuffered: str) -> None:
    big = notebook(*LOCAL["cells"], code("big", id="big", out="x" * 300_000))
    save(folder / "local.ipynb", big)
    ended = process(f"PYTHONUNBUFFERED={unbuffered} $nbmerge {TRIO} | (sleep 0.3; cat)")
    assert len(sources(ended.out)) == 4


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="this system does not name open files")
def test_process_substitution(process: Command) -> None:
    trio = " ".join(f"<(cat {name})" for name in CLEAN)
    assert process(f"$nbmerge {trio} --output >(cat)").sources == ["a = 2", "b = 1", "c = 3"]


def test_standard_input_by_name(process: Command) -> None:
    ended = process("$nbmerge base.ipynb /dev/stdin remote.ipynb < local.ipynb")
    assert ended.sources == ["a = 2", "b = 1", "c = 3"]


def test_an_appending_redirection_is_not_replaced(process: Command, folder: Path) -> None:
    (folder / "log").write_bytes(b"before\n")
    process(f"$nbmerge {TRIO} --output /dev/stdout >> log")
    assert (folder / "log").read_bytes().startswith(b"before\n{")


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_names_that_the_locale_cannot_spell(process: Command, folder: Path, locale: str) -> None:
    """Names are escaped where they are shown, never refused."""
    name = "$'\\xff \\xc3\\xa9.ipynb'"
    here = f"LC_ALL={locale} PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $nbmerge"
    ended = process(f"{here} base.ipynb {name} remote.ipynb")
    assert ended.code == 3
    assert r"\udcff \udcc3\udca9.ipynb: cannot be read" in ended.line
    ended = process(f"cp local.ipynb {name}; {here} base.ipynb {name} remote.ipynb -o {name}; cat {name}")
    assert ended.sources == ["a = 2", "b = 1", "c = 3"]


def modules(process: Command, arguments: str) -> tuple[int, set[str]]:
    ended = process(f"${{nbmerge% -m nbmerge}} -c '{LIST_MODULES}' {arguments}")
    code, found = json.loads(ended.out.splitlines()[-1])
    return code, set(found)


def test_a_merge_loads_nothing_heavy(process: Command) -> None:
    """nbformat alone can take a second to import."""
    code, loaded = modules(process, f"{TRIO} --output out.ipynb")
    assert code == 0
    assert loaded.isdisjoint(HEAVY)
    assert loaded.isdisjoint(["subprocess", "shutil", "tempfile"])
    assert not any(name.startswith("nbmerge.git") for name in loaded)


def test_git_calls_the_driver_once_for_each_notebook(process: Command) -> None:
    code, loaded = modules(process, f"driver {TRIO} 7 notebook.ipynb")
    assert code == 0
    assert loaded.isdisjoint(HEAVY)
    assert loaded.isdisjoint(["argparse", "subprocess", "shutil", "tempfile", "pathlib"])
    assert loaded.isdisjoint(f"nbmerge.cli.{name}" for name in ("options", "merge_command", "report"))


@pytest.mark.parametrize("command", ["log base.ipynb --json", "show base.ipynb@1", "status --json"])
def test_looking_at_the_history_loads_nothing_heavy(process: Command, command: str) -> None:
    begun = process("NBMERGE_STATE_DIR=state $nbmerge open base.ipynb > copy.ipynb")
    assert begun.code == 0
    code, loaded = modules(process, f"{command} --state=state")
    assert code == 0
    assert loaded.isdisjoint(set(HEAVY) - {"sqlite3"})
    assert loaded.isdisjoint(["subprocess", "shutil", "tempfile", "nbmerge.merge.engine"])


def test_a_list_of_conflicts_may_be_read_in_part(process: Command, folder: Path) -> None:
    process(f"$nbmerge {' '.join(CONFLICT)} -o many1.ipynb")
    for number in range(2, 400):
        (folder / f"many{number}.ipynb").write_bytes((folder / "many1.ipynb").read_bytes())
    ended = process("set -o pipefail; $nbmerge conflicts | head -1 > /dev/null; echo ${PIPESTATUS[0]}")
    assert (ended.out, ended.err) == (b"1\n", "")
