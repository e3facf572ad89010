"""Work as the durable steps that its code shows, where doing the rest anew at every step changes nothing.

Inngest runs a function once more behind each step, with the results of those before, as JSON has them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments, line_of, locally, own_nodes
from cronshift.handlers.literals import literal, text_of
from cronshift.handlers.tree import language, parse, span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.about import is_logging
from cronshift.targets.direct.javascript.endings import ends
from cronshift.targets.direct.javascript.handler import every, statements_of

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

DECLARATIONS = {"lexical_declaration", "variable_declaration"}
_IDENTIFYING = {"id", "slug", "key", "name", "email", "url", "symbol", "code"}
_PURE = re.compile(r"String|Number|Boolean|JSON\.stringify|encodeURIComponent")
_NOTHING = re.compile(r"\b(?:void|undefined)\b")
_LEAVING = {"return_statement", "break_statement", "continue_statement", "yield_expression"}
_CHANGING = {"assignment_expression", "augmented_assignment_expression", "update_expression"}
_GIVING_BACK = {"object", "pair", "return_statement", "spread_element"}


class Steps(Struct, frozen=True):
    """A module whose function is made of steps, and their ids, in order."""

    text: str
    ids: tuple[str, ...]


def with_steps(tree: SourceTree, text: str, file: str, function: str) -> Steps:
    """Return a module whose function takes ``step``, and does each part of its work in one.

    Args:
        tree: the project's files.
        text: of a module that a conversion has made.
        file: its path, which tells its language.
        function: what does the work.

    Raises:
        NotCertainError: with the line in ``text``, where the meaning would not be kept for certain.
    """
    root = parse(text, language(file))
    body, parameters = _function(root, function) if root is not None else (None, None)
    if root is None or body is None or parameters is None:
        raise NotCertainError(1, "is no function with a body")
    writer = StepWriter(Edits(text), root, body, (tree.with_text(file, text), file))
    writer.block(_inner(body))
    if not writer.ids or (len(writer.ids) == 1 and not writer.loops):
        raise NotCertainError(line_of(body), "is one step")
    is_typed = language(file) != "javascript"
    typed = "step: GetStepTools<typeof inngest>" if is_typed else "step"
    writer.edits.replace(*span_of(parameters), f"({typed})")
    return Steps(writer.edits.result(), tuple(writer.ids))


def _function(root: SgNode, name: str) -> tuple[SgNode | None, SgNode | None]:
    for statement in root.children():
        node: SgNode | None = statement
        bound = statement.field("name")
        if statement.kind() in DECLARATIONS:
            parts = [part for part in statement.children() if part.kind() == "variable_declarator"]
            bound, node = parts[0].field("name"), parts[0].field("value")
        if bound is not None and node is not None and bound.text() == name:
            body = node.field("body")
            is_block = body is not None and body.kind() == "statement_block"
            return (body if is_block else None), node.field("parameters")
    return None, None


def _inner(body: SgNode) -> SgNode:
    """Return the block that does the work: of a ``try`` that only logs and throws, what it tries."""
    statements = statements_of(body)
    if len(statements) != 1 or statements[0].kind() != "try_statement":
        return body
    handler, finalizer = statements[0].field("handler"), statements[0].field("finalizer")
    caught = handler.field("body") if handler is not None else None
    inner = statements[0].field("body")
    if caught is None or finalizer is not None or inner is None:
        return body
    *logged, last = statements_of(caught) or [caught]
    only_tells = last.kind() == "throw_statement" and all(map(is_logging, logged))
    return inner if only_tells else body


class StepWriter:
    """Writes the steps of a function's blocks; what is none must mean the same each time it is done."""

    def __init__(
        self, edits: Edits, root: SgNode, body: SgNode, place: tuple[SourceTree, str]
    ) -> None:
        self.edits, self._root, self._body = edits, root, body
        self._tree, self._file = place
        self.ids: list[str] = []
        self.loops = False

    def block(self, block: SgNode) -> None:
        """Write the steps of a block's statements."""
        for statement in statements_of(block):
            self._statement(statement)

    def _statement(self, statement: SgNode) -> None:
        kind = statement.kind()
        if kind == "expression_statement":
            self._expression(statement)
        elif kind in DECLARATIONS:
            self._declaration(statement)
        elif kind == "for_in_statement":
            self._loop(statement)
        elif kind == "if_statement":
            self._refuse_doing(statement.field("condition"))
            for name in ("consequence", "alternative"):
                branch = statement.field(name)
                if branch is not None:
                    inner = branch if name == "consequence" else branch.child(1) or branch
                    self.block(inner)
        elif kind in {"return_statement", "throw_statement"}:
            self._refuse_doing(statement)
        else:
            raise NotCertainError(line_of(statement), f"does {_words(kind)} that is no step")

    def _expression(self, statement: SgNode) -> None:
        if is_logging(statement):
            return
        call = _awaited(statement.child(0))
        if call is None:
            raise NotCertainError(line_of(statement), "does what is done anew at every step")
        together = _together(call)
        if together is None:
            self._step(call)
            return
        for element in together:
            self._step(element)

    def _declaration(self, statement: SgNode) -> None:
        for declarator in statement.children():
            if declarator.kind() != "variable_declarator":
                continue
            value = declarator.field("value")
            call = _awaited(value)
            if call is None:
                self._refuse_doing(value)
                continue
            if _together(call) is not None:
                raise NotCertainError(line_of(call), "keeps the results of steps that run at once")
            for name in _names(declarator):
                self._refuse_changed(name, call)
            self._step(call)

    def _step(self, call: SgNode) -> None:
        """Wrap a call in a step of its own."""
        if call.kind() != "call_expression":
            raise NotCertainError(line_of(call), "awaits what is no call")
        for argument in arguments(call):
            self._refuse_doing(argument)
        start, _ = span_of(call)
        name = self._id(_name(call))
        self.edits.replace(start, start, f'step.run("{name}", () => ')
        end = span_of(call)[1]
        self.edits.replace(end, end, ")")

    def _id(self, name: str) -> str:
        names = [name, *(f"{name} {number}" for number in range(2, len(self.ids) + 3))]
        free = next(each for each in names if each not in self.ids)
        self.ids.append(free)
        return free

    def _loop(self, loop: SgNode) -> None:
        """Make every round of a loop a step, whose id tells the row."""
        left, right, body = loop.field("left"), loop.field("right"), loop.field("body")
        operator = loop.field("operator")
        if left is None or right is None or body is None or left.kind() != "identifier":
            raise NotCertainError(line_of(loop), "takes the rows of its loop apart")
        if operator is None or operator.text() != "of" or right.kind() != "identifier":
            raise NotCertainError(line_of(loop), "loops over what is made anew at every step")
        if loop.text().startswith("for await"):
            raise NotCertainError(line_of(loop), "waits for its rows one by one")
        row = left.text()
        self._refuse_changing(body, row)
        called = next((_name(call) for node in every(body) if (call := _awaited(node))), None)
        if called is None:
            raise NotCertainError(line_of(loop), "awaits nothing in its loop")
        key = row if self._is_listed(right.text()) else self._key(body, row)
        name, self.loops = self._id(called), True
        is_block = body.kind() == "statement_block"
        start, end = span_of(body)
        opening = f"await step.run(`{name} ${{{key}}}`, async () => "
        if not is_block:
            self.edits.replace(start, start, f"{opening}{{ ")
            self.edits.replace(end, end, " });")
            return
        line = self.edits.text.rfind("\n", 0, span_of(loop)[0]) + 1
        lead = re.match(r"[ \t]*", self.edits.text[line:])
        indent = lead[0] if lead is not None else ""
        self.edits.replace(start, start, f"{{\n{indent}  {opening}")
        self.edits.replace(end, end, f");\n{indent}}}")
        self._indent(body)

    def _indent(self, body: SgNode) -> None:
        """Move a block's lines to the right, unless a text of several lines would change with it."""
        kinds = {"template_string", "string"}
        if any("\n" in node.text() for node in every(body) if node.kind() in kinds):
            return
        start, end = span_of(body)
        for match in re.finditer(r"\n(?=[^\r\n])", self.edits.text[start:end]):
            self.edits.replace(start + match.end(), start + match.end(), "  ")

    def _refuse_changing(self, body: SgNode, row: str) -> None:
        """Refuse a round that leaves the loop, or changes what stands outside of it."""
        inner = {
            name
            for node in every(body)
            if node.kind() == "variable_declarator"
            for name in _names(node)
        }
        for node in every(body):
            kind = node.kind()
            if kind in _LEAVING:
                raise NotCertainError(line_of(node), "leaves its loop")
            if kind in _CHANGING:
                target = node.field("left") or node.field("argument")
                root = re.match(r"[\w$]+", target.text()) if target is not None else None
                if root is None or root[0] not in inner:
                    raise NotCertainError(line_of(node), "changes in a loop what is read behind it")
            if kind == "call_expression":
                called = node.field("function")
                holder = (
                    called.field("object")
                    if called is not None and called.kind() == "member_expression"
                    else None
                )
                if holder is not None and holder.text() in self._local() - inner - {row}:
                    raise NotCertainError(line_of(node), "changes in a loop what is read behind it")

    def _local(self) -> set[str]:
        """Return the names that the function declares."""
        declarators = [node for node in every(self._body) if node.kind() == "variable_declarator"]
        return {name for node in declarators for name in _names(node)}

    def _is_listed(self, name: str) -> bool:
        """Return whether a name is a list of texts or numbers that the module spells out."""
        for node in every(self._root):
            bound = node.field("name") if node.kind() == "variable_declarator" else None
            if bound is not None and bound.text() == name:
                values = literal(node.field("value"))
                return isinstance(values, list) and all(
                    isinstance(value, str | int | float) for value in values
                )
        return False

    def _key(self, body: SgNode, row: str) -> str:
        """Return the member that tells a row from others; every use of it must be of such a one."""
        keys = []
        for node in every(body):
            if node.kind() != "identifier" or node.text() != row:
                continue
            parent = node.parent()
            member = (
                parent.field("property")
                if parent is not None and parent.kind() == "member_expression"
                else None
            )
            if member is None or member.text() not in _IDENTIFYING:
                raise NotCertainError(line_of(node), f"needs all of {row}, which a step may change")
            keys.append(member.text())
        if not keys:
            raise NotCertainError(line_of(body), f"has nothing that tells one {row} from another")
        return f"{row}.{keys[0]}"

    def _refuse_changed(self, name: str, call: SgNode) -> None:
        """Refuse a result that is used where it may differ from what JSON makes of it."""
        for node in every(self._body):
            is_name = node.kind() in {"identifier", "shorthand_property_identifier"}
            if not is_name or node.text() != name:
                continue
            parent = node.parent()
            kind = parent.kind() if parent is not None else ""
            if kind in {"variable_declarator", "object_pattern"}:
                continue
            member = (
                parent.field("property")
                if parent is not None and kind == "member_expression"
                else None
            )
            is_plain = member is not None and member.text() in _IDENTIFYING | {"length", "count"}
            is_looped = kind == "for_in_statement"
            is_given_back = kind in _GIVING_BACK and _is_returned(node)
            if not (is_plain or is_looped or is_given_back):
                raise NotCertainError(line_of(node), f"uses {name}, which a step may change")
            if is_given_back and kind in {"object", "pair"} and self._may_be_nothing(call):
                why = f"gives {name} back, which is left out where a step would make it null"
                raise NotCertainError(line_of(node), why)

    def _may_be_nothing(self, call: SgNode) -> bool:
        """Return whether the project's function that is called may end without a value."""
        called = call.field("function") if call.kind() == "call_expression" else None
        definition = locally(self._tree, self._file, called.text()) if called is not None else None
        body = definition.node.field("body") if definition is not None else None
        if definition is None or definition.node.kind() not in FUNCTIONS or body is None:
            return False
        typed = definition.node.field("return_type")
        if typed is not None and _NOTHING.search(typed.text()):
            return True
        bare = [
            node for node in own_nodes(body) if node.kind() == "return_statement" and _is_bare(node)
        ]
        return body.kind() == "statement_block" and (bool(bare) or not ends(statements_of(body)))

    def _refuse_doing(self, node: SgNode | None) -> None:
        """Refuse an expression that does something, or is another each time."""
        for inner in every(node) if node is not None else ():
            called = inner.field("function") or inner.field("constructor")
            is_call = inner.kind() in {"call_expression", "new_expression"}
            is_error = (
                inner.kind() == "new_expression"
                and called is not None
                and called.text().endswith("Error")
            )
            if inner.kind() in FUNCTIONS or inner.kind() in _CHANGING:
                raise NotCertainError(line_of(inner), "does what is done anew at every step")
            if is_call and not is_error and (called is None or not _PURE.fullmatch(called.text())):
                raise NotCertainError(line_of(inner), "does what is done anew at every step")


