"""Handlers of Express, which take Node's request and response with more to them, as ones that take those alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from cronshift.handlers.javascript import arguments, line_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.chains import chain_of, member_of
from cronshift.targets.direct.javascript.data import refuse_uncaught
from cronshift.targets.direct.javascript.events import uses
from cronshift.targets.direct.javascript.handler import route_function, whole_statement
from cronshift.targets.direct.javascript.routes import as_module

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_DEFAULT = "default"
_HEADER = frozenset({"get", "header"})


class NodeShape(Struct, frozen=True):
    """The handlers of Express."""

    responds: ClassVar[bool] = False

    def as_route(
        self, tree: SourceTree, file: str, root: SgNode, export: str
    ) -> tuple[SourceTree, str]:
        """Return the project with a handler as a module's default, as plain functions are.

        Raises:
            NotCertainError: where it hands its call on.
        """
        function = route_function(root, export)
        refuse_uncaught(function)
        edits = Edits(tree.read(file))
        names = [function.parameter(number) or "" for number in range(len(function.parameters))]
        for name in names[2:]:
            for node in uses(function, name):
                raise NotCertainError(line_of(node), f"needs {name}, which only Express gives")
        if names[2:]:
            ends = [span_of(node)[1] for node in function.parameters]
            edits.replace(ends[1], ends[-1], "")
        for node in uses(function, names[0]) if names else ():
            chain = chain_of(node)
            call = chain[0].parent() if chain and member_of(chain[0]) in _HEADER else None
            if call is not None and call.field("function") == chain[0]:
                header = ", ".join(argument.text() for argument in arguments(call))
                edits.replace(*span_of(call), f"{node.text()}.headers[{header}]")
        for node in uses(function, names[1]) if len(names) > 1 else ():
            chain = chain_of(node)
            call = chain[0].parent() if chain and member_of(chain[0]) == "sendStatus" else None
            if call is not None and call.field("function") == chain[0]:
                status = ", ".join(argument.text() for argument in arguments(call))
                edits.replace(*span_of(call), f"{node.text()}.status({status}).end()")
        statement = whole_statement(function.node)
        edits.replace(span_of(statement)[0], span_of(function.node)[0], f"export {_DEFAULT} ")
        return as_module(tree, file, edits.result(), _DEFAULT), _DEFAULT
