"""Owns: the smallest kernel that a front end can connect to: it says what it is, and runs nothing.

Run by jupyter_server with a connection file.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import zmq
from jupyter_client.session import Session

ABOUT = {
    "status": "ok",
    "protocol_version": "5.3",
    "implementation": "none",
    "implementation_version": "0",
    "language_info": {"name": "none", "version": "0", "mimetype": "text/plain", "file_extension": ".txt"},
    "banner": "",
}


def main(connection_file: str) -> None:
    with open(connection_file, encoding="utf-8") as file:
        told: dict[str, Any] = json.load(file)
    session = Session(key=told["key"].encode())
    context: zmq.Context[Any] = zmq.Context()

    def bound(kind: int, name: str) -> Any:
        socket = context.socket(kind)
        socket.bind(f"tcp://{told['ip']}:{told[f'{name}_port']}")
        return socket

    shell, control = bound(zmq.ROUTER, "shell"), bound(zmq.ROUTER, "control")
    news, _, beat = bound(zmq.PUB, "iopub"), bound(zmq.ROUTER, "stdin"), bound(zmq.REP, "hb")
    poller = zmq.Poller()
    for socket in (shell, control, beat):
        poller.register(socket, zmq.POLLIN)
    while True:
        for socket, _ in poller.poll():
            if socket is beat:
                beat.send(beat.recv())
                continue
            who, message = session.recv(socket, 0)
            assert message is not None
            if message["msg_type"] == "shutdown_request":
                return
            session.send(news, "status", {"execution_state": "busy"}, parent=message)
            session.send(socket, "kernel_info_reply", ABOUT, parent=message, ident=who)
            session.send(news, "status", {"execution_state": "idle"}, parent=message)


if __name__ == "__main__":
    main(sys.argv[1])
