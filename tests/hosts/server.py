"""Owns: a Jupyter server with nbmerge's part and no other extension, whatever else is installed.

Must not know: the hosts.  `python -m tests.hosts.server FOLDER PORT [USER]`; all who ask are that user.
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from jupyter_server.serverapp import ServerApp


class PlainServer(ServerApp):
    """A server that looks for no extensions."""

    def find_server_extensions(self) -> None:
        """None but those that it is told."""


class Named(IdentityProvider):
    """Everybody is the user of the server."""

    async def _get_user(self, handler: Any) -> User:
        name = sys.argv[-1]
        return User(name, display_name=name.title())

    get_user = _get_user


def main(folder: str, port: str, user: str = "") -> None:
    """Serve until it is killed."""
    settings = {
        "root_dir": folder,
        "port": port,
        "ip": "127.0.0.1",
        "allow_root": "True",
        "open_browser": "False",
        "disable_check_xsrf": "True",
        "jpserver_extensions": "{'nbmerge.jupyter': True}",
    }
    words = [f"--ServerApp.{name}={value}" for name, value in settings.items()]
    if user:
        words.append("--ServerApp.identity_provider_class=tests.hosts.server.Named")
    PlainServer.launch_instance([*words, "--IdentityProvider.token="])


if __name__ == "__main__":
    main(*sys.argv[1:])
