"""The page that lists, file by file, the app's own code that goes over to the session flow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.project.conventions.sources import is_test
from cronshift.targets.scaffold.labels import sources, writes
from cronshift.targets.scaffold.rendering import filled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.scaffold.exhaustive import NewLabel
    from cronshift.targets.scaffold.requesting import Creation
    from cronshift.targets.scaffold.rewriting import House

_CLIENT = (".tsx", ".jsx")


def page(
    tree: SourceTree,
    house: House,
    *,
    by_hand: Sequence[Creation],
    rewritten: Sequence[str],
    label: NewLabel | None,
) -> str:
    """Return the page.

    Args:
        tree: the app's files.
        house: the tables, and what ``requestSession`` is imported from.
        by_hand: the creations that are not rewritten.
        rewritten: the places that are, in the same operation.
        label: of a session that waits, as the code writes it.
    """
    model, settings = house.model, house.settings
    listed = {creation.file for creation in by_hand}
    listed |= {place.rpartition(":")[0] for place in rewritten}
    others = [f"{file}:{line}" for file, line, text in writes(tree, model) if _creates(text)]
    charges = _charges(tree, house.balance)
    return filled(
        "moving.md",
        table=model.name,
        by_hand=[
            {
                "place": creation.place,
                "caller": creation.caller.value,
                "user": creation.user or "/* the authenticated caller's id */",
                "knows_caller": creation.knows_caller,
                "module": house.module(creation.file),
            }
            for creation in by_hand
        ],
        rewritten=rewritten,
        others=[place for place in others if place.rpartition(":")[0] not in listed],
        charges=[place for place in charges if place.rpartition(":")[0] not in _files(rewritten)],
        shown=list(_shown(tree, label)) if label else [],
        label=label.name if label else settings.queued,
        like=label.like if label else settings.legacy,
    )


def _files(places: Sequence[str]) -> set[str]:
    return {place.rpartition(":")[0] for place in places}


def _creates(text: str) -> bool:
    return re.match(r"[^(]*(?:create|insert)", text) is not None


def _charges(tree: SourceTree, balance: str) -> Iterator[str]:
    """Yield the places that take credits."""
    name = re.escape(balance)
    taken = re.compile(rf"\b{name}\s*:\s*\{{\s*decrement|\b{name}\s*-=|\b{name}\}}?\s+-\s+[\w$]")
    for file in sources(tree):
        text = tree.read(file)
        for match in taken.finditer(text) if balance in text else ():
            yield f"{file}:{text.count(chr(10), 0, match.start()) + 1}"


def _shown(tree: SourceTree, label: NewLabel) -> Iterator[str]:
    """Yield the client's lines that look at the states of a session."""
    pattern = re.compile(rf"[\"'`.]{re.escape(label.like)}\b")
    for file in sources(tree):
        text = tree.read(file) if file.endswith(_CLIENT) and not is_test(file) else ""
        for match in pattern.finditer(text):
            yield f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
