"""The JSON of an operation, read strictly: a journal is trusted no more than who wrote it."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec.structs import asdict

from cronshift.operations.changes import (
    FILE_CHANGES,
    AddToNumber,
    CallService,
    Change,
    ChangeKind,
    FileImage,
    KeptAt,
    MakeMonitor,
    MoveFile,
    RemoteAction,
    RunSql,
)
from cronshift.operations.model import Intent, Operation, State
from cronshift.operations.services.monitoring import Monitor, MonitorService
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 2
ULID = lazy_pattern(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_Value = TypeVar("_Value")


class NewerVersionError(ValueError):
    """The document was written by a version of cronshift that knows more."""


def dump_operation(operation: Operation) -> dict[str, Any]:
    """Return an operation's document."""
    return {
        "version": VERSION,
        "id": operation.id,
        "intent": operation.intent.value,
        "command": operation.command,
        "actor": operation.actor,
        "created": _dump_instant(operation.created),
        **({"write_by": _dump_instant(operation.write_by)} if operation.write_by else {}),
        "state": operation.state.value,
        "jobs": list(operation.jobs),
        "made": list(operation.made),
        "emptied": list(operation.emptied),
        "changes": [_dump_change(change) for change in operation.changes],
    }


def load_operation(document: object) -> Operation:
    """Return the operation of a document, with nothing added.

    Raises:
        ValueError: if it is none, saying what does not fit.
    """
    fields = _typed(document, dict, "an operation")
    version = _field(fields, "version", int)
    if version > VERSION:
        raise NewerVersionError(f"it is of version {version}, and this cronshift reads {VERSION}")
    if version not in {1, VERSION}:
        raise ValueError(f"there is no version {version}")
    operation_id = _line(fields, "id")
    if not ULID.fullmatch(operation_id):
        raise ValueError("its id is no ULID")
    command = _line(fields, "command")
    # Version 1 said what it was for by the first word of its command only.
    intent = _line(fields, "intent") if version > 1 else command.partition(" ")[0]
    changes = tuple(_load_change(change) for change in _field(fields, "changes", list))
    operation = Operation(
        id=operation_id,
        intent=Intent(intent),
        command=command,
        actor=_line(fields, "actor"),
        created=_instant(_line(fields, "created")),
        state=State(_line(fields, "state")),
        changes=changes,
        jobs=_lines(fields, "jobs"),
        made=_lines(fields, "made"),
        emptied=_lines(fields, "emptied"),
        write_by=_instant(_line(fields, "write_by")) if "write_by" in fields else None,
    )
    paths = [image.path for image in operation.images]
    if len(set(paths)) != len(paths):
        raise ValueError("it changes a file twice")
    return operation


def parse_json(data: bytes) -> object:
    """Return the JSON document in some bytes.

    Raises:
        ValueError: if they hold none, or text that is no text (a lone surrogate).
    """
    try:
        document = json.loads(data)
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("it holds a lone surrogate") from None
    except ValueError:
        raise ValueError("it is no JSON: cut off, or edited by hand") from None
    return document


def _dump_instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _dump_change(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind.value,
        "summary": change.summary,
        "images": [_dump_image(image) for image in change.images],
        **(
            {
                "database_env": change.database_env,
                "statements": [asdict(statement) for statement in change.statements],
            }
            if isinstance(change, RunSql)
            else {}
        ),
        **({"call": _dump_call(change)} if isinstance(change, CallService) else {}),
        **({"monitor": _dump_monitor(change)} if isinstance(change, MakeMonitor) else {}),
    }


def _dump_call(change: CallService) -> dict[str, str]:
    fields = {name: str(value) for name, value in asdict(change).items() if name != "summary"}
    return {name: value for name, value in fields.items() if value}


def _load_call(fields: Mapping[str, Any], summary: str) -> CallService:
    call = {name: _typed(value, str, f"`{name}`") for name, value in fields.items()}
    action = RemoteAction(call.pop("action", ""))
    if not call.keys() <= set(CallService.__struct_fields__) - {"action", "summary"}:
        raise ValueError("a call has fields that no call has")
    return CallService(action, summary, **call)


