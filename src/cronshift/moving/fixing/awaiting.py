"""REPAIR: the one fault of a JavaScript or TypeScript handler that is mended as text.

Work that nobody waits for (``CS201``) is awaited; everything else a person has to decide. Pure:
texts go in and texts with the least possible splices come out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import CHAINED, FUNCTIONS, arguments, callee, line_of, spot_of
from cronshift.handlers.tree import is_broken, language, parse, span_of
from cronshift.plan.findings.behaviour import NOT_AWAITED
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.model import Finding

_LOOPS = {"forEach", "map"}
_NOTHING_TO_AWAIT = re.compile(
    r"(?:^|\.)(?:setTimeout|setInterval|setImmediate|queueMicrotask|spawn|exec|fork|execFile)$"
)
_LOGGING = re.compile(r"(?:console|logger|log)(?:\.\w+)?")
_WITHOUT_MAP = r"(?:Readonly|Weak)?(?:Map|Set|Headers|FormData|URLSearchParams|NodeList)\b"
_KNOWN_WITHOUT_MAP = re.compile(r"(?:^|\.)(?:headers|searchParams|formData|cookies)(?:\(\))?$")
_CALLED_OTHERWISE = "its function is not async, and others than the framework may call it"


class NotRepairableError(Exception):
    """Awaiting alone does not mend this; the message says why, and reads on from a colon."""


def splices_of(text: str, name: str, finding: Finding) -> frozenset[Splice]:
    """Return the splices that mend a finding in a source.

    Args:
        text: the whole file.
        name: the file's name, which tells the language.
        finding: of the rule ``not-awaited``, in this file.

    Raises:
        NotRepairableError: where the work is not started by a statement of its own, in a function
            that is async or may become so.
    """
    if finding.code != NOT_AWAITED.code:
        raise NotRepairableError("only work that is not awaited can be mended so")
    root = parse(text, language(name)) if language(name) != "python" else None
    if root is None:
        raise NotRepairableError("only JavaScript and TypeScript are mended")
    if is_broken(root):
        raise NotRepairableError("the file does not parse without errors")
    splices: frozenset[Splice] = frozenset()
    for expression in _expressions(root, finding):
        splices |= {*_awaited(expression, root), *_made_async(expression, root)}
    after = parse(spliced(text, splices), language(name))
    if after is None or is_broken(after):
        raise NotRepairableError("the file would not parse without errors")
    return splices


def _expressions(root: SgNode, finding: Finding) -> list[SgNode]:
    """Return the expressions of the statements that a finding is about: more than one for twins."""
    line = finding.location.line if finding.location else 0
    splices = [
        expression
        for statement in root.find_all(kind="expression_statement")
        if line_of(statement) == line and (expression := statement.child(0)) is not None
        if f"`{spot_of('', statement, expression.text()).what}`" in finding.message
    ]
    if not splices:
        raise NotRepairableError("no statement of its own starts the work there")
    return splices


def _awaited(expression: SgNode, root: SgNode) -> list[Splice]:
    """Return the splices that make a statement wait for the work that it starts."""
    start, end = span_of(expression)
    if expression.kind() == "unary_expression":
        operator = expression.field("operator")
        started = expression.field("argument")
        if operator is None or started is None or started.kind() != "call_expression":
            raise NotRepairableError("`void` does not stand right before a call")
        _refuse_what_gives_no_promise(started)
        return [Splice(*span_of(operator), "await"), *_let_through(started)]
    _refuse_what_gives_no_promise(expression)
    called = expression.field("function")
    verb = called.field("property") if called and called.kind() == "member_expression" else None
    if called is None or verb is None or verb.text() not in _LOOPS:
        return [Splice(start, start, "await "), *_let_through(expression)]
    _refuse_what_has_no_map(called, root)
    loop = [Splice(*span_of(verb), "map")] if verb.text() != "map" else []
    return [Splice(start, start, "await Promise.all("), *loop, Splice(end, end, ")")]


def _let_through(call: SgNode) -> list[Splice]:
    """Return the splices that remove a handler which hides a failure: ``.catch(console.error)``.

    Raises:
        NotRepairableError: where it does more than log.
    """
    splices = []
    at: SgNode | None = call
    while at is not None and at.kind() == "call_expression":
        called, passed = at.field("function"), arguments(at)
        inner = called.field("object") if called and called.kind() == "member_expression" else None
        verb = called.field("property") if called is not None and inner is not None else None
        name = verb.text() if verb is not None else ""
        if inner is None or name not in CHAINED:
            break
        if (name == "then" and len(passed) > 1) or (name == "catch" and not _only_logs(passed)):
            raise NotRepairableError(
                f"its `.{name}(…)` handles a failure, which would end well then"
            )
        if name == "catch":
            splices.append(Splice(span_of(inner)[1], span_of(at)[1], ""))
        at = inner
    return splices


def _only_logs(passed: list[SgNode]) -> bool:
    """Return whether the handler of a failure does nothing but log it, or nothing at all."""
    if not passed:
        return True
    handler = passed[0]
    if handler.kind() == "member_expression":
        return _LOGGING.fullmatch(handler.text()) is not None
    body = handler.field("body") if handler.kind() in FUNCTIONS else None
    if body is None:
        return False
    calls = body.find_all(kind="call_expression")
    others = body.find(any=[{"kind": "throw_statement"}, {"kind": "assignment_expression"}])
    return others is None and all(_LOGGING.fullmatch(callee(call)) for call in calls)


def _refuse_what_gives_no_promise(call: SgNode) -> None:
    if _NOTHING_TO_AWAIT.search(callee(call)):
        raise NotRepairableError(f"`{callee(call)}` gives nothing that can be awaited")


def _refuse_what_has_no_map(called: SgNode, root: SgNode) -> None:
    """Refuse loops over values that may be absent, or are known to be no array."""
    listed = called.field("object")
    name = listed.text() if listed is not None else ""
    if "?." in called.text():
        raise NotRepairableError("the list may be absent, and `Promise.all` needs one")
    declared = rf"\b{re.escape(name)}\s*(?::\s*|=\s*new\s+){_WITHOUT_MAP}"
    made_here = re.match(rf"\(?\s*new\s+{_WITHOUT_MAP}", name)
    if made_here or _KNOWN_WITHOUT_MAP.search(name) or re.search(declared, root.text()):
        raise NotRepairableError(f"`{name}` is no array, so that it has no `map` to wait for")


def _made_async(expression: SgNode, root: SgNode) -> list[Splice]:
    """Return the splices that make the function around a statement async, where it is not yet.

    That is safe for what a module exports as it is and does not use itself: its one caller is the
    framework, which awaits it.
    """
    function = next(
        (ancestor for ancestor in expression.ancestors() if ancestor.kind() in FUNCTIONS), None
    )
    if function is None:
        raise NotRepairableError("no function stands around it")
    if any(child.kind() == "async" for child in function.children()):
        return []
    return_type = function.field("return_type")
    if return_type is not None and not re.match(r":\s*Promise<", return_type.text()):
        raise NotRepairableError(
            f"its function returns `{return_type.text().lstrip(': ')}`, no promise"
        )
    if function.kind() in {"generator_function_declaration", "method_definition"}:
        raise NotRepairableError(_CALLED_OTHERWISE)
    if not _is_only_exported(function, root):
        raise NotRepairableError(_CALLED_OTHERWISE)
    start, _ = span_of(function)
    return [Splice(start, start, "async ")]


def _is_only_exported(function: SgNode, root: SgNode) -> bool:
    """Return whether a module exports a function, and speaks of it nowhere else."""
    declared, parent = function, function.parent()
    if parent is not None and parent.kind() == "assignment_expression":
        left = parent.field("left")
        return left is not None and left.text() == "module.exports"
    if parent is not None and parent.kind() == "variable_declarator":
        if parent.field("type") is not None:
            return False
        declared, declaration = parent, parent.parent()
        parent = declaration.parent() if declaration is not None else None
    if parent is None or parent.kind() not in {"export_statement", "program"}:
        return False
    is_exported = parent.kind() == "export_statement"
    name = declared.field("name")
    for spoken in _mentions(name, root) if name is not None else ():
        place = spoken.parent()
        if place is None or place.kind() not in {"export_statement", "export_specifier"}:
            return False
        is_exported = True
    return is_exported


def _mentions(name: SgNode, root: SgNode) -> Iterator[SgNode]:
    """Yield the uses of a name in a module, its declaration left out."""
    spelt = f"^{re.escape(name.text())}$"
    for spoken in root.find_all(
        any=[{"kind": "identifier"}, {"kind": "shorthand_property_identifier"}], regex=spelt
    ):
        if span_of(spoken) != span_of(name):
            yield spoken
