"""Owns: the merge of three files: what every command and edge calls.

Must not know: where the bytes come from or go.
Invariant: if one side's bytes equal base's, the other side's bytes come out; nothing comes out that was
not read whole first.

Files may hold hundreds of megabytes of pictures, so each is read when its turn comes, and long texts of
outputs stay the bytes that they are: fresh memory is what costs most.
"""

from __future__ import annotations

from nbmerge.errors import NotebookError
from nbmerge.frozen import frozen
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import MarkerStyle, Rendered, render
from nbmerge.merge.values import Decision, Policy, Result, Side, Terms
from nbmerge.notebook.longtext import LongTexts
from nbmerge.notebook.model import UTF_8
from nbmerge.notebook.reader import BOM, read_abridged
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeAlias

    from nbmerge.notebook.model import Cell, Notebook

    Settle: TypeAlias = Callable[[Result, Terms[Notebook]], Result]

    class Source(Protocol):
        """A file that can be read more than once; `name` is what messages call it."""

        @property
        def name(self) -> str: ...

        def read(self) -> bytes: ...

        def holds(self, other: Source) -> bool:
            """Whether the other source has the very same bytes."""


@frozen
class InMemory:
    """A file that is in memory already."""

    name: str
    data: bytes

    def read(self) -> bytes:
        """The bytes."""
        return self.data

    def holds(self, other: Source) -> bool:
        """Whether the other source has the very same bytes."""
        return self.data == other.read()


@frozen
class Parsed:
    """A file that was read before; `digest` names its bytes, which `fetch` gives if they are needed.

    `long` are the long texts that the notebook was read with; all files of one merge have the same.
    """

    name: str
    digest: str
    notebook: Notebook
    fetch: Callable[[], bytes]
    long: LongTexts | None = None

    def read(self) -> bytes:
        """The bytes."""
        return self.fetch()

    def holds(self, other: Source) -> bool:
        """Whether the other source has the very same bytes."""
        if isinstance(other, Parsed):
            return self.digest == other.digest
        return self.read() == other.read()


@frozen
class MergedFile:
    """The merged file and the notebook in it, with all that is to be said about the merge.

    Long texts in the outputs of that notebook are LongText.
    """

    data: bytes
    rendered: Rendered

    @property
    def result(self) -> Result:
        """The merge as values."""
        return self.rendered.result


def merge_bytes(
    base: bytes,
    local: bytes,
    remote: bytes,
    policy: Policy = Policy(),
    markers: MarkerStyle = MarkerStyle(),
) -> MergedFile:
    """Merge three files; an empty `base` is an empty notebook.

    Raises NotebookError if a file is no notebook.
    """
    sources = InMemory("base", base), InMemory("local", local), InMemory("remote", remote)
    return merge_sources(*sources, policy, lambda: markers)


def merge_sources(
    base: Source,
    local: Source,
    remote: Source,
    policy: Policy = Policy(),
    markers: Callable[[], MarkerStyle] = MarkerStyle,
    settle: Settle | None = None,
) -> MergedFile:
    """Merge three files, as `merge_bytes` does; `markers` is asked only if there are conflicts to show.

    A result with conflicts is given to `settle` with the three notebooks before it is shown; what comes
    back is shown in its place.
    """
    long = _long_texts(base, local, remote)
    before = _read_base(base, long)
    known = before.cells if before is not None else ()
    ours = _read(local, known, long)
    if local.holds(remote) or (before is not None and base.holds(remote)):
        return MergedFile(local.read(), render(Result(ours, {}, taken=Side.LOCAL)))
    theirs = _read(remote, known or ours.cells, long)
    if base.holds(local):
        return MergedFile(remote.read(), render(Result(theirs, {}, taken=Side.REMOTE)))
    sides, converted = _of_one_major((before, ours, theirs), (base, local, remote))
    try:
        result = merge(*sides, policy)
        if settle is not None and not result.clean:
            result = settle(result, Terms(*sides))
        if converted:
            note = Decision("/nbformat", "higher", "converted to nbformat 4; not written byte for byte")
            decisions = (note, *result.decisions)
            result = Result(result.notebook, result.contested, decisions, result.origins)
        if (said := _of_encoding(ours, theirs, result.notebook)) is not None:
            result = Result(result.notebook, result.contested, (said, *result.decisions), result.origins)
        rendered = render(result) if result.clean else render(result, markers())
        return MergedFile(_written(rendered.notebook, long), rendered)
    except RecursionError:
        raise NotebookError(f"{local.name}: is nested too deeply to be merged") from None


def _of_encoding(local: Notebook, remote: Notebook, merged: Notebook) -> Decision | None:
    """What to say where one side is in UTF-16 and the other is not."""
    if local.style.encoding == remote.style.encoding or merged.style.encoding != UTF_8:
        return None
    took = Side.LOCAL if local.style.encoding == UTF_8 else Side.REMOTE
    return Decision("", took.value, "written in UTF-8; the other side is in UTF-16")


def _of_one_major(
    notebooks: tuple[Notebook | None, Notebook, Notebook], files: tuple[Source, Source, Source]
) -> tuple[tuple[Notebook, Notebook, Notebook], bool]:
    """The three as they can be merged, and whether any had to be converted; most are nbformat 4."""
    base, local, remote = notebooks
    if base is not None and base.major == local.major == remote.major == 4:
        return (base, local, remote), False
    from nbmerge.notebook.versions import empty_beside, harmonise

    return harmonise((base or empty_beside(local, remote), local, remote), files)


def _written(notebook: Notebook, long: LongTexts) -> bytes:
    data, encoding = write(notebook), notebook.style.encoding
    return long.put_back(data) if encoding == UTF_8 else long.spelled(data.decode(encoding)).encode(encoding)


def _long_texts(*sources: Source) -> LongTexts:
    """Those of the files that were read before, or new ones."""
    known = (source.long for source in sources if isinstance(source, Parsed))
    return next((long for long in known if long is not None), None) or LongTexts()


def _read(source: Source, known: Sequence[Cell], long: LongTexts) -> Notebook:
    if isinstance(source, Parsed):
        return source.notebook
    return read_abridged(source.read(), source.name, known, long)


def _read_base(base: Source, long: LongTexts) -> Notebook | None:
    """None for an empty base; files with as much white space as a notebook are none."""
    if isinstance(base, Parsed):
        return base.notebook
    data = base.read()
    if len(data) < 1 << 16 and not data.removeprefix(BOM).strip():
        return None
    return read_abridged(data, base.name, (), long)
