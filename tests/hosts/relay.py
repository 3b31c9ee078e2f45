"""Owns: a long way to the database: what is sent arrives later.

Must not know: what is sent.  Invariant: every byte arrives, in order; either side's end ends the other.

For a kernel that cannot delay packets itself (no `netem`).  `python -m tests.hosts.relay PORT TARGET
MILLISECONDS`.
"""

from __future__ import annotations

import asyncio
import sys


async def _passed_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: float) -> None:
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    clock = asyncio.get_running_loop().time

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(due - clock(), 0))
            if not data:
                target.close()
                return
            target.write(data)
            await target.drain()

    delivering = asyncio.ensure_future(deliver())
    try:
        while data := await source.read(1 << 16):
            waiting.put_nowait((clock() + delay, data))
    except OSError:
        pass
    waiting.put_nowait((clock() + delay, b""))
    await asyncio.gather(delivering, return_exceptions=True)


async def main(port: int, target: int, milliseconds: float) -> None:
    """Pass on until it is killed."""
    delay = milliseconds / 2000

    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _passed_on(reader, back, delay), _passed_on(there, writer, delay), return_exceptions=True
        )

    server = await asyncio.start_server(joined, "0.0.0.0", port)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
