"""Owns: a Jupyter server with nbmerge's part and no other extension, whatever else is installed.

Must not know: the hosts.  `python -m tests.hosts.server FOLDER PORT`.
"""

from __future__ import annotations

import sys

from jupyter_server.serverapp import ServerApp


class PlainServer(ServerApp):
    """A server that looks for no extensions."""

    def find_server_extensions(self) -> None:
        """None but those that it is told."""


def main(folder: str, port: str) -> None:
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
    PlainServer.launch_instance([*words, "--IdentityProvider.token="])


if __name__ == "__main__":
    main(*sys.argv[1:])
