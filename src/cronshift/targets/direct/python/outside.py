"""Functions that are not a job's alone: others have them too, or take their answers in parts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.handlers.python_modules import module_file
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.source import Function, names_used, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.targets.direct.python.called import ModuleScope

_PAGES = (".py", ".html", ".jinja", ".jinja2", ".j2")


def refuse_users(
    tree: SourceTree, file: str, node: Function | ast.ClassDef, declared: ast.Call
) -> None:
    """Refuse a function or class that another file imports, or whose address one asks for by a name.

    Args:
        tree: the project's files.
        file: the module of it.
        node: the function or class.
        declared: the call that declares its route.

    Raises:
        NotCertainError: with its line.
    """
    refuse_addresses(tree, {node.name, *endpoints(declared)}, node.lineno)
    for each in tree.files:
        is_named = each != file and each.endswith(".py") and node.name in tree.read(each)
        if is_named and _has(tree, each, file, node.name):
            raise NotCertainError(node.lineno, f"is imported by {each} too")


def refuse_addresses(tree: SourceTree, names: set[str], line: int) -> None:
    """Refuse a route whose address a module or a page asks for by one of its names.

    Raises:
        NotCertainError: with the line.
    """
    name = "|".join(map(re.escape, sorted(names)))
    asked = re.compile(
        rf"""(?:\b(?:url_(?:path_)?for|reverse(?:_lazy)?|resolve_url)\(\s*|\{{%-?\s*url\s+)"""
        rf"""["'](?:[\w.:]*[.:])?(?:{name})["']"""
    )
    for each in tree.files if names else ():
        if each.endswith(_PAGES) and asked.search(tree.read(each)):
            raise NotCertainError(line, f"has an address that {each} asks for")


def endpoints(declared: ast.Call) -> Iterator[str]:
    """Yield the names that a route is given where it is declared."""
    for each in declared.keywords:
        match each:
            case ast.keyword(arg="endpoint" | "name", value=ast.Constant(value=str(name))):
                yield name
    match declared:
        case ast.Call(
            func=ast.Attribute(attr="add_url_rule"), args=[_, ast.Constant(value=str(name)), *_]
        ):
            yield name


def _has(tree: SourceTree, user: str, file: str, name: str) -> bool:
    """Return whether a module has a function of another file, whatever it calls it."""
    module = tree.python(user)
    holders = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            holders |= {
                each.asname or each.name
                for each in node.names
                if module_file(tree, user, each.name) == file
            }
        if not isinstance(node, ast.ImportFrom):
            continue
        source = "." * node.level + (node.module or "")
        taken = {each.name for each in node.names}
        if module_file(tree, user, source) == file and (
            name in taken or ("*" in taken and name in names_used(module))
        ):
            return True
        joint = "" if source.endswith(".") else "."
        holders |= {
            each.asname or each.name
            for each in node.names
            if module_file(tree, user, f"{source}{joint}{each.name}") == file
        }
    return any(
        isinstance(node, ast.Attribute) and node.attr == name and ast.unparse(node.value) in holders
        for node in ast.walk(module)
    )


def refuse_streams(function: Function, place: ModuleScope) -> None:
    """Refuse a function whose work is done while its answer is sent, in parts: nobody would take them.

    Raises:
        NotCertainError: with the line.
    """
    for node in own_nodes(function):
        if isinstance(node, ast.Yield | ast.YieldFrom):
            raise NotCertainError(node.lineno, "answers in parts, by `yield`")
    makers = {node.name: node for node in function.body if isinstance(node, Function)}
    for answer in _answers(function):
        called = ast.unparse(answer.func) if isinstance(answer, ast.Call) else ""
        made = makers.get(called) or next(iter(place.definition(called) or ()), None)
        is_made = isinstance(made, Function) and any(
            isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(made)
        )
        is_stream = called.rpartition(".")[2] == "stream_with_context"
        if is_made or is_stream or isinstance(answer, ast.GeneratorExp):
            raise NotCertainError(answer.lineno, "answers in parts, by a generator")


def _answers(function: Function) -> Iterator[ast.expr]:
    """Yield the values that a function returns, also by a name."""
    nodes = list(own_nodes(function))
    returned = [node.value for node in nodes if isinstance(node, ast.Return) and node.value]
    names = {value.id for value in returned if isinstance(value, ast.Name)}
    yield from returned
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in names:
                yield value
