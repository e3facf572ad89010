"""The JSON Schemas of the commands' ``--json`` documents; ``schemas/`` is written from here.

One a command, under its name; ``error`` is every command's. Each is held to what the command prints.
"""

from __future__ import annotations

from cronshift.output.document_schemas.looking import LOOKING
from cronshift.output.document_schemas.moving import MOVING
from cronshift.output.document_schemas.operating import OPERATING
from cronshift.output.schema_parts import WHOLE, Schema
from cronshift.project.settings_schema import SCHEMA as SETTINGS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DOCUMENTS = LOOKING | MOVING | OPERATING


def schemas() -> dict[str, Schema]:
    """Return every schema by the name of its file: the documents', and that of cronshift.toml."""
    documents = {
        f"{name}.json": _whole(name, title, schema) for name, (title, schema) in _DOCUMENTS.items()
    }
    return documents | {"cronshift.toml.json": {"$id": "cronshift.toml.json", **SETTINGS}}


def _whole(name: str, title: str, schema: Schema) -> Schema:
    """Return a document's schema, with the version that each of them has."""
    properties = {"version": WHOLE} | schema.get("properties", {})
    required = ["version", *schema.get("required", [])]
    head = {"$schema": _DIALECT, "$id": f"{name}.json", "title": title}
    return head | schema | {"properties": properties, "required": required}
