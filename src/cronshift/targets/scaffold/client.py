"""The app's own client of its database: the module that the rest of the app imports it from."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.handlers.javascript import exports, imports
from cronshift.project.conventions.sources import is_test, own_sources
from cronshift.targets.scaffold.schema import AppSchema, SchemaSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree

_MADE = {
    SchemaSource.PRISMA: re.compile(r"new PrismaClient\b|\$extends\("),
    SchemaSource.DRIZZLE: re.compile(r"(?<![.\w])drizzle\("),
}
_USED = {
    SchemaSource.PRISMA: r"\b{name}\s*\.\s*(?:\$transaction|\$queryRaw|(?:{models})\s*\.\s*\w+\s*\()",
    SchemaSource.DRIZZLE: r"\b{name}\s*\.\s*(?:select|insert|update|delete|transaction|query|execute)\b",
}
_NAMES = ("db", "prisma", "database", "client", "default")


class OwnClient(Struct, frozen=True):
    """The import of a client that the app has of its own.

    Attributes:
        module: a file of the project, relative to its root, or a module as the app imports it.
        name: what it is called there; ``default`` for the default export.
        is_file: whether ``module`` is a file.
        place: what shows it.
    """

    module: str
    name: str
    is_file: bool
    place: str


def own_client(tree: SourceTree, schema: AppSchema) -> OwnClient | None:
    """Return the client that the app imports most, else one that a module of it makes and exports."""
    if schema.source not in _MADE:
        return None
    votes: Counter[tuple[str, str, bool]] = Counter()
    places: dict[tuple[str, str, bool], str] = {}
    for file in own_sources(tree):
        if not is_test(file):
            for client in _imported(tree, file, schema):
                votes[client] += 1
                places.setdefault(client, file)
    if votes:
        best = max(votes, key=lambda client: (votes[client], client))
        return OwnClient(*best, places[best])
    return next(_exported(tree, schema), None)


def _imported(tree: SourceTree, file: str, schema: AppSchema) -> Iterator[tuple[str, str, bool]]:
    """Yield the imports of a file that are used as a client of the database is."""
    text, root = tree.read(file), tree.parsed(file)
    names = "|".join(
        re.escape(model.model[:1].lower() + model.model[1:]) for model in schema.models
    )
    for local, (source, name) in imports(root).items() if root is not None else ():
        if name == "*" or source in {"@prisma/client", "drizzle-orm"}:
            continue
        used = _USED[schema.source].format(name=re.escape(local), models=names)
        if re.search(used, text):
            target = tree.imported(file, source) if source.startswith(".") else source
            if target is not None:
                yield target, name, source.startswith(".")


def _exported(tree: SourceTree, schema: AppSchema) -> Iterator[OwnClient]:
    """Yield the clients that modules of the app make and export."""
    for file in own_sources(tree):
        text, root = tree.read(file), tree.parsed(file)
        if is_test(file) or root is None or not _MADE[schema.source].search(text):
            continue
        there = exports(root)
        name = next((name for name in _NAMES if name in there), None)
        if name is not None:
            yield OwnClient(file, name, is_file=True, place=file)
