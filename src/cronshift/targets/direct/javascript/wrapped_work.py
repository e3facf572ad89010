"""Work inside of a wrapper that routes share: it stays there, and neither takes a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.handlers.javascript import (
    FUNCTIONS,
    Definition,
    arguments,
    line_of,
    locally,
)
from cronshift.handlers.tree import language, parse, span_of
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.javascript.answers import short
from cronshift.targets.direct.javascript.handler import (
    RouteFunction,
    declared_function,
    every,
    is_in_awaited_loop,
    is_inside,
    names_in,
    whole_statement,
)
from cronshift.targets.direct.javascript.read_answers import is_whole
from cronshift.targets.direct.javascript.shared_wrappers import (
    SharedWrapper,
    WorkHearing,
    WrapperUse,
    shared_wrapper,
)
from cronshift.targets.direct.javascript.taken import without_parts
from cronshift.targets.direct.javascript.wrapper_names import rename
from cronshift.targets.direct.javascript.wrappers import is_wrapped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.conversion import Entry
    from cronshift.targets.direct.edits import Edits


class WrappedWork(Struct, frozen=True):
    """A call of a wrapper, in a route's module.

    Attributes:
        shared: the wrapper, without HTTP.
        call: in the module.
        work: the function that it is given, where that stands in this module.
        result: the call that gives the work's result, in the route's function; ``None`` where the wrapper makes that.
    """

    shared: SharedWrapper
    call: SgNode
    work: RouteFunction | None
    result: SgNode | None = None

    @property
    def makes(self) -> bool:
        """True when the call makes what answers the route."""
        return self.result is None


class Asked(Struct, frozen=True):
    """The place of a route and what it is asked for.

    Attributes:
        beside: the wrappers that others call too, each by its file and its name there.
    """

    tree: SourceTree
    file: str
    entry: Entry
    beside: Collection[tuple[str, str]]
    in_pages: bool


def made_by(function: RouteFunction, asked: Asked) -> WrappedWork | None:
    """Return the wrapper that makes a route; ``None`` where it is no other module's.

    Raises:
        NotCertainError: where what it does is not certain without HTTP.
    """
    call = function.wrapper
    if call is None or (definition := _definition(call, asked)) is None:
        return None
    work = next(at for at, each in enumerate(arguments(call)) if is_wrapped(each, function))
    shared = _shared(call, definition, work, None, asked)
    return WrappedWork(shared, call, function)


def called_by(function: RouteFunction, request: str | None, asked: Asked) -> WrappedWork | None:
    """Return the wrapper that a route's function hands its request to, and whose answer it gives.

    Raises:
        NotCertainError: where what it does is not certain without HTTP.
    """
    calls = []
    for value in _returned_values(function):
        call = value.child(1) if value.kind() == "await_expression" else value
        passed = arguments(call) if call is not None and call.kind() == "call_expression" else []
        texts = [each.text() for each in passed]
        if call is None or request is None or texts.count(request) != 1:
            continue
        made = call.field("function")
        is_made = made is not None and made.kind() == "call_expression" and texts[0] == request
        wrapping = made if made is not None and is_made else call
        if (definition := _definition(wrapping, asked)) is None:
            continue
        at = None if is_made else texts.index(request)
        calls.append((call, wrapping, definition, at))
        if value != call and _is_heard(value, function):
            raise NotCertainError(line_of(call), f"catches what {short(call)} throws")
    if len(calls) != 1:
        return None
    ((call, wrapping, definition, at),) = calls
    passed = arguments(wrapping)
    works = [number for number, each in enumerate(passed) if _is_function(each, asked)]
    work = works[0] if len(works) == 1 else None
    shared = _shared(wrapping, definition, work, at, asked)
    handed = _function(function.root, passed[work]) if work is not None else None
    return WrappedWork(shared, wrapping, handed, call)


def _returned_values(function: RouteFunction) -> Iterator[SgNode]:
    """Yield the values that a function returns."""
    if function.body.kind() != "statement_block":
        yield function.body
    for node in function.own_nodes():
        value = next((each for each in node.children() if each.is_named()), None)
        if node.kind() == "return_statement" and value is not None:
            yield value


def _is_function(node: SgNode, asked: Asked) -> bool:
    if node.kind() != "identifier":
        return node.kind() in FUNCTIONS
    definition = locally(asked.tree, asked.file, node.text())
    return definition is not None and definition.node.kind() in FUNCTIONS


def _function(root: SgNode, passed: SgNode) -> RouteFunction | None:
    """Return a function that is handed on, where it stands in this module."""
    node = declared_function(root, passed.text()) if passed.kind() == "identifier" else passed
    return _as_function(node) if node is not None else None


def _as_function(node: SgNode) -> RouteFunction | None:
    body = node.field("body") if node.kind() in FUNCTIONS else None
    root = node.get_root().root()
    return RouteFunction(root, "", node, body, None, ()) if body is not None else None


def _is_heard(value: SgNode, function: RouteFunction) -> bool:
    """Return whether a catch hears of what is thrown where a value is awaited."""
    inner = value
    for above in value.ancestors():
        is_try = above.kind() == "try_statement" and is_inside(above, function.body)
        if is_try and above.field("handler") is not None and above.field("body") == inner:
            return True
        inner = above
    return is_in_awaited_loop(value)


def _definition(call: SgNode, asked: Asked) -> Definition | None:
    """Return the function that a call calls, where it is another module's of the project."""
    called = call.field("function")
    is_name = called is not None and called.kind() == "identifier"
    definition = (
        locally(asked.tree, asked.file, called.text()) if called is not None and is_name else None
    )
    if definition is None or definition.wrappers or definition.file == asked.file:
        return None
    return definition if definition.node.kind() in FUNCTIONS else None


