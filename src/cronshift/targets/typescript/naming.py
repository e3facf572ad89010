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

_IMPORTED = frozenset(
    [
        "bridged",
        "bury",
        "callOf",
        "direct",
        "due",
        "edged",
        "eventsOf",
        "fresh",
        "functions",
        "handler",
        "inSteps",
        "inTime",
        "inngest",
        "items",
        "navigated",
        "ofRow",
        "ownership",
        "paged",
        "pingDue",
        "pingFailure",
        "pingSuccess",
        "reasonToSkip",
        "reportFailure",
        "reportSuccess",
        "retryAfter",
        "sessionFunctions",
        "together",
        "toldCall",
        "toldDue",
        "rowOf",
        "valuesOf",
        "withParameter",
        "withParams",
    ]
)
"""What the generated modules call things themselves."""

_BUILT_IN = frozenset(["arguments", "eval", "exports", "globalThis", "require", "undefined"])
"""What no constant of a module may be called."""

TAKEN = _RESERVED | _IMPORTED | _BUILT_IN


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
    return f"_{name}" if name in TAKEN or not name or name[0].isdecimal() else name
