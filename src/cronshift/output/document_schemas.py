"""The JSON Schemas of the commands' ``--json`` documents; ``schemas/`` is written from here.

One a command, under its name; ``error`` is every command's. Each is held to what the command prints.
"""

from __future__ import annotations

from cronshift.errors import Reason
from cronshift.model import Severity
from cronshift.moving.callable_endpoint import CallState
from cronshift.operations import Intent, State
from cronshift.output.schema_parts import (
    AMOUNT,
    CARRIED,
    CHANGE,
    EXPLAINED,
    FACT,
    FINDING,
    INSTANT,
    JUDGEMENT,
    LETTER,
    MONITOR,
    NUMBER,
    OPERATION,
    PLAN,
    RUN,
    RUN_FIELDS,
    RUN_MORE,
    RUN_STEP,
    SERVED,
    SIDE,
    SIGHT,
    SOURCE,
    SPENDING,
    STATUS_JOB,
    SWEEP,
    TEXT,
    TICK,
    TICK_FATE,
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
from cronshift.project.settings_schema import SCHEMA as SETTINGS
from cronshift.readiness.fact import Knowledge
from cronshift.readiness.setup.steps import StepState
from cronshift.runtime.ledger import Side
from cronshift.targets.changes import FileAction

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DOCUMENTS: dict[str, tuple[str, Schema]] = {
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
    "cutover": (
        "cronshift cutover --json",
        object_of(
            CARRIED | {"done": list_of(TEXT)},
            write_by=INSTANT,
            advice=list_of(TEXT),  # of jobs, not of a flow
            facts=list_of(FACT),
            costs=list_of(TEXT),
        ),
    ),
    "baseline": (
        "cronshift baseline --json",
        object_of(
            CARRIED
            | {
                "matches": list_of(
                    object_of(
                        dict.fromkeys(
                            ("job", "function", "source", "path", "schedule", "commit", "evidence"),
                            TEXT,
                        )
                        | {"same_ticks": TRUTH}
                    )
                ),
                "done": list_of(TEXT),
                "not_known": list_of(object_of({"name": TEXT, "source": TEXT, "reason": TEXT})),
            }
        ),
    ),
    "compare": ("cronshift compare --json", object_of({"jobs": list_of(JUDGEMENT)})),
    "advance": (
        "cronshift advance --json",
        object_of(
            {
                "jobs": list_of(JUDGEMENT),
                "operations": list_of(object_of(CARRIED, write_by=INSTANT)),
                "flows": list_of(JUDGEMENT),
                "waiting": list_of(object_of({"jobs": list_of(TEXT), "percent": WHOLE}, flow=TEXT)),
            }
        ),
    ),
    "pause": (
        "cronshift pause --json",
        object_of(CARRIED | {"done": list_of(TEXT), "facts": list_of(FACT)}, write_by=INSTANT),
    ),
    "resume-job": (
        "cronshift resume-job --json",
        object_of(CARRIED | {"done": list_of(TEXT)}, write_by=INSTANT),
    ),
    "rollback": (
        "cronshift rollback --json",
        object_of(
            CARRIED,
            write_by=INSTANT,
            restored=list_of(TEXT),
            done=list_of(TEXT),
            waits=list_of(TEXT),
            costs=list_of(TEXT),
            sessions=perhaps(by_name(SWEEP)),
        ),
    ),
    "finalize": (
        "cronshift finalize --json",
        object_of(
            CARRIED
            | {
                "done": list_of(TEXT),
                "stays": list_of(TEXT),
                "leftovers": list_of(object_of({"file": TEXT, "line": WHOLE, "text": TEXT})),
                "entries_left": WHOLE,
                "direct": list_of(TEXT),
                "kept": by_name(TEXT),
                "facts": list_of(FACT),
            },
            write_by=INSTANT,
        ),
    ),
    "operations-apply": (
        "cronshift operations apply FILE --json",
        object_of(CARRIED, write_by=INSTANT),
    ),
    "sessions-scaffold": (
        "cronshift sessions scaffold --json",
        object_of(CARRIED, write_by=INSTANT),
    ),
    "operations-show": (
        "cronshift operations show OP --json",
        object_of(OPERATION, write_by=INSTANT),
    ),
    "status": (
        "cronshift status --json",
        object_of(
            {
                "jobs": list_of(STATUS_JOB),
                "spending": SPENDING,
                "drift": list_of(TEXT),
                "facts": list_of(FACT),
                "flows": list_of(
                    object_of(
                        {
                            "flow": TEXT,
                            "percent": WHOLE,
                            "next_change": perhaps(object_of({"at": INSTANT, "percent": WHOLE})),
                        }
                    )
                ),
            },
            live=list_of(SIDE),
            endpoint=object_of(
                {"state": either(CallState), "message": TEXT, "remedy": perhaps(TEXT)}
            ),
            ticks=list_of(TICK),
        ),
    ),
    "link": (
        "cronshift link --json",
        object_of(
            CARRIED
            | {
                "environment": TEXT,
                "values": by_name(TEXT),
                "missing": list_of(TEXT),
                "variables": list_of(TEXT),
            }
        ),
    ),
    "doctor": (
        "cronshift doctor --json",
        object_of(
            {
                "environment": TEXT,
                "well": TRUTH,
                "cause": perhaps(TEXT),
                "facts": list_of(EXPLAINED),
                "seconds": NUMBER,
            }
        ),
    ),
    "setup": (
        "cronshift setup --json",
        object_of(
            {
                "environment": TEXT,
                "operation": perhaps(TEXT),
                "steps": list_of(
                    object_of(
                        {
                            "name": TEXT,
                            "title": TEXT,
                            "state": either(StepState),
                            "evidence": TEXT,
                            "how": perhaps(TEXT),
                            "can_be_done": TRUTH,
                            "by": perhaps(TEXT),
                            "at": perhaps(INSTANT),
                        }
                    )
                ),
            }
        ),
    ),
    "operations-list": (
        "cronshift operations list --json",
        object_of(
            {
                "operations": list_of(
                    object_of(
                        {
                            "id": TEXT,
                            "created": INSTANT,
                            "intent": either(Intent),
                            "command": TEXT,
                            "actor": TEXT,
                            "state": either(State),
                            "jobs": list_of(TEXT),
                            "files": list_of(TEXT),
                        }
                    )
                ),
                "unreadable": list_of(object_of({"name": TEXT, "cause": TEXT, "remedy": TEXT})),
            }
        ),
    ),
    "operations-resume": (
        "cronshift operations resume --json",
        object_of(
            {"operation": perhaps(TEXT), "state": perhaps(either(State))},
            changes=list_of(CHANGE),
        ),
    ),
    "operations-abandon": (
        "cronshift operations abandon OP --json",
        object_of(
            {
                "operation": TEXT,
                "abandoned": TRUTH,
                "files": by_name(TEXT),
                "copies": list_of(TEXT),
            }
        ),
    ),
    "forget": (
        "cronshift forget --json",
        object_of({"files": list_of(TEXT), "operations": list_of(TEXT), "forgotten": TRUTH}),
    ),
    "observe": (
        "cronshift observe --json",
        object_of(
            {
                "since": INSTANT,
                "until": INSTANT,
                "sources": list_of(SOURCE),
                "jobs": list_of(SIGHT),
            }
        ),
    ),
    "ticks-list": (
        "cronshift ticks list --json",
        object_of(
            {
                "since": INSTANT,
                "until": INSTANT,
                "sources": list_of(SOURCE),
                "counts": by_name(WHOLE),
                "ticks": list_of(TICK_FATE),
            }
        ),
    ),
    "ticks-replay": (
        "cronshift ticks replay --json",
        object_of(
            {
                "unknown": WHOLE,
                "missed": list_of(TICK_FATE),
                "replayed": list_of(
                    object_of({"job": TEXT, "tick": INSTANT, "run_id": perhaps(TEXT)})
                ),
            }
        ),
    ),
    "runs-list": (
        "cronshift runs list --json",
        object_of(
            {
                "since": INSTANT,
                "until": INSTANT,
                "sources": list_of(SOURCE),
                "runs": list_of(object_of(RUN)),
            }
        ),
    ),
    "runs-show": (
        "cronshift runs show ID --json",
        object_of(
            RUN | {"event": perhaps(TEXT), "steps": list_of(RUN_STEP), "sources": list_of(SOURCE)}
        ),
    ),
    "dead-letters-list": (
        "cronshift dead-letters list --json",
        object_of({"letters": list_of(object_of(LETTER))}),
    ),
    "dead-letters-show": ("cronshift dead-letters show RUN --json", object_of(LETTER)),
    "dead-letters-replay": (
        "cronshift dead-letters replay --json",
        object_of(
            {
                "letters": list_of(object_of(LETTER)),
                "by_event": list_of(TEXT),
                "replayed": list_of(
                    object_of({"run_id": TEXT, "job": TEXT, "replay": perhaps(TEXT)})
                ),
            }
        ),
    ),
    "dead-letters-drop": (
        "cronshift dead-letters drop --json",
        object_of({"letters": list_of(TEXT), "dropped": WHOLE}),
    ),
    "alerts-check": (
        "cronshift alerts check --json",
        object_of(
            {
                "alerts": list_of(object_of({"key": TEXT, "message": TEXT})),
                "told": list_of(TEXT),
                "over": list_of(TEXT),
            }
        ),
    ),
    "alerts-test": ("cronshift alerts test --json", object_of({"sent": TRUTH})),
    "monitors-list": (
        "cronshift monitors list --json",
        object_of(
            {
                "service": perhaps(TEXT),
                "monitors": list_of(MONITOR),
                "findings": list_of(FINDING),
            }
        ),
    ),
    "monitors-create": (
        "cronshift monitors create --json",
        object_of(CARRIED | {"service": TEXT, "monitors": list_of(MONITOR)}, write_by=INSTANT),
    ),
    "flags-export": ("cronshift flags export --json", by_name(TEXT)),
    "flags-push": (
        "cronshift flags push --json",
        object_of({"edge_config": TEXT, "key": TEXT, "pushed": TRUTH, "late": list_of(TEXT)}),
    ),
    "sessions": ("cronshift sessions orphans, refunds or recover --json", SWEEP),
    "sessions-requeue": (
        "cronshift sessions orphans --requeue --json",
        object_of({"found": WHOLE, "sent": WHOLE}),
    ),
    "sessions-status": (
        "cronshift sessions status --json",
        object_of(
            {
                "states": by_name(WHOLE),
                "unmapped": list_of(TEXT),
                "oldest_queued_seconds": perhaps(WHOLE),
                "completion_rate": object_of(dict.fromkeys(("all", "new", "old"), perhaps(NUMBER))),
                "queue_to_processing_seconds": perhaps(by_name(NUMBER)),
                "refunds": WHOLE,
                "credits_refunded": AMOUNT,
                "times": list_of(TEXT),
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
