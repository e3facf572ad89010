"""Wrappers that routes share: one checks the caller, has the work done, records how it went, and answers.

It makes a route (``export const GET = withCron("x", async (request) => …)``) or is called by one (``return
runJob(request, "x", async () => …)``). It is converted once, beside the routes: its check goes, what it answers becomes
its result, or an error behind what it records. The work keeps what it gives, so that the wrapper hears, records and
tells of it what it did; an answer of the work's that is handed on is read where the wrapper returns it.

It stands in its place where all who call it are converted in the same run. Else it stands beside it, under a name of
its own: who still calls the wrapper with a request finds it as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import FUNCTIONS, arguments, imports, line_of, locally
from cronshift.handlers.tree import language, span_of
from cronshift.targets.direct.comments import OF_CHECKS
from cronshift.targets.direct.conversion import Entry, NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.answers import NON_RETRIABLE, RETRY_AFTER
from cronshift.targets.direct.javascript.builders import with_answers_built
from cronshift.targets.direct.javascript.checks import checks_of
from cronshift.targets.direct.javascript.error_causes import knows_causes
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    every,
    names_declared,
    names_in,
    statements_of,
    whole_statement,
    with_comment,
)
from cronshift.targets.direct.javascript.leftovers import refuse_leftovers
from cronshift.targets.direct.javascript.meanings import refuse_other_meanings
from cronshift.targets.direct.javascript.module_heads import with_import
from cronshift.targets.direct.javascript.read_answers import AnswerReader, reader_for
from cronshift.targets.direct.javascript.requests import RequestEdits
from cronshift.targets.direct.javascript.results import result_edits
from cronshift.targets.direct.javascript.subjects import REQUEST, ScriptScope
from cronshift.targets.direct.javascript.taken import WorkType, without_parts
from cronshift.targets.direct.javascript.told_caller import told_caller_edits
from cronshift.targets.direct.javascript.unasked import is_gone, remove_unasked
from cronshift.targets.direct.javascript.unawaited import refuse_unawaited
from cronshift.targets.direct.javascript.unused import used_names, without_unused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_BESIDE = "{}Directly"
_NAMES = {"identifier", "shorthand_property_identifier"}


class WrapperUse(Struct, frozen=True):
    """The way in which routes use a wrapper.

    Attributes:
        file: its module.
        name: what that calls it.
        work: which of its arguments is the work; ``None`` where that is a part of one, and is given no request.
        request: which of them is the request; ``None`` where it makes what takes that.
        entry: whose route it is around.
        is_beside: whether others call it too, with requests.
        in_pages: whether its answers are sent, as routes of the pages router do.
    """

    file: str
    name: str
    work: int | None
    request: int | None
    entry: Entry
    is_beside: bool = False
    in_pages: bool = False


class WorkHearing(Struct, frozen=True):
    """The parts of a route's call that the work was given.

    Attributes:
        request: which of its arguments was the request.
        context: which of them was what else a route is called with.
        member: which of them had the request as a member, and by which name.
    """

    request: int | None = None
    context: int | None = None
    member: tuple[int, str] | None = None

    @property
    def unheard(self) -> frozenset[int]:
        """The arguments that the work is no longer given."""
        return frozenset(at for at in (self.request, self.context) if at is not None)


class SharedWrapper(Struct, frozen=True):
    """A wrapper without HTTP.

    Attributes:
        use: how it is used.
        text: its whole module.
        called: its name there.
        hearing: what the work is no longer given.
        reads: whether it reads answers that the work makes.
    """

    use: WrapperUse
    text: str
    called: str
    hearing: WorkHearing
    reads: bool


class _Wrapper(Struct, frozen=True):
    """A wrapper as it stands: all of it, and the function in it that takes a request."""

    outer: SgNode
    function: RouteFunction
    work: str | None
    request: str | None
    context: str | None


def shared_wrapper(tree: SourceTree, use: WrapperUse) -> SharedWrapper:
    """Return a wrapper without HTTP.

    Raises:
        NotCertainError: where its meaning would not be kept for certain; the line is in its module.
    """
    reasons = []
    for there in _spellings(tree, use):
        try:
            return _converted(tree, there, use)
        except NotCertainError as error:
            reasons.append(error)
    raise reasons[-1]


def _spellings(tree: SourceTree, use: WrapperUse) -> Iterator[SourceTree]:
    """Yield the project with the wrapper's answers as their builders build them, and as it stands at last."""
    wrapper = _wrapper(tree, use)
    built = with_answers_built(tree, use.file, wrapper.function)
    if built is not None:
        yield tree.with_text(use.file, built)
    yield tree


