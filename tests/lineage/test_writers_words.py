"""Who saved a version, in words for people; what is stored of a writer stays as it is."""

from __future__ import annotations

import pytest

from nbmerge.lineage.derivation import certain
from nbmerge.lineage.heads import first
from nbmerge.lineage.versions import Context, Git, Origin, Version, Writer

USUAL = "Jupyter or VS Code"  # as it is in stores
ODD = "indented by 4"


@pytest.mark.parametrize(
    ("writer", "label", "called"),
    [
        (Writer(), "", "a program"),
        (Writer(USUAL), "", "a program"),
        (Writer(USUAL, "in place with a copy", 1000), "Jupyter", "Jupyter"),
        (Writer(ODD, "in place with a copy"), "a program, in place with a copy (indented by 4)", "a program"),
        (Writer(USUAL, "in place"), "a program, in place", "a program"),
        (Writer(USUAL, "renamed"), "a program that replaces the file", "a program"),
        (Writer(ODD, "renamed"), "a program that replaces the file (indented by 4)", "a program"),
        (Writer(ODD), "a program (indented by 4)", "a program"),
        (Writer(way="told"), "a program that takes part", "a program that takes part"),
        (Writer(USUAL, "told", name="an agent"), "an agent", "an agent"),
        (Writer(name="Syncthing 20240102"), "Syncthing 20240102", "Syncthing 20240102"),
    ],
)
def test_a_writer_in_words(writer: Writer, label: str, called: str) -> None:
    assert (writer.label, writer.called) == (label, called)


@pytest.mark.parametrize(("git", "words"), [(Git.REPLACED, "git checkout"), (Git.WORKING, "git")])
def test_what_git_put_there_is_gits(git: Git, words: str) -> None:
    derivation = certain(first(1), Context(git=git))
    assert derivation is not None
    version = Version(2, "", 0.0, Origin.SAVED, (1,), Writer(USUAL, "renamed"), why=derivation.why)
    assert (version.by, version.called) == (words, words)
