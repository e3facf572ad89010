"""The app's own serve route, extended: an import, a spread and a duration; all else stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.errors import CronshiftError
from cronshift.handlers.javascript import exports, imports
from cronshift.handlers.literals import literal, pairs
from cronshift.handlers.tree import language, parse, span_of
from cronshift.project.conventions.inngest import serve_calls, serve_options
from cronshift.targets.direct.javascript.module_kinds import commonjs, is_commonjs
from cronshift.targets.typescript.manner import (
    ending_of,
    in_manner,
    last_import,
    last_requirement,
    newline_of,
)
from cronshift.vercel.splicing import Splice, spliced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ast_grep_py import SgNode

    from cronshift.targets.typescript.framework import Additions

NAME = "cronshiftFunctions"
"""What the generated functions are called in the app's own file."""

_EXPORTED = "functions"
_NAMED = {"identifier", "shorthand_property_identifier"}
_SPREADABLE = {"identifier", "call_expression", "member_expression"}
_REST_OF_LINE = re.compile(r"[ \t]*(//[^\r\n]*|/\*[^\r\n]*?\*/[ \t]*)?(?=\r?\n|\Z)")
_DURATION, _CONFIG = "maxDuration", "config"


def extend_route(text: str, file: str, modules: Sequence[str], additions: Additions) -> str:
    """Return a serve route that serves the generated functions too, and may run long enough.

    It also tells which ownership file is held, where a route of its framework can and answers no
    OPTIONS itself.

    The same text comes back when it does already, however that was written.

    Args:
        text: JavaScript or TypeScript that calls ``serve``.
        file: its path, which tells its language.
        modules: what the functions' index is imported as; the first is what is written.
        additions: what its framework has written into it beside the functions.

    Raises:
        CronshiftError: ``cannot-extend``, with the lines to write by hand.
    """
    root = parse(text, language(file))
    if root is None:
        raise _cannot(file, modules[0])
    splices, declared = [], []
    imported = imports(root)
    name = next(
        (
            local
            for local, source in imported.items()
            if source in {(path, _EXPORTED) for path in modules}
        ),
        None,
    )
    if name is None or not _is_used(root, name):
        splices += _listed(text, root, file, modules[0], name or NAME)
        if name is None:
            declared.append(f'import {{ {_EXPORTED} as {NAME} }} from "{modules[0]}";')
    exported = exports(root)
    tells = bool(additions.telling) and exported.keys().isdisjoint({"OPTIONS", "default"})
    if tells:
        declared += additions.imports
    if additions.seconds is not None and additions.duration is not None:
        raised, statement = _duration(text, root, additions.seconds, additions.duration)
        splices += raised
        declared += statement
    if tells:
        declared.append(newline_of(text) + additions.telling)
    if declared:
        splices.append(_behind_imports(text, root, declared, file, modules[0]))
    return spliced(text, splices)


def _is_used(root: SgNode, name: str) -> bool:
    """Return whether a module uses the import ``name``."""
    rule = {"rule": {"any": [{"kind": kind} for kind in sorted(_NAMED)]}}
    return any(
        node.text() == name
        and not any(ancestor.kind() == "import_statement" for ancestor in node.ancestors())
        for node in root.find_all(rule)  # type: ignore[call-overload]
    )


def _listed(text: str, root: SgNode, file: str, module: str, name: str) -> list[Splice]:
    """Return the splices that add the functions to those that ``serve`` is given."""
    calls = list(serve_calls(root))
    value = serve_options(calls[0]).get(_EXPORTED) if len(calls) == 1 else None
    if value is None or (name == NAME and _is_used(root, NAME)):
        raise _cannot(file, module)
    start, end = span_of(value)
    if value.kind() == "shorthand_property_identifier":
        return [Splice(end, end, f": [...{value.text()}, ...{name}]")]
    if value.kind() in _SPREADABLE:
        return [Splice(start, end, f"[...{value.text()}, ...{name}]")]
    if value.kind() != "array":
        raise _cannot(file, module)
    return _appended(text, value, f"...{name}")


