"""Fan-outs over rows: the function that is to return them is there (``CS518``)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.handlers.javascript import exports
from cronshift.handlers.tree import language
from cronshift.model import Location, RowSource, Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.project.settings import CONFIG_NAME
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject

_ENDS = ("", ".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".py")
_INDEXES = ("/index.ts", "/index.js", "/__init__.py")
_EXPORTS_MORE = lazy_pattern(r"^export \*|\bmodule\.exports\b|\bexports\.", re.MULTILINE)


def _missing(project: ProjectSubject) -> Iterator[Evidence]:
    for job in project.jobs:
        fan_out = job.options.fan_out
        if fan_out is None or not isinstance(fan_out.values, RowSource):
            continue
        module, _, name = fan_out.values.function.rpartition(":")
        place = project.tree.place_of(CONFIG_NAME, fan_out.values.function)
        file = _file(project.tree, module)
        if file is None and "/" in module:
            yield Evidence(f"{module} is no file of the project.", place, job=job.id)
        elif file is not None and not _has(project.tree, file, name):
            yield Evidence(f"{file} has no {name}.", Location(file, 1), job=job.id)


def _file(tree: SourceTree, module: str) -> str | None:
    """Return the file of a module; a name with dots may be that of a package installed elsewhere."""
    stems = [module] if "/" in module or module.endswith(_ENDS[1:]) else [module.replace(".", "/")]
    names = (stem + end for stem in stems for end in (*_ENDS, *_INDEXES))
    return next((name for name in names if name in tree.files), None)


def _has(tree: SourceTree, file: str, name: str) -> bool:
    """Return whether a module has a name, as far as its text tells."""
    if file.endswith(".py"):
        return bool({name, "*"} & _names(tree.python(file)))
    root = tree.parsed(file) if language(file) else None
    return root is None or name in exports(root) or bool(_EXPORTS_MORE.search(tree.read(file)))


def _names(module: ast.Module) -> set[str]:
    """Return every name that a module of Python binds anywhere, which is more than it has."""
    bound = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            bound |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return bound


ROWS_MISSING = Rule(
    "CS518",
    "fan-out-rows-missing",
    Severity.ERROR,
    "The function that a fan-out has its rows from is not there, so every run of the job would fail.",
    'Name a function of the app: `items = "lib/models:activeModels"`, or `lib/models.py:active_models`.',
    of_project=_missing,
)
