"""Views of Django, functions and classes: their route goes out of its urls.py, and a job alone calls what they do."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from cronshift.targets.direct.conversion import Converted, Entry, NotCertainError
from cronshift.targets.direct.python.about import REQUEST
from cronshift.targets.direct.python.called import ModuleScope
from cronshift.targets.direct.python.class_views import as_functions, is_harmless
from cronshift.targets.direct.python.django_settings import is_atomic
from cronshift.targets.direct.python.framework import work_of
from cronshift.targets.direct.python.imports import with_import
from cronshift.targets.direct.python.outside import endpoints, refuse_addresses
from cronshift.targets.direct.python.parameters import Parameters
from cronshift.targets.direct.python.routes import AppRoute
from cronshift.targets.direct.python.sending import SENDS_NOT, Sending
from cronshift.targets.direct.python.source import Function, PythonSource, function_of, names_used
from cronshift.targets.direct.python.unused import without_unused
from cronshift.targets.direct.python.viewset_actions import action_at, alone, registration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Location


class View(Struct, frozen=True):
    """A view as a function: its module, and the urls.py without its route."""

    file: str
    urls: str
    converted: Converted


def is_django(tree: SourceTree, file: str) -> bool:
    """Return whether a module lists routes of Django's."""
    return "urlpatterns" in tree.read(file)


def convert_view(
    tree: SourceTree,
    route: Location,
    entry: Entry,
    planned: SourceTree | None = None,
    sending: Sending | None = None,
) -> View:
    """Return the view of a route as a function that is called by nobody but a job.

    Args:
        tree: the project's files.
        route: the place where it is declared.
        entry: the cron entry.
        planned: the files as they were when that place was found, where others have gone out since.
        sending: the event that the view sends from then on, where it stays.

    Raises:
        NotCertainError: where the meaning is not kept for certain.
    """
    urls = PythonSource(route.file, tree.read(route.file), tree.python(route.file))
    module = planned.python(route.file) if planned is not None else urls.module
    registered = registration(module, urls.module, route.line)
    if registered is not None:
        if sending is not None:
            raise NotCertainError(registered.lineno, SENDS_NOT)
        return _of_action(tree, urls, registered, entry)
    wanted = ast.unparse(_declared(module, lambda each: each.lineno == route.line, route.line))
    declared = _declared(urls.module, lambda each: ast.unparse(each) == wanted, route.line)
    place = ModuleScope(tree, route.file, urls.module)
    name, method = _viewed(declared)
    view = place.function(name) if method is None else place.class_of(name)
    if view is None:
        raise NotCertainError(declared.lineno, f"answers with {name}, which is not read")
    node, there = view
    _refuse_others(tree, route.file, there.file, node.name)
    if sending is None:
        refuse_addresses(tree, set(endpoints(declared)), declared.lineno)
    if isinstance(node, ast.ClassDef):
        if sending is not None:
            raise NotCertainError(node.lineno, SENDS_NOT)
        converted = _of_class(tree, there, node, method or "get", declared, entry)
    else:
        converted = _of_function(tree, there, node, declared, entry, sending=sending)
    if sending is not None:
        return View(there.file, urls.text, converted)
    return View(there.file, _without(tree, urls, declared, name), converted)


def _of_action(tree: SourceTree, urls: PythonSource, registered: ast.Call, entry: Entry) -> View:
    """Return an action of a class that a router has; the class goes with it where that is all that it has."""
    name = ast.unparse(registered.args[1])
    view = ModuleScope(tree, urls.file, urls.module).class_of(name)
    if view is None:
        raise NotCertainError(registered.lineno, f"answers with {name}, which is not read")
    node, there = view
    action = action_at(there, node, urlsplit(entry.path).path)
    source = PythonSource(there.file, tree.read(there.file), there.module, there)
    made = alone(source, node, action)
    module = ast.parse(made.text)
    place = ModuleScope(tree, there.file, module)
    (single,) = (each for each in module.body if getattr(each, "name", "") == made.name)
    if not isinstance(single, ast.ClassDef):
        raise NotCertainError(node.lineno, f"has a name `{made.name}` already")
    declared = ast.Call(ast.Name("path"), [], [])
    converted = _of_class(tree, place, single, action, declared, entry, made.text)
    used = set(names_used(there.module))
    text = without_unused(tree, there.file, converted.text, used)
    converted = replace(converted, text=text)
    if not made.is_whole:
        return View(there.file, urls.text, converted)
    _refuse_others(tree, urls.file, there.file, node.name)
    urls.edits.remove_lines(*urls.span(registered))
    used = {name.partition(".")[0], *names_used(urls.module)}
    return View(there.file, without_unused(tree, urls.file, urls.edits.result(), used), converted)


