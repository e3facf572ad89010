"""A route's module in TypeScript or JavaScript, as a module whose function does the work."""

from __future__ import annotations

import re
from itertools import chain, count
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import exports, imports, line_of
from cronshift.handlers.tree import SourceTree, is_broken, language, span_of
from cronshift.model import Location
from cronshift.targets.direct.comments import OF_CHECKS
from cronshift.targets.direct.conversion import Conversion, Converted, Entry, Kept, NotCertainError
from cronshift.targets.direct.edits import Edits
from cronshift.targets.direct.javascript.answers import NON_RETRIABLE, RETRY_AFTER
from cronshift.targets.direct.javascript.beside import refuse_beside, without_method
from cronshift.targets.direct.javascript.checks import checks_of
from cronshift.targets.direct.javascript.error_causes import knows_causes
from cronshift.targets.direct.javascript.handler import (
    SEGMENT,
    RouteFunction,
    binds,
    is_inside,
    names_declared,
    names_in,
    route_function,
    whole_statement,
    with_comment,
)
from cronshift.targets.direct.javascript.handler_comments import without_words_of_caller
from cronshift.targets.direct.javascript.leftovers import refuse_asking, refuse_leftovers
from cronshift.targets.direct.javascript.meanings import refuse_other_meanings
from cronshift.targets.direct.javascript.module_heads import with_import, with_query
from cronshift.targets.direct.javascript.read_answers import reader_for
from cronshift.targets.direct.javascript.requests import RequestEdits
from cronshift.targets.direct.javascript.results import result_edits
from cronshift.targets.direct.javascript.routes import unmarked
from cronshift.targets.direct.javascript.spellings import in_place, spellings
from cronshift.targets.direct.javascript.steps import with_steps
from cronshift.targets.direct.javascript.subjects import REQUEST, ScriptScope
from cronshift.targets.direct.javascript.told_caller import told_caller_edits
from cronshift.targets.direct.javascript.unasked import is_gone, remove_unasked
from cronshift.targets.direct.javascript.unawaited import refuse_unawaited
from cronshift.targets.direct.javascript.unused import used_names, without_unused
from cronshift.targets.direct.javascript.wrapped_work import (
    Asked,
    WrappedWork,
    aliases_beside,
    called_by,
    declare_wrapped,
    handed_edits,
    made_by,
    names_of_request,
    refuse_calling_again,
)
from cronshift.targets.direct.javascript.wrappers import refuse_wrapper

if TYPE_CHECKING:
    from collections.abc import Collection

    from ast_grep_py import SgNode

    from cronshift.targets.direct.javascript.read_answers import AnswerReader
    from cronshift.targets.direct.javascript.routes import HandlerShape

_NAMES = ("work", "doWork", "workOfJob")
_CONFIGURING = re.compile(
    r"durat|dynamic|static|cache|runtime|edge|node|region|render|second|\d ?s\b|minute|time|limit|ceiling|bound|budget|build",
    re.IGNORECASE,
)
"""What a comment speaks of that goes with what only Next reads; one above it that says nothing of that is the work's."""


class RouteModule(Struct, frozen=True):
    """A route that becomes work.

    Attributes:
        file: its module.
        export: what answers.
        entry: the cron entry whose work it does.
        before: the names that the module used once.
        responds: whether all that it returns are the web's answers.
        is_file: whether its module is one of routes, where others may stay without it.
        beside: the wrappers that others call too, each by its file and its name there.
    """

    file: str
    export: str
    entry: Entry
    before: frozenset[str]
    responds: bool
    is_file: bool = True
    beside: Collection[tuple[str, str]] = ()


class _Working(Struct, frozen=True):
    """The function that does a route's work, and the wrapper that hears of it."""

    function: RouteFunction
    wrapped: WrappedWork | None
    place: Asked


