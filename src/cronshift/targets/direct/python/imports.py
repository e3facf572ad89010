"""Imports that a module needs for what a conversion has written into it."""

from __future__ import annotations

import ast
import sys
from itertools import takewhile

from cronshift.targets.direct.python.source import PythonSource, is_docstring


def with_import(text: str, name: str, module: str = "inngest") -> str:
    """Return a module that imports a name of a module, beside what it imports of that or of its kind."""
    source = PythonSource("", text, ast.parse(text))
    imports = [node for node in source.module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for statement in imports:
        if _module_of(statement) == module and statement.names[-1].name != "*":
            _, end = source.span(statement.names[-1])
            names = {alias.asname or alias.name for alias in statement.names}
            source.edits.replace(end, end, "" if name in names else f", {name}")
            return source.edits.result()
    line = f"from {module} import {name}\n"
    is_standard = module.partition(".")[0] in sys.stdlib_module_names
    first = [*takewhile(_comes_first, source.module.body)]
    rest = [node for node in imports if node not in first]
    alike = [node for node in rest if _is_standard(node) is is_standard]
    before = [node for node in alike if isinstance(node, ast.Import) or _sorts_before(node, module)]
    if before:
        at = text.find("\n", source.span(before[-1])[1]) + 1
    elif alike:
        at, _ = source.span(alike[0])
    elif rest and is_standard:
        at, line = source.span(rest[0])[0], f"{line}\n"
    elif rest:
        at, line = text.find("\n", source.span(rest[-1])[1]) + 1, f"\n{line}"
    else:
        at = text.find("\n", source.span(first[-1])[1]) + 1 if first else 0
        line = f"\n{line}" if first else line
        line += "\n\n" if text.startswith(("def ", "async def ", "class ", "@"), at) else ""
    return f"{text[:at]}{line}{text[at:]}"


def _sorts_before(statement: ast.ImportFrom, module: str) -> bool:
    """Return whether an import stands before one of a module, where a project sorts them."""
    return statement.level == 0 and (statement.module or "").lower() < module.lower()


def _module_of(statement: ast.Import | ast.ImportFrom) -> str | None:
    """Return the module that a statement imports names of."""
    if isinstance(statement, ast.Import):
        return None
    return f"{'.' * statement.level}{statement.module or ''}"


def _comes_first(statement: ast.stmt) -> bool:
    """Return whether nothing may stand before a statement: a docstring, or an import of the future."""
    is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
    return is_docstring(statement) or is_future


def with_modules(text: str, modules: set[str]) -> str:
    """Return a module that imports the SDK, and what else its steps need."""
    source = PythonSource("", text, ast.parse(text))
    has = {
        alias.asname or alias.name
        for node in source.module.body
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    first = [*takewhile(_comes_first, source.module.body)]
    at = text.find("\n", source.span(first[-1])[1]) + 1 if first else 0
    imports = [node for node in source.module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    theirs = [node for node in imports if node not in first and not _is_standard(node)]
    standard = [node for node in imports if node not in first and node not in theirs]
    behind = text.find("\n", source.span(standard[-1])[1]) + 1 if standard else at
    sdk = source.span(theirs[0])[0] if theirs else behind
    later = source.span(standard[0])[0] if standard else at
    lines = "".join(f"import {name}\n" for name in sorted(modules - has))
    source.edits.replace(later, later, lines if standard or not lines else f"{lines}\n")
    if "inngest" not in has:
        source.edits.replace(
            sdk, sdk, "import inngest\n" if theirs or not standard else "\nimport inngest\n"
        )
    return source.edits.result()


def _is_standard(node: ast.Import | ast.ImportFrom) -> bool:
    name = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
    return name.partition(".")[0] in sys.stdlib_module_names
