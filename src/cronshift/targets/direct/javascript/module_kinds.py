"""The two kinds of modules in JavaScript, and one out of the other: CommonJS and ES modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.handlers.tree import parse, span_of
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

_NAMING = frozenset({"shorthand_property_identifier_pattern", "comment"})


def commonjs(text: str) -> str:
    """Return a module in JavaScript with ``require`` and ``module.exports``, of the same meaning.

    What it exports stands at its end, each by its name. What it requires may be of that kind already;
    the default import of a module is the whole that the module exports, as Node has it.

    Raises:
        ValueError: for a default export beside others, ``export *``, and where the text does not parse.
    """
    root = parse(text, "javascript")
    if root is None:
        raise ValueError("no parser for JavaScript")
    splices, exported = list[Splice](), dict[str, str]()
    whole: str | None = None
    for statement in root.children():
        if statement.kind() == "import_statement":
            splices.append(Splice(*span_of(statement), _required(statement)))
        elif statement.kind() == "export_statement":
            if any(child.kind() == "default" for child in statement.children()):
                value = statement.field("value") or statement.field("declaration")
                if value is None:
                    raise ValueError("a default export without a value")
                start, _ = span_of(statement)
                splices.append(Splice(start, span_of(value)[0], "module.exports = "))
                whole = value.text()
                continue
            names, splice = _exported(statement)
            exported |= names
            splices.append(splice)
    if whole is not None and exported:
        raise ValueError("a default export beside others")
    if not exported:
        return spliced(text, splices)
    members = ", ".join(
        name if name == local else f"{name}: {local}" for name, local in exported.items()
    )
    return f"{spliced(text, splices).rstrip()}\n\nmodule.exports = {{ {members} }};\n"


def es_module(text: str) -> str:
    """Return a module in CommonJS whose plain requirements are imports, line by line the same.

    What else it requires and exports stays as it is; :func:`commonjs` leads back.
    """
    root = parse(text, "javascript")
    splices = []
    for statement in root.children() if root is not None else ():
        required = requirement(statement)
        if required is not None:
            pattern, source = required
            words = f"import {_specifiers(pattern)} from {source.text()};"
            splices.append(Splice(*span_of(statement), words))
    return spliced(text, splices)


def is_commonjs(root: SgNode) -> bool:
    """Return whether nothing in a module imports or exports as ES modules do."""
    kinds = {statement.kind() for statement in root.children()}
    return not kinds & {"import_statement", "export_statement"}


def requirement(statement: SgNode) -> tuple[SgNode, SgNode] | None:
    """Return the pattern that takes the values of ``const … = require("…")``, and the text of its module.

    ``None`` for other statements, and where more than names are taken.
    """
    if statement.kind() not in {"lexical_declaration", "variable_declaration"}:
        return None
    declared = [part for part in statement.children() if part.kind() == "variable_declarator"]
    pattern, value = (
        (declared[0].field("name"), declared[0].field("value"))
        if len(declared) == 1
        else (None, None)
    )
    if pattern is None or value is None or not value.matches(pattern="require($SOURCE)"):
        return None
    source = value.find(kind="string")
    is_plain = pattern.kind() == "identifier" or all(
        part.kind() in _NAMING or (part.kind() == "pair_pattern" and _bound(part).is_leaf())
        for part in pattern.children()
        if part.is_named()
    )
    return (pattern, source) if is_plain and source is not None else None


def _bound(pair: SgNode) -> SgNode:
    return pair.field("value") or pair


def _specifiers(pattern: SgNode) -> str:
    """Return the names in an import for the pattern that a requirement has."""
    splices = [
        Splice(*_inside(part, pattern), f"{key.text()} as {_bound(part).text()}")
        for part in pattern.children()
        if part.kind() == "pair_pattern" and (key := part.field("key")) is not None
    ]
    return spliced(pattern.text(), splices)


def _inside(part: SgNode, whole: SgNode) -> tuple[int, int]:
    """Return the span of a node in the text of one that holds it."""
    (start, end), (begin, _) = span_of(part), span_of(whole)
    return start - begin, end - begin


def _required(statement: SgNode) -> str:
    """Return the declarations that stand for an import."""
    source = statement.field("source")
    clause = next((part for part in statement.children() if part.kind() == "import_clause"), None)
    required = f"require({source.text() if source is not None else ''})"
    if clause is None:
        return f"{required};"
    patterns = [_pattern(part) for part in clause.children() if part.is_named()]
    return "\n".join(f"const {pattern} = {required};" for pattern in patterns)


def _pattern(part: SgNode) -> str:
    """Return the pattern that takes the values of a part of an import: a name, or an object's pattern."""
    if part.kind() == "identifier":
        return part.text()
    if part.kind() == "namespace_import":
        return part.text().rpartition(" ")[2]
    return _members(part)


def _members(names: SgNode) -> str:
    """Return the pattern of named imports, on as many lines as they are."""
    splices = []
    for specifier in names.children():
        name, alias = specifier.field("name"), specifier.field("alias")
        if name is not None and alias is not None:
            splices.append(Splice(*_inside(specifier, names), f"{name.text()}: {alias.text()}"))
    return spliced(names.text(), splices)


def _exported(statement: SgNode) -> tuple[dict[str, str], Splice]:
    """Return the exports of a statement, each name with the local one, and what stands for it."""
    start, end = span_of(statement)
    declaration, source = statement.field("declaration"), statement.field("source")
    if declaration is not None:
        names = {name: name for name in _declared(declaration)}
        return names, Splice(start, span_of(declaration)[0], "")
    clause = next((part for part in statement.children() if part.kind() == "export_clause"), None)
    if clause is None:
        raise ValueError("what a module exports is not told")
    pairs = [
        (name.text(), (specifier.field("alias") or name).text())
        for specifier in clause.children()
        if (name := specifier.field("name")) is not None
    ]
    if source is None:
        return {there: name for name, there in pairs}, Splice(start, end, "")
    pattern = ", ".join(name if name == there else f"{name}: {there}" for name, there in pairs)
    line = f"const {{ {pattern} }} = require({source.text()});"
    return {there: there for _, there in pairs}, Splice(start, end, line)


def _declared(declaration: SgNode) -> Iterator[str]:
    """Yield the names of a declaration."""
    named = declaration.field("name")
    if named is not None:
        yield named.text()
    for part in declaration.children():
        name = part.field("name") if part.kind() == "variable_declarator" else None
        if name is not None:
            yield name.text()
