"""Parameters and arguments that go, and the types that speak of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import line_of
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    is_inside,
    names_in,
    whole_statement,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ast_grep_py import SgNode


_ANYTHING = {"Function", "any"}
_TYPES = {"type_alias_declaration", "interface_declaration"}


def without_parts(parts: Sequence[SgNode], gone: Collection[int], edits: Edits) -> None:
    """Take parts out of a list that commas part."""
    left = [at for at in range(len(parts)) if at not in gone]
    for at in sorted(each for each in gone if each < len(parts)):
        (start, end), behind = span_of(parts[at]), [each for each in left if each > at]
        if behind:
            edits.replace(start, span_of(parts[at + 1])[0], "")
        elif left:
            edits.replace(span_of(parts[left[-1]])[1], end, "")
        else:
            edits.replace(start, span_of(parts[-1])[1] if at == 0 else end, "")


class WorkType(Struct, frozen=True):
    """The type of a wrapper's work, as it is to be.

    Attributes:
        wrapper: the function.
        work: which of its parameters is the work.
        unheard: which of the work's arguments go.
        member: of which of them what goes, if any.
        is_alone: whether the wrapper stands in its place, so that a type of its alone changes where it is declared.
    """

    wrapper: SgNode
    work: int
    unheard: Collection[int]
    member: tuple[int, str] | None
    is_alone: bool

    def write(self, edits: Edits) -> None:
        """Have the wrapper's parameter say what the work is named.

        Raises:
            NotCertainError: where the type is not read.
        """
        taken = RouteFunction(self._root, "", self.wrapper, self.wrapper, None, ())
        parameter = taken.parameters[self.work]
        annotation = parameter.field("type")
        if annotation is None or not (self.unheard or self.member):
            return
        named = next((node for node in annotation.children() if node.is_named()), None)
        if named is not None and named.text() in _ANYTHING:
            return
        kind = _function_type(named)
        if kind is not None:
            self._change(kind, edits)
            return
        declared = self._declared(named)
        kind = _function_type(declared.field("value")) if declared is not None else None
        if named is None or declared is None or kind is None:
            what = named.text() if named is not None else ""
            raise NotCertainError(
                line_of(parameter), f"takes its work as {what}, which is not read"
            )
        if self._is_own(declared, named.text()):
            self._change(kind, edits)
            return
        inner = Edits(edits.text)
        self._change(kind, inner)
        edits.replace(*span_of(named), inner.result(*span_of(kind)))

    @property
    def _root(self) -> SgNode:
        return self.wrapper.get_root().root()

    def _declared(self, named: SgNode | None) -> SgNode | None:
        """Return the declaration of a type in this module."""
        for statement in self._root.children():
            for each in (statement, statement.field("declaration")):
                name = each.field("name") if each is not None and each.kind() in _TYPES else None
                if each is None or name is None or named is None or name.text() != named.text():
                    continue
                return each if each.field("type_parameters") is None else None
        return None

    def _is_own(self, declared: SgNode, name: str) -> bool:
        """Return whether nothing but the wrapper, and what is its own, speaks of a type."""
        apart = [self.wrapper]
        is_exported = whole_statement(declared).kind() == "export_statement"
        nodes = [node for node in names_in(self._root) if node.text() == name]
        for node in nodes:
            above = whole_statement(node)
            is_other = above.kind() in _TYPES and span_of(above) != span_of(declared)
            bound = above.field("name") if is_other else None
            if bound is not None and self._is_own(above, bound.text()):
                apart.append(above)
        whole = [whole_statement(each) for each in apart] + [declared]
        within = all(any(is_inside(node, each) for each in whole) for node in nodes)
        return self.is_alone and not is_exported and within

    def _change(self, kind: SgNode, edits: Edits) -> None:
        """Take what goes out of a function's type."""
        parameters = kind.field("parameters")
        children = parameters.children() if parameters is not None else []
        parts = [node for node in children if node.is_named() and node.kind() != "comment"]
        without_parts(parts, self.unheard, edits)
        if self.member is None:
            return
        at, name = self.member
        annotation = parts[at].field("type") if at < len(parts) else None
        named = (
            next((node for node in annotation.children() if node.is_named()), None)
            if annotation
            else None
        )
        declared = self._declared(named)
        members = (
            (declared.field("value") or declared.field("body")) if declared is not None else named
        )
        if named is None:
            return
        if declared is not None and not self._is_own(declared, named.text()):
            members = None
        signature = next(
            (each for each in (members.children() if members is not None else ())
             if each.kind() == "property_signature" and (key := each.field("name")) is not None
             and key.text() == name), None,
        )  # fmt: skip
        if signature is None:
            edits.replace(*span_of(named), f'Omit<{named.text()}, "{name}">')
            return
        behind = signature.next()
        is_parted = behind is not None and behind.text() in {";", ","}
        start = span_of(signature)[0]
        end = span_of(behind if behind is not None and is_parted else signature)[1]
        if edits.text[end : end + 1] == " ":
            end += 1
        edits.remove_lines(start, end)


def _function_type(node: SgNode | None) -> SgNode | None:
    while node is not None and node.kind() == "parenthesized_type":
        node = node.child(1)
    return node if node is not None and node.kind() == "function_type" else None
