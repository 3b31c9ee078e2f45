"""Owns: `nbmerge resolve NOTEBOOK`.

Must not know: how conflicts are found, settled or shown.  Invariant: the notebook is written once, at the
end, or in the browser whenever somebody saves; nothing but what was chosen changes.
"""

from __future__ import annotations

import os

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import Chosen
    from nbmerge.merge.values import Decision
    from nbmerge.service.resolve import Rewritten, Unresolved

_WHAT = """
Settle the conflicts in a notebook: all of them for one side, or those of one cell with --cell; without such
an option it asks about one after the other; with --web in the browser, with both sides and the result beside
each other. A cell that becomes what one side had also gets that side's outputs, execution count and
metadata, if git or the history has them. What the notebook held before stays in its history.
"""
_EXITS = {
    EXIT_CLEAN: "no conflict is left",
    EXIT_CONFLICTS: "conflicts are left: skipped ones, or those of other cells than --cell",
}
_SIDES = {
    "local": "take local's side (git's ours)",
    "remote": "take remote's side (git's theirs)",
    "both": "take both, local's lines first",
    "base": "take what was there before both changes",
}


def resolve_parser() -> CommandParser:
    """The parser of `resolve`."""
    parser = command("resolve", _WHAT, _EXITS).with_notebook().with_state()
    one = parser.add_mutually_exclusive_group()
    for choice, what in _SIDES.items():
        one.add_argument(f"--{choice}", dest="choice", action="store_const", const=choice, help=what)
    one.add_argument("--web", action="store_true", help="choose and edit in the browser")
    parser.add_argument(
        "--browser",
        metavar="NAME",
        help="as --web, in this browser; `none`: only print the address (default: $NBMERGE_BROWSER)",
    )
    parser.add_argument(
        "--cell", metavar="N|ID", help="only the conflicts of this cell, by its number from 1 or by its id"
    )
    return parser


def run_resolve(options: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.cli.resolving import in_cell, open_conflicts

    path = options.notebook
    in_browser = options.web or options.browser is not None
    if in_browser and options.choice:
        raise UsageError(f"--browser opens a page to choose on: leave out that, or --{options.choice}")
    if not os.path.lexists(path) and (lines := _loose_ends(path, options.state)):  # git asks about it
        write_text(lines)
        return EXIT_CONFLICTS
    with open_conflicts(path, options.state) as found:
        if found is None:
            lines = _loose_ends(path, options.state)
            write_text(lines or f"{printable(path)}: no conflicts are in it\n")
            return EXIT_CONFLICTS if lines else EXIT_CLEAN
        meant = found.conflicts if options.cell is None else in_cell(found, options.cell)
        if in_browser:
            return _in_browser(found, meant, options)
        return _resolve(found, meant, options.choice)


def _loose_ends(path: str, state: str | None) -> str:
    """What waits for a person though no side can be chosen for it."""
    from nbmerge.cli.conflicts_command import loose_ends
    from nbmerge.service.resolve import Looking

    return "".join(f"{line}\n" for line in loose_ends(Looking(state).at(path)))


def _resolve(found: Unresolved, meant: Sequence[Traced], choice: str | None) -> int:
    """Resolve them all for one side, or as somebody answers."""
    from nbmerge.conflicts.values import Choice
    from nbmerge.service.resolve import write_resolution

    chosen = dict.fromkeys(meant, Choice(choice)) if choice else _answers(found, meant)
    if not chosen:
        write_text(f"{printable(found.path)}: nothing was chosen, nothing was written\n")
        return EXIT_CONFLICTS
    settled = _settled(found, chosen)
    return _told(found, [*chosen.values()], settled.decisions, write_resolution(found, settled))


def _in_browser(found: Unresolved, meant: Sequence[Traced], options: Arguments) -> int:
    from nbmerge.browser.visit import Visit

    with Visit() as visit:  # it starts while the page is made
        from nbmerge.cli.in_browser import settle_in_browser
        from nbmerge.cli.resolving import Resolving

        resolving = Resolving(found, options.cell)
        settle_in_browser(visit, resolving, resolving.seen(meant), options.state, options.browser)
    if resolving.by_others:
        write_text(f"{printable(found.path)}: no conflict is left: others have settled them\n")
        return EXIT_CLEAN
    if resolving.kept is None:
        write_text(f"{printable(found.path)}: closed without saving, nothing was written\n")
        return EXIT_CONFLICTS
    return _told(found, resolving.chosen, resolving.decisions, resolving.kept)


def _told(found: Unresolved, chosen: Sequence[Chosen], decisions: Sequence[Decision], kept: Rewritten) -> int:
    write_text("".join(f"{line}\n" for line in _said(found, chosen, decisions, kept)))
    return EXIT_CONFLICTS if kept.left or kept.markers else EXIT_CLEAN


def _answers(found: Unresolved, meant: Sequence[Traced]) -> Mapping[Traced, Chosen]:
    """What somebody answers at the terminal."""
    from nbmerge.cli.terminal import THIS, is_interactive
    from nbmerge.cli.walk import Walk

    if not is_interactive():
        call = to_type("resolve", found.path)
        raise UsageError(f"there is no terminal to ask on: use {call} --local, --remote, --both or --base")
    try:
        return Walk(found.path, found.notebook, meant, THIS).run()
    except KeyboardInterrupt:
        write_text(f"\n{printable(found.path)}: nothing was written\n")
        raise


def _settled(found: Unresolved, chosen: Mapping[Traced, Chosen]) -> Resolution:
    from nbmerge.conflicts.choosing import choose
    from nbmerge.conflicts.values import NotKnown

    try:
        return choose(found.notebook, chosen)
    except NotKnown as error:
        raise UsageError(f"{found.path}: {error}; nothing was written") from error


def _said(
    found: Unresolved, chosen: Sequence[Chosen], decisions: Sequence[Decision], kept: Rewritten
) -> Iterator[str]:
    """What was done, how it is undone, and what is next."""
    from collections import Counter

    from nbmerge.cli.conflicts_command import loose_ends
    from nbmerge.cli.git_command import in_git, turned_round
    from nbmerge.cli.report import decided
    from nbmerge.conflicts.values import Choice
    from nbmerge.service.resolve import Looked

    path, number, left = printable(found.path), len(chosen), kept.left
    ways = Counter(each.value if isinstance(each, Choice) else "edited" for each in chosen)
    counted = ", ".join(f"{times} {way}" if len(ways) > 1 else way for way, times in ways.items())
    rest = f"{left} left" if left else "none left"
    how = f" ({counted})" if counted else ""
    yield f"{path}: {number} conflict{'s' * (number != 1)} settled{how}, {rest}"
    for decision in decisions:
        yield f"  {decided(decision)}"
    if {Choice.LOCAL, Choice.REMOTE} & set(chosen) and (note := turned_round(found.path)):
        yield f"note: {note}"
    before = f"{found.path}@{found.version.number}"
    yield f"to undo it: {printable(to_type('restore', before))}"
    yield from loose_ends(Looked(found.path, markers=kept.markers))
    if left:
        yield f"to go on: {printable(to_type('resolve', found.path))}"
    elif found.git is not None and not kept.markers:
        yield from in_git(found.path, found.git)
