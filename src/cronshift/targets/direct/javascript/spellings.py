"""Spellings of a route's module: what functions of the project do for it, written where it asks them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.builders import with_answers_built
from cronshift.targets.direct.javascript.handing import with_work_in_place
from cronshift.targets.direct.javascript.handler import route_function
from cronshift.targets.direct.javascript.methods import with_method_settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree


def spellings(tree: SourceTree, file: str, export: str) -> Iterator[SourceTree]:
    """Yield the project with each spelling of a route's module, the longest first, and as it stands at last."""
    settled = _with_method(tree, file, export)
    if settled is not tree:
        yield from spellings(settled, file, export)
    root = tree.parsed(file)
    in_place = with_work_in_place(tree.read(file), root) if root is not None else None
    with suppress(NotCertainError):
        if root is not None and route_function(root, export).beside:
            in_place = None  # what another method needs too would be there twice
    trees = [tree] if in_place is None else [tree.with_text(file, in_place), tree]
    for there in trees:
        parsed = there.parsed(file)
        with suppress(NotCertainError):
            function = route_function(parsed, export) if parsed is not None else None
            built = with_answers_built(there, file, function) if function is not None else None
            if built is not None:
                yield there.with_text(file, built)
        yield there


def _with_method(tree: SourceTree, file: str, export: str) -> SourceTree:
    """Return the project without the branches of a route's function that other methods take."""
    root = tree.parsed(file)
    with suppress(NotCertainError):
        function = route_function(root, export) if root is not None else None
        request = function.parameter(0) if function is not None else None
        if function is not None and request is not None:
            text = with_method_settled(tree.read(file), function, request)
            return tree if text is None else tree.with_text(file, text)
    return tree


def in_place(error: NotCertainError, text: str, before: str) -> list[NotCertainError]:
    """Return a reason with its line in the module as it stands; none where that line is not there."""
    if text == before:
        return [error]
    line = text.splitlines()[error.line - 1].strip()
    places = [at for at, each in enumerate(before.splitlines(), 1) if each.strip() == line]
    return [NotCertainError(places[0], error.why)] if len(places) == 1 else []