def _viewed(declared: ast.Call) -> tuple[str, str | None]:
    """Return the name of a view, and of a class the method that answers a GET."""
    match declared.args[1]:
        case ast.Call(func=ast.Attribute(value=owner, attr="as_view"), args=[], keywords=[]):
            return ast.unparse(owner), "get"
        case ast.Call(
            func=ast.Attribute(value=owner, attr="as_view"), args=[ast.Dict() as actions]
        ):
            methods = {ast.unparse(each) for each in actions.values}
            value = actions.values[0] if len(methods) == 1 else None
            if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
                raise NotCertainError(declared.lineno, "answers other methods with other work")
            return ast.unparse(owner), value.value
    return ast.unparse(declared.args[1]), None


def _of_class(  # noqa: PLR0913, PLR0917 - what a view is known by
    tree: SourceTree,
    place: ModuleScope,
    node: ast.ClassDef,
    method: str,
    declared: ast.Call,
    entry: Entry,
    text: str | None = None,
) -> Converted:
    """Return the module whose class is a function; what is not certain is told where it stands in the class."""
    source = PythonSource(place.file, text or tree.read(place.file), place.module, place)
    functions = as_functions(source, node, method)
    module = ast.parse(functions.text)
    there = ModuleScope(tree, place.file, module)
    work = function_of(module, functions.name)
    try:
        converted = _of_function(tree, there, work, declared, entry, functions.text)
    except NotCertainError as error:
        raise NotCertainError(functions.lines[error.line - 1], error.why) from error
    used = set(names_used(place.module))
    return replace(converted, text=without_unused(tree, place.file, converted.text, used))


def _of_function(  # noqa: PLR0913, PLR0917 - what a view is known by
    tree: SourceTree,
    place: ModuleScope,
    function: Function,
    declared: ast.Call,
    entry: Entry,
    text: str | None = None,
    sending: Sending | None = None,
) -> Converted:
    if not all(map(is_harmless, function.decorator_list)):
        raise NotCertainError(function.lineno, "has other decorators beside its route")
    source = PythonSource(place.file, text or tree.read(place.file), place.module, place)
    taken = [argument.arg for argument in function.args.args]
    if len(taken) != 1 or function.args.vararg or function.args.kwarg:
        raise NotCertainError(function.lineno, "needs the parameters of its path")
    names = {taken[0]: frozenset({REQUEST})}
    parameters = Parameters(names, {}, taken[0], None, None)
    route = AppRoute(function, declared, is_fastapi=False)
    left_out = any("non_atomic_requests" in ast.unparse(each) for each in function.decorator_list)
    if left_out or not is_atomic(tree):
        return work_of(tree, source, route, parameters, entry, sending=sending)
    telling = "the transaction of its request"
    return _in_transaction(
        work_of(tree, source, route, parameters, entry, telling=telling, sending=sending)
    )


def _in_transaction(converted: Converted) -> Converted:
    """Return the module whose work is one transaction, as its request was."""
    text = with_import(converted.text, "transaction", "django.db")
    work = function_of(ast.parse(text), converted.function)
    if isinstance(work, ast.AsyncFunctionDef):
        raise NotCertainError(work.lineno, "is awaited in the transaction of its request")
    lines = text.splitlines(keepends=True)
    lines.insert(work.lineno - 1, "@transaction.atomic\n")
    return replace(converted, text="".join(lines))


def _declared(module: ast.Module, is_wanted: Callable[[ast.Call], bool], line: int) -> ast.Call:
    """Return the call that declares a route, in a list of the module's own."""
    for statement in module.body:
        value = getattr(statement, "value", None)
        if (
            isinstance(value, ast.List)
            and "urlpatterns" in ast.unparse(statement).partition("=")[0]
        ):
            for element in value.elts:
                if isinstance(element, ast.Call) and len(element.args) > 1 and is_wanted(element):
                    return element
    raise NotCertainError(line, "declares its route in a way that is not read")


def _refuse_others(tree: SourceTree, urls: str, views: str, name: str) -> None:
    """Refuse a view that anything but its route names."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    others = (file for file in tree.files if file.endswith(".py") and file not in {urls, views})
    for file in filter(lambda file: word.search(tree.read(file)), others):
        if any(word.search(each) for each in _spoken(tree.python(file))):
            raise NotCertainError(1, f"has a view {name} that {file} names too")
    for file in (urls, views):
        uses = [
            node
            for node in ast.walk(tree.python(file))
            if (isinstance(node, ast.Name) and node.id == name)
            or (isinstance(node, ast.Attribute) and node.attr == name)
        ]
        if len(uses) > (1 if file == urls else 0):
            raise NotCertainError(uses[-1].lineno, f"calls {name} once more")


def _spoken(module: ast.Module) -> Iterator[str]:
    """Yield the names and texts of a module, but for those that only say something: docstrings and comments."""
    telling = {node.value for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
            case ast.Constant(value=str(text)) if node not in telling:
                yield text


def _without(tree: SourceTree, urls: PythonSource, declared: ast.Call, name: str) -> str:
    """Return a urls.py without a route, and without what only that needed."""
    start, end = urls.span(declared)
    comma = re.compile(r"\s*,").match(urls.text, end)
    urls.edits.remove_lines(start, comma.end() if comma is not None else end)
    used = {name.partition(".")[0], *names_used(urls.module)}
    return without_unused(tree, urls.file, urls.edits.result(), used)