def _shared(
    call: SgNode, definition: Definition, work: int | None, request: int | None, asked: Asked
) -> SharedWrapper:
    name = short(call.field("function") or call).strip("`")
    bound = definition.node.field("name") or next(
        (each.field("name") for each in definition.node.ancestors()
         if each.kind() == "variable_declarator"), None,
    )  # fmt: skip
    if bound is None:
        raise NotCertainError(line_of(call), f"is wrapped by {name}, which is not read")
    key = definition.file, bound.text()
    use = WrapperUse(
        *key, work, request, asked.entry, is_beside=key in asked.beside, in_pages=asked.in_pages
    )
    try:
        return shared_wrapper(asked.tree, use)
    except NotCertainError as error:
        why = f"is wrapped by {name}, which {error.why} ({use.file}:{error.line})"
        raise NotCertainError(line_of(call), why) from error


def handed_edits(wrapped: WrappedWork, asked: Asked, edits: Edits) -> None:
    """Have a wrapper called without a request, and its work take none.

    Raises:
        NotCertainError: where the work answers with what is not whole once it is read, or more of it needs a request.
    """
    shared, call, work = wrapped.shared, wrapped.call, wrapped.work
    if shared.use.request is not None:
        without_parts(arguments(call), {shared.use.request}, edits)
    elif wrapped.result is not None:
        passed = arguments(wrapped.result)
        without_parts(passed, range(len(passed)), edits)
    called = call.field("function")
    if called is not None:
        rename(shared, called, (asked.tree, asked.file), edits)
    if shared.hearing != WorkHearing():
        _without_heard(wrapped, edits)
    inner = [each for each in every(call) if each.kind() in FUNCTIONS] if work is None else []
    works = [work, *(_as_function(each) for each in inner)]
    for value in (value for each in works if each is not None for value in _returned_values(each)):
        if shared.reads and not is_whole(value):
            why = f"returns {short(value)}, which is not spelled out"
            raise NotCertainError(line_of(value), why)


def names_of_request(work: RouteFunction, hearing: WorkHearing) -> tuple[str | None, str | None]:
    """Return the names of work for the request and for what else its route is called with, where it takes them.

    Raises:
        NotCertainError: where it takes them in a way that is not read.
    """
    request, context = (
        work.parameter(at) if at is not None else None for at in (hearing.request, hearing.context)
    )
    if hearing.member is None or (pattern := _pattern(work, hearing.member[0])) is None:
        return request, context
    if pattern.kind() == "identifier":
        _refuse_member(work, pattern.text(), hearing.member[1])
        return request, context
    bound = _bound(pattern, hearing.member[1])
    return (bound[1] if bound is not None else request), context


def _pattern(work: RouteFunction, at: int) -> SgNode | None:
    if at >= len(work.parameters):
        return None
    node = work.parameters[at]
    return node.field("pattern") or node


def _bound(pattern: SgNode, name: str) -> tuple[SgNode, str] | None:
    """Return the part of a pattern that takes a member, and the name that it gives it."""
    for part in pattern.children():
        key, value = part.field("key"), part.field("value")
        if part.kind() == "shorthand_property_identifier_pattern" and part.text() == name:
            return part, name
        if (
            key is not None
            and key.text() == name
            and value is not None
            and value.kind() == "identifier"
        ):
            return part, value.text()
        is_whole = part.kind() == "rest_pattern" or part.text().startswith(
            (f"{name} =", f"{name}:")
        )
        if is_whole:
            raise NotCertainError(line_of(part), "takes its request apart where it is declared")
    return None


