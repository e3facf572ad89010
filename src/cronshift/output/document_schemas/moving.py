"""The schemas of the documents about changes of the project and who owns its ticks."""

from __future__ import annotations

from cronshift.moving.callable_endpoint import CallState
from cronshift.operations import Intent, State
from cronshift.output.schema_parts import (
    CARRIED,
    CHANGE,
    FACT,
    INSTANT,
    JUDGEMENT,
    OPERATION,
    SIDE,
    SPENDING,
    STATUS_JOB,
    SWEEP,
    TEXT,
    TICK,
    TRUTH,
    WHOLE,
    Schema,
    by_name,
    either,
    list_of,
    object_of,
    perhaps,
)

MOVING: dict[str, tuple[str, Schema]] = {
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
}
