"""Names that a job's id becomes in TypeScript."""

from __future__ import annotations

import re

_RESERVED = frozenset(
    [
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "let",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
        "yield",
    ]
)

_TAKEN = frozenset(
    ["GET", "JOB", "bridged", "callOf", "direct", "functions", "handler", "inngest", "paged",
     "reasonToSkip", "reportFailure", "reportSuccess", "sessionFunctions", "together",
     "withParameter"]
)  # fmt: skip
"""What the modules of functions call their own imports and constants."""


def function_name(job_id: str) -> str:
    """Return the constant that holds a job's function: ``prediction-check``, ``predictionCheck``.

    Different ids give different names: whatever is neither letter nor hyphen is written as its code.
    """
    first, *rest = job_id.split("-")
    words = [
        first,
        *(word[:1].upper() + word[1:] if word[:1].islower() else f"_{word}" for word in rest),
    ]
    name = re.sub(r"[^A-Za-z0-9_$]", lambda match: f"${ord(match[0]):x}$", "".join(words))
    is_free = name and not name[0].isdecimal() and name not in _RESERVED | _TAKEN
    return name if is_free else f"_{name}"