def _refuse_member(work: RouteFunction, name: str, member: str) -> None:
    """Refuse work that asks what it is given for the request, or hands it on whole."""
    for node in names_in(work.body):
        above = node.parent()
        if node.text() != name or above is None:
            continue
        is_read = above.kind() == "member_expression" and above.field("object") == node
        asked = above.field("property") if is_read else None
        if asked is None:
            raise NotCertainError(line_of(node), f"hands its {name} on")
        if asked.text() == member:
            raise NotCertainError(line_of(node), f"needs its request (`{above.text()}`)")


def _without_heard(wrapped: WrappedWork, edits: Edits) -> None:
    """Have the work take none of what it is no longer pattern."""
    work, hearing = wrapped.work, wrapped.shared.hearing
    if work is None:
        raise NotCertainError(line_of(wrapped.call), "hands its request on")
    names = set(names_of_request(work, hearing)) - {None}
    if not wrapped.makes and any(node.text() in names for node in names_in(work.body)):
        raise NotCertainError(line_of(work.node), "needs its request")
    if (single := work.node.field("parameter")) is not None:
        if hearing.member is None:
            edits.replace(*span_of(single), "()")
        return
    gone = set(hearing.unheard)
    pattern = _pattern(work, hearing.member[0]) if hearing.member is not None else None
    bound = (
        _bound(pattern, hearing.member[1])
        if pattern is not None and hearing.member is not None
        else None
    )
    if pattern is not None and bound is not None and hearing.member is not None:
        parts = [
            each for each in pattern.children() if each.is_named() and each.kind() != "comment"
        ]
        if work.parameters[hearing.member[0]].field("type") is not None:
            raise NotCertainError(line_of(pattern), "takes its request by a type that is not read")
        if len(parts) == 1 and hearing.member[0] == len(work.parameters) - 1:
            gone.add(hearing.member[0])
        else:
            without_parts(parts, {parts.index(bound[0])}, edits)
    without_parts(work.parameters, gone, edits)


def declare_wrapped(
    function: RouteFunction, name: str, parameter: str | None, edits: Edits
) -> None:
    """Give what a wrapper makes the name of the work, for this module alone."""
    call = function.wrapper
    if call is None:
        return
    if parameter is not None:
        raise NotCertainError(
            line_of(call), f"is given {parameter}, which its wrapper does not hand on"
        )
    statement = whole_statement(call)
    declaration = statement.field("declaration") or statement
    declarator = next(
        (each for each in call.ancestors() if each.kind() == "variable_declarator"), None
    )
    bound = declarator.field("name") if declarator is not None else None
    start = span_of(statement)[0]
    if declarator is None or bound is None:
        edits.replace(start, span_of(call)[0], f"const {name} = ")
        return
    together = [each for each in declaration.children() if each.kind() == "variable_declarator"]
    if len(together) != 1:
        raise NotCertainError(line_of(call), "is declared beside others")
    if span_of(declaration)[0] > start:
        edits.replace(start, span_of(declaration)[0], "")
    edits.replace(span_of(bound)[0], span_of(declarator.field("type") or bound)[1], name)


def aliases_beside(function: RouteFunction) -> RouteFunction:
    """Return a route's function whose wrapper's own statement is none of its aliases."""
    if function.wrapper is None:
        return function
    made = span_of(whole_statement(function.wrapper))
    aliases = tuple(each for each in function.aliases if span_of(each) != made)
    return replace(function, aliases=aliases)


def refuse_calling_again(wrapped: WrappedWork, text: str, file: str) -> None:
    """Refuse a module that still speaks of its wrapper in another place.

    Raises:
        NotCertainError: with the name.
    """
    called = wrapped.call.field("function")
    root = parse(text, language(file))
    if called is None or root is None:
        return
    names = {called.text(), wrapped.shared.called}
    is_named_alike = wrapped.shared.called == wrapped.shared.use.name
    spoken = [
        node for node in names_in(root)
        if node.text() in names
        and whole_statement(node).kind() != "import_statement"
        and not (is_named_alike and any(each.kind() == "type_query" for each in node.ancestors()))
    ]  # fmt: skip
    if len(spoken) > 1:
        raise NotCertainError(line_of(wrapped.call), f"calls {called.text()} more than once")
