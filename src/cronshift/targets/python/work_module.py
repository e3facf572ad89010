"""The module of work that was a class of http.server: in the package, or beside where the class stood."""

from __future__ import annotations

import ast
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree


class WorkModule(Struct, frozen=True):
    """The place of a job's work, with the packages around it; ``why`` says that there is none."""

    file: str
    packages: dict[str, bytes] = {}
    why: str | None = None


def work_module(out: str, tree: SourceTree, file: str, name: str, text: str) -> WorkModule:
    """Return the module for the work of a file of Vercel's, which goes.

    What asks where it stands, or for what stands beside it, stays in its folder, behind the underscore by which
    Vercel makes no function of a file.

    Args:
        out: the folder of the package.
        tree: the project's files.
        file: where the class stood.
        name: of the job's module.
        text: of the work.
    """
    asks = "__file__" in text
    neighbour = next(_beside(tree, file), None)
    if neighbour is not None and not (asks and "sys.path" in text):
        return WorkModule(file, why=f"{file} imports {neighbour}, which stands beside it")
    if not asks:
        package = {f"{out}/work/__init__.py": b'"""The work of the jobs, a module each."""\n'}
        return WorkModule(f"{out}/work/{name}.py", package)
    path = PurePosixPath(file)
    beside = f"{path.parent / f'_{path.name}'}"
    why = f"{file} asks where it stands, and {beside} is there already"
    return WorkModule(beside, why=why if beside in tree.files else None)


def _beside(tree: SourceTree, file: str) -> Iterator[str]:
    """Yield the modules that a file imports and that are found only beside it."""
    folder = PurePosixPath(file).parent
    for node in ast.walk(tree.python(file)):
        match node:
            case ast.Import(names=aliases):
                modules = [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case _:
                continue
        for top in (module.partition(".")[0] for module in modules):
            if f"{folder / top}.py" in tree.files and f"{top}.py" not in tree.files:
                yield top