def _dump_monitor(change: MakeMonitor) -> dict[str, Any]:
    kept = {"kept_at": asdict(change.kept_at)} if change.kept_at else {}
    return {"service": change.service.value, "is": msgspec.to_builtins(change.monitor), **kept}


def _load_monitor(fields: Mapping[str, Any], summary: str) -> MakeMonitor:
    service = MonitorService(_line(fields, "service"))
    try:
        monitor = msgspec.convert(fields.get("is"), Monitor)
        kept_at = msgspec.convert(fields.get("kept_at"), KeptAt | None)
    except msgspec.ValidationError:
        raise ValueError("a monitor has other fields than monitors have") from None
    return MakeMonitor(service, monitor, summary, kept_at)


def _load_change(document: object) -> Change:
    fields = _typed(document, dict, "a change")
    kind, summary = ChangeKind(_line(fields, "kind")), _line(fields, "summary")
    images = [_load_image(image) for image in _field(fields, "images", list)]
    if kind is ChangeKind.SQL:
        statements = _field(fields, "statements", list)
        return RunSql(
            _line(fields, "database_env"),
            tuple(_load_statement(statement) for statement in statements),
            summary,
        )
    if kind is ChangeKind.CALL:
        return _load_call(_field(fields, "call", dict), summary)
    if kind is ChangeKind.MONITOR:
        return _load_monitor(_field(fields, "monitor", dict), summary)
    if len(images) != (2 if kind is ChangeKind.MOVE else 1):
        raise ValueError(f"{kind} touches another number of files")
    if kind is ChangeKind.MOVE:
        return MoveFile(images[0], images[1], summary)
    return FILE_CHANGES[kind](images[0], summary)


def _load_statement(document: object) -> AddToNumber:
    fields = _typed(document, dict, "a statement")
    value, amount = fields.get("value"), _field(fields, "amount", int)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("`value` is neither a number nor a text")  # noqa: TRY004 - a document's fault
    return AddToNumber(
        _line(fields, "table"), _line(fields, "key"), value, _line(fields, "column"), amount
    )


def _dump_image(image: FileImage) -> dict[str, Any]:
    return {
        "path": image.path,
        "mode": image.mode,
        "before": _dump_content(image.before),
        "after": _dump_content(image.after),
    }


def _load_image(document: object) -> FileImage:
    fields = _typed(document, dict, "an image")
    mode = fields.get("mode")
    if mode is not None and not (type(mode) is int and 0 <= mode <= 0o777):  # noqa: PLR2004 - rwx for all
        raise ValueError("`mode` is none that a file may get")
    return FileImage(
        _line(fields, "path"),
        _load_content(fields.get("before")),
        _load_content(fields.get("after")),
        mode,
    )


def _dump_content(data: bytes | None) -> dict[str, str] | None:
    if data is None:
        return None
    content = {"sha256": hashlib.sha256(data).hexdigest()}
    try:
        return content | {"text": data.decode()}
    except UnicodeDecodeError:
        return content | {"base64": base64.b64encode(data).decode()}


def _load_content(document: object) -> bytes | None:
    if document is None:
        return None
    fields = _typed(document, dict, "a content")
    if "text" in fields:
        data = _field(fields, "text", str).encode()
    else:
        data = base64.b64decode(_field(fields, "base64", str), validate=True)
    if hashlib.sha256(data).hexdigest() != fields.get("sha256"):
        raise ValueError("a recorded content does not match its hash")
    return data


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError("`created` has no zone")
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("`created` is out of range") from None


def _lines(fields: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(_typed(text, str, f"`{key}`") for text in _field(fields, key, list))


def _line(fields: Mapping[str, Any], key: str) -> str:
    return _field(fields, key, str)


def _field(fields: Mapping[str, Any], key: str, kind: type[_Value]) -> _Value:
    return _typed(fields.get(key), kind, f"`{key}`")


def _typed(value: object, kind: type[_Value], what: str) -> _Value:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{what} is missing or of another type")
    return value
