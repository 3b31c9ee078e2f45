"""Whether anybody holds the lock of a store."""

from __future__ import annotations

from threading import Event, Thread

from nbmerge.history.store import Store


def is_free(store: Store) -> bool:
    """Whether another thread can take it at once."""
    done = Event()

    def take() -> None:
        with store.lock():
            done.set()

    Thread(target=take, daemon=True).start()
    return done.wait(5.0)