def _wrapper(tree: SourceTree, use: WrapperUse) -> _Wrapper:
    """Return a wrapper as it stands in its module."""
    root, definition = tree.parsed(use.file), locally(tree, use.file, use.name)
    outer = definition.node if definition is not None and not definition.wrappers else None
    if root is None or outer is None or outer.kind() not in FUNCTIONS:
        raise NotCertainError(1, "is not read")
    inner = outer if use.request is not None else _made(outer)
    body = inner.field("body") if inner is not None else None
    if inner is None or body is None or inner.kind().startswith("generator"):
        raise NotCertainError(line_of(outer), "is not read")
    whole = RouteFunction(root, use.name, outer, outer, None, ())
    causes = knows_causes(tree, use.file)
    function = RouteFunction(root, use.name, inner, body, None, (), causes=causes)
    work = whole.parameter(use.work) if use.work is not None else None
    request = function.parameter(use.request or 0)
    if (work is None and use.work is not None) or (request is None and use.request is not None):
        raise NotCertainError(line_of(outer), "is not read")
    context = function.parameter(1) if use.request is None else None
    return _Wrapper(outer, function, work, request, context)


def _made(outer: SgNode) -> SgNode | None:
    """Return the function that a function makes, at its end."""
    body = outer.field("body")
    if body is None or body.kind() in FUNCTIONS:
        return body
    *others, last = statements_of(body) or [body]
    value = next((node for node in last.children() if node.is_named()), None)
    ends_early = any(node.kind() == "return_statement" for each in others for node in every(each))
    is_made = last.kind() == "return_statement" and value is not None
    return (
        value
        if is_made and value is not None and value.kind() in FUNCTIONS and not ends_early
        else None
    )


def _converted(tree: SourceTree, there: SourceTree, use: WrapperUse) -> SharedWrapper:
    """Return a wrapper without HTTP from one spelling of it, in its module as it stands.

    Raises:
        NotCertainError: where its meaning would not be kept for certain.
    """
    wrapper = _wrapper(there, use)
    function, root, text = wrapper.function, wrapper.function.root, there.read(use.file)
    is_typed = language(use.file) in {"typescript", "tsx"}
    names = {wrapper.request: frozenset({REQUEST})} if wrapper.request else {}
    scope = ScriptScope(there, use.file, root, names)
    refuse_unawaited(function, scope)
    refuse_other_meanings(function, of_answers=True)
    edits = Edits(text)
    checks = checks_of(function, scope)
    for statement in checks.statements:
        edits.remove_lines(*with_comment(statement, OF_CHECKS))
    told_caller_edits(function, scope.within(checks.names), use.entry.schedule, edits)
    hearing = _hearing(wrapper, edits) if wrapper.work is not None else WorkHearing()
    used = used_names(root)
    reader = _reader(function, text, typed=is_typed)
    response = wrapper.context if use.in_pages else None
    result_edits(function, edits, response, None if use.in_pages else reader)
    remove_unasked(edits, function, scope, used)
    asked = RequestEdits(function, edits, use.entry, typed=is_typed, in_pages=use.in_pages)
    asked.apply(wrapper.request)
    if asked.needs_query:
        raise NotCertainError(line_of(wrapper.outer), "reads its query")
    _refuse_context(wrapper, use, hearing, edits)
    _take(wrapper, use, edits)
    if use.work is not None:
        alone = not use.is_beside
        WorkType(wrapper.outer, use.work, hearing.unheard, hearing.member, alone).write(edits)
    outer = whole_statement(wrapper.outer)
    imported = (each for each in root.children() if each.kind() == "import_statement")
    parts = [*(each.text() for each in imported), edits.result(*span_of(outer))]
    refuse_leftovers("\n".join(parts), use.file, root, reads=True)
    if use.is_beside:
        called, written = _beside(tree, use, edits, wrapper.outer)
    else:
        called, written = use.name, without_unused(edits.result(), there, use.file, used)
    written = f"{written.rstrip()}\n"
    if reader.is_used and (source := reader.source(typed=is_typed)) not in text:
        written += source
    for error in (NON_RETRIABLE, RETRY_AFTER):
        if f"new {error}(" in written and error not in imports(root):
            written = with_import(written, use.file, error)
    return SharedWrapper(use, written, called, hearing, reader.is_used)


def _refuse_context(wrapper: _Wrapper, use: WrapperUse, hearing: WorkHearing, edits: Edits) -> None:
    """Refuse a wrapper that needs what else a route is called with."""
    if use.in_pages and hearing.context is not None:
        raise NotCertainError(line_of(wrapper.outer), f"hands its {wrapper.context} on")
    why = "answers in a way that is not read" if use.in_pages else "needs its path's parameters"
    for node in names_in(wrapper.function.body):
        if node.text() == wrapper.context and not is_gone(node, edits):
            raise NotCertainError(line_of(node), why)


