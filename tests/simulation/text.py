"""Owns: what people write into notebooks, made up: names, lines of code, sentences, outputs.

Must not know: editors, files.  Invariant: drawn from the given source of chance and nothing else.
"""

from __future__ import annotations

from random import Random
from typing import Any

NOUNS = [
    "data",
    "frame",
    "table",
    "model",
    "loss",
    "score",
    "batch",
    "label",
    "image",
    "pixel",
    "token",
    "vector",
    "matrix",
    "kernel",
    "layer",
    "weight",
    "sample",
    "price",
    "volume",
    "station",
    "river",
    "temperature",
    "signal",
    "spectrum",
    "galaxy",
    "protein",
    "gene",
    "patient",
    "visit",
    "sensor",
    "order",
    "customer",
    "review",
    "sentence",
    "node",
    "edge",
    "graph",
    "tree",
    "path",
    "window",
    "series",
    "forecast",
    "error",
    "mask",
]
VERBS = [
    "load",
    "read",
    "clean",
    "merge",
    "fit",
    "train",
    "plot",
    "draw",
    "filter",
    "group",
    "count",
    "scale",
    "split",
    "join",
    "sort",
    "check",
    "show",
]
LIBRARIES = [
    "numpy",
    "pandas",
    "matplotlib.pyplot",
    "seaborn",
    "scipy.stats",
    "sklearn.linear_model",
    "torch",
    "json",
    "re",
    "os",
]
LITTLE = [
    "the",
    "a",
    "of",
    "and",
    "in",
    "to",
    "for",
    "with",
    "from",
    "that",
    "is",
    "are",
    "we",
    "this",
    "each",
    "as",
    "by",
    "on",
]


def name(chance: Random) -> str:
    """An identifier; names recur, as they do in one project."""
    noun = chance.choice(NOUNS)
    return noun if chance.random() < 0.4 else f"{noun}_{chance.choice(NOUNS)}"


def number(chance: Random) -> str:
    return str(chance.choice([chance.randint(0, 9), chance.randint(10, 5000), round(chance.random(), 3)]))


def code_line(chance: Random) -> str:
    one, other, third = (name(chance) for _ in range(3))
    verb = chance.choice(VERBS)
    return chance.choice(
        [
            f"{one} = {verb}_{other}({third}, {number(chance)})",
            f"{one} = {other}.{verb}({chance.choice(NOUNS)}={number(chance)})",
            f"{one}['{other}'] = {third} * {number(chance)}",
            f"print({one})",
            f"plt.plot({one}, {other}, label='{third}')",
            f"for {chance.choice(NOUNS)} in {one}:",
            f"    {other}.append({third})",
            f"if {one} > {number(chance)}:",
            f"    {verb}({other})",
            f"# {sentence(chance)}",
            f"import {chance.choice(LIBRARIES)}",
            f"{one}.head()",
            "plt.show()",
            f"{chance.choice(NOUNS).upper()} = {chance.choice(['True', 'False', number(chance)])}",
        ]
    )


def sentence(chance: Random) -> str:
    words = [
        chance.choice(LITTLE) if chance.random() < 0.45 else chance.choice(NOUNS + VERBS)
        for _ in range(chance.randint(5, 14))
    ]
    return " ".join(words).capitalize() + "."


def prose_line(chance: Random) -> str:
    if chance.random() < 0.2:
        return f"## {chance.choice(VERBS).capitalize()} the {chance.choice(NOUNS)} {chance.choice(NOUNS)}"
    return " ".join(sentence(chance) for _ in range(chance.randint(1, 3)))


def lines(chance: Random, kind: str) -> list[str]:
    """A cell's worth."""
    one = code_line if kind == "code" else prose_line
    return [one(chance) for _ in range(min(12, 1 + int(chance.expovariate(0.35 if kind == "code" else 0.9))))]


def changed(chance: Random, line: str, kind: str) -> str:
    """A line after somebody went over it: another word or number, an addition, or all anew."""
    words = line.split(" ")
    what = chance.random()
    if what < 0.55 and words:
        place = chance.randrange(len(words))
        words[place] = number(chance) if words[place].strip(")").isdigit() else name(chance)
        return " ".join(words)
    if what < 0.8:
        return f"{line}  # {sentence(chance)}" if kind == "code" else f"{line} {sentence(chance)}"
    return code_line(chance) if kind == "code" else prose_line(chance)


def outputs(chance: Random, source: str, count: int) -> list[dict[str, Any]]:
    """What a run shows: the same for the same source, but for pictures and times."""
    last = source.rstrip().rpartition("\n")[2]
    if last.startswith("print"):
        shown = str(Random(source).random()) if chance.random() < 0.7 else str(chance.random())
        return [{"name": "stdout", "output_type": "stream", "text": [shown + "\n"]}]
    if "plt." in last:
        picture = {"image/png": f"{chance.getrandbits(600):x}", "text/plain": ["<Figure size 640x480>"]}
        return [{"data": picture, "metadata": {}, "output_type": "display_data"}]
    if last.endswith(".head()"):
        table = {"text/plain": [f"{Random(source).getrandbits(200):x}"]}
        return [{"data": table, "execution_count": count, "metadata": {}, "output_type": "execute_result"}]
    return []
