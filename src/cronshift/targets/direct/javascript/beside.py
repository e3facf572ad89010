"""Routes whose other methods do other work, without the one whose work has gone elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.javascript import line_of
from cronshift.handlers.tree import language, parse
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    names_declared,
    names_in,
    route_function,
    whole_statement,
    with_comment,
)
from cronshift.targets.direct.javascript.unused import used_names, without_unused

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree


def without_method(tree: SourceTree, file: str, export: str, work: str) -> str | None:
    """Return a route's module without one of its methods; ``None`` where the others do no other work.

    Args:
        tree: the project's files.
        file: the route's module.
        export: the method.
        work: the module that its work has become.

    Raises:
        NotCertainError: where both would need what is declared here: it would be there twice.
    """
    root, text = tree.parsed(file), tree.read(file)
    function = route_function(root, export) if root is not None else None
    if root is None or function is None or not function.beside:
        return None
    edits = Edits(text)
    for statement in (whole_statement(function.node), *function.aliases):
        edits.remove_lines(*with_comment(statement))
    rest = without_unused(f"{edits.result().rstrip()}\n", tree, file, used_names(root))
    there, moved = (parse(each, language(file)) for each in (rest, work))
    names = [
        {node.text() for node in names_in(each)} if each is not None else set()
        for each in (there, moved)
    ]
    shared = sorted(names_declared(root) & names[0] & names[1])
    if shared:
        (method, statement), *_ = function.beside.items()
        why = f"answers {method} too, which shares {shared[0]} with it"
        raise NotCertainError(line_of(statement), why)
    return rest


def refuse_beside(function: RouteFunction) -> None:
    """Refuse a function beside which another method does other work.

    Raises:
        NotCertainError: with that method.
    """
    for method, statement in function.beside.items():
        raise NotCertainError(line_of(statement), f"answers {method} too, with other work")
