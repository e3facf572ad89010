"""Handlers of http.server that others call too, as ones that have the job done by an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.direct.python.about import REQUEST, PythonScope
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.checks import checks_of
from cronshift.targets.direct.python.http_answers import refuses
from cronshift.targets.direct.python.http_server import class_named, working
from cronshift.targets.direct.python.methods import members_of_self, methods_of
from cronshift.targets.direct.python.sending import importing, kept_until, refuse_taken, sent_by
from cronshift.targets.direct.python.source import PythonSource, names_used
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.python.sending import Sending
    from cronshift.targets.direct.python.source import Function

_ANSWER = (
    "self.send_response(202)",
    'self.send_header("Content-Type", "application/json")',
    "self.end_headers()",
    "self.wfile.write(b'{\"queued\": true}')",
)


def sending_class(tree: SourceTree, file: str, name: str, sending: Sending) -> str:
    """Return a handler's module whose class sends an event in place of its work.

    Raises:
        NotCertainError: where what it does depends on who calls it.
    """
    module = tree.python(file)
    place = ModuleScope(tree, file, module)
    source = PythonSource(file, tree.read(file), module, place)
    node = class_named(source, name)
    methods = methods_of(node)
    function = working(node, methods)
    refuse_taken(source, function, sending)
    scope = PythonScope(place, {"self": frozenset({REQUEST})}, methods=methods)
    scope, checks = checks_of(function, scope, lambda asked: refuses(source, methods, asked))
    end = kept_until(source, function, scope, checks, set())
    indent = source.text_up_to(function.body[0])
    _, last = source.span(function)
    lines = (f"{indent}{line}\n" for line in (sent_by(sending), *_ANSWER))
    source.edits.replace(end, last, "".join(lines).removesuffix("\n"))
    kept = [each for each in function.body if source.span(each)[1] <= end]
    for method in _unneeded(methods, function, kept):
        source.edits.remove_lines(*source.span(method))
    text = importing(source.edits.result(), sending)
    return without_unused(tree, file, text, set(names_used(module)))


def _unneeded(
    methods: dict[str, Function], function: Function, kept: Iterable[ast.stmt]
) -> Iterator[Function]:
    """Yield the methods that only the work called, and those that only they call."""
    called = _members(function, methods)
    for _ in methods:
        called |= {each for name in called for each in _members(methods[name], methods)}
    needed = {name for name in methods if name not in called} | {function.name}
    used = {each for statement in kept for each in _members(statement, methods)}
    for _ in methods:
        inner = (methods[name] for name in (needed | used) - {function.name})
        used |= {each for method in inner for each in _members(method, methods)}
    yield from (methods[name] for name in methods if name in called - used - {function.name})


def _members(node: ast.stmt, methods: dict[str, Function]) -> set[str]:
    """Return the methods that a part of a class calls."""
    return {each.attr for each in members_of_self(node) if each.attr in methods}
