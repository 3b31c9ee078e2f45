"""The extension as a file that editors install, and the editors that are here."""

from __future__ import annotations

import json
import os
import stat
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nbmerge import __version__
from nbmerge.errors import SystemFailure
from nbmerge.vscode.editors import editors, install, uninstall
from nbmerge.vscode.package import IDENTIFIER, Extension, data_folder, extension, packed

ROOT = Path(__file__).parents[2]
_XML = {"x": "http://schemas.microsoft.com/developer/vsx-schema/2011"}


@pytest.fixture(scope="module")
def found() -> Extension:
    return extension(str(ROOT / "data"), __version__)


def opened(package: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(package))


def test_the_same_parts_give_the_same_bytes(found: Extension) -> None:
    assert packed(found, "/usr/bin/python3") == packed(found, "/usr/bin/python3")


def test_it_is_of_nbmerge_s_version_and_calls_the_interpreter_that_installed_it(found: Extension) -> None:
    archive = opened(packed(found, sys.executable))
    assert json.loads(archive.read("extension/package.json"))["version"] == __version__
    assert json.loads(archive.read("extension/installed-by.json")) == {"python": sys.executable}


def test_for_a_marketplace_it_names_no_interpreter(found: Extension) -> None:
    assert "extension/installed-by.json" not in opened(packed(found)).namelist()


def test_what_the_manifest_names_is_there(found: Extension) -> None:
    archive = opened(packed(found))
    manifest = ElementTree.fromstring(archive.read("extension.vsixmanifest"))
    assets = [one.attrib["Path"] for one in manifest.iterfind("x:Assets/x:Asset", _XML)]
    assert len(assets) == 4
    assert set(assets) <= set(archive.namelist())
    identity = manifest.find("x:Metadata/x:Identity", _XML)
    assert identity is not None
    assert f"{identity.attrib['Publisher']}.{identity.attrib['Id']}" == IDENTIFIER


def test_every_module_that_is_imported_is_there(found: Extension) -> None:
    for name, content in found.files.items():
        if name.endswith((".js", ".cjs")):
            for line in content.decode().splitlines():
                if " from './" in line and not line.startswith(" *"):
                    assert line.split(" from './")[1].rstrip("';") in found.files, (name, line)


def test_every_file_has_a_type(found: Extension) -> None:
    archive = opened(packed(found, "python"))
    types = archive.read("[Content_Types].xml").decode()
    for name in archive.namelist():
        if name.startswith("extension"):
            assert f'Extension=".{name.rpartition(".")[2]}"' in types, name


def test_it_is_small(found: Extension) -> None:
    assert len(packed(found)) < 60_000


def test_this_installation_has_it() -> None:
    assert os.path.isfile(os.path.join(data_folder(), "share", "nbmerge-on-save", "vscode", "plugin.js"))


def test_a_missing_part_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemFailure, match="install nbmerge again"):
        extension(str(tmp_path), __version__)


@pytest.fixture
def bin(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_editors_are_those_on_path_and_those_with_a_folder(tmp_path: Path, bin: Path) -> None:
    program(bin, "codium", "exit 0")
    there = tmp_path / ".cursor" / "extensions" / f"{IDENTIFIER}-0.0.9"
    there.mkdir(parents=True)
    (there / "package.json").write_text('{"version": "0.0.9"}')
    found = {one.kind.program: one for one in editors(str(tmp_path), IDENTIFIER, {"PATH": str(bin)})}
    assert set(found) == {"codium", "cursor"}
    assert found["codium"].program == str(bin / "codium")
    assert found["codium"].version is None
    assert found["cursor"].program is None
    assert found["cursor"].version == "0.0.9"


def test_a_broken_folder_of_extensions_is_no_version(tmp_path: Path) -> None:
    there = tmp_path / ".vscode" / "extensions" / f"{IDENTIFIER}-1"
    there.mkdir(parents=True)
    os.mkfifo(there / "package.json")
    (found,) = editors(str(tmp_path), IDENTIFIER, {"PATH": ""})
    assert found.version is None


def test_an_editor_that_is_too_old_says_so(tmp_path: Path, bin: Path) -> None:
    """As VS Code and its kin print it."""
    said = (
        "Error: Unable to install extension 'x.y' as it is not compatible with VS Code '1.81.1'.",
        "    at U.install (/usr/share/out/vs/code/node/cliProcessMain.js:50:6422)",
        "Failed Installing Extensions: file:///tmp/n.vsix",
    )
    program(bin, "windsurf", "\n".join(f'echo "{line}" >&2' for line in said) + "\nexit 1")
    (found,) = editors(str(tmp_path), IDENTIFIER, {"PATH": str(bin)})
    with pytest.raises(SystemFailure, match=r"windsurf: Unable to install extension .* '1\.81\.1'\.$"):
        install(found, "n.vsix")


def test_editors_are_told_to_install_and_to_uninstall(tmp_path: Path, bin: Path) -> None:
    program(bin, "code", f'echo "$@" >> {tmp_path}/told')
    (found,) = editors(str(tmp_path), IDENTIFIER, {"PATH": str(bin)})
    install(found, "n.vsix")
    uninstall(found, IDENTIFIER)
    told = (tmp_path / "told").read_text().splitlines()
    assert told == ["--install-extension n.vsix --force", f"--uninstall-extension {IDENTIFIER}"]


def test_what_an_editor_says_is_handed_on(tmp_path: Path, bin: Path) -> None:
    program(bin, "code", "echo 'no space left' >&2; exit 3")
    (found,) = editors(str(tmp_path), IDENTIFIER, {"PATH": str(bin)})
    with pytest.raises(SystemFailure, match="no space left"):
        install(found, "n.vsix")
