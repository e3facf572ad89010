"""The labels of an app's status: their meaning, and the places in its code that write them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.project.conventions.sources import is_test
from cronshift.targets.scaffold.schema.model import snake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.schema import AppColumn, Model

_SOURCE = re.compile(r"(?<!\.d)\.([cm]?[jt]sx?|py)$")
_REACH = 900  # characters behind a call that are looked at for what it writes
_QUOTED = re.compile(r"""["'`](\w[\w -]*)["'`]""")


class Phase(StrEnum):
    """The phase of a session that a label stands for."""

    WAITING = "waiting"
    PROCESSING = "processing"
    FINISHED = "finished"
    FAILED = "failed"


_WORDS = {
    Phase.WAITING: "queued queue pending waiting enqueued scheduled created submitted requested new",
    Phase.PROCESSING: "processing process running generating progress inprogress initializing started "
    "starting active rendering working training uploading executing",
    Phase.FINISHED: "finished finish completed complete done succeeded success successful processed "
    "ready delivered generated",
    Phase.FAILED: "failed fail error errored failure",
}
_PHASES = {word: phase for phase, words in _WORDS.items() for word in words.split()}


def words_of(name: str) -> list[str]:
    """Return the words of a name in lower case, whatever joins them."""
    return snake(name).split("_")


def phase_of(label: str) -> Phase | None:
    """Return the phase that a label's words tell; ``None`` where they tell none, or two."""
    phases = {_PHASES[word] for word in words_of(label) if word in _PHASES}
    if Phase.FAILED in phases:
        return Phase.FAILED
    return phases.pop() if len(phases) == 1 else None


class Label(Struct, frozen=True):
    """A label of a status, with the place that names it."""

    name: str
    place: str

    @property
    def phase(self) -> Phase | None:
        """The phase of a session that the label stands for."""
        return phase_of(self.name)


def labels_of(tree: SourceTree, model: Model, status: AppColumn) -> tuple[Label, ...]:
    """Return the labels that a status may have: by its type, else by its comment and the code's writes."""
    if status.states:
        return tuple(Label(label, status.states.place) for label in status.states.labels)
    names = [status.default] if status.default else []
    names += _QUOTED.findall(status.note) or re.findall(r"\w+(?: \w+)?", status.note)
    by_schema = [Label(name, status.place) for name in names if _is_label(name)]
    by_code = _written(tree, model, status)
    return tuple({label.name: label for label in [*reversed([*by_code]), *by_schema]}.values())


def _is_label(name: str) -> bool:
    return len(name) > 1 and name == name.strip() and not name.startswith("@")


def _written(tree: SourceTree, model: Model, status: AppColumn) -> Iterator[Label]:
    """Yield the labels that the code writes into rows of a table."""
    pattern = re.compile(rf"""\b{re.escape(status.attribute)}["']?\s*[:=]\s*["'](\w[\w -]*)["']""")
    for file, line, text in writes(tree, model):
        for match in pattern.finditer(text):
            yield Label(match[1], f"{file}:{line + text.count(chr(10), 0, match.start())}")


def writes(tree: SourceTree, model: Model) -> Iterator[tuple[str, int, str]]:
    """Yield the writes to a table's rows: the file, the line, and the text from there on."""
    calls = re.compile("|".join(_calls(model)))
    for file in sources(tree):
        text = tree.read(file)
        for match in calls.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield file, line, _statement(text[match.start() : match.start() + _REACH])


def _calls(model: Model) -> Iterable[str]:
    accessor = re.escape(model.model[:1].lower() + model.model[1:])
    model_name, table = re.escape(model.model), re.escape(model.name)
    return (
        rf"\.{accessor}\.(?:create|createMany|update|updateMany|upsert)\(",
        rf"\.(?:insert|update)\(\s*(?:schema\.)?{model_name}\s*\)",
        rf"""\.from\(\s*["']{table}["']\s*\)\s*\.(?:insert|update|upsert)\(""",
        rf"\b{model_name}\((?=\s*\w+\s*=)",
        rf"\bupdate\(\s*{model_name}\s*\)",
    )


def _statement(text: str) -> str:
    """Return a text up to where its statement ends, as its indentation shows."""
    end = re.search(
        r"\n[ \t]*\}?\)*;?[ \t]*\n(?=[ \t]*(?:\n|const |let |return|await |if |\}))", text
    )
    return text[: end.end()] if end else text


def sources(tree: SourceTree) -> Iterator[str]:
    """Yield the app's own sources, tests left out."""
    for file in sorted(tree.files):
        if _SOURCE.search(file) and not is_test(file):
            yield file
