"""Subjects that expressions may be about, and the words that ask for nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

Subjects = frozenset[str]
"""What an expression is about: the constants here, or ``env:NAME`` for a variable."""

REQUEST = "request"
ENVIRONMENTS = frozenset({"process.env", "import.meta.env"})
CREDENTIAL = "credential"
QUERY = "query"
METHOD = "method"
ANSWER = "answer"
UNTOLD = "untold"
NOTHING: Subjects = frozenset()
ONLY_UNTOLD: Subjects = frozenset({UNTOLD})
ANY_VARIABLE = "env:*"
"""A variable whose name only running tells; one like it may be another."""
ELSEWHERE = frozenset({"env:NODE_ENV", "env:VERCEL", "env:VERCEL_ENV"})
"""What tells where the code runs, and is no secret."""
_COMPARED = "compared:"
DEEPEST = 5  # functions inside functions

DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})
LITERALS = {"string", "number", "true", "false", "null", "undefined", "regex", "string_fragment"}
OPEN = {
    "arguments", "array", "await_expression", "binary_expression", "non_null_expression",
    "object", "optional_chain", "pair", "parenthesized_expression", "satisfies_expression",
    "subscript_expression", "template_string", "template_substitution", "ternary_expression",
    "unary_expression",
}  # fmt: skip
PURE_METHODS = frozenset(
    [
        "at",
        "charCodeAt",
        "compare",
        "concat",
        "digest",
        "encode",
        "endsWith",
        "equals",
        "every",
        "exec",
        "filter",
        "find",
        "flatMap",
        "get",
        "has",
        "includes",
        "indexOf",
        "join",
        "keys",
        "length",
        "localeCompare",
        "map",
        "match",
        "normalize",
        "padEnd",
        "replace",
        "replaceAll",
        "slice",
        "some",
        "split",
        "startsWith",
        "subarray",
        "substring",
        "test",
        "toLowerCase",
        "toString",
        "toUpperCase",
        "trim",
        "update",
        "values",
    ]
)
PURE_FUNCTIONS = re.compile(
    r"(?:(?:node)?[cC]rypto\.)?(?:timingSafeEqual|createHash|createHmac)|Buffer\.(?:from|alloc|byteLength)"
    r"|String|Boolean|Number|encodeURIComponent|decodeURIComponent"
)
CONVERTING = frozenset({"Boolean", "Number", "String"})
"""The functions that may be handed on by name and only convert."""
READING = lazy_pattern(r"\w+\.(?:safeParse|parse)|(?:create|clean|get|load|parse|read|validate)Env")
"""The calls by which a module's constant is made of the environment."""
PURE_CLASSES = {"Set", "TextEncoder", "URL", "Uint8Array"}
ANSWER_CLASSES = {"Response", "NextResponse", "HTTPException", "HttpException"}
HEADER_FUNCTIONS = frozenset({"getHeader", "getRequestHeader", "getHeaders", "getRequestHeaders"})
"""The functions of h3 that give an event's headers."""
WITHIN = frozenset({"req", "node", "request", "raw"})
"""The members of an event or a context that are a request."""
ERROR_CLASSES = re.compile(r"\w*(?:Error|Exception)")
CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
LOGGING = re.compile(r"(?:console|logger|log)(?:\.\w+)?")
ASKING = {
    "header": frozenset({CREDENTIAL}),
    "get": frozenset({CREDENTIAL}),
    "query": frozenset({QUERY}),
}
"""The methods by which contexts are asked for a header or the query."""
IGNORED = {"this", "property_identifier", "type_annotation", "type_arguments"}


def is_told(subjects: Subjects) -> bool:
    """Return whether nothing of it is only told by running it."""
    return UNTOLD not in subjects


def secrets(subjects: Subjects) -> Subjects:
    """Return the variables in it."""
    return frozenset(subject for subject in subjects if subject.startswith("env:"))


def with_compared(subjects: Subjects) -> Subjects:
    """Return the subjects of a comparison: variables that something of the request is compared with are told as such."""
    if not subjects & {CREDENTIAL, QUERY}:
        return subjects
    return subjects | {f"{_COMPARED}{variable}" for variable in secrets(subjects)}


def compared_in(subjects: Subjects) -> Subjects:
    """Return the variables that something of the request is compared with."""
    marks = (each for each in subjects if each.startswith(_COMPARED))
    return frozenset(mark.removeprefix(_COMPARED) for mark in marks)


class ScriptScope(Struct, frozen=True):
    """The names of a function, in a file.

    Attributes:
        names: what each is about.
        texts: what those stand for that are texts.
    """

    tree: SourceTree
    file: str
    root: SgNode
    names: Mapping[str, Subjects]
    depth: int = 0
    texts: Mapping[str, str] = {}

    def within(self, names: Mapping[str, Subjects]) -> ScriptScope:
        """Return a scope with more names."""
        texts = {name: text for name, text in self.texts.items() if name not in names}
        return replace(self, names={**self.names, **names}, texts=texts)