def convert(  # noqa: PLR0913 - each is a wish of its own
    tree: SourceTree,
    file: str,
    export: str,
    entry: Entry,
    *,
    steps: bool = False,
    event: HandlerShape | None = None,
    beside: Collection[tuple[str, str]] = (),
) -> Conversion:
    """Return a route's module without HTTP, or why it stays as it is.

    Args:
        tree: the project's files.
        file: the route's module.
        export: what answers: ``GET``, or ``default`` in the pages router.
        entry: the cron entry whose work it does.
        steps: whether its work becomes the durable steps that the code shows.
        event: what it takes in place of a request, in another framework.
        beside: the wrappers that others call too, each by its file and its name there.
    """
    root = tree.parsed(file)
    if root is None or is_broken(root):
        return Kept(Location(file, 1), "does not parse without errors")
    route = RouteModule(file, export, entry, used_names(root), export != "default", beside=beside)
    try:
        if event is not None:
            tree, export = event.as_route(tree, file, root, export)
            route = replace(route, export=export, responds=event.responds, is_file=False)
        converted = _converted_first(tree, route)
        if route.is_file:
            rest = without_method(tree, file, export, converted.text)
            converted = replace(converted, rest=rest)
    except NotCertainError as error:
        return Kept(Location(file, error.line), error.why)
    return _in_steps(tree, converted, file) if steps else converted


def _converted_first(tree: SourceTree, route: RouteModule) -> Converted:
    """Return a route's module without HTTP, from the first of its spellings that is certain.

    What needs no answer read goes before what does.

    Raises:
        NotCertainError: where none is, of the one that says most.
    """
    reasons: list[NotCertainError] = []
    for reads in (False, True) if route.responds else (False,):
        reasons = []
        for there in spellings(tree, route.file, route.export):
            try:
                return _converted(there, route, reads=reads)
            except NotCertainError as error:
                reasons += in_place(error, there.read(route.file), tree.read(route.file))
    raise reasons[0]


def _in_steps(tree: SourceTree, converted: Converted, file: str) -> Converted:
    """Return a module whose work is made of steps, or why it is one."""
    if converted.parameter is not None:
        return replace(converted, unoffered="each value has a step already")
    if converted.wrapper is not None:
        called = converted.wrapper.called
        return replace(converted, unoffered=f"{called} hears of it as a whole")
    if converted.reads:
        return replace(converted, unoffered="it reads an answer that other code makes")
    try:
        made = with_steps(tree, converted.text, file, converted.function)
    except NotCertainError as error:
        line = converted.text.splitlines()[error.line - 1].strip()
        return replace(converted, unoffered=f"it {error.why}: {line}")
    text = made.text
    if language(file) != "javascript":
        text = with_import(text, file, "type GetStepTools")
    return replace(converted, text=text, steps=made.ids)


def _converted(tree: SourceTree, route: RouteModule, *, reads: bool) -> Converted:
    """Return a module whose function does the work.

    Raises:
        NotCertainError: where its meaning would not be kept for certain.
    """
    file, export, entry = route.file, route.export, route.entry
    root, text = tree.parsed(file), tree.read(file)
    if root is None:
        raise NotCertainError(1, "would not parse without errors")
    is_typed = language(file) in {"typescript", "tsx"}
    function = replace(route_function(root, export), causes=knows_causes(tree, file))
    if function.beside and not route.is_file:
        refuse_beside(function)
    _refuse_others(root, function, export)
    place = Asked(tree, file, entry, route.beside, in_pages=export == "default")
    function, wrapped = _wrapped(function, place)
    edits, used = Edits(text), used_names(root) | route.before
    reader = reader_for(function) if reads else None
    taken = {node.text() for node in names_in(root)}
    name = next(name for name in chain(_NAMES, map("work{}".format, count(2))) if name not in taken)
    needs_query = _work_edits(route, _Working(function, wrapped, place), edits, reader)
    if wrapped is not None and wrapped.makes:
        declare_wrapped(function, name, entry.parameter, edits)
    else:
        _declare(function, edits, name, entry.parameter, typed=is_typed)
    _take_exports(root, function, export, edits)
    written = f"{unmarked(edits.result()).rstrip()}\n"
    if needs_query:
        written = with_query(written, file, entry)
    written = without_unused(written, tree, file, used)
    written = without_words_of_caller(written, file, name)
    is_read = reader is not None and reader.is_used
    if reader is not None and is_read:
        written += reader.source(typed=is_typed)
    for error in (NON_RETRIABLE, RETRY_AFTER):
        if f"new {error}(" in written and error not in used:
            written = with_import(written, file, error)
    there = tree.with_text(file, written)
    if wrapped is not None:
        refuse_calling_again(wrapped, written, file)
        there = there.with_text(wrapped.shared.use.file, wrapped.shared.text)
    refuse_leftovers(written, file, root, reads=is_read or wrapped is not None)
    refuse_asking(there, file, name)
    shared = wrapped.shared if wrapped is not None else None
    return Converted(written, name, parameter=entry.parameter, reads=is_read, wrapper=shared)


