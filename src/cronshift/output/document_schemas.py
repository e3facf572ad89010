"""The JSON Schemas of what the commands print under ``--json``; ``schemas/`` is written from here.

One a command, under its name; ``error`` is every command's. Each is held to what the command prints.
"""

from __future__ import annotations

from typing import Any

from cronshift.errors import Reason
from cronshift.model import HandlerKind, Mode, Severity
from cronshift.moving.callable_endpoint import CallState
from cronshift.moving.live import Side, Telling
from cronshift.operations import ChangeKind, Intent, State
from cronshift.project.settings_schema import SCHEMA as SETTINGS
from cronshift.readiness.fact import Knowledge
from cronshift.targets.changes import FileAction

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
AMOUNT: Schema = {"type": ["number", "string"]}
ANYTHING: Schema = {}


def _either(values: Any) -> Schema:
    return {"enum": [str(value) for value in values]}


def _perhaps(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _by_name(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _object(fields: dict[str, Schema], **optional: Schema) -> Schema:
    """Return an object with these fields, all of them there but for the optional ones."""
    properties = fields | optional
    return {
        "type": "object",
        "properties": properties,
        "required": list(fields),
        "additionalProperties": False,
    }


_FINDING = {
    "code": TEXT,
    "name": TEXT,
    "severity": _either(Severity),
    "job": _perhaps(TEXT),
    "file": _perhaps(TEXT),
    "line": _perhaps(WHOLE),
    "column": _perhaps(WHOLE),
    "message": TEXT,
    "fix": TEXT,
}
_FACT = _object(
    {
        "code": TEXT,
        "name": TEXT,
        "answer": _either(Knowledge),
        "message": TEXT,
        "evidence": TEXT,
        "seen": INSTANT,
        "remedy": _perhaps(TEXT),
        "jobs": _list(TEXT),
    }
)
_HANDLER = _object(
    {
        "file": TEXT,
        "kind": _either(HandlerKind),
        "export": _perhaps(TEXT),
        "language": _perhaps(TEXT),
        "max_duration": ANYTHING,
        "auth": _perhaps(TEXT),
        "runtime": _perhaps(TEXT),
        "reads": _list(TEXT),
    }
)
_JOB = _object(
    {
        "id": TEXT,
        "path": TEXT,
        "schedule": TEXT,
        "trigger": _perhaps(TEXT),
        "describe": _perhaps(TEXT),
        "next": _list(INSTANT),
        "runs_per_30_days": NUMBER,
        "source": _object({"file": TEXT, "line": WHOLE}),
        "handler": _perhaps(_HANDLER),
        "mode": _either(Mode),
        "bridged_because": _perhaps(TEXT),
        "owner": _object({"percent": WHOLE}),
        "module": _perhaps(TEXT),
    },
    called=TEXT,
)
_FORECAST = _object(
    {
        "executions_per_30_days": NUMBER,
        "by_job": _by_name(NUMBER),
        "jobs": _by_name(
            _object(
                {"runs": NUMBER, "steps_per_run": NUMBER, "executions": NUMBER, "retries": NUMBER}
            )
        ),
        "retries_per_30_days": NUMBER,
        "executions_per_year": NUMBER,
        "plans": _list(_object({"name": TEXT, "executions": NUMBER, "fits": TRUTH})),
        "by_hour": _list(NUMBER),
        "busiest": _list(_object({"minute": TEXT, "jobs": WHOLE})),
        "peak": NUMBER,
        "staggered_peak": NUMBER,
    }
)
_PLAN = {
    "project": _object(
        {
            "root": TEXT,
            "framework": _perhaps(TEXT),
            "config_file": TEXT,
            "target": TEXT,
        }
    ),
    "jobs": _list(_JOB),
    "findings": _list(_object(_FINDING | {"jobs": _list(TEXT)})),
    "forecast": _FORECAST,
}
_CONTENT = _perhaps(_object({"sha256": TEXT}, text=TEXT, base64=TEXT))
_CHANGE = _object(
    {
        "kind": _either(ChangeKind),
        "summary": TEXT,
        "images": _list(
            _object({"path": TEXT, "mode": _perhaps(WHOLE), "before": _CONTENT, "after": _CONTENT})
        ),
    },
    database_env=TEXT,
    statements=_list({"type": "object"}),
)
_OPERATION = {
    "id": TEXT,
    "intent": _either(Intent),
    "command": TEXT,
    "actor": TEXT,
    "created": INSTANT,
    "state": _either(State),
    "jobs": _list(TEXT),
    "made": _list(TEXT),
    "emptied": _list(TEXT),
    "changes": _list(_CHANGE),
}
_CARRIED = _OPERATION | {"applied": TRUTH}
_SWEEP = _object(
    {
        "found": WHOLE,
        "settled": WHOLE,
        "refunded": WHOLE,
        "credits": AMOUNT,
        "chunks": WHOLE,
        "seconds": NUMBER,
    },
    aside=WHOLE,
    exceptions=_list(
        _object({"session_id": _perhaps(TEXT), "user_id": _perhaps(TEXT), "reason": TEXT})
    ),
)
_SIDE = _object(
    {
        "side": _either(Side),
        "answer": _either(Telling),
        "digest": _perhaps(TEXT),
        "current": TRUTH,
        "known": TRUTH,
        "problem": _perhaps(TEXT),
        "age_seconds": _perhaps(WHOLE),
        "unread": TRUTH,
        "held_seconds": _perhaps(WHOLE),
    }
)
_RUN_FIELDS: dict[str, Schema] = {
    "run_id": TEXT,
    "status": TEXT,
    "attempts": WHOLE,
    "steps": _list({"type": "object", "required": ["id", "op", "status", "attempts", "ms"]}),
    "ms": NUMBER,
}
_RUN_MORE: dict[str, Schema] = {
    "output": ANYTHING,
    "error": {"type": "object"},
    "waited_seconds": NUMBER,
    "events": _list({"type": "object"}),
    "notes": _list(TEXT),
    "on_failure": {"type": "object"},
    "on_cancelled": {"type": "object"},
}
_STATUS_JOB = _object(
    {
        "id": TEXT,
        "percent": WHOLE,
        "next_change": _perhaps(_object({"at": INSTANT, "percent": WHOLE}, paused=TRUTH)),
        "next_tick": _perhaps(INSTANT),
        "next_owner": _perhaps(TEXT),
        "generated": TRUTH,
        "moved": TRUTH,
    },
    paused=TRUTH,
)
_TICK = _object(
    {"job": TEXT, "tick": INSTANT, "fate": _either(["doubled", "missed"]), "certain": TRUTH}
)
_SERVED = {"mode": TEXT, "server": TEXT, "functions": _list(TEXT)}
_VERDICT = {"valid": TRUTH, "mode": _perhaps(TEXT), "findings": _list(_object(_FINDING))}

_DOCUMENTS: dict[str, tuple[str, Schema]] = {
    "error": (
        "What every command prints where it cannot do what was asked",
        _object(
            {
                "error": _object(
                    {
                        "reason": _either(Reason),
                        "message": TEXT,
                        "hint": _perhaps(TEXT),
                        "where": _perhaps(TEXT),
                    }
                )
            }
        ),
    ),
    "version": ("cronshift --version --json", _object({"cronshift": TEXT})),
    "init": ("cronshift init --json", _object({"file": TEXT, "written": TRUTH}, text=TEXT)),
    "audit": ("cronshift audit --json", _object(_PLAN)),
    "explain": (
        "cronshift explain CODE --json",
        _object(
            {
                "code": TEXT,
                "name": TEXT,
                "severity": _either(Severity),
                "summary": TEXT,
                "fix": TEXT,
                "example": _perhaps({"type": "object"}),
            }
        ),
    ),
    "next": (
        "cronshift next --json",
        _object({"steps": _list(_object({"command": TEXT, "why": TEXT}))}),
    ),
    "migrate": (
        "cronshift migrate --json",
        _object(
            _PLAN
            | {
                "changes": _list(_object({"path": TEXT, "action": _either(FileAction)})),
                "left_out": _list(TEXT),
                "doubtful": _list(_object(_FINDING)),
                "accepted": _list(_object({"code": TEXT, "job": _perhaps(TEXT)})),
                "hides_nothing": _list(TEXT),
                "repaired": _list(_object(_FINDING)),
                "not_repaired": _list(_object(_FINDING | {"why": TEXT})),
                "edits": _list(_object({"path": TEXT, "diff": TEXT})),
                "operation": _perhaps(TEXT),
                "written": TRUTH,
            }
        ),
    ),
    "validate": (
        "cronshift validate --json",
        _object(
            _VERDICT
            | {
                "valid": _perhaps(TRUTH),  # null: something was not checked
                "app_id": _perhaps(TEXT),
                "sdk": _perhaps(TEXT),
                "functions": _perhaps(_list(TEXT)),
                "facts": _list(_FACT),
            }
        ),
    ),
    "run": (
        "cronshift run JOB --json",
        _object(
            _RUN_FIELDS | {"job": TEXT, "tick": _perhaps(INSTANT), "throwaway": TRUTH},
            **_RUN_MORE,
        ),
    ),
    "serve": (
        "A line of cronshift serve --json",
        _object(_SERVED, url=TEXT, connected_to=TEXT),
    ),
    "serve-check": (
        "cronshift serve --check --json",
        _object(_VERDICT | {"functions": _list(TEXT)}, facts=_list(_FACT)),
    ),
    "sync": (
        "cronshift sync --json",
        _object({"endpoint": TEXT, "sdk": _perhaps(TEXT), "modified": _perhaps(TRUTH)}),
    ),
    "cutover": (
        "cronshift cutover --json",
        _object(
            _CARRIED
            | {
                "done": _list(TEXT),
                "advice": _list(TEXT),
                "facts": _list(_FACT),
                "costs": _list(TEXT),
            },
            write_by=INSTANT,
        ),
    ),
    "pause": (
        "cronshift pause --json",
        _object(_CARRIED | {"done": _list(TEXT), "facts": _list(_FACT)}, write_by=INSTANT),
    ),
    "resume-job": (
        "cronshift resume-job --json",
        _object(_CARRIED | {"done": _list(TEXT)}, write_by=INSTANT),
    ),
    "rollback": (
        "cronshift rollback --json",
        _object(
            _CARRIED | {"restored": _list(TEXT)},
            write_by=INSTANT,
            done=_list(TEXT),
            waits=_list(TEXT),
            costs=_list(TEXT),
            sessions=_perhaps(_by_name(_SWEEP)),
        ),
    ),
    "finalize": (
        "cronshift finalize --json",
        _object(
            _CARRIED
            | {
                "done": _list(TEXT),
                "stays": _list(TEXT),
                "leftovers": _list(_object({"file": TEXT, "line": WHOLE, "text": TEXT})),
                "entries_left": WHOLE,
                "facts": _list(_FACT),
            },
            write_by=INSTANT,
        ),
    ),
    "apply": ("cronshift apply FILE --json", _object(_CARRIED, write_by=INSTANT)),
    "scaffold": ("cronshift scaffold --json", _object(_CARRIED, write_by=INSTANT)),
    "show": ("cronshift show OP --json", _object(_OPERATION, write_by=INSTANT)),
    "status": (
        "cronshift status --json",
        _object(
            {"jobs": _list(_STATUS_JOB), "drift": _list(TEXT), "facts": _list(_FACT)},
            live=_list(_SIDE),
            endpoint=_object(
                {"state": _either(CallState), "message": TEXT, "remedy": _perhaps(TEXT)}
            ),
            ticks=_list(_TICK),
        ),
    ),
    "history": (
        "cronshift history --json",
        _object(
            {
                "operations": _list(
                    _object(
                        {
                            "id": TEXT,
                            "created": INSTANT,
                            "intent": _either(Intent),
                            "command": TEXT,
                            "actor": TEXT,
                            "state": _either(State),
                            "jobs": _list(TEXT),
                            "files": _list(TEXT),
                        }
                    )
                ),
                "unreadable": _list(_object({"name": TEXT, "cause": TEXT, "remedy": TEXT})),
            }
        ),
    ),
    "resume": (
        "cronshift resume --json",
        _object(
            {"operation": _perhaps(TEXT), "state": _perhaps(_either(State))},
            changes=_list(_CHANGE),
        ),
    ),
    "abandon": (
        "cronshift abandon OP --json",
        _object(
            {
                "operation": TEXT,
                "abandoned": TRUTH,
                "files": _by_name(TEXT),
                "copies": _list(TEXT),
            }
        ),
    ),
    "flags-export": ("cronshift flags export --json", _by_name(TEXT)),
    "flags-push": (
        "cronshift flags push --json",
        _object({"edge_config": TEXT, "key": TEXT, "pushed": TRUTH, "late": _list(TEXT)}),
    ),
    "sessions": ("cronshift sessions orphans, refunds or recover --json", _SWEEP),
    "sessions-requeue": (
        "cronshift sessions orphans --requeue --json",
        _object({"found": WHOLE, "sent": WHOLE}),
    ),
    "sessions-status": (
        "cronshift sessions status --json",
        _object(
            {
                "states": _by_name(WHOLE),
                "unmapped": _list(TEXT),
                "oldest_queued_seconds": _perhaps(WHOLE),
                "completion_rate": _object(dict.fromkeys(("all", "new", "old"), _perhaps(NUMBER))),
                "queue_to_processing_seconds": _perhaps(_by_name(NUMBER)),
                "refunds": WHOLE,
                "credits_refunded": AMOUNT,
                "times": _list(TEXT),
            }
        ),
    ),
}


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
