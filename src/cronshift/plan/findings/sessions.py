"""The rules of the app's own jobs on sessions that the flow looks after, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.tree import IMPORT
from cronshift.model import Location, Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.plan.findings.subject import ProjectSubject
    from cronshift.sessions.settings import SessionSettings

_FROM = lazy_pattern(r"^\s*(?:from\s+([\w.]+)\s+import|import\s+([\w.]+))", re.MULTILINE)
_LATE = lazy_pattern(
    r"\blte?\b|<=?|\.is_before|INTERVAL|timedelta|Date\.now\(\)\s*-|subMinutes|subHours|cutoff|stale|stuck",
    re.IGNORECASE,
)
_DEEPEST = 2  # modules behind a handler
_JOINT = lazy_pattern(r"_(\w)")


def _recovers_unpaid(project: ProjectSubject) -> Iterator[Evidence]:
    """Yield the jobs that fail late sessions and move no credits, in their own code or what it imports."""
    settings = project.sessions
    for job in project.jobs if settings is not None else ():
        if job.handler is None or settings is None:
            continue
        files = _reached(project.tree, job.handler.file, _DEEPEST)
        texts = {file: project.tree.read(file) for file in files}
        if any(_pays(text, settings) for text in texts.values()):
            continue
        for file, text in texts.items():
            line = _fails(text, settings)
            if line:
                message = f"{file} fails sessions that take too long and gives no credits back."
                yield Evidence(message, Location(file, line), job=job.id)
                break


def _reached(tree: SourceTree, file: str, depth: int) -> list[str]:
    """Return a file and those of the project that it imports."""
    text, files = tree.read(file), [file]
    if file.endswith(".py"):
        names = [(match[1] or match[2]).replace(".", "/") for match in _FROM.finditer(text)]
        imported = [f"{name}.py" for name in names if f"{name}.py" in tree.files]
    else:
        targets = (tree.imported(file, match[1]) for match in IMPORT.finditer(text))
        imported = [target for target in targets if target]
    for target in dict.fromkeys(imported) if depth else ():
        files += [each for each in _reached(tree, target, depth - 1) if each not in files]
    return files


def _fails(text: str, settings: SessionSettings) -> int:
    """Return the line that writes the label of a failure, where late sessions are looked for; else 0."""
    names = {settings.status, _JOINT.sub(lambda match: match[1].upper(), settings.status)}
    status = "|".join(map(re.escape, sorted(names)))
    label = re.escape(settings.failed)
    written = re.search(
        rf"""\b(?:{status})["']?\s*(?:=(?!=)|:)\s*(?:[\w$]+\.)*["']?{label}\b""",
        text,
        re.IGNORECASE,
    )
    if written is None or not _LATE.search(text):
        return 0
    return text.count("\n", 0, written.start()) + 1


def _pays(text: str, settings: SessionSettings) -> bool:
    """Return whether a text gives credits back."""
    balance = re.escape(settings.credits.balance)
    camel = re.escape(_JOINT.sub(lambda match: match[1].upper(), settings.credits.balance))
    gives = rf"\b(?:{balance}|{camel})\b[^;\n]{{0,80}}(?:increment|\+)"
    return bool(re.search(rf"{gives}|refund", text, re.IGNORECASE))


RECOVERS_UNPAID = Rule(
    "CS443",
    "recovery-without-refund",
    Severity.WARNING,
    "The app's own recovery fails sessions that take too long, of the new path too, and pays nothing "
    "back. Beside the flow there are two: cronshift's own comes every ten minutes, settles what is past "
    "processing_timeout on either path and refunds it once; what the app's fails first stays unpaid.",
    "Let it leave sessions to cronshift's recovery, and `cronshift sessions refunds` pay what it has "
    "failed; remove it once the flow is at 100 %.",
    of_project=_recovers_unpaid,
)