def _reader(function: RouteFunction, text: str, *, typed: bool) -> AnswerReader:
    """Return the reading of answers: the function that does it there already, or one more."""
    there = AnswerReader(function, "resultOf")
    reader = there if there.source(typed=typed) in text else reader_for(function)
    if reader is None:
        raise NotCertainError(line_of(function.node), "has the names by which answers are read")
    return reader


def _hearing(wrapper: _Wrapper, edits: Edits) -> WorkHearing:
    """Return the parts of a request that the work is called with, and take them out of there."""
    calls: list[SgNode] = []
    others: list[SgNode] = []
    for node in every(wrapper.function.body):
        if node.kind() in _NAMES and node.text() == wrapper.work:
            call = node.parent()
            is_called = call is not None and call.kind() == "call_expression"
            if call is not None and is_called and call.field("function") == node:
                calls.append(call)
            else:
                others.append(node)
    hearings = {_hearing_of(wrapper, arguments(call)) for call in calls}
    if len(hearings) != 1:
        why = f"calls {wrapper.work} in a way that is not read"
        raise NotCertainError(line_of(wrapper.outer), why)
    (hearing,) = hearings
    if others and hearing != WorkHearing():
        raise NotCertainError(line_of(others[0]), f"hands {wrapper.work} on")
    for call in calls:
        passed = arguments(call)
        without_parts(passed, hearing.unheard, edits)
        if hearing.member is not None:
            members = _members(passed[hearing.member[0]])
            names = [_member(each, wrapper.request) for each in members]
            without_parts(members, {names.index(hearing.member[1])}, edits)
    return hearing


def _hearing_of(wrapper: _Wrapper, passed: list[SgNode]) -> WorkHearing:
    texts = [each.text() for each in passed]
    request, context = (
        texts.index(name) if name in texts else None for name in (wrapper.request, wrapper.context)
    )
    members = [
        (at, name)
        for at, each in enumerate(passed) if each.kind() == "object"
        for part in _members(each) if (name := _member(part, wrapper.request)) is not None
    ]  # fmt: skip
    return WorkHearing(request, context, members[0] if len(members) == 1 else None)


def _members(node: SgNode) -> list[SgNode]:
    return [each for each in node.children() if each.is_named() and each.kind() != "comment"]


def _member(part: SgNode, request: str | None) -> str | None:
    """Return the name of a member that is the request."""
    if part.kind() == "shorthand_property_identifier":
        return part.text() if part.text() == request else None
    key, value = part.field("key"), part.field("value")
    is_request = value is not None and value.kind() == "identifier" and value.text() == request
    is_plain = key is not None and key.kind() == "property_identifier"
    return key.text() if key is not None and is_plain and is_request else None


def _take(wrapper: _Wrapper, use: WrapperUse, edits: Edits) -> None:
    """Have the wrapper, or what it makes, take no request, and say nothing of an answer."""
    function = wrapper.function
    single = function.node.field("parameter")
    if single is not None:
        edits.replace(*span_of(single), "()")
    elif use.request is None:
        without_parts(function.parameters, range(len(function.parameters)), edits)
    else:
        without_parts(function.parameters, (use.request,), edits)
    if len(function.parameters) > 2 and use.request is None:  # noqa: PLR2004
        raise NotCertainError(line_of(function.node), "takes more than a request")
    for node in (wrapper.outer, function.node):
        returned = node.field("return_type")
        if returned is not None:
            edits.replace(*span_of(returned), "")
    declarator = wrapper.outer.parent()
    is_typed = declarator is not None and declarator.kind() == "variable_declarator"
    if is_typed and declarator is not None and declarator.field("type") is not None:
        raise NotCertainError(line_of(wrapper.outer), "has a type that is not read")


def _beside(tree: SourceTree, use: WrapperUse, edits: Edits, outer: SgNode) -> tuple[str, str]:
    """Return its name and the module as it was with the converted wrapper behind the one that stays."""
    called, text = _BESIDE.format(use.name), tree.read(use.file)
    statement = whole_statement(outer)
    root, was = tree.parsed(use.file), locally(tree, use.file, use.name)
    declarator = outer.parent()
    is_value = declarator is not None and declarator.kind() == "variable_declarator"
    bound = declarator.field("name") if declarator is not None and is_value else outer.field("name")
    if (
        root is None
        or was is None
        or bound is None
        or statement.text().startswith("export default")
    ):
        raise NotCertainError(line_of(outer), "is called by others too")
    if called in names_declared(root):
        raise NotCertainError(line_of(outer), f"has a name `{called}` already")
    edits.replace(*span_of(bound), called)
    piece = edits.result(with_comment(statement)[0], span_of(statement)[1])
    end = span_of(whole_statement(was.node))[1]
    return called, f"{text[:end]}\n\n{piece}{text[end:]}"
