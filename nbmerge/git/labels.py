"""Owns: what the sides of a conflict are called where git (before 2.44) does not tell its driver.

Must not know: the merge.
Invariant: a name is shown only where git's own state gives it; else HEAD and "theirs".  Asked only when
there is a conflict to show, for it costs processes.

git leaves its state behind for what it starts: a rebase that puts an autostash back still says which commit
it picked last, a merge which branch it merged.  So the git that runs this driver is asked first, by its
command line; where the system does not show that, a commit is named only if it holds the remote side.
"""

from __future__ import annotations

import os
import re

from nbmerge.files import read_small_file
from nbmerge.git.process import ask_git
from nbmerge.merge.markers import Labels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.driver import Call

BASE_LABEL, LOCAL_LABEL, REMOTE_LABEL = "base", "HEAD", "theirs"
_LARGEST = 16 << 20  # bytes of a list of what a rebase does
_UNKNOWN = Labels(LOCAL_LABEL, BASE_LABEL, REMOTE_LABEL)
_STASH = Labels("Updated upstream", "Stash base", "Stashed changes")
_VIRTUAL = Labels("Temporary merge branch 1", BASE_LABEL, "Temporary merge branch 2")
_OF_FILES = Labels("ours", BASE_LABEL, "theirs")  # `apply --3way`, and conflicts that are made again
_HEAD_OF = "GITHEAD_"
_HASH = "[0-9a-f]{4,64}"
# Options that are followed by a word of their own: of git itself, and of the commands looked at here.
_OF_GIT = {"-C", "-c", "--exec-path", "--git-dir", "--work-tree", "--namespace", "--config-env"}
_OF_COMMANDS = {
    *("-b", "-B", "-c", "-C", "--create", "--force-create", "--orphan", "--conflict"),
    *("-m", "--mainline", "-X", "--strategy-option", "--strategy", "--cleanup", "--merge-base"),
}
_SWITCHING = _OF_COMMANDS - {"-m"}  # where it is `--merge`


def find_labels(call: Call, with_base: bool) -> Labels:
    """The labels that git itself would show, as far as they can be told."""
    if call.labels is not None:
        return call.labels
    if is_virtual(call):
        return _VIRTUAL
    command, words = _split(_words_of_git())
    if not command:
        return _by_traces(call, with_base)
    return _by_command(command, words, with_base)


def is_virtual(call: Call) -> bool:
    """Whether this merges the bases of a criss-cross: git makes the markers longer for that."""
    if call.marker_size <= 7:
        return False
    told = ask_git("check-attr", "conflict-marker-size", "--", call.path) or ""
    size = told.rpartition(": ")[2]
    return call.marker_size > (int(size) if size.isdecimal() else 7)


def _by_command(command: str, words: list[str], with_base: bool) -> Labels:
    """The labels for the command that git was started with, and the words behind it."""
    labels = _UNKNOWN
    match command:
        case "merge":
            labels = _merged(with_base)
        case "rebase":
            labels = _picked(_last_line("rebase-merge/done"))
        case "stash":
            labels = _STASH
        case "cherry-pick" | "revert":
            step = _first_line("sequencer/todo") or _commit_in(words)
            labels = _picked(step, backwards=command == "revert")
        case "am":  # also what `rebase --apply` runs
            labels = _applied()
        case "checkout" | "switch" | "restore":
            labels = _switched(command, words, with_base)
        case "apply":
            labels = _OF_FILES
        case "merge-tree":
            labels = _of_branches(words, with_base)
    return labels


def _merged(with_base: bool) -> Labels:
    """Those of a merge: git hands the name of what is merged to the programs that it starts."""
    merged = merged_heads()
    if len(merged) != 1:
        return _UNKNOWN
    oid, name = merged[0]
    return Labels(LOCAL_LABEL, _base_of("HEAD", oid) if with_base else BASE_LABEL, name)


def merged_heads() -> list[tuple[str, str]]:
    """The commits that a `git merge` which runs this merges, and their names."""
    return [
        (name.removeprefix(_HEAD_OF), value)
        for name, value in os.environ.items()
        if name.startswith(_HEAD_OF)
    ]


def _base_of(local: str, remote: str) -> str:
    bases = (ask_git("merge-base", "--all", local, remote) or "").split()
    if len(bases) > 1:
        return "merged common ancestors"
    return bases[0][:7] if bases else "empty tree"


def _by_traces(call: Call, with_base: bool) -> Labels:
    """What git left for what it starts, if that is what is merged here."""
    merged, step = merged_heads(), ""
    if "GIT_CHERRY_PICK_HELP" in os.environ:  # set by a rebase for what it runs
        step = _last_line("rebase-merge/done")
    commits = [oid for oid, _ in merged] or step.split()[1:2]
    if len(commits) != 1 or not _holds_remote(commits[0], call):
        return _UNKNOWN
    return _merged(with_base) if merged else _picked(step)


