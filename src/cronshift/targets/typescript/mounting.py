"""The app's own module that takes the endpoint in, of a framework whose routes are declared in code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.errors import CronshiftError
from cronshift.handlers.javascript import arguments, imports, locally
from cronshift.handlers.literals import literal
from cronshift.handlers.tree import is_broken, language, parse, span_of
from cronshift.targets.direct.javascript.module_kinds import commonjs, is_commonjs
from cronshift.targets.typescript.manner import (
    in_manner,
    last_import,
    last_requirement,
    newline_of,
)
from cronshift.vercel.splicing import spliced

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

MOUNT_NAME = "mountInngest"
_BROKEN = "cannot be extended"


class MountSite(Struct, frozen=True):
    """The place where an app is made.

    Attributes:
        file: the module that makes it.
        entry: the module that Vercel starts, which may be another.
        name: the variable that holds the app.
        base: what begins every path of the app.
        extension: what import paths of the app's own modules end with.
        inner: what gives the server's own app, behind the variable.
        is_commonjs: whether the module requires others, and exports by ``module.exports``.
    """

    file: str
    entry: str
    name: str
    base: str = ""
    extension: str = ""
    inner: str = ""
    is_commonjs: bool = False

    @property
    def statement(self) -> str:
        """The statement that mounts the endpoint."""
        base = f', "{self.base}"' if self.base else ""
        return f"{MOUNT_NAME}({self.name}{self.inner}{base});"


def site_of(
    tree: SourceTree, entry: str, makers: Mapping[str, Collection[str]]
) -> MountSite | None:
    """Return the place where the app of an entry is made; ``None`` where it is not certain.

    Args:
        tree: the project's files.
        entry: the module that Vercel starts.
        makers: the names that make an app, by the package that they are imported from.
    """
    root = tree.parsed(entry)
    if root is None:
        return None
    here = list(_made(root, makers))
    if len(here) == 1:
        return _site(tree, entry, entry, here[0])
    elsewhere = {
        (definition.file, made.range().start.index): (definition.file, made)
        for name in (imports(root) if not here else ())
        if (definition := locally(tree, entry, name)) is not None
        and definition.file != entry
        and (made := _declaring(tree, definition.file, definition.node, makers)) is not None
    }
    if len(elsewhere) != 1:
        return None
    [(file, made)] = elsewhere.values()
    return _site(tree, entry, file, made)


def mounted_by_hand(
    tree: SourceTree, entry: str, makers: Mapping[str, Collection[str]]
) -> MountSite | None:
    """Return the entry as the place, where somebody has written the call into it."""
    is_there = re.search(rf"\b{MOUNT_NAME}\(", tree.read(entry)) is not None
    if not is_there or not imports_maker(tree, entry, makers):
        return None
    extension, requires = _extension(tree, entry), requires_modules(tree, entry)
    return MountSite(entry, entry, "app", "", extension, is_commonjs=requires)


def imports_maker(tree: SourceTree, entry: str, makers: Mapping[str, Collection[str]]) -> bool:
    """Return whether a module imports what makes an app."""
    root = tree.parsed(entry)
    imported = imports(root).values() if root is not None else ()
    return any(name in makers.get(source, ()) for source, name in imported)


def _declaring(
    tree: SourceTree, file: str, value: SgNode, makers: Mapping[str, Collection[str]]
) -> SgNode | None:
    """Return the declaration of an app in a module whose value that is, where it is the only one."""
    root = tree.parsed(file)
    made = list(_made(root, makers)) if root is not None else []
    spans = [span_of(node) for declarator in made if (node := declarator.field("value"))]
    return made[0] if len(made) == 1 and span_of(value) in spans else None


def _made(root: SgNode, makers: Mapping[str, Collection[str]]) -> Iterator[SgNode]:
    """Yield the declarations of apps, whatever is called on them at once."""
    names = {
        name
        for name, (source, imported) in imports(root).items()
        if imported in makers.get(source, ())
    }
    for declarator in root.find_all(kind="variable_declarator"):
        made = _innermost(declarator.field("value"))
        if made is not None and (_maker(made) in names or _by_factory(declarator, names)):
            yield declarator


def _by_factory(declarator: SgNode, names: Collection[str]) -> bool:
    """Return whether a declaration is ``await Factory.create(…)`` of one of the names."""
    value = declarator.field("value")
    return value is not None and _awaited(value) in {f"{name}.create" for name in names}


def _awaited(value: SgNode) -> str:
    """Return the name that is called and waited for; nothing where none is.

    With type arguments the parser takes the waiting for a part of the name.
    """
    call = value.child(1) if value.kind() == "await_expression" else value
    called = call.field("function") if call is not None else None
    text = called.text() if called is not None else ""
    is_awaited = value.kind() == "await_expression" or text.startswith("await ")
    return text.removeprefix("await ").strip() if is_awaited else ""


def _innermost(node: SgNode | None) -> SgNode | None:
    """Return the expression that a chain of calls begins with."""
    while node is not None and node.kind() in {"call_expression", "await_expression"}:
        called = node.field("function") if node.kind() == "call_expression" else node.child(1)
        if called is None or called.kind() != "member_expression":
            return node if node.kind() == "call_expression" else called
        node = called.field("object")
    return node


def _maker(node: SgNode) -> str:
    field = "constructor" if node.kind() == "new_expression" else "function"
    called = node.field(field)
    return called.text() if called is not None else ""


def _site(tree: SourceTree, entry: str, file: str, declarator: SgNode) -> MountSite | None:
    """Return the site of a declaration; ``None`` where more is called on the app than a base path."""
    name, value = declarator.field("name"), declarator.field("value")
    if name is None or value is None or name.kind() != "identifier":
        return None
    base = ""
    is_made = bool(_awaited(value))  # by a factory, or it would be no place
    if not is_made and value != _innermost(value) and value.kind() == "call_expression":
        called, passed = value.field("function"), arguments(value)
        inner = called.field("object") if called is not None else None
        method = called.text().rpartition(".")[2] if called is not None else ""
        text = literal(passed[0]) if method == "basePath" and len(passed) == 1 else None
        text = "" if method == "withTypeProvider" else text
        if not isinstance(text, str) or inner is None or inner != _innermost(inner):
            return None
        base = text.rstrip("/")
    extension, requires = _extension(tree, file), requires_modules(tree, file)
    return MountSite(file, entry, name.text(), base, extension, is_commonjs=requires)


def _extension(tree: SourceTree, file: str) -> str:
    """Return the end of the app's own import paths: modules of Node's own kind need one."""
    written = re.findall(r"""\b(?:from\s+|require\()["'](\.{1,2}/[^"']+)["']""", tree.read(file))
    if written:
        return ".js" if any(path.endswith(".js") for path in written) else ""
    return ".js" if tree.data("package.json").get("type") == "module" else ""


def requires_modules(tree: SourceTree, file: str) -> bool:
    """Return whether Node takes a module for one of CommonJS, and nothing in it is of the other kind."""
    root = tree.parsed(file)
    is_script = language(file) == "javascript" and not file.endswith(".mjs")
    if root is None or not is_script or tree.data("package.json").get("type") == "module":
        return False
    return is_commonjs(root)


def with_mount(text: str, site: MountSite, module: str) -> str:
    """Return the app's module with the endpoint mounted; the same where it is already.

    Args:
        text: of the module.
        site: where the app is made in it.
        module: what the endpoint is imported as.

    Raises:
        CronshiftError: ``cannot-extend``, with the lines to write by hand.
    """
    if re.search(rf"\b{MOUNT_NAME}\(", text):
        return text
    root = parse(text, language(site.file))
    declared = [
        declarator
        for declarator in (root.find_all(kind="variable_declarator") if root is not None else ())
        if (name := declarator.field("name")) is not None and name.text() == site.name
    ]
    imported_as = f'import {{ {MOUNT_NAME} }} from "{module}";'
    line = commonjs(imported_as) if site.is_commonjs else imported_as
    statement = declared[0].parent() if len(declared) == 1 else None
    imported = None
    if root is not None and statement is not None:
        imported = last_requirement(root, statement) if site.is_commonjs else last_import(root)
    if statement is None or imported is None or root is None or is_broken(root):
        raise CronshiftError(
            f"{site.file} {_BROKEN}: where the app is made is not certain.",
            reason="cannot-extend",
            hint=f"Write by hand: {line} and, right behind where the app is made, {site.statement}",
            where=site.file,
        )
    outer = statement.parent()
    if outer is not None and outer.kind() == "export_statement":
        statement = outer
    start, end = span_of(statement)
    before = text[text.rfind("\n", 0, start) + 1 : start]
    indent = before if not before.strip() else ""
    newline = newline_of(text)
    semicolon = "" if text[end : end + 1] != ";" else ";"
    end += len(semicolon)
    last = span_of(imported)[1]
    last += 1 if text[last : last + 1] == ";" else 0
    line, call = in_manner(line, root), in_manner(site.statement, root)
    return spliced(text, [(last, last, newline + line), (end, end, newline + indent + call)])
