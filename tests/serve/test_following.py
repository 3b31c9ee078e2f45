"""An editor is told of a change that the system tells nothing of, if somebody says that there is one."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue

from nbmerge.serve.following import Following
from tests.jupyter.parts import silently

LONGEST = 20.0


def test_what_is_heard_of_is_looked_into_whatever_the_files_times_say(tmp_path: Path) -> None:
    file = tmp_path / "nb.ipynb"
    file.write_text("1.old")
    looked: SimpleQueue[str] = SimpleQueue()
    told: SimpleQueue[tuple[str, str]] = SimpleQueue()

    def version(path: str) -> str:
        looked.put(path)
        return Path(path).read_text()

    following = Following(lambda _, work: work(), version, lambda path, found: told.put((path, found)))
    try:
        following.follow(str(file), "1.old")
        for _ in range(2):  # each change is looked at twice
            looked.get(timeout=LONGEST)
        silently(file, "2.new")
        following.heard({str(file.resolve())})
        assert told.get(timeout=LONGEST) == (str(file), "2.new")
        silently(file, "3.new")
        following.heard(None)
        assert told.get(timeout=LONGEST) == (str(file), "3.new")
    finally:
        following.stop()
