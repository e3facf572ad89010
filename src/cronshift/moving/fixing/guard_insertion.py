"""Putting the guard before a Python app: an import, and one line where the app is made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.python_guard import GUARD_MODULE, Absent, PythonGuards
from cronshift.handlers.tree import SourceTree
from cronshift.model import HandlerKind
from cronshift.moving.fixing.awaiting import NotRepairableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cronshift.model import Handler

_BY_MAKER = {
    "FastAPI": "{0}.add_middleware(guard.asgi)",
    "Starlette": "{0}.add_middleware(guard.asgi)",
    "Flask": "{0}.wsgi_app = guard.wsgi({0}.wsgi_app)",
}
_BY_KIND = {HandlerKind.ASGI: "{0} = guard.asgi({0})", HandlerKind.WSGI: "{0} = guard.wsgi({0})"}


def guarded_texts(
    root: Path, handlers: Iterable[Handler], edited: Mapping[str, bytes | None]
) -> dict[str, str]:
    """Return the sources, by path, that let the guard be asked first; those that do are left out.

    What cannot be done as text is left as it is, and told by the facts.
    """
    texts: dict[str, str] = {}
    for handler in handlers:
        if handler.language != "python":
            continue
        contents = {**edited, **{file: text.encode() for file, text in texts.items()}}
        tree = SourceTree(root, contents)
        sight = PythonGuards(tree).before(handler)
        if isinstance(sight, Absent):
            try:
                text = with_guard(tree.read(sight.place.file), sight.place.line, handler)
            except NotRepairableError:
                continue
            texts[sight.place.file] = text
    return texts


def with_guard(source: str, line: int, handler: Handler) -> str:
    """Return a source in which the guard is asked first.

    Args:
        source: Python.
        line: where the app is made.
        handler: the app, or class.

    Raises:
        NotRepairableError: where it is not made by a statement of its own.
    """
    made = next((node for node in ast.walk(ast.parse(source)) if _begins(node) == line), None)
    lines = source.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    match made:
        case ast.ClassDef(lineno=number, decorator_list=decorators):
            first = min([number, *(decorator.lineno for decorator in decorators)])
            at, statement = first - 1, "@guard.handler"
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value, end_lineno=int(last))
            | ast.AnnAssign(target=ast.Name(id=name), value=value, end_lineno=int(last))
        ):
            maker = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
            template = _BY_MAKER.get(maker.rpartition(".")[2]) or _BY_KIND.get(handler.kind, "")
            at, statement = last, template.format(name)
        case _:
            raise NotRepairableError("the app is not made by a statement of its own")
    indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
    if at and not lines[at - 1].endswith(("\n", "\r")):
        lines[at - 1] += end
    lines.insert(at, f"{indent}{statement}{end}")
    lines.insert(_after_imports(source), f"from {GUARD_MODULE} import guard{end}")
    return "".join(lines)


def _begins(node: ast.AST) -> int | None:
    kinds = (ast.Assign, ast.AnnAssign, ast.ClassDef)
    return node.lineno if isinstance(node, kinds) else None


def _after_imports(source: str) -> int:
    """Return the line behind the imports at the top, or behind the docstring where there are none."""
    last = 0
    for number, node in enumerate(ast.parse(source).body):
        is_docstring = number == 0 and isinstance(node, ast.Expr)
        if isinstance(node, ast.Import | ast.ImportFrom) or is_docstring:
            last = node.end_lineno or last
    return last
