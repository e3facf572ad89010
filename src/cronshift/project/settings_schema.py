"""The JSON Schema of cronshift.toml.

A form that a value must have is told beside its pattern: an error speaks its ``description``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.model import (
    PYTHON_KINDS,
    ClaimsPlace,
    FanOutMode,
    Library,
    Missed,
    Overlap,
    OwnershipSource,
    ServedBy,
)
from cronshift.project.environments import InngestPlan, VercelTarget
from cronshift.project.thresholds import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = {"type": "string", "minLength": 1}
_ENV = {
    "type": "string",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    "description": "the name of an environment variable, such as CRON_SECRET",
}
_ID = {
    "type": "string",
    "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
    "description": "lower-case words and digits joined by -, such as nightly-report",
}
_PATH = {
    "type": "string",
    "pattern": "^/",
    "description": "the path of an entry, such as /api/cron/report",
}
_DURATION = {
    "type": "string",
    "format": "cronshift-duration",
    "description": "a duration, such as 90s, 15m or 1h30m",
}
_NO_DURATION = {
    "anyOf": [_DURATION, {"const": False}],
    "description": "a duration, such as 90s, 15m or 1h30m, or false for none",
}
_WORKFLOW = {
    "type": "string",
    "pattern": "^\\.github/workflows/[\\w.-]+\\.ya?ml$",
    "description": "a workflow of the project, such as .github/workflows/nightly.yml",
}
_FILE = {
    "type": "string",
    "pattern": "^(?!/)(?!.*\\.\\.)[^\\\\]+$",
    "description": "a file inside the project, such as src/inngest/digest.ts",
}
_COMMIT = {
    "type": "string",
    "pattern": "^[0-9a-f]{40,64}$",
    "description": "the id of a commit, in full",
}
_COUNT = {"type": "integer", "minimum": 1}
_ADDRESS = {
    "type": "string",
    "pattern": "^https?://[^/?#@\\s]+(/[^?#\\s]*)?$",
    "description": "an address without user, query or fragment, such as https://app.example.com",
}


def _id_of(what: str, pattern: str, example: str) -> dict[str, Any]:
    return {
        "type": "string",
        "pattern": pattern,
        "description": f"the id of {what}, such as {example}",
    }


_MODE = {"enum": ["auto", "direct", "bridge"]}


def _table(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_HANDLER = {
    "type": "string",
    "pattern": "^[^:]+:[A-Za-z_][\\w.]*$",
    "description": "a file or module and what it exports, such as app/report.py:run",
}
_ROWS = {
    "type": "string",
    "pattern": "^(?!/)(?!.*\\.\\.)[^:\\\\]+:[A-Za-z_]\\w*$",
    "description": "a file or module inside the project and a function of it, such as lib/models:activeModels",
}
_OPTIONS = {
    "retries": {"type": "integer", "minimum": 0, "maximum": 20},
    "start_timeout": _NO_DURATION,
    "finish_timeout": _NO_DURATION,
    "concurrency": {
        "anyOf": [_COUNT, {"const": False}],
        "description": "a whole number from 1 on, or false for no limit",
    },
    "overlap": {"enum": [overlap.value for overlap in Overlap]},
    "missed": {"enum": [missed.value for missed in Missed]},
    "rehearsal": {
        "type": "string",
        "pattern": "^(\\?[\\x21-\\x22\\x24-\\x7e]+|[A-Za-z0-9-]+: ?[\\x21-\\x7e]+)$",
        "description": "a parameter or a header, such as ?dry_run=1 or X-Dry-Run: 1",
    },
    "rehearsal_ignore": {
        "type": "array",
        "items": {
            "type": "string",
            "pattern": "^[^.]+(\\.[^.]+)*$",
            "description": "a path of the answer, such as users.*.seen or took:digits",
        },
    },
    "throttle": _table(
        {"limit": _COUNT, "period": _DURATION, "key": _TEXT, "burst": _COUNT}, "limit", "period"
    ),
    "rate_limit": _table({"limit": _COUNT, "period": _DURATION, "key": _TEXT}, "limit", "period"),
    "idempotency": _TEXT,
    "jitter": _NO_DURATION,
    "stale_after": _NO_DURATION,
    "heartbeat": _ENV,
    "fan_out": {
        **_table(
            {
                "param": _TEXT,
                "values": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
                "items": _ROWS,
                "key": _TEXT,
                "expected": _COUNT,
                "mode": {"enum": [mode.value for mode in FanOutMode]},
            },
            "param",
        ),
        "oneOf": [{"required": ["values"]}, {"required": ["items"]}],
        "dependentRequired": {"key": ["items"], "expected": ["items"]},
        "description": "one with either values, or items and their key and expected number",
    },
}

_SUPPRESSION = _table(
    {
        "code": {
            "type": "string",
            "pattern": "^CS[1-6][0-9]{2}$",
            "description": "the code of a finding, such as CS206",
        },
        "job": _TEXT,
        "reason": _TEXT,
    },
    "code",
    "reason",
)

_SESSIONS = _table(
    {
        "database_url_env": _ENV,
        **dict.fromkeys(("table", "schema", "id", "user", "status", "created", "started", "completed", "updated", "error", "queued", "finished", "failed", "legacy"), _TEXT),
        "flow": _ID,
        "times": {
            "anyOf": [_TEXT, _table(dict.fromkeys(("created", "started", "completed", "updated", "refunded"), _TEXT))],
            "description": "a time zone, or a table of them by created, started, completed, updated and refunded",
        },
        "refunded": {
            "description": "a column, or a table { table, session } that the app pays refunds into",
            "anyOf": [
                _TEXT,
                _table(
                    {
                        **dict.fromkeys(("table", "session", "schema"), _TEXT),
                        "where": {"type": "object", "additionalProperties": _TEXT},
                    },
                    "table",
                    "session",
                ),
            ]
        },
        "user_in_event": {"enum": ["auto", "plain", "hashed"]},
        "processing": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
        "queued_timeout": _DURATION,
        "processing_timeout": _DURATION,
        "cost": {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "constant": {"type": "integer", "minimum": 0},
                "column": _TEXT,
                "array_length": _TEXT,
            },
            "additionalProperties": False,
        },
        "delivered": _table({"table": _TEXT, "session": _TEXT, "schema": _TEXT}, "table", "session"),
        "credits": _table(
            {"table": _TEXT, "id": _TEXT, "balance": _TEXT, "spent": _TEXT, "schema": _TEXT},
            "table",
            "id",
            "balance",
        ),
    },
    "table", "id", "user", "status", "created", "queued", "processing", "finished", "failed",
    "cost", "credits",
)  # fmt: skip

_ENVIRONMENT = _table(
    {
        "app": _ADDRESS,
        "endpoint": _ADDRESS,
        "vercel_project": _id_of("a Vercel project", "^[A-Za-z0-9._-]{1,100}$", "prj_abc123"),
        "vercel_team": _id_of("a Vercel team", "^[A-Za-z0-9._-]{1,100}$", "team_abc123"),
        "vercel_target": {"enum": [target.value for target in VercelTarget]},
        "edge_config": _id_of("an Edge Config", "^[A-Za-z0-9_]{1,100}$", "ecfg_abc123"),
        "inngest_env": {
            "type": "string",
            "pattern": "^[\\x21-\\x7e]([\\x20-\\x7e]{0,253}[\\x21-\\x7e])?$",
            "description": "the name of an Inngest environment, such as production",
        },
        "inngest_plan": {"enum": [plan.value for plan in InngestPlan]},
    }
)
_SHARE = {"type": "number", "minimum": 0.0001, "maximum": 0.5}
_TOLERANCE = _table(
    {
        "acceptable": _SHARE,
        "unacceptable": _SHARE,
        "failure_limit": {"type": "integer", "minimum": 0},
        "success_limit": _COUNT,
    }
)
_ALERTS = _table(
    {
        "webhook_env": _ENV,
        "failure_rate": _SHARE,
        "least": _COUNT,
        "missed": {"type": "integer", "minimum": 0},
        "dead_letters": {"type": "integer", "minimum": 0},
        "queue": _DURATION,
        "again": _DURATION,
    }
)
_ROLLOUT = _table(
    {
        "false_rollbacks": _SHARE,
        "overlooked": _SHARE,
        "baseline": _DURATION,
        "patience": _DURATION,
        "longest_stage": _DURATION,
        "observed": _COUNT,
        "late": _DURATION,
        "slower": {"type": "number", "minimum": 1},
        "dry_run": {
            "type": "array",
            "items": {"enum": [measure.value for measure in Metric]},
            "uniqueItems": True,
        },
        **{measure.value: _TOLERANCE for measure in Metric},
    }
)

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "cronshift.toml",
    **_table(
        {
            "project": _table(
                {
                    "vercel_config": _TEXT,
                    "target": {"type": "string", "format": "cronshift-target"},
                    "out": {
                        "type": "string",
                        "pattern": "^[A-Za-z_]\\w*(/[A-Za-z_]\\w*)*$",
                        "description": "a folder inside the project whose names are Python's, such as src/jobs",
                    },
                    "app_id": _ID,
                    "mode": _MODE,
                    "serve": {"enum": [place.value for place in ServedBy]},
                    "runtime": {"enum": [library.value for library in Library]},
                    "ownership": {"enum": [source.value for source in OwnershipSource]},
                    "ledger": {"type": "boolean"},
                    "claims": {
                        "anyOf": [_ROWS, {"enum": [place.value for place in ClaimsPlace]}],
                        "description": 'the app\'s client of PostgreSQL, such as lib/db:pool, or "environment"',
                    },
                    "workflows": {"type": "array", "items": _WORKFLOW, "uniqueItems": True},
                }
            ),
            "bridge": _table(
                {
                    "base_url": _ADDRESS,
                    "base_url_env": _ENV,
                    "secret_env": _ENV,
                    "timeout": _DURATION,
                }
            ),
            "validate": _table({"compile_timeout": _DURATION, "build_timeout": _DURATION}),
            "defaults": _table(_OPTIONS),
            "environments": {
                "type": "object",
                "propertyNames": _ID,
                "additionalProperties": _ENVIRONMENT,
            },
            "sessions": _SESSIONS,
            "rollout": _ROLLOUT,
            "alerts": _ALERTS,
            "suppress": {"type": "array", "items": _SUPPRESSION},
            "jobs": {
                "type": "object",
                "propertyNames": _ID,
                "additionalProperties": _table(
                    {
                        "path": _PATH,
                        "moved": _table(
                            {
                                "path": _PATH,
                                "schedule": _TEXT,
                                "handler": _HANDLER,
                                "max_duration": {"type": "integer", "minimum": 1},
                                "timezone": _TEXT,
                                "jitter_minutes": _COUNT,
                                "workflow": _WORKFLOW,
                                "commit": _COMMIT,
                            },
                            "path",
                            "schedule",
                        ),
                        "vercel_schedule": _TEXT,
                        "schedule": _TEXT,
                        "mode": _MODE,
                        "handler": _HANDLER,
                        "function": _table({"id": _TEXT, "file": _FILE}, "id", "file"),
                        "handler_kind": {"enum": sorted(kind.value for kind in PYTHON_KINDS)},
                        "rollout": _ROLLOUT,
                        **_OPTIONS,
                    }
                ),
            },
        }
    ),
}
