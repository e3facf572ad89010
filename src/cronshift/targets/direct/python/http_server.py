"""A ``handler`` class of http.server: what ``do_GET`` does becomes a function, and so does what it calls."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.targets.direct.conversion import Converted, Entry, NotCertainError
from cronshift.targets.direct.python.about import REQUEST, PythonScope
from cronshift.targets.direct.python.answers import NON_RETRIABLE
from cronshift.targets.direct.python.called import ModuleScope, locals_of
from cronshift.targets.direct.python.checks import remove_checks
from cronshift.targets.direct.python.http_answers import keep_values, refuses, write_sent
from cronshift.targets.direct.python.imports import with_import
from cronshift.targets.direct.python.layout import dedented
from cronshift.targets.direct.python.leftovers import refuse_lost
from cronshift.targets.direct.python.methods import (
    bound_names,
    commented,
    function_text,
    members_of_self,
    methods_of,
)
from cronshift.targets.direct.python.search_path import remove_search_path
from cronshift.targets.direct.python.source import (
    Function,
    PythonSource,
    function_of,
    names_used,
    only_calls,
    quoted,
)
from cronshift.targets.direct.python.unused import without_unused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cronshift.handlers.tree import SourceTree

_ANSWERED = {"do_GET", "do_POST"}
_WORK, _PATH = "work", "path"


def convert_class(tree: SourceTree, source: PythonSource, name: str, entry: Entry) -> Converted:
    """Return the module whose class ``name`` is a function.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    node = class_named(source, name)
    remove_search_path(source)
    _refuse_tied(source)
    methods = methods_of(node)
    function = working(node, methods)
    if entry.parameter is not None:
        raise NotCertainError(function.lineno, f"is given {entry.parameter} by its path")
    used = set(names_used(source.module))
    place, caller = ModuleScope(tree, source.file, source.module), {"self": frozenset({REQUEST})}
    scope = PythonScope(place, caller, methods=methods)
    remove_checks(source, function, scope, lambda asked: refuses(source, methods, asked))
    arguments = _write_path(source, function, entry)
    names = _names(source, node, methods)
    for member in members_of_self(function):
        if names.get(member.attr) and not source.is_gone(member):
            source.replace(member, names[member.attr])  # also inside of what an answer says
    keep_values(source, function)
    write_sent(source, function, methods)
    work = _work_text(source, function, _PATH if arguments else "")
    text = _as_functions(source, node, methods, names, work)
    if "self" in names_used(function_of(ast.parse(text), _WORK)):
        raise NotCertainError(function.lineno, "needs its request")
    refuse_lost(function, text, _WORK, {"self"})
    needs = f"raise {NON_RETRIABLE}(" in text
    text = without_unused(tree, source.file, text, used)
    text = with_import(text, NON_RETRIABLE) if needs else text
    return Converted(text, _WORK, arguments=arguments, is_async=False)


def class_named(source: PythonSource, name: str) -> ast.ClassDef:
    """Return a class of a module.

    Raises:
        NotCertainError: where it has none of that name.
    """
    for node in source.module.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return node
    raise NotCertainError(1, f"{name} is no class of this module")


def _refuse_tied(source: PythonSource) -> None:
    for node in ast.walk(source.module):
        if isinstance(node, ast.Name) and node.id == _WORK and not source.is_gone(node):
            raise NotCertainError(node.lineno, f"has a name `{_WORK}` already")
        if isinstance(node, ast.ImportFrom) and node.level:
            raise NotCertainError(node.lineno, "imports what stands beside it")


def working(node: ast.ClassDef, methods: Mapping[str, Function]) -> Function:
    """Return the method that does the work: what answers a GET, or the one that this only calls.

    Raises:
        NotCertainError: where other methods do other work.
    """
    function = methods.get("do_GET")
    if function is None:
        raise NotCertainError(node.lineno, "has no do_GET")
    for name, method in methods.items():
        if name.startswith("do_") and name not in _ANSWERED | {"do_HEAD", "do_OPTIONS"}:
            raise NotCertainError(method.lineno, f"answers {name.removeprefix('do_')} too")
    post = methods.get("do_POST")
    work = next((each for name, each in methods.items() if only_calls(function, name)), function)
    if (
        post is None
        or post is work
        or only_calls(post, function.name)
        or only_calls(post, work.name)
    ):
        return work
    raise NotCertainError(post.lineno, "answers POST too, with other work")


def _write_path(source: PythonSource, function: Function, entry: Entry) -> tuple[str, ...]:
    """Put the entry's path where the request's is read; return it as an argument, where several entries are one's."""
    reads = [
        node
        for node in members_of_self(function)
        if node.attr == "path" and not source.is_gone(node)
    ]
    if reads and entry.is_shared and _PATH in locals_of(function):
        raise NotCertainError(reads[0].lineno, f"has a name `{_PATH}` already")
    for node in reads:
        source.replace(node, _PATH if entry.is_shared else quoted(entry.path))
    return (f"{_PATH}={quoted(entry.path)}",) if reads and entry.is_shared else ()


def _names(
    source: PythonSource, node: ast.ClassDef, methods: Mapping[str, Function]
) -> dict[str, str]:
    """Return the name that each method has as a function of the module; empty where none is free."""
    taken, names = bound_names(source.module, node), dict[str, str]()
    for name in methods:
        wanted = (name, f"{_WORK}_{name.lstrip('_')}")
        names[name] = next((each for each in wanted if each not in taken), "")
        taken.add(names[name])
    return names


def _as_functions(
    source: PythonSource,
    node: ast.ClassDef,
    methods: Mapping[str, Function],
    names: Mapping[str, str],
    work: str,
) -> str:
    """Return the module with the class as a function that stands by itself, behind those that it calls."""
    called = list(_called(source, methods, names, work))
    for method in called:
        if not names[method.name]:
            raise NotCertainError(method.lineno, f"has a name `{method.name}` already")
    parts = [f"{function_text(source, method, names)}\n\n\n" for method in called]
    start, end = source.span(node)
    before, behind = source.edits.result(0, start), source.edits.result(end)
    return f"{before}{''.join(parts)}{work}{behind}"


def _called(
    source: PythonSource, methods: Mapping[str, Function], names: Mapping[str, str], work: str
) -> Iterator[Function]:
    """Yield the methods that the work calls as it is written now, and those that these do, as they stand."""
    left = set(names_used(ast.parse(work)))
    new = {name for name in methods if names[name] in left}
    called = set[str]()
    while new:
        called |= new
        members = (each for name in new for each in members_of_self(methods[name]))
        new = {each.attr for each in members if not source.is_gone(each)} & methods.keys() - called
    yield from (each for name, each in methods.items() if name in called)


def _work_text(source: PythonSource, function: Function, parameter: str) -> str:
    """Return the work with the head of a function, and its lines at the edge of one."""
    body = source.text.rfind("\n", 0, source.span(function.body[0])[0]) + 1
    first = commented(source.text, body)
    for each in ast.walk(function):
        if isinstance(each, ast.Name) and each.id == "self" and not source.is_gone(each):
            raise NotCertainError(each.lineno, "needs its request")
    if (
        not source.text[first : source.span(function.body[0])[0]].strip()
        and function.body[0].lineno == function.lineno
    ):
        raise NotCertainError(function.lineno, "does its work in the middle of a line")
    last = source.span(function)[1]
    inner = dedented(source.edits.result(first, last), function.col_offset).strip("\n")
    return f"def {_WORK}({parameter}):\n{inner or '    pass'}"
