"""Owns: the options of nbdime's `nbmerge`, which our command replaces: what they mean in our terms, or
why they are refused.

Must not know: our own options.  Invariant: no option of nbdime's is unknown; where a letter
or word means one thing to nbdime and another to us (`-o`, `--outputs`), ours wins.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser

from nbmerge.errors import UsageError
from nbmerge.merge.values import Favor, Outputs, Side

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Arguments

_FAVORED = {
    "inline": Favor.NONE,
    "use-base": Favor.BASE,
    "use-local": Favor.LOCAL,
    "use-remote": Favor.REMOTE,
}
_OUTPUTS = {
    "inline": Outputs.RUN,
    "use-base": Outputs.BASE,
    "use-local": Outputs.LOCAL,
    "use-remote": Outputs.REMOTE,
    "remove": Outputs.CLEAR,
    "clear-all": Outputs.CLEAR,
}
_ALL_IS_MERGED = "nbmerge always merges the whole notebook"
_REFUSED = {
    ("-s", "--sources", "-S", "--ignore-sources"): (
        f"{_ALL_IS_MERGED}; --input-strategy says whose source wins a conflict"
    ),
    ("-O", "--ignore-outputs"): "use --outputs local|remote|base|clear to say whose outputs a cell gets",
    ("-a", "--attachments", "-A", "--ignore-attachments"): f"{_ALL_IS_MERGED}; attachments never conflict",
    ("-m", "--metadata", "-M", "--ignore-metadata"): f"{_ALL_IS_MERGED}; metadata never conflict",
    ("-i", "--id", "-I", "--ignore-id"): f"{_ALL_IS_MERGED}; ids never conflict",
    ("-d", "--details", "-D", "--ignore-details"): _ALL_IS_MERGED,
    ("--no-ignore-transients",): "not needed: nothing is dropped silently, --verbose lists every choice",
    ("--no-git", "--no-use-diff"): "not needed: texts are merged without git or diff",
    ("--no-color",): "not needed: nothing is coloured",
    ("--log-level",): "use --verbose for every choice made, --debug for tracebacks",
    ("--config",): "not needed: there is no configuration, a merge depends on files and options alone",
}


def add_to(parser: ArgumentParser) -> None:
    """Add all of them to a parser; those that have no counterpart are not in its help."""
    options = parser.add_argument_group("as in nbdime's command of the same name")
    options.add_argument(
        "--decisions",
        action="store_true",
        help="print conflicts and choices instead of the notebook; to OUT: as JSON",
    )
    for name, choices, help in (
        ("merge", _FAVORED, "what becomes of a conflict: shown (inline), or settled for one side"),
        ("input", _FAVORED, "the same, for sources only"),
        ("output", _OUTPUTS, "the same, for outputs only; --outputs overrides it"),
    ):
        options.add_argument(f"--{name}-strategy", choices=list(choices), help=help)
    for names, why in _REFUSED.items():
        parser.add_argument(*names, action=_Refuse, nargs="?", const=why, default=SUPPRESS, help=SUPPRESS)


def favor(found: Arguments) -> Favor:
    """What becomes of a conflict in a source."""
    return _FAVORED[found.input_strategy or found.merge_strategy or "inline"]


def outputs(found: Arguments) -> Outputs:
    """Whose outputs a cell gets; --merge-strategy leaves them with the source that made them."""
    return _OUTPUTS[found.output_strategy or "inline"]


def newer(found: Arguments) -> Side:
    """The side whose run and volatile metadata are taken where both changed them."""
    return Side.REMOTE if found.merge_strategy == "use-remote" else Side.LOCAL


class _Refuse(Action):
    """An option of nbdime's command that has no counterpart; `const` says why."""

    def __call__(self, _parser: object, _found: object, _value: object, name: str | None = None) -> None:
        raise UsageError(f"{name} is an option of nbdime: {self.const}")
