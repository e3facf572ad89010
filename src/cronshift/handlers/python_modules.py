"""Python modules of a project: their files, imports and statements."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from cronshift.model import Location
from cronshift.runtime.lazy_pattern import lazy_pattern

_MANIFEST = "pyproject.toml"
_NEWER = lazy_pattern(r"\s*(?:type\s+\w+\s*[=\[]|(?:async\s+)?def\s+\w+\[|class\s+\w+\[)")

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cronshift.handlers.tree import SourceTree


def module_file(tree: SourceTree, file: str, module: str) -> str | None:
    """Return the project's file of a module that ``file`` names; dots in front go up from it."""
    bare = module.lstrip(".")
    up = len(module) - len(bare)
    path = bare.replace(".", "/")
    folder = PurePosixPath(file).parent
    bases = [folder, *folder.parents]
    starts = [bases[up - 1]] if 0 < up <= len(bases) else [PurePosixPath(), *bases]
    near = next(_places(tree, path, starts), None)
    if near is not None or up:
        return near
    added = next(_places(tree, path, _added_to_path(tree, file)), None)
    if added is not None:
        return added
    apart = set(_places(tree, path, _sources(tree).get(bare.partition(".")[0], ())))
    return apart.pop() if len(apart) == 1 else None


def _places(tree: SourceTree, path: str, starts: Iterable[PurePosixPath]) -> Iterator[str]:
    """Yield the files of a module below some folders."""
    for start in starts:
        for name in (f"{path}.py", f"{path}/__init__.py") if path else ("__init__.py",):
            place = str(start / name)
            if place in tree.files:
                yield place


@lru_cache(maxsize=512)
def _added_to_path(tree: SourceTree, file: str) -> tuple[PurePosixPath, ...]:
    """Return the folders that a file adds to ``sys.path``, by their names: beside it or above."""
    if "sys.path" not in tree.read(file):
        return ()
    module, folder = tree.python(file), PurePosixPath(file).parent
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    passed = [
        part
        for call in calls
        if ast.unparse(call.func) in {"sys.path.insert", "sys.path.append"}
        for part in call.args
    ]
    named = {part.id for part in passed if isinstance(part, ast.Name)}
    made = [
        node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and named & {ast.unparse(target) for target in node.targets}
    ]
    names = filter(None, map(_folder_named, (*passed, *made)))
    return tuple(base / name for name in names for base in (folder, *folder.parents))


def _folder_named(written: ast.expr) -> str:
    """Return the folder that the texts in an expression spell, ``os.path.join(here, "..", "bot")``."""
    texts = [
        node.value
        for node in ast.walk(written)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return "/".join(
        part for text in texts for part in text.split("/") if part not in {"", ".", ".."}
    )


@lru_cache(maxsize=8)
def _sources(tree: SourceTree) -> dict[str, list[PurePosixPath]]:
    """Return the folders that hold modules beside a pyproject.toml or in its ``src``, by the modules' names."""
    distributions = {file.rpartition("/")[0] for file in tree.files if file.endswith(_MANIFEST)}
    sources: dict[str, list[PurePosixPath]] = {}
    for distribution in sorted({"", *distributions}):
        base = f"{distribution}/" if distribution else ""
        for source in (distribution, f"{base}src"):
            start = len(source) + 1 if source else 0
            below = (
                {file[start:].partition("/")[0] for file in tree.under(source)} if source else ()
            )
            for name in sorted(below):
                sources.setdefault(name.removesuffix(".py"), []).append(PurePosixPath(source))
    return sources


def syntax_fault(tree: SourceTree, file: str) -> Location | None:
    """Return the place of a syntax error; newer Python than this one reads is none."""
    try:
        ast.parse(tree.read(file))
    except SyntaxError as error:
        is_newer = error.msg.startswith("f-string") or _NEWER.match(error.text or "")
        return None if is_newer else Location(file, error.lineno or 1)
    except (ValueError, RecursionError, MemoryError):
        return Location(file, 1)
    return None


def imported_names(node: ast.ImportFrom | ast.Import) -> dict[str, tuple[str, str | None]]:
    """Return the names that an import binds: each one's module, and its name there."""
    if isinstance(node, ast.ImportFrom):
        source = "." * node.level + (node.module or "")
        return {name.asname or name.name: (source, name.name) for name in node.names}
    return {
        name.asname or name.name.partition(".")[0]: (
            name.name if name.asname else name.name.partition(".")[0],
            None,
        )
        for name in node.names
    }


def class_named(
    tree: SourceTree, file: str, name: str, depth: int = 12
) -> tuple[str, ast.ClassDef] | None:
    """Return the class of the project that a name stands for in a file, and its own file."""
    base, _, rest = name.partition(".")
    for node in tree.python(file).body if depth else ():
        if isinstance(node, ast.ClassDef) and node.name == name:
            return file, node
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        source, attribute = imported_names(node).get(base, (None, None))
        if source is None:
            continue
        dot = "." if source.strip(".") else ""
        inner = f"{source}{dot}{attribute}" if rest and attribute else source
        target, wanted = module_file(tree, file, inner), rest or attribute
        return class_named(tree, target, wanted, depth - 1) if target and wanted else None
    return None


def returned_by(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """Yield the values that a function returns itself, and no function inside of it."""
    for node, _ in statements(function.body):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def statements(body: list[ast.stmt], *, sure: bool = True) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield a scope's statements, those in branches too, and whether each is always carried out.

    What only a run as a script carries out is left out: no deployment does.
    """
    for node in body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        yield node, sure
        for part in ("body", "orelse", "finalbody"):
            inner = getattr(node, part, None)
            if isinstance(inner, list) and not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
            ):
                is_always = isinstance(node, ast.With | ast.AsyncWith) or part == "finalbody"
                yield from statements(inner, sure=sure and is_always)
