"""Calls of the project's functions that build answers, as the answers that those spell out.

``return ok(rows)`` becomes ``return Response.json({ success: true, data: rows })``, where the function
only builds an answer of what it is given: it does nothing else, and needs no other name of its module.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import FUNCTIONS, Definition, locally
from cronshift.handlers.literals import pairs
from cronshift.handlers.tree import span_of
from cronshift.targets.direct.javascript.about import is_logging
from cronshift.targets.direct.javascript.built_answer import (
    Builder,
    UnclearError,
    Values,
    lead_of,
    logged_lines,
    written_answer,
)
from cronshift.targets.direct.javascript.handler import RouteFunction, statements_of
from cronshift.targets.direct.javascript.subjects import DECLARATIONS
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_ROUNDS = 3  # a builder may be built on another
_BUILT = re.compile(r"(?:NextResponse|Response)\.json|(?:NextResponse|Response)(?!\.)")
_SENT = re.compile(r"(\w+)(?:\.status\([^()]*\))?\.(?:json|send|end)")


def with_answers_built(tree: SourceTree, file: str, function: RouteFunction) -> str | None:
    """Return a module's text with the answers that its route's function has built; ``None`` without any.

    Args:
        tree: the project's files.
        file: the module.
        function: of its route.
    """
    splices = list(_built(tree, file, function))
    return spliced(tree.read(file), splices) if splices else None


def _built(tree: SourceTree, file: str, function: RouteFunction) -> Iterator[Splice]:
    """Yield the calls that build answers, each with what it builds."""
    last = -1
    for node in function.own_nodes():
        if node.kind() != "call_expression" or span_of(node)[0] < last:
            continue
        try:
            splices = _splices(tree, file, node)
        except UnclearError:
            continue
        last = span_of(node)[1] if splices else last
        yield from splices


def _splices(tree: SourceTree, file: str, call: SgNode) -> list[Splice]:
    builder = _builder(tree, file, call)
    if builder is None:
        return []
    parent = call.parent()
    is_awaited = parent is not None and parent.kind() == "await_expression"
    whole = parent if parent is not None and is_awaited else call
    written = Splice(*span_of(whole), written_answer(builder, call))
    if not builder.logged:
        return [written]
    statement = _last_statement(whole)
    (start, end), lead = span_of(statement), lead_of(statement)
    lines = logged_lines(builder, call)
    around = statement.parent()
    if around is not None and around.kind() == "statement_block":
        before = "".join(f"{line}\n{lead}" for line in lines)
        return [Splice(start, start, before), written]
    before = "".join(f"\n{lead}  {line}" for line in [*lines, ""]).rstrip("\n")
    return [Splice(start, start, f"{{{before}"), written, Splice(end, end, f"\n{lead}}}")]


def _last_statement(node: SgNode) -> SgNode:
    """Return the statement that does nothing but to answer by a call."""
    statement = node.parent()
    kinds = {"return_statement", "expression_statement"}
    if statement is None or statement.kind() not in kinds:
        raise UnclearError
    return statement


def _builder(tree: SourceTree, file: str, call: SgNode, rounds: int = _ROUNDS) -> Builder | None:
    """Return the function that a call asks to build its answer."""
    definition = _called(tree, file, call)
    if definition is None or definition.node.kind().startswith("generator"):
        return None
    others, answer = _ending(definition.node)
    if answer is None or not _is_answer(answer):
        is_call = answer is not None and answer.kind() == "call_expression" and rounds > 0
        if answer is None or not is_call:
            return None
        return _built_on_another(tree, file, call, (definition, answer), rounds)
    parameters = tuple(_parameters(definition.node))
    values: Values = {}
    logged, added = [], []
    for statement in others:
        if statement.kind() == "expression_statement" and is_logging(statement):
            logged.append(statement)
        elif statement.kind() in DECLARATIONS and statement.text().startswith("const"):
            values |= _declared(statement)
        elif statement.kind() == "if_statement" and statement.field("alternative") is None:
            added.append(statement)
        else:
            raise UnclearError
    return Builder(parameters, tuple(logged), tuple(added), values, answer)


def _ending(node: SgNode) -> tuple[list[SgNode], SgNode | None]:
    """Return the statements of a function before its last, and the expression that it ends with."""
    body = node.field("body")
    if body is None or body.kind() != "statement_block":
        is_wrapped = body is not None and body.kind() == "parenthesized_expression"
        return [], body.child(1) if body is not None and is_wrapped else body
    *others, last = statements_of(body) or [body]
    if last.kind() not in {"return_statement", "expression_statement"}:
        return others, None
    return others, next((child for child in last.children() if child.is_named()), None)


def _built_on_another(
    tree: SourceTree, file: str, call: SgNode, built: tuple[Definition, SgNode], rounds: int
) -> Builder | None:
    """Return a function that has its answer built by another, as one that builds it itself."""
    definition, answer = built
    splices = _splices(tree, definition.file, answer)
    if not splices:
        return None
    there = [(splice.start, splice.end, splice.text) for splice in splices]
    text = spliced(tree.read(definition.file), there)
    return _builder(tree.with_text(definition.file, text), file, call, rounds - 1)


def _called(tree: SourceTree, file: str, call: SgNode) -> Definition | None:
    """Return the project's function that is called, by its name or as a member of one object."""
    called = call.field("function")
    if called is None:
        return None
    if called.kind() == "identifier":
        definition = locally(tree, file, called.text())
        is_function = definition is not None and definition.node.kind() in FUNCTIONS
        return definition if is_function and definition and not definition.wrappers else None
    holder, member = called.field("object"), called.field("property")
    if holder is None or member is None or holder.kind() != "identifier":
        return None
    definition = locally(tree, file, holder.text())
    if definition is None or definition.wrappers:
        return None
    if definition.node.kind() == "object":
        value = dict(pairs(definition.node)).get(member.text())
        is_function = value is not None and value.kind() in {*FUNCTIONS, "method_definition"}
        return Definition(definition.file, value) if is_function and value is not None else None
    body = definition.node.field("body") if definition.node.kind() == "class_declaration" else None
    for node in body.children() if body is not None else ():
        name = node.field("name")
        is_static = any(child.kind() == "static" for child in node.children())
        is_method = node.kind() == "method_definition" and is_static
        if is_method and name is not None and name.text() == member.text():
            return Definition(definition.file, node)
    return None


def _parameters(node: SgNode) -> Iterator[tuple[str, SgNode | None]]:
    """Yield the names of a function's parameters, each with its default."""
    single, several = node.field("parameter"), node.field("parameters")
    for part in [single] if single is not None else several.children() if several else []:
        if not part.is_named() or part.kind() == "comment":
            continue
        pattern = part.field("pattern") or part.field("left") or part
        if pattern.kind() != "identifier":
            raise UnclearError
        yield pattern.text(), part.field("value") or part.field("right")


def _declared(statement: SgNode) -> dict[str, SgNode]:
    values: dict[str, SgNode] = {}
    for part in statement.children():
        name, value = part.field("name"), part.field("value")
        if part.kind() == "variable_declarator":
            if name is None or value is None or name.kind() != "identifier":
                raise UnclearError
            values[name.text()] = value
    return values


def _is_answer(node: SgNode | None) -> bool:
    """Return whether an expression builds an answer itself, or sends one."""
    if node is None:
        return False
    called = node.field("function") or node.field("constructor")
    if node.kind() not in {"call_expression", "new_expression"} or called is None:
        return False
    return _BUILT.fullmatch(called.text()) is not None or _SENT.fullmatch(called.text()) is not None
