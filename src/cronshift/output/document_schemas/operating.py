"""The schemas of the documents about an environment, its ticks and its sessions."""

from __future__ import annotations

from cronshift.output.schema_parts import (
    AMOUNT,
    CARRIED,
    EXPLAINED,
    FINDING,
    INSTANT,
    LETTER,
    MONITOR,
    NUMBER,
    RUN,
    RUN_STEP,
    SIGHT,
    SOURCE,
    SWEEP,
    TEXT,
    TICK_FATE,
    TRUTH,
    WHOLE,
    Schema,
    by_name,
    either,
    list_of,
    object_of,
    perhaps,
)
from cronshift.readiness.setup.steps import StepState

OPERATING: dict[str, tuple[str, Schema]] = {
    "sessions-scaffold": (
        "cronshift sessions scaffold --json",
        object_of(CARRIED, write_by=INSTANT),
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
