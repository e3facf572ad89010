"""The schemas of the documents about what stands and what is generated."""

from __future__ import annotations

from cronshift.errors import Reason
from cronshift.model import Severity
from cronshift.output.schema_parts import (
    FACT,
    FINDING,
    INSTANT,
    NUMBER,
    PLAN,
    RUN_FIELDS,
    RUN_MORE,
    SERVED,
    TEXT,
    TRUTH,
    VERDICT,
    WHOLE,
    Schema,
    by_name,
    either,
    list_of,
    object_of,
    perhaps,
)
from cronshift.readiness.fact import Knowledge
from cronshift.runtime.ledger import Side
from cronshift.targets.changes import FileAction

LOOKING: dict[str, tuple[str, Schema]] = {
    "error": (
        "What every command prints where it cannot do what was asked",
        object_of(
            {
                "error": object_of(
                    {
                        "reason": either(Reason),
                        "message": TEXT,
                        "hint": perhaps(TEXT),
                        "where": perhaps(TEXT),
                    }
                )
            }
        ),
    ),
    "version": ("cronshift --version --json", object_of({"cronshift": TEXT})),
    "init": ("cronshift init --json", object_of({"file": TEXT, "written": TRUTH}, text=TEXT)),
    "audit": ("cronshift audit --json", object_of(PLAN)),
    "explain": (
        "cronshift explain CODE --json",
        object_of(
            {
                "code": TEXT,
                "name": TEXT,
                "severity": either(Severity),
                "summary": TEXT,
                "fix": TEXT,
                "example": perhaps({"type": "object"}),
            }
        ),
    ),
    "explain-page": ("cronshift explain PAGE --json", object_of({"name": TEXT, "text": TEXT})),
    "next": (
        "cronshift next --json",
        object_of({"steps": list_of(object_of({"command": TEXT, "why": TEXT}))}),
    ),
    "report": (
        "cronshift report --json",
        object_of(
            {
                "app": TEXT,
                "since": INSTANT,
                "until": INSTANT,
                "sentence": TEXT,
                "jobs": list_of(object_of({"id": TEXT, "percent": WHOLE, "ticks": by_name(WHOLE)})),
                "sides": list_of(
                    object_of(
                        {
                            "side": either(Side),
                            "ticks": by_name(WHOLE),
                            "late_seconds": perhaps(list_of(NUMBER)),
                        }
                    )
                ),
                "aims": list_of(
                    object_of({"name": TEXT, "answer": either(Knowledge), "evidence": TEXT})
                ),
                "sources": list_of(
                    object_of({"name": TEXT, "records": WHOLE, "problem": perhaps(TEXT)})
                ),
                "executions_per_30_days": WHOLE,
            }
        ),
    ),
    "migrate": (
        "cronshift migrate --json",
        object_of(
            PLAN
            | {
                "changes": list_of(object_of({"path": TEXT, "action": either(FileAction)})),
                "left_out": list_of(TEXT),
                "doubtful": list_of(object_of(FINDING)),
                "accepted": list_of(object_of({"code": TEXT, "job": perhaps(TEXT)})),
                "hides_nothing": list_of(TEXT),
                "repaired": list_of(object_of(FINDING)),
                "not_repaired": list_of(object_of(FINDING | {"why": TEXT})),
                "edits": list_of(object_of({"path": TEXT, "diff": TEXT})),
                "operation": perhaps(TEXT),
                "written": TRUTH,
            }
        ),
    ),
    "validate": (
        "cronshift validate --json",
        object_of(
            VERDICT
            | {
                "valid": perhaps(TRUTH),  # null: something was not checked
                "app_id": perhaps(TEXT),
                "sdk": perhaps(TEXT),
                "functions": perhaps(list_of(TEXT)),
                "facts": list_of(FACT),
            }
        ),
    ),
    "run": (
        "cronshift run JOB --json",
        object_of(
            RUN_FIELDS | {"job": TEXT, "tick": perhaps(INSTANT), "throwaway": TRUTH},
            **RUN_MORE,
        ),
    ),
    "serve": (
        "A line of cronshift serve --json",
        object_of(SERVED, url=TEXT, connected_to=TEXT),
    ),
    "serve-check": (
        "cronshift serve --check --json",
        object_of(VERDICT | {"functions": list_of(TEXT)}, facts=list_of(FACT)),
    ),
    "sync": (
        "cronshift sync --json",
        object_of({"endpoint": TEXT, "sdk": perhaps(TEXT), "modified": perhaps(TRUTH)}),
    ),
}