def _work_edits(
    route: RouteModule, working: _Working, edits: Edits, reader: AnswerReader | None
) -> bool:
    """Have the work check nobody, ask for no request and give its results; return whether it needs its query.

    What a wrapper hears of stays as it gives it.
    """
    function, wrapped, place = working.function, working.wrapped, working.place
    is_made = wrapped is not None and wrapped.makes
    request, second = _parameters(function, wrapped)
    names = {request: frozenset({REQUEST})} if request else {}
    scope = ScriptScope(place.tree, place.file, function.root, names)
    if not is_made:
        refuse_unawaited(function, scope)
    refuse_other_meanings(function, of_answers=route.is_file and not is_made)
    used = used_names(function.root) | route.before
    checks = checks_of(function, scope)
    for statement in checks.statements:
        edits.remove_lines(*with_comment(statement, OF_CHECKS))
    told_caller_edits(function, scope.within(checks.names), place.entry.schedule, edits)
    if wrapped is not None:
        handed_edits(wrapped, place, edits)
    if not is_made:
        settled = wrapped.result if wrapped is not None else None
        result_edits(function, edits, second if place.in_pages else None, reader, settled)
    remove_unasked(edits, function, scope, used)
    is_typed = language(place.file) in {"typescript", "tsx"}
    asked = RequestEdits(function, edits, place.entry, typed=is_typed, in_pages=place.in_pages)
    asked.apply(request)
    if second is not None:
        why = (
            "answers in a way that is not read" if place.in_pages else "needs its path's parameters"
        )
        _refuse_uses(function, edits, second, why)
    return asked.needs_query


def _wrapped(function: RouteFunction, place: Asked) -> tuple[RouteFunction, WrappedWork | None]:
    """Return a route's function, and the wrapper around it, or in it, that does more than to check the caller.

    Raises:
        NotCertainError: where what that does is not certain without HTTP.
    """
    try:
        refuse_wrapper(function, ScriptScope(place.tree, place.file, function.root, {}))
    except NotCertainError:
        wrapped = made_by(function, place)
        if wrapped is None:
            raise
        return aliases_beside(function), wrapped
    return function, called_by(function, function.parameter(0), place)


def _parameters(
    function: RouteFunction, wrapped: WrappedWork | None
) -> tuple[str | None, str | None]:
    """Return the names, in a route's function or the work in its wrapper, of the request and of what is beside it."""
    if wrapped is None or not wrapped.makes:
        return function.parameter(0), function.parameter(1)
    return names_of_request(function, wrapped.shared.hearing)


def _refuse_others(root: SgNode, function: RouteFunction, export: str) -> None:
    """Refuse a module that other modules may take something of, or that asks where it stands."""
    allowed = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "default", *SEGMENT}
    for name, exported in exports(root).items():
        if name not in allowed and name != export:
            raise NotCertainError(exported.line, f"exports {name} too, for other modules")
    others = (*function.aliases, *function.beside.values())
    spans = {span_of(function.node), *(span_of(statement) for statement in others)}
    for node in names_in(root):
        if node.text() != function.name:
            continue
        outside = not any(
            start <= span_of(node)[0] and span_of(node)[1] <= end for start, end in spans
        )
        parent = node.parent()
        declares = parent is not None and parent.kind() in {
            "variable_declarator",
            "function_declaration",
        }
        if outside and not declares:
            raise NotCertainError(line_of(node), f"calls {function.name} once more")


