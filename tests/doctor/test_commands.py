"""Which program the shell runs: ours, nbdime's of the same name, another installation's, none."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

import pytest

from nbmerge.doctor import installation as looking
from nbmerge.doctor.installation import commands, on_path
from nbmerge.doctor.values import Severity
from tests.doctor.conftest import Place

OURS = "#!{python}\nimport sys\nfrom nbmerge.__main__ import main\nsys.exit(main())\n"
LONG = "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\nfrom nbmerge.__main__ import main\n"
NBDIME = "#!{python}\nimport sys\nfrom nbdime.nbmergeapp import main\nsys.exit(main())\n"


def put(folder: Path, name: str, text: str, python: str = sys.executable) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text.format(python=python))
    path.chmod(0o755)
    return path


def found(place: Place) -> tuple[tuple[Severity, str, str], tuple[Severity, str, str]]:
    short, long = commands(place.setting)
    return (short.state, short.message, short.advice), (long.state, long.message, long.advice)


@pytest.mark.parametrize("text", [OURS, LONG])
def test_both_are_ours(place: Place, text: str) -> None:
    for name in ("nbmerge", "nbmerge-on-save"):
        put(place.bin, name, text)
    assert [state for state, _, _ in found(place)] == [Severity.OK, Severity.OK]


def test_nbdimes_comes_first_on_path(place: Place) -> None:
    put(place.bin, "nbmerge", NBDIME)
    put(place.bin, "nbmerge-on-save", OURS)
    short, long = found(place)
    assert short[0] is Severity.WARNING
    assert "nbdime's" in short[1]
    assert short[2] == "type nbmerge-on-save"
    assert long[0] is Severity.OK


@pytest.mark.parametrize("source", ["nbmerge-on-save", "/home/ann/my nbmerge"])
def test_nbdime_was_installed_over_ours(place: Place, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr(looking, "_scripts_folder", lambda: os.path.realpath(place.bin))
    monkeypatch.setattr(looking, "_source", lambda: source)
    put(place.bin, "nbmerge", NBDIME)
    put(place.bin, "nbmerge-on-save", OURS)
    short, _ = found(place)
    assert short[0] is Severity.WARNING
    assert "installed after nbmerge" in short[1]
    assert short[2].startswith("type nbmerge-on-save, or take the name back: ")
    assert short[2].endswith("--no-deps nbmerge-on-save" if " " not in source else f"--no-deps '{source}'")


def test_neither_is_there(place: Place) -> None:
    short, long = found(place)
    assert short[0] is long[0] is Severity.WARNING
    assert short[2] == f"type {sys.executable} -m nbmerge"


def test_the_folder_of_our_programs_is_not_on_path(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place.root / "elsewhere"
    monkeypatch.setattr(looking, "_scripts_folder", lambda: str(folder))
    put(folder, "nbmerge-on-save", OURS)
    _, long = found(place)
    assert long == (Severity.WARNING, "the shell finds no `nbmerge-on-save`", f"add {folder} to PATH")


def test_another_installation(place: Place) -> None:
    other = put(place.root / "other", "python", "#!/bin/sh\n")
    put(place.bin, "nbmerge-on-save", OURS, python=str(other))
    _, long = found(place)
    assert long[0] is Severity.WARNING
    assert "another installation's" in long[1]


def test_an_environment_that_is_gone(place: Place) -> None:
    put(place.bin, "nbmerge-on-save", OURS, python="/gone/bin/python")
    _, long = found(place)
    assert long[0] is Severity.WARNING
    assert "does not start: /gone/bin/python is gone" in long[1]


def test_another_program_of_that_name(place: Place) -> None:
    put(place.bin, "nbmerge", "#!/bin/sh\necho hello\n")
    short, _ = found(place)
    assert short[0] is Severity.WARNING
    assert "another program" in short[1]


def test_links_lead_to_where_pipx_and_uv_put_programs(place: Place) -> None:
    target = put(place.root / "tool", "nbmerge-on-save", OURS)
    (place.bin / "nbmerge-on-save").symlink_to(target)
    assert found(place)[1][0] is Severity.OK


def test_what_the_shell_would_not_run_is_passed_over(place: Place) -> None:
    put(place.bin, "nbmerge", OURS).chmod(0o644)
    (place.bin / "nbmerge-on-save").mkdir()
    assert on_path("nbmerge", place.setting) == []
    assert on_path("nbmerge-on-save", place.setting) == []


def test_programs_of_windows(place: Place) -> None:
    """pip packs the script into a program that starts it."""
    path = place.bin / "nbmerge.exe"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("__main__.py", OURS)
    path.write_bytes(b"MZ\x90\x00" * 50 + path.read_bytes())
    path.chmod(0o755)
    assert looking._script(str(path)).whose == "ours"


def test_no_program_is_run(place: Place) -> None:
    mark = place.root / "ran"
    for name in ("nbmerge", "nbmerge-on-save"):
        put(place.bin, name, f"#!/bin/sh\ntouch {mark}\n")
    found(place)
    assert not mark.exists()