def _appended(text: str, array: SgNode, item: str) -> list[Splice]:
    """Return the splices that append ``item`` to an array, on a line of its own like the others."""
    parts = array.children()[1:-1]
    items = [node for node in parts if node.is_named() and node.kind() != "comment"]
    start, end = span_of(array)
    anchor = (items or parts or [array])[-1]
    first, last = span_of(anchor)
    comma = next(
        (span_of(part)[1] for part in parts if part.text() == "," and span_of(part)[0] >= last),
        None,
    )
    line = text.rfind("\n", 0, first) + 1
    lead, rest = text[line:first], _REST_OF_LINE.match(text, comma or last)
    if line > start and not lead.strip() and rest is not None and rest.end() < end:
        is_ended = comma is not None or not items
        added = f"{newline_of(text)}{lead}{item}{',' if is_ended else ''}"
        behind = "" if is_ended else f",{text[last : rest.end()]}"
        return [Splice(last if behind else rest.end(), rest.end(), behind + added)]
    return [Splice(last, last, f", {item}")] if items else [Splice(start + 1, start + 1, item)]


def _duration(text: str, root: SgNode, seconds: int, export: str) -> tuple[list[Splice], list[str]]:
    """Return the splices that raise the route's ``maxDuration``, and the statement that it lacks.

    What only running the file would tell is left as it is.
    """
    exported = exports(root)
    duration = exported.get(_DURATION)
    config = exported.get(_CONFIG) if export == _CONFIG else None
    if duration is not None:
        return _raised(duration.node, seconds), []
    if config is None:
        value = f"{{ {_DURATION}: {seconds} }}" if export == _CONFIG else seconds
        return [], [f"{newline_of(text)}export const {export} = {value}{ending_of(root)}"]
    if config.node is None or config.node.kind() != "object":
        return [], []
    members = dict(pairs(config.node))
    if _DURATION in members:
        return _raised(members[_DURATION], seconds), []
    start, end = span_of(config.node)
    inner = text[start + 1 : end - 1]
    lead = inner[: len(inner) - len(inner.lstrip())] if inner.strip() else " "
    after = "," if inner.strip() else " "
    return [Splice(start + 1, start + 1, f"{lead}{_DURATION}: {seconds}{after}")], []


def _raised(node: SgNode | None, seconds: int) -> list[Splice]:
    written = literal(node)
    if node is None or not isinstance(written, int) or written >= seconds:
        return []
    return [Splice(*span_of(node), str(seconds))]


def _behind_imports(
    text: str, root: SgNode, statements: list[str], file: str, module: str
) -> Splice:
    requires = language(file) == "javascript" and is_commonjs(root)
    call = next(serve_calls(root), None)
    last = last_requirement(root, call) if requires else last_import(root)
    source = last.find(kind="string") if last is not None else None
    if last is None or source is None or (requires and len(statements) > 1):
        raise _cannot(file, module)
    if requires:
        statements = [*map(commonjs, statements)]
    end = span_of(last if requires else source)[1]
    end += text.startswith(";", end)
    rest = _REST_OF_LINE.match(text, end)
    at = rest.end() if rest is not None else end
    newline = newline_of(text)
    is_apart = not statements[-1].startswith(newline) or text.startswith(newline * 2, at)
    added = "".join(newline + in_manner(statement, root) for statement in statements)
    return Splice(at, at, added if is_apart else added + newline)


def _cannot(file: str, module: str) -> CronshiftError:
    return CronshiftError(
        f"{file} serves functions in a way that cannot be extended safely.",
        reason="cannot-extend",
        hint=f'Write in it: import {{ {_EXPORTED} as {NAME} }} from "{module}"; '
        f"and in its serve call: functions: [/* yours, */ ...{NAME}]",
        where=file,
    )