def _refuse_uses(function: RouteFunction, edits: Edits, name: str, why: str) -> None:
    for node in names_in(function.body):
        if node.text() == name and not is_gone(node, edits):
            raise NotCertainError(line_of(node), why)


def _declare(
    function: RouteFunction, edits: Edits, name: str, parameter: str | None, *, typed: bool
) -> None:
    """Give the function its new name and its parameters, and take the wrapper away."""
    node = function.node
    taken = f"({parameter}{': string' if typed else ''})" if parameter is not None else "()"
    if parameter is not None and not parameter.isidentifier():
        raise NotCertainError(line_of(node), f"is given {parameter}, which is no name")
    if parameter in imports(function.root) or parameter in names_declared(function.root):
        raise NotCertainError(
            line_of(node), f"is given {parameter}, which its module calls otherwise"
        )
    parameters = node.field("parameters") or node.field("parameter")
    if parameters is not None:
        edits.replace(*span_of(parameters), taken)
    returned = node.field("return_type")
    if returned is not None:
        edits.replace(*span_of(returned), "")
    statement = whole_statement(node)
    declaration = statement.field("declaration") or statement.field("value") or statement
    if node.kind() == "function_declaration":
        bound = node.field("name")
        if bound is None:  # export default async function (…)
            start = span_of(parameters)[0] if parameters is not None else span_of(node)[0]
            edits.replace(start, start, f" {name}")
        else:
            edits.replace(*span_of(bound), name)
        edits.replace(span_of(statement)[0], span_of(node)[0], "")
        return
    is_within = function.wrapper is not None and is_inside(node, function.wrapper)
    outer = function.wrapper if function.wrapper is not None and is_within else node
    declarator = next(
        (each for each in node.ancestors() if each.kind() == "variable_declarator"), None
    )
    if declarator is None:  # export default async () => …
        edits.replace(span_of(statement)[0], span_of(node)[0], f"const {name} = ")
    else:
        bound = declarator.field("name")
        if (
            bound is None
            or len([p for p in declaration.children() if p.kind() == "variable_declarator"]) != 1
        ):
            raise NotCertainError(line_of(node), "is declared beside others")
        edits.replace(span_of(statement)[0], span_of(declaration)[0], "")
        edits.replace(span_of(bound)[0], span_of(declarator.field("type") or bound)[1], name)
        edits.replace(span_of(declarator.field("type") or bound)[1], span_of(node)[0], " = ")
        if span_of(outer)[1] != span_of(node)[1]:
            edits.replace(span_of(node)[1], span_of(outer)[1], "")


def _keep_words(function: RouteFunction, export: str, edits: Edits) -> None:
    """Keep what is said above ``export const GET = handle`` above the function."""
    exporting = [each for each in function.aliases if binds(each, export)]
    token = whole_statement(function.node).child(0)
    for statement in exporting if export != function.name and token is not None else ():
        words = edits.text[with_comment(statement)[0] : span_of(statement)[0]]
        if token is not None and words:
            edits.replace(*span_of(token), f"{words}{token.text()}")


def _take_exports(root: SgNode, function: RouteFunction, export: str, edits: Edits) -> None:
    """Remove what only Next reads: other methods that do the same, the segment's configuration."""
    for alias in (*function.aliases, *function.beside.values()):
        edits.remove_lines(*with_comment(alias))
    _keep_words(function, export, edits)
    for statement in root.children():
        if statement.kind() != "export_statement":
            continue
        declaration = statement.field("declaration")
        bound = [
            name.text()
            for part in (declaration.children() if declaration is not None else [])
            if part.kind() == "variable_declarator" and (name := part.field("name")) is not None
        ]
        if bound and set(bound) <= SEGMENT:
            edits.remove_lines(*with_comment(statement, _CONFIGURING))
