"""Values as TypeScript source, laid out as prettier does it by default."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from textwrap import indent

from cronshift.runtime.lazy_pattern import lazy_pattern

WIDTH = 80
"""Columns of a line; what cannot be broken may be longer."""

_PLAIN_KEY = lazy_pattern(r"[A-Za-z_$][A-Za-z0-9_$]*")


def text(value: str) -> str:
    """Return a string literal."""
    return json.dumps(value)


def key(name: str) -> str:
    """Return a text as the key of an object literal; one like any other, whatever is in it."""
    if name == "__proto__":
        return f"[{text(name)}]"
    return name if _PLAIN_KEY.fullmatch(name) else text(name)


def data(value: object) -> str:
    """Return a literal of JSON data, on one line."""
    if isinstance(value, Mapping):
        members = ", ".join(f"{key(name)}: {data(member)}" for name, member in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(data(item) for item in value)}]"
    return json.dumps(value)


def member(name: str, value: object, depth: int) -> str:
    """Return a member of an object literal whose members stand ``depth`` columns in."""
    line = f"{key(name)}: {data(value)}"
    if depth + len(line) < WIDTH:
        return line
    if isinstance(value, str):
        return f"{key(name)}:\n  {text(value)}"
    if isinstance(value, Mapping):
        return braced(
            f"{key(name)}: {{", [member(child, of, depth + 2) for child, of in value.items()], "}"
        )
    if isinstance(value, Sequence):
        return braced(f"{key(name)}: [", [data(item) for item in value], "]")
    return line


def listed(start: str, items: Sequence[str], end: str) -> str:
    """Return items behind each other, or one a line where that is too long: ``const x = [a, b];``.

    Args:
        start: what opens the list, such as ``const x = [`` or ``import { ``.
        items: each source of its own.
        end: what closes it, such as ``];`` or ``} from "x";``.
    """
    inner = ", ".join(items)
    line = f"{start} {inner} {end}" if start.endswith("{") else f"{start}{inner}{end}"
    return line if len(line) <= WIDTH else braced(start, items, end)


def imported(names: Sequence[str], module: str) -> str:
    """Return the import of names from a module; prettier leaves one alone on its line."""
    end = f"}} from {text(module)};"
    return f"import {{ {names[0]} {end}" if len(names) == 1 else listed("import {", names, end)


def braced(start: str, items: Sequence[str], end: str) -> str:
    """Return items on lines of their own."""
    return start + "\n" + "".join(indent(f"{item},", "  ") + "\n" for item in items) + end


def running(start: str, work: str, end: str, depth: int, taken: str = "") -> str:
    """Return a call whose last argument is a function: ``start () => work end``, ``depth`` columns in."""
    line = f"{start} ({taken}) => {work}{end}"
    if "\n" not in work and depth + len(line) <= WIDTH:
        return line
    return f"{start} ({taken}) =>\n{indent(work, '  ')},\n{end}"


def broken(name: str, arguments: Sequence[str], depth: int) -> str:
    """Return a call, an argument a line where it is too long for one, ``depth`` columns in."""
    line = f"{name}({', '.join(arguments)})"
    if "\n" not in line and depth + len(line) < WIDTH:  # a comma behind
        return line
    lines = ",\n".join(indent(argument, "  ") for argument in arguments)
    return f"{name}(\n{lines},\n)"


def hung(code: str) -> str:
    """Return code that begins two columns in, and goes on there."""
    return code.replace("\n", "\n  ")


def in_template(value: str) -> str:
    """Return a text as it stands inside a template literal."""
    return text(value)[1:-1].replace('\\"', '"').replace("`", "\\`").replace("${", "\\${")


def comment(words: str) -> str:
    """Return a text that cannot end the comment it stands in."""
    return json.dumps(words)[1:-1].replace('\\"', '"').replace("*/", "*\\/")
