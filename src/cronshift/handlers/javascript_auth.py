"""How a JavaScript or TypeScript handler checks who calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import PROTECTED, Auth
from cronshift.handlers.javascript import FUNCTIONS, callee, line_of
from cronshift.handlers.javascript import locally as locally_defined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.javascript import Definition
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_VARIABLE = r"(?:process\.env\.|import\.meta\.env\.|env\.)?(\w*(?:SECRET|TOKEN|CRON_?\w*KEY)\w*)"
_AUTH_NAME = re.compile(
    r"auth|verif|cron|secret|guard|protect|require|assert|ensure|check", re.IGNORECASE
)
_CONSTANT_TIME = re.compile(r"timingSafeEqual|constantTime|safeCompare|safeEqual", re.IGNORECASE)
_MOST_AUTH_CALLS = 12


def auth_of(tree: SourceTree, handler: Handler, found: Definition) -> Auth:
    """Return how the caller is checked, by the handler and what it calls for that."""
    places = list(_places(tree, handler, found))
    text = "\n".join(node.text() for _, node in places)
    names = " ".join(found.wrappers)
    bearers = re.findall(r"Bearer \$\{\s*([^}]+?)!?\s*\}", text)
    for secret in bearers:
        known = re.escape(secret)
        variable = re.search(rf"(?:const|let)\s+(\w+)\s*(?::[^=]+)?=\s*{known}\s*[;\n]", text)
        references = [secret] + ([variable[1]] if variable else [])
        source = re.search(
            rf"(?:const|let)\s+{known}\s*(?::[^=]+)?=\s*(process\.env\.\w+)\s*[;\n]", text
        )
        is_env = "process.env." in secret or source is not None
        references += [source[1]] if source else []
        if not is_env:
            continue
        if any(_fails_open(text, name) for name in references):
            return Auth.FAIL_OPEN
        if not any(_is_checked(text, name) for name in references):
            return Auth.UNDEFINED
    if re.search(_VARIABLE, text):
        opened = [m[0] for m in re.finditer(r"process\.env\.\w*(?:SECRET|TOKEN|KEY)\w*", text)]
        if any(_fails_open(text, name) for name in opened):
            return Auth.FAIL_OPEN
        return Auth.CONSTANT_TIME if _CONSTANT_TIME.search(text) else Auth.SECRET
    if re.search(r"x-vercel-cron(?!-schedule)|vercel-cron/", text, re.IGNORECASE):
        return Auth.SPOOFABLE
    if PROTECTED.search(text) or PROTECTED.search(names):
        return Auth.OTHER
    unread = [
        name
        for name in found.wrappers
        if locally_defined(tree, handler.file, name.partition(".")[0]) is None
    ]
    return Auth.UNKNOWN if unread else Auth.NONE


def _places(tree: SourceTree, handler: Handler, found: Definition) -> Iterator[tuple[str, SgNode]]:
    """Yield the functions that may check the caller: the handler, its wrappers, its helpers."""
    seen: set[tuple[str, int]] = set()
    queue: list[tuple[str, SgNode]] = [(found.file, found.node)]
    for name in found.wrappers:
        wrapper = locally_defined(tree, handler.file, name.partition("(")[0])
        if wrapper is not None:
            queue.append((wrapper.file, wrapper.node))
    while queue and len(seen) < _MOST_AUTH_CALLS:
        file, node = queue.pop(0)
        if (file, line_of(node)) in seen:
            continue
        seen.add((file, line_of(node)))
        yield file, node
        for call in node.find_all(kind="call_expression"):
            name = callee(call)
            if "." in name or not _AUTH_NAME.search(name):
                continue
            called = locally_defined(tree, file, name)
            if called is not None and called.node.kind() in FUNCTIONS:
                queue.append((called.file, called.node))


def _is_checked(text: str, name: str) -> bool:
    """Return whether a secret is looked at before it is compared with: so that it is set."""
    known = re.escape(name)
    return bool(
        re.search(
            rf"!\s*{known}\b|\bif\s*\(\s*{known}\s*[)&|]|{known}\s*(&&|\|\||\?\?|===?\s*(undefined|null|[\"']{{2}}))|{known}\s*\?[^.?]",
            text,
        )
    )


def _fails_open(text: str, name: str) -> bool:
    """Return whether the comparison is left out where the secret is not set."""
    known = re.escape(name)
    text = re.sub(r"\$\{([^{}]*)\}", r"$\1", text)  # braces of templates are no blocks
    guarded = re.search(rf"(?<![!\w.]){known}\s*&&[^;{{]{{0,200}}!==?", text)
    wrapped = re.search(
        rf"\bif\s*\(\s*{known}\s*\)\s*\{{[^}}]{{0,300}}!==?[^}}]{{0,200}}(401|403|throw|return)",
        text,
    )
    closed = re.search(rf"!\s*{known}\b|else\b", text)
    return bool((guarded or wrapped) and not closed)
