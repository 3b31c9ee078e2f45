"""Owns: the extension as one file (.vsix), which editors install and marketplaces take.

Must not know: editors, who installs it.  Invariant: equal parts give equal bytes; the version is that of
nbmerge, and with an interpreter the extension calls that one and no other.

The format is that of VS Code's own packaging tool, `vsce`: a zip with a manifest in XML, the types of its
files, and the extension in the folder `extension`.
"""

from __future__ import annotations

import json
import os
import sysconfig
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from nbmerge.errors import SystemFailure
from nbmerge.files import reason

PUBLISHER, NAME = "nbmerge", "nbmerge-on-save"
IDENTIFIER = f"{PUBLISHER}.{NAME}"

_OWN = os.path.join("share", "nbmerge-on-save", "vscode")
# What the extension has in common with the part in Jupyter's page.
_SHARED = os.path.join("share", "jupyter", "labextensions", "nbmerge-on-save", "page")
_SHARED_MODULES = ("markers.js", "notebooks.js", "order.js", "text.js")
_TYPES = {
    "cjs": "application/javascript",
    "js": "application/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "png": "image/png",
    "txt": "text/plain",
    "vsixmanifest": "text/xml",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can hold


@dataclass(frozen=True, slots=True)
class Extension:
    """The files of the extension by name, and what its `package.json` says."""

    files: dict[str, bytes]
    about: dict[str, Any]


def data_folder() -> str:
    """Where this installation keeps what is no Python.  Raises SystemFailure if there is no extension."""
    import site

    for folder in (sysconfig.get_path("data"), site.getuserbase()):
        if os.path.isfile(os.path.join(folder, _OWN, "package.json")):
            return folder
    message = "the extension for VS Code is not part of this installation"
    raise SystemFailure(f"{message}: install nbmerge again, with `pip install --force-reinstall`")


def extension(folder: str, version: str) -> Extension:
    """The extension, from an installation's data folder.  Raises SystemFailure if a file is missing."""
    own = os.path.join(folder, _OWN)
    try:
        paths = {name: os.path.join(own, name) for name in sorted(os.listdir(own))}
        paths |= {name: os.path.join(folder, _SHARED, name) for name in _SHARED_MODULES}
        files = {name: _content(path) for name, path in sorted(paths.items())}
    except OSError as error:
        raise SystemFailure(f"{error.filename}: {reason(error)}: install nbmerge again") from error
    about: dict[str, Any] = json.loads(files["package.json"]) | {"version": version}
    files["package.json"] = _json(about)
    return Extension(files, about)


def packed(found: Extension, python: str | None = None) -> bytes:
    """The file to install; `python`: the interpreter that runs nbmerge (None: whatever the shell finds)."""
    files = dict(found.files)
    if python is not None:
        files["installed-by.json"] = _json({"python": python})
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "extension.vsixmanifest", _manifest(found.about).encode())
        _add(archive, "[Content_Types].xml", _content_types(files).encode())
        for name, content in sorted(files.items()):
            _add(archive, f"extension/{name}", content)
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _json(value: object) -> bytes:
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


def _content_types(files: dict[str, bytes]) -> str:
    endings = sorted({name.rpartition(".")[2] for name in files} | {"vsixmanifest"})
    types = "".join(f'<Default Extension=".{one}" ContentType="{_TYPES[one]}"/>' for one in endings)
    schema = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="{schema}">{types}</Types>\n'


def _manifest(about: dict[str, Any]) -> str:
    """What a marketplace reads instead of `package.json`."""
    identity = {"Language": "en-US", "Id": NAME, "Version": about["version"], "Publisher": PUBLISHER}
    properties = {
        "Microsoft.VisualStudio.Code.Engine": about["engines"]["vscode"],
        "Microsoft.VisualStudio.Code.ExtensionDependencies": ",".join(about["extensionDependencies"]),
        "Microsoft.VisualStudio.Code.ExtensionKind": ",".join(about["extensionKind"]),
    }
    assets = {
        "Microsoft.VisualStudio.Code.Manifest": "package.json",
        "Microsoft.VisualStudio.Services.Content.Details": "README.md",
        "Microsoft.VisualStudio.Services.Content.License": "LICENSE.txt",
        "Microsoft.VisualStudio.Services.Icons.Default": about["icon"],
    }
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">',
        "<Metadata>",
        f"<Identity {_attributes(identity)}/>",
        f"<DisplayName>{escape(about['displayName'])}</DisplayName>",
        f'<Description xml:space="preserve">{escape(about["description"])}</Description>',
        f"<Tags>{escape(','.join(about['keywords']))}</Tags>",
        f"<Categories>{escape(','.join(about['categories']))}</Categories>",
        "<License>extension/LICENSE.txt</License>",
        f"<Icon>extension/{escape(about['icon'])}</Icon>",
        "<Properties>",
        *(f"<Property {_attributes({'Id': name, 'Value': value})}/>" for name, value in properties.items()),
        "</Properties>",
        "</Metadata>",
        '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>',
        "<Dependencies/>",
        "<Assets>",
        *(
            f"<Asset {_attributes({'Type': kind, 'Path': f'extension/{name}', 'Addressable': 'true'})}/>"
            for kind, name in assets.items()
        ),
        "</Assets>",
        "</PackageManifest>",
    ]
    return "\n".join(lines) + "\n"


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in values.items())