def _is_bare(statement: SgNode) -> bool:
    return not any(child.is_named() for child in statement.children())


def _awaited(node: SgNode | None) -> SgNode | None:
    """Return the expression that an ``await`` waits for."""
    return node.child(1) if node is not None and node.kind() == "await_expression" else None


def _together(call: SgNode) -> list[SgNode] | None:
    """Return the calls of a ``Promise.all([…])``."""
    called = call.field("function") if call.kind() == "call_expression" else None
    if called is None or called.text() != "Promise.all":
        return None
    listed = arguments(call)
    if len(listed) != 1 or listed[0].kind() != "array":
        raise NotCertainError(line_of(call), "waits for a list that is made anew at every step")
    return [node for node in listed[0].children() if node.is_named() and node.kind() != "comment"]


def _names(declarator: SgNode) -> list[str]:
    name = declarator.field("name")
    if name is None:
        return []
    kinds = {"identifier", "shorthand_property_identifier_pattern"}
    return [node.text() for node in every(name) if node.kind() in kinds]


def _name(call: SgNode) -> str:
    """Return the words of a step's id: what is called, and the text that it is called with first."""
    called = call.field("function")
    words = [re.sub(r"[^\w.]", "", called.text() if called is not None else "work")]
    first = next(iter(arguments(call)), None)
    if first is not None and first.kind() == "string":
        words.append(re.sub(r"[^\w /.-]", "", text_of(first)))
    return " ".join(words)


def _is_returned(node: SgNode) -> bool:
    return any(above.kind() == "return_statement" for above in node.ancestors())


def _words(kind: str) -> str:
    return {"try_statement": "a try", "while_statement": "a while", "for_statement": "a for"}.get(
        kind, "something"
    )
