"""The parts that the JSON Schemas of documents are made of."""

from __future__ import annotations

from typing import Any

from cronshift.model import HandlerKind, Mode, Severity
from cronshift.moving.evidence.testing import MetricOutcome
from cronshift.moving.evidence.verdict import Decision
from cronshift.observing.fates import Fate
from cronshift.observing.gathering import SourceName
from cronshift.operations import ChangeKind, Intent, State
from cronshift.project.thresholds import Metric
from cronshift.readiness.fact import Knowledge
from cronshift.readiness.setup.monitors import MonitorState
from cronshift.runtime.ledger import Side, TickStatus
from cronshift.runtime.ownership import Owner
from cronshift.runtime.telling import Telling

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
    """Return a schema that allows null, too."""
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
_FACT = {
    "code": TEXT,
    "name": TEXT,
    "answer": either(Knowledge),
    "message": TEXT,
    "evidence": TEXT,
    "seen": INSTANT,
    "remedy": perhaps(TEXT),
    "jobs": list_of(TEXT),
}
FACT = object_of(_FACT)
EXPLAINED = object_of(_FACT | {"explained_by": perhaps(TEXT)})
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
        "failures_per_30_days": NUMBER,
        "functions": WHOLE,
        "executions_per_year": NUMBER,
        "plans": list_of(
            object_of({"name": TEXT, "executions": NUMBER, "functions": WHOLE, "fits": TRUTH})
        ),
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
REHEARSAL = object_of(
    {
        "ticks": WHOLE,
        "floor_ticks": WHOLE,
        "failed": WHOLE,
        "differences": list_of(
            object_of({"path": TEXT, "ticks": WHOLE, "floor_ticks": WHOLE, "beyond_floor": TRUTH})
        ),
    }
)
_TICKS = object_of({"ticks": WHOLE, "bad": WHOLE})
JUDGEMENT = object_of(
    {
        "job": TEXT,
        "percent": WHOLE,
        "verdict": either(Decision),
        "next_percent": perhaps(WHOLE),
        "reason": TEXT,
        "missing_ticks": WHOLE,
        "missing_days": NUMBER,
        "rehearsal": perhaps(REHEARSAL),
        "metrics": list_of(
            object_of(
                {
                    "metric": either(Metric),
                    "outcome": either(MetricOutcome),
                    "decides": TRUTH,
                    "vercel": _TICKS,
                    "inngest": _TICKS,
                    "missing_ticks": WHOLE,
                    "missing_days": NUMBER,
                }
            )
        ),
    }
)
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
    call=by_name(TEXT),
    monitor=by_name(ANYTHING),
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
SPREAD = object_of(dict.fromkeys(("p50", "p95", "most"), NUMBER))
HEALTH = object_of(
    {
        "answer": either(Knowledge),
        "last": list_of(object_of({"tick": INSTANT, "fate": either(Fate)})),
        "success_rate": perhaps(NUMBER),
        "ended": WHOLE,
        "missed": perhaps(WHOLE),
        "seconds": perhaps(SPREAD),
    }
)
STATUS_JOB = object_of(
    {
        "id": TEXT,
        "percent": WHOLE,
        "next_change": perhaps(object_of({"at": INSTANT, "percent": WHOLE}, paused=TRUTH)),
        "next_tick": perhaps(INSTANT),
        "next_owner": perhaps(TEXT),
        "generated": TRUTH,
        "moved": TRUTH,
        "health": perhaps(HEALTH),  # null: not known
    },
    paused=TRUTH,
)
TICK = object_of(
    {"job": TEXT, "tick": INSTANT, "fate": either(["doubled", "missed"]), "certain": TRUTH}
)
SERVED = {"mode": TEXT, "server": TEXT, "functions": list_of(TEXT)}
VERDICT = {"valid": TRUTH, "mode": perhaps(TEXT), "findings": list_of(object_of(FINDING))}

SOURCE = object_of({"name": either(SourceName), "records": WHOLE, "problem": perhaps(TEXT)})
TICK_FATE = object_of(
    {
        "job": TEXT,
        "tick": INSTANT,
        "owner": either(Owner),
        "fate": either(Fate),
        "late_seconds": perhaps(NUMBER),
        "seen_by": list_of(either(Side)),
        "acted": list_of(either(Side)),
        "reason": perhaps(TEXT),
    }
)
SIGHT = object_of(
    {
        "job": TEXT,
        "answer": either(Knowledge),
        "expected": WHOLE,
        "seen": object_of(dict.fromkeys((*Side, "both"), WHOLE)),
        "late_seconds": by_name(SPREAD),
        "queued_seconds": perhaps(SPREAD),
        "rehearsal": perhaps(REHEARSAL),  # null: there was none
        "problems": list_of(TEXT),
        "gaps": list_of(TEXT),
    }
)
RUN: dict[str, Schema] = {
    "id": TEXT,
    "job": TEXT,
    "tick": perhaps(INSTANT),
    "side": either(Side),
    "owner": perhaps(TEXT),
    "acted": TRUTH,
    "status": either(TickStatus),
    "attempts": perhaps(WHOLE),  # null: nobody has counted them
    "arrived": perhaps(INSTANT),
    "started": perhaps(INSTANT),
    "ended": perhaps(INSTANT),
    "seconds": perhaps(NUMBER),
    "error": perhaps(TEXT),
    "http_status": perhaps(WHOLE),
    "reason": perhaps(TEXT),
}
RUN_STEP = object_of(
    {"name": TEXT, "status": TEXT, "attempts": WHOLE, "ms": perhaps(WHOLE), "error": perhaps(TEXT)}
)
LETTER: dict[str, Schema] = {
    "run_id": TEXT,
    "job": TEXT,
    "status": either([TickStatus.FAILED, TickStatus.CANCELLED]),
    "tick": perhaps(INSTANT),  # null: an event began the run
    "event": TEXT,
    "event_id": TEXT,
    "error": TEXT,
    "attempts": perhaps(WHOLE),  # null: nobody has counted them
    "died": INSTANT,
    "replayed": perhaps(INSTANT),
    "replay": perhaps(TEXT),
}
MONITOR = object_of(
    {
        "job": TEXT,
        "slug": TEXT,
        "schedule": perhaps(TEXT),  # null: the service is told the longest silence
        "zone": perhaps(TEXT),
        "every_seconds": perhaps(WHOLE),
        "grace_seconds": WHOLE,
        "state": either(MonitorState),
        "notices_one_missed_tick": TRUTH,
        "variable": TEXT,
        "is_told": TRUTH,
        "note": perhaps(TEXT),
    }
)
SPENDING = object_of(
    {
        "since": INSTANT,
        "executions": perhaps(WHOLE),  # null: nobody has counted them
        "failures": WHOLE,
        "retries": WHOLE,
        "projected": perhaps(WHOLE),
        "forecast": WHOLE,
        "plans": list_of(object_of({"name": TEXT, "executions": NUMBER, "fits": perhaps(TRUTH)})),
    }
)
