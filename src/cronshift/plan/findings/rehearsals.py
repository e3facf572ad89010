"""Rehearsals: the handler reads the dry run that cronshift.toml says it allows (``CS524``, ``CS536``, ``CS537``).

A handler that does not would do its work at each rehearsal, once more than it is due.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from cronshift.handlers.javascript import imports
from cronshift.handlers.python_modules import imported_names, module_file
from cronshift.handlers.tree import language
from cronshift.model import Severity
from cronshift.plan.findings.rule import Evidence, Rule
from cronshift.project.settings import CONFIG_NAME
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler, Job
    from cronshift.plan.findings.subject import ProjectSubject

_WORD = lazy_pattern(r"[\w-]+")
_MOST = 200  # files that a handler's imports are followed through
_NAMED = {
    "identifier",
    "property_identifier",
    "shorthand_property_identifier",
    "shorthand_property_identifier_pattern",
    "string_fragment",
}


def _unread(project: ProjectSubject) -> Iterator[Evidence]:
    for job, names in _rehearsing(project):
        if job.handler is None:
            continue
        mentioned = _mentioned(project.tree, job.handler.file)
        missing = [name for name in names if mentioned is not None and name not in mentioned]
        if missing:
            yield Evidence(
                f"{job.handler.file}, with all that it imports here, never names {missing[0]}.",
                project.tree.place_of(CONFIG_NAME, "rehearsal"),
                job=job.id,
            )


def _unproven(project: ProjectSubject) -> Iterator[Evidence]:
    for job, names in _rehearsing(project):
        place = project.tree.place_of(CONFIG_NAME, "rehearsal")
        if job.handler is None:
            yield Evidence("No source here answers its path.", place, job=job.id)
            continue
        file, mentioned = job.handler.file, _mentioned(project.tree, job.handler.file)
        answering = _answering(project.tree, job.handler)
        elsewhere = [name for name in names if name not in answering]
        if mentioned is None:
            yield Evidence(f"{file} imports what cannot be read.", place, job=job.id)
        elif elsewhere and all(name in mentioned for name in names):
            yield Evidence(
                f"{elsewhere[0]} is named beside what answers in {file}, and not in it.",
                place,
                job=job.id,
            )


def _fanned_out(project: ProjectSubject) -> Iterator[Evidence]:
    for job, _ in _rehearsing(project):
        if job.options.fan_out is not None:
            place = project.tree.place_of(CONFIG_NAME, "rehearsal")
            yield Evidence("It has a fan-out, whose steps have no dry run.", place, job=job.id)


def _rehearsing(project: ProjectSubject) -> Iterator[tuple[Job, list[str]]]:
    """Yield the jobs that declare a dry run, and the names by which a handler would know it."""
    for job in project.jobs:
        rehearsal = job.options.rehearsal
        if rehearsal is None:
            continue
        if rehearsal.startswith("?"):
            parts = rehearsal[1:].split("&")
            yield job, [unquote_plus(part.partition("=")[0]) for part in parts]
        else:
            yield job, [_plain(rehearsal.partition(":")[0])]


def _plain(name: str) -> str:
    """Return a header's name as all its spellings are compared: ``HTTP_X_DRY_RUN`` is ``x-dry-run``."""
    return name.lower().replace("_", "-").removeprefix("http-")


def _answering(tree: SourceTree, handler: Handler) -> AbstractSet[str]:
    """Return the names in the code that answers: of Python, where it is told, the one function."""
    if not handler.file.endswith(".py"):
        return _names(tree, handler.file)
    place = handler.route
    file, line = (place.file, place.line) if place else (handler.file, handler.line)
    functions = [
        node
        for node in ast.walk(tree.python(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and min(line_ for line_ in (node.lineno, *(d.lineno for d in node.decorator_list))) <= line
        and line <= (node.end_lineno or node.lineno)
    ]
    if not functions:
        return _names(tree, handler.file) if place is None else frozenset()
    return _of_python(functions[-1])


def _mentioned(tree: SourceTree, file: str) -> AbstractSet[str] | None:
    """Return the names in a file and in all of the project that it imports; ``None`` for too much."""
    names, seen, left = set[str](), set[str](), [file]
    while left:
        module = left.pop()
        if module in seen:
            continue
        if len(seen) >= _MOST:
            return None
        seen.add(module)
        names |= _names(tree, module)
        left += _imported(tree, module)
    return names


def _imported(tree: SourceTree, file: str) -> Iterator[str]:
    if file.endswith(".py"):
        for node in ast.walk(tree.python(file)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for source, name in imported_names(node).values():
                    inner = f"{source}.{name}" if name and not source.endswith(".") else source
                    yield from filter(
                        None, {module_file(tree, file, each) for each in (source, inner)}
                    )
        return
    root = tree.parsed(file) if language(file) else None
    for source, _ in imports(root).values() if root is not None else ():
        module = tree.imported(file, source)
        if module is not None:
            yield module


def _names(tree: SourceTree, file: str) -> frozenset[str]:
    """Return every name and text in a file, comments left out; headers' as they are compared, too."""
    if file.endswith(".py"):
        return _of_python(tree.python(file))
    root = tree.parsed(file) if language(file) else None
    if root is None:
        return frozenset()
    return _words(node.text() for kind in _NAMED for node in root.find_all(kind=kind))


def _of_python(root: ast.AST) -> frozenset[str]:
    """Return the names and texts in a piece of Python; what stands alone, as a docstring does, reads nothing."""
    documented = {id(node.value) for node in ast.walk(root) if isinstance(node, ast.Expr)}
    names = set[str]()
    for node in ast.walk(root):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documented:
                names.add(text)
            case ast.Name(id=name) | ast.Attribute(attr=name):
                names.add(name)
            case ast.arg(arg=str(name)) | ast.keyword(arg=str(name)):
                names.add(name)
    return _words(names)


def _words(texts: Iterable[str]) -> frozenset[str]:
    """Return texts with the words in them, such as that of ``"dry_run=1"``, and as headers are compared."""
    words = {word for text in texts for word in (text, *_WORD.findall(text))}
    return frozenset(words | {_plain(word) for word in words})


_EXAMPLE = '`rehearsal = "?dry_run=1"`'

UNREAD = Rule(
    "CS524",
    "rehearsal-unread",
    Severity.ERROR,
    "The handler never reads the dry run that cronshift.toml says it allows, so each rehearsal would do"
    " the job's work once more.",
    f"Name the parameter or the header that the handler reads, such as {_EXAMPLE}, or take it out.",
    of_project=_unread,
)
UNPROVEN = Rule(
    "CS536",
    "rehearsal-unproven",
    Severity.WARNING,
    "Nothing here shows that the handler reads the dry run that cronshift.toml says it allows.",
    "Read it where the handler answers, before its work begins; or suppress this, with the reason.",
    of_project=_unproven,
)
FANNED_OUT = Rule(
    "CS537",
    "rehearsal-fan-out",
    Severity.ERROR,
    "A job with a fan-out cannot be rehearsed: its handler is called once for each value.",
    "Take out `rehearsal`, or `fan_out`.",
    of_project=_fanned_out,
)
