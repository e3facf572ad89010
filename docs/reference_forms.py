"""The pages that are made from JSON Schemas: the keys of cronshift.toml, and the documents of ``--json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.errors import Reason
from cronshift.output.document_schemas import schemas
from cronshift.project.settings_schema import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ARROW = {"defaults": "defaults", "jobs": "jobs.ID", "environments": "environments.NAME"}


def settings_page() -> Iterator[str]:
    """Yield the page of every key that cronshift.toml may have."""
    yield "# The keys of cronshift.toml\n"
    yield "Every key and the form of its value, as the file is checked. What they mean and what counts without"
    yield "them is in [cronshift.toml](configuration.md); `cronshift init` writes a file that spells it out.\n"
    yield "A key that is not listed here is refused with its line and the nearest that is."
    for name, table in SCHEMA["properties"].items():
        below = table.get("items", table)
        below = below.get("additionalProperties") or below
        title = f"[[{name}]]" if "items" in table else f"[{_ARROW.get(name, name)}]"
        yield f"\n## `{title}`\n\n| key | value |\n|---|---|"
        needed = set(below.get("required", ()))
        for key, schema in below["properties"].items():
            mark = " (has to be there)" if key in needed else ""
            yield f"| `{key}` | {form(schema)}{mark} |"


def documents_page() -> Iterator[str]:
    """Yield the page of every JSON document."""
    yield "# JSON documents\n"
    yield "With `--json` every command prints one document on stdout, errors included. Each has its JSON Schema, which"
    yield "the package carries ([`cronshift/output/schemas`](../src/cronshift/output/schemas)), and is held to it by a test.\n"
    yield "`version` is 1, and changes when a field changes its meaning or goes; fields may be added.\n"
    yield "The exit code says how it went: 0 done or all well, 1 what was asked about is not well, 2 usage or"
    yield "configuration, 3 refused to protect state, 130 Ctrl-C."
    for name, schema in schemas().items():
        if name == "cronshift.toml.json":
            continue
        yield f"\n## {name.removesuffix('.json')}\n\n{_title(schema)}.\n\n| field | value |\n|---|---|"
        yield from _rows(schema, set(schema["required"]), "")


def _title(schema: Mapping[str, Any]) -> str:
    title = str(schema["title"])
    return f"`{title}`" if title.startswith("cronshift ") and "," not in title else title


def _rows(schema: Mapping[str, Any], needed: set[str], prefix: str) -> Iterator[str]:
    for key, below in schema.get("properties", {}).items():
        mark = "" if key in needed else " (may be missing)"
        yield f"| `{prefix}{key}` | {form(below)}{mark} |"
        inner, sign = _inside(below)
        if inner and not prefix.count("."):
            yield from _rows(inner, set(inner.get("required", ())), f"{prefix}{key}{sign}.")


def _inside(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return the object within a value, and the sign of a list."""
    for choice in schema.get("anyOf", ()):
        if "properties" in choice or "items" in choice:
            return _inside(choice)
    if "items" in schema:
        return (schema["items"], "[]") if "properties" in schema["items"] else ({}, "")
    return (schema, "") if "properties" in schema else ({}, "")


def form(schema: Mapping[str, Any]) -> str:
    """Return a schema in words."""
    if "description" in schema:
        return str(schema["description"]).replace("|", "\\|")
    if schema.get("enum") == list(Reason):
        return "one of [the reasons](errors.md)"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(form(choice) for choice in schema["anyOf"])
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    kinds = schema.get("type", "anything")
    if isinstance(kinds, list):
        return " or ".join(_WORDS[kind] for kind in kinds)
    match kinds:
        case "array":
            return f"a list: {form(schema.get('items', {}))}"
        case "object":
            return _object(schema)
        case "string" if schema.get("format") == "date-time":
            return "a date and time"
        case _:
            return f"{_WORDS.get(kinds, 'anything')}{_range(schema)}"


_WORDS = {
    "null": "null",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "object": "an object",
}


def _object(schema: Mapping[str, Any]) -> str:
    fields = schema.get("properties")
    if fields:
        return f"`{{ {', '.join(fields)} }}`"
    values = schema.get("additionalProperties")
    return (
        f"an object of any names, each {form(values)}" if isinstance(values, dict) else "an object"
    )


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    return f" from {low} on" if low is not None else ""