def _holds_remote(commit: str, call: Call) -> bool:
    there = ask_git("rev-parse", "--verify", "--quiet", f"{commit}:{call.path}")
    return bool(there) and there == ask_git("hash-object", "--no-filters", "--", call.remote)


def _commit_in(words: list[str]) -> str:
    """The one commit that a command line names, spelled as a step of a todo list."""
    named = _named(words, _OF_COMMANDS)
    if len(named) != 1 or ".." in named[0]:
        return ""
    return ask_git("log", "-1", "--no-show-signature", "--format=pick %h %s", named[0], "--") or ""


def _applied() -> Labels:
    """Those of a patch that no longer fits: git names it by its subject."""
    subject = next(iter(_all_lines("rebase-apply/final-commit")), "")
    return Labels(LOCAL_LABEL, "constructed merge base", subject) if subject else _UNKNOWN


def _switched(command: str, words: list[str], with_base: bool) -> Labels:
    """Those of `checkout --merge`, which carries what is not committed over to another commit, or
    makes the conflicts in files again."""
    named = _named(words, _SWITCHING)
    if command == "restore" or "--" in words or len(named) > 1:
        return _OF_FILES
    if not named:
        return _UNKNOWN
    name = "@{-1}" if named[0] == "-" else named[0]
    if ask_git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") is None:
        return _OF_FILES if command == "checkout" else _UNKNOWN
    if name.startswith("@{-"):
        name = ask_git("rev-parse", "--abbrev-ref", name) or name
    return Labels(name, _current() if with_base else BASE_LABEL, "local")


def _current() -> str:
    """The branch that git is on, or the commit."""
    return (
        ask_git("symbolic-ref", "--quiet", "--short", "HEAD")
        or ask_git("rev-parse", "--short", "HEAD")
        or BASE_LABEL
    )


def _of_branches(words: list[str], with_base: bool) -> Labels:
    """Those of `merge-tree`, which names both sides."""
    match _named(words, _OF_COMMANDS):
        case [local, remote]:
            return Labels(local, _base_of(local, remote) if with_base else BASE_LABEL, remote)
    return _UNKNOWN


def _split(words: list[str]) -> tuple[str, list[str]]:
    """The command that git was started with, and what stands behind it; "" if that is not shown."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _OF_GIT else 1
    return (words[at], words[at + 1 :]) if at < len(words) else ("", [])


def _named(words: list[str], with_value: set[str]) -> list[str]:
    """The words that are neither options nor belong to one."""
    found: list[str] = []
    before = ""
    for word in words:
        if word == "-" or not (word.startswith("-") or before in with_value):
            found.append(word)
        before = word
    return found


def _picked(step: str, backwards: bool = False) -> Labels:
    """Labels for a step of a todo list: a command, a commit and its subject."""
    _, _, commit = step.partition(" ")
    oid, _, subject = commit.partition(" ")
    if not re.fullmatch(
        _HASH, oid
    ):  # `merge -C ...` has none, a step of a newer git may be spelled otherwise
        return _UNKNOWN
    name = f"{oid[:7]} ({subject})"
    before, after = f"parent of {name}", name
    return Labels(LOCAL_LABEL, after, before) if backwards else Labels(LOCAL_LABEL, before, after)


def _first_line(name: str) -> str:
    return next(iter(_lines(name)), "")


def _last_line(name: str) -> str:
    return next(reversed(_lines(name)), "")


def _lines(name: str) -> list[str]:
    """The lines of a todo list that say something."""
    return [line for line in _all_lines(name) if line and not line.startswith("#")]


def _all_lines(name: str) -> list[str]:
    """The lines of a file of git's state."""
    path = ask_git("rev-parse", "--git-path", name)
    try:
        text = read_small_file(path or "", _LARGEST, links=True).decode("utf-8", "replace")
    except (OSError, ValueError):
        return []
    return text.replace("\r\n", "\n").split("\n")


def _words_of_git() -> list[str]:
    """The command line of the git that runs this driver, where the system shows it (Linux).

    A cherry-pick of one commit, a revert and a stash leave no other trace while they merge.
    """
    process = os.getppid()
    try:
        for _ in range(3):  # git runs a shell, the shell runs this
            with open(f"/proc/{process}/cmdline", "rb") as file:
                words = os.fsdecode(file.read()).rstrip("\0").split("\0")
            if os.path.basename(words[0]) == "git":
                return words[1:]
            with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
                process = int(file.read().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return []
