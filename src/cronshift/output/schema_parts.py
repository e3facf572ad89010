"""The parts that the JSON Schemas of documents are made of."""

from __future__ import annotations

from typing import Any

from cronshift.model import HandlerKind, Mode, Severity
from cronshift.operations import ChangeKind, Intent, State
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.asking import Telling
from cronshift.runtime.ledger import Side

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TRUTH: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
INSTANT: Schema = {"type": "string", "format": "date-time"}
AMOUNT: Schema = {"type": ["number", "string"]}
ANYTHING: Schema = {}


def either(values: Any) -> Schema:
    """Return one of an enumeration's texts."""
    return {"enum": [str(value) for value in values]}


def perhaps(schema: Schema) -> Schema:
    """Return what may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(items: Schema) -> Schema:
    """Return a list."""
    return {"type": "array", "items": items}


def by_name(values: Schema) -> Schema:
    """Return an object of any names."""
    return {"type": "object", "additionalProperties": values}


def object_of(fields: dict[str, Schema], **optional: Schema) -> Schema:
    """Return an object with these fields, all of them there but for the optional ones."""
    properties = fields | optional
    return {
        "type": "object",
        "properties": properties,
        "required": list(fields),
        "additionalProperties": False,
    }


FINDING = {
    "code": TEXT,
    "name": TEXT,
    "severity": either(Severity),
    "job": perhaps(TEXT),
    "file": perhaps(TEXT),
    "line": perhaps(WHOLE),
    "column": perhaps(WHOLE),
    "message": TEXT,
    "fix": TEXT,
}
FACT = object_of(
    {
        "code": TEXT,
        "name": TEXT,
        "answer": either(Knowledge),
        "message": TEXT,
        "evidence": TEXT,
        "seen": INSTANT,
        "remedy": perhaps(TEXT),
        "jobs": list_of(TEXT),
    }
)
HANDLER = object_of(
    {
        "file": TEXT,
        "kind": either(HandlerKind),
        "export": perhaps(TEXT),
        "language": perhaps(TEXT),
        "max_duration": ANYTHING,
        "auth": perhaps(TEXT),
        "runtime": perhaps(TEXT),
        "reads": list_of(TEXT),
    }
)
JOB = object_of(
    {
        "id": TEXT,
        "path": TEXT,
        "schedule": TEXT,
        "trigger": perhaps(TEXT),
        "describe": perhaps(TEXT),
        "next": list_of(INSTANT),
        "runs_per_30_days": NUMBER,
        "source": object_of({"file": TEXT, "line": WHOLE}),
        "handler": perhaps(HANDLER),
        "mode": either(Mode),
        "bridged_because": perhaps(TEXT),
        "owner": object_of({"percent": WHOLE}),
        "module": perhaps(TEXT),
    },
    called=TEXT,
)
FORECAST = object_of(
    {
        "executions_per_30_days": NUMBER,
        "by_job": by_name(NUMBER),
        "jobs": by_name(
            object_of(
                {"runs": NUMBER, "steps_per_run": NUMBER, "executions": NUMBER, "retries": NUMBER}
            )
        ),
        "retries_per_30_days": NUMBER,
        "executions_per_year": NUMBER,
        "plans": list_of(object_of({"name": TEXT, "executions": NUMBER, "fits": TRUTH})),
        "by_hour": list_of(NUMBER),
        "busiest": list_of(object_of({"minute": TEXT, "jobs": WHOLE})),
        "peak": NUMBER,
        "staggered_peak": NUMBER,
    }
)
PLAN = {
    "project": object_of(
        {
            "root": TEXT,
            "framework": perhaps(TEXT),
            "config_file": TEXT,
            "target": TEXT,
        }
    ),
    "jobs": list_of(JOB),
    "findings": list_of(object_of(FINDING | {"jobs": list_of(TEXT)})),
    "forecast": FORECAST,
}
CONTENT = perhaps(object_of({"sha256": TEXT}, text=TEXT, base64=TEXT))
CHANGE = object_of(
    {
        "kind": either(ChangeKind),
        "summary": TEXT,
        "images": list_of(
            object_of({"path": TEXT, "mode": perhaps(WHOLE), "before": CONTENT, "after": CONTENT})
        ),
    },
    database_env=TEXT,
    statements=list_of({"type": "object"}),
)
OPERATION = {
    "id": TEXT,
    "intent": either(Intent),
    "command": TEXT,
    "actor": TEXT,
    "created": INSTANT,
    "state": either(State),
    "jobs": list_of(TEXT),
    "made": list_of(TEXT),
    "emptied": list_of(TEXT),
    "changes": list_of(CHANGE),
}
CARRIED = OPERATION | {"applied": TRUTH}
SWEEP = object_of(
    {
        "found": WHOLE,
        "settled": WHOLE,
        "refunded": WHOLE,
        "credits": AMOUNT,
        "chunks": WHOLE,
        "seconds": NUMBER,
    },
    aside=WHOLE,
    exceptions=list_of(
        object_of({"session_id": perhaps(TEXT), "user_id": perhaps(TEXT), "reason": TEXT})
    ),
)
SIDE = object_of(
    {
        "side": either(Side),
        "answer": either(Telling),
        "digest": perhaps(TEXT),
        "current": TRUTH,
        "known": TRUTH,
        "problem": perhaps(TEXT),
        "age_seconds": perhaps(WHOLE),
        "unread": TRUTH,
        "held_seconds": perhaps(WHOLE),
    }
)
RUN_FIELDS: dict[str, Schema] = {
    "run_id": TEXT,
    "status": TEXT,
    "attempts": WHOLE,
    "steps": list_of({"type": "object", "required": ["id", "op", "status", "attempts", "ms"]}),
    "ms": NUMBER,
}
RUN_MORE: dict[str, Schema] = {
    "output": ANYTHING,
    "error": {"type": "object"},
    "waited_seconds": NUMBER,
    "events": list_of({"type": "object"}),
    "notes": list_of(TEXT),
    "on_failure": {"type": "object"},
    "on_cancelled": {"type": "object"},
    "rows": list_of({"type": "object"}),
}
STATUS_JOB = object_of(
    {
        "id": TEXT,
        "percent": WHOLE,
        "next_change": perhaps(object_of({"at": INSTANT, "percent": WHOLE}, paused=TRUTH)),
        "next_tick": perhaps(INSTANT),
        "next_owner": perhaps(TEXT),
        "generated": TRUTH,
        "moved": TRUTH,
    },
    paused=TRUTH,
)
TICK = object_of(
    {"job": TEXT, "tick": INSTANT, "fate": either(["doubled", "missed"]), "certain": TRUTH}
)
SERVED = {"mode": TEXT, "server": TEXT, "functions": list_of(TEXT)}
VERDICT = {"valid": TRUTH, "mode": perhaps(TEXT), "findings": list_of(object_of(FINDING))}
