"""JUDGE: the resolution of a path and the behaviour of its handler, as findings of one job."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from cronshift.errors import ConfigError
from cronshift.handlers import Resolution, Resolver, Verdict
from cronshift.handlers.behaviour import LONGEST_DURATION, Auth, Behaviour
from cronshift.handlers.event_needs import needs_framework
from cronshift.handlers.flow.behaving import behaviour_of as following
from cronshift.handlers.flow.fronts import fronts_of
from cronshift.handlers.flow.reader import HandlerReader
from cronshift.handlers.functions import glob
from cronshift.handlers.javascript_behaviour import behaviour_of as of_javascript
from cronshift.handlers.kept_answers import built_to_files, kept_answer
from cronshift.handlers.python_behaviour import behaviour_of as of_python
from cronshift.handlers.tree import IMPORT
from cronshift.handlers.untold_keeping import untold_keeping
from cronshift.handlers.workspaces import below
from cronshift.model import CronEntry, Finding, Handler, HandlerKind
from cronshift.plan.findings import CATALOGUE
from cronshift.plan.findings.subject import JobSubject
from cronshift.plan.request_needs import needs_request
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.handlers.flow.gates import Gate
    from cronshift.runtime.schedule import Schedule

_AMBIENT = lazy_pattern(r"[\"']next/headers[\"']|\bgetRequestEvent\b")
_AMBIENT_WORDS = ("next/headers", "getRequestEvent")
_EXPORTED = lazy_pattern(r"\bexport\b[^;\"'\n]{0,500}\bfrom\s*[\"']next/headers[\"']")
_HEADERS = lazy_pattern(r"\bimport\s{0,9}\{([^}]{0,500})\}\s*from\s*[\"']next/headers[\"']")
_ANY = ("",)  # is in every text
_ANSWERS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("navigation", ("navigation",), lazy_pattern(r"[\"'][^\"'\n]*\bnavigation[\"']")),
    ("retry-after", _ANY, lazy_pattern(r"[rR](?i:etry-?after)")),
    # A response's own methods, or a response in the hands of code that is not read.
    (
        "send",
        ("send", "redirect"),
        lazy_pattern(
            r"""(?:(?<![\w$.])[\w$]+|\))\s*\??\.\s*(?:send|redirect)\b|["'`](?:send|redirect)["'`]"""
            r"""|\{[^{}]*\b(?:send|redirect)\b[^{}]*\}\s*="""
        ),
    ),
    ("send", ("default",), lazy_pattern(r"\bexport\s+default\s+(?!async\b|function\b)[\w$.]+\(")),
    (
        "send",
        _ANY,
        lazy_pattern(
            r"[(,]\s*(?:\.{3})?_?(?:res|resp|response|reply)\s*(?:,|\)(?!\s*(?:=>|[{:])))"
        ),
    ),
)
"""Uncommon answers, with words of which a text has one that gives such, and what it looks like there."""
_OF_NEXT = lazy_pattern(r"\.(?:revalidate|setDraftMode|setPreviewData|clearPreviewData)\(")
_TYPES = lazy_pattern(r"""\b(?:import|export)\s+type\s[^;"']*["'][^"']+["']""")
_NOTES = lazy_pattern(r"^\s*(?://|\*|/\*.*\*/\s*$).*$", re.MULTILINE)
"""Lines that are only a comment."""
_MOST_IMPORTED = 300  # modules of one handler
_LONGEST_GLOB = 256  # characters; the schema of vercel.json
_UNFOLLOWED = {HandlerKind.NEXT_PAGE, HandlerKind.STATIC}
_CALLED = {Verdict.ANSWERED, Verdict.UNKNOWN}


class _Module(Struct, frozen=True):
    """The uses of Next's own request in a module, by line, and the modules that it imports.

    Attributes:
        ambient: what only a request that Next serves has.
        in_pages: what only Next's request object has.
        gives_on: whether others have it through this one.
        answers: as of a handler.
    """

    ambient: int | None
    in_pages: int | None
    gives_on: bool
    imported: frozenset[str]
    answers: frozenset[str]


class Judge:
    """Resolves and judges the entries of one project.

    Args:
        resolver: of the project's paths.
    """

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._functions = resolver.document.get("functions")
        self._known: dict[tuple[Handler, str], Behaviour] = {}
        self._program = resolver.program
        self._modules: dict[str, _Module] = {}
        self._fronts: dict[str, tuple[Gate, ...]] = {}

    def of(
        self, entry: CronEntry, resolution: Resolution, schedule: Schedule | None, job: str
    ) -> tuple[Handler | None, list[Finding]]:
        """Return the handler of an entry, and the findings about it."""
        handler = resolution.handler
        is_nowhere = resolution.verdict in {Verdict.UNKNOWN, Verdict.DEAD} and handler is None
        elsewhere = below(self.resolver, entry.path) if is_nowhere else ()
        seen = Behaviour()
        if handler is not None and resolution.verdict in _CALLED:
            seen = self.behaviour(handler, entry.path)
            handler = self._described(handler, seen)
        subject = JobSubject(
            job, entry, schedule, resolution, handler, seen, elsewhere, self.resolver
        )
        return handler, [
            finding
            for rule in CATALOGUE.values()
            if rule.of_job
            for finding in rule.in_job(subject)
        ]

    def named(self, reference: str) -> Handler:
        """Return the handler that ``path/to/file.ts:export`` names in the app's own TypeScript.

        Raises:
            ConfigError: if there is no such file in the project.
        """
        file, _, export = reference.rpartition(":")
        if file not in self.resolver.tree.files:
            raise ConfigError(
                f"The handler {reference!r} names no file of this project.",
                reason="no-such-handler",
                hint="Write path/to/file.ts:export, from the project's root.",
                where=reference,
            )
        kind = self.resolver.kind_named(export)
        is_typed = file.endswith((".ts", ".tsx", ".mts"))
        handler = Handler(file, kind, export, "typescript" if is_typed else "javascript")
        return self._described(handler, self.behaviour(handler))

    def _described(self, handler: Handler, seen: Behaviour) -> Handler:
        configured = self.configured_duration(handler.file)
        importers = self._importers(handler)
        reads = (("query", seen.reads_query), ("schedule", seen.reads_schedule))
        return replace(
            handler,
            max_duration=seen.max_duration or configured,
            untold_duration=None if configured else seen.untold_duration,
            runtime=seen.runtime,
            reads=tuple(name for name, read in reads if read),
            ambient=self._ambient(handler, importers, seen.reached),
            answers=self._answers(importers),
            auth=None if seen.auth is Auth.UNKNOWN else seen.auth.value,
        )

    def _ambient(
        self, handler: Handler, importers: dict[str, str], reached: frozenset[str] | None
    ) -> tuple[str, ...]:
        """Return the modules from a handler to the one that needs the framework's own request.

        Each is imported by the one before; the last has its line. None where no module needs it, of
        those that the request reaches, as far as that is known.
        """
        need = needs_framework(self.resolver.tree, handler)
        if need is not None:
            return (need,)
        in_pages = handler.kind is HandlerKind.NEXT_PAGES
        for file in importers:
            module = self._module(file)
            line = module.ambient or (module.in_pages if in_pages else None)
            is_reached = reached is None or file in reached
            if module.ambient and is_reached:
                is_reached = needs_request(self.resolver.tree, handler, importers, file)
            if line is not None and (is_reached or module.gives_on):
                return (*_chain(importers, file)[:-1], f"{file}:{line}")
        return ()

    def _answers(self, importers: dict[str, str]) -> tuple[str, ...]:
        """Return the uncommon answers of a handler: every kind, where not all of its modules are read."""
        if len(importers) >= _MOST_IMPORTED:
            return tuple(sorted({name for name, _, _ in _ANSWERS}))
        return tuple(sorted(frozenset().union(*(self._module(file).answers for file in importers))))

    def _importers(self, handler: Handler) -> dict[str, str]:
        """Return the modules that a handler reaches, the nearest first, each with one that imports it."""
        importers, left = {handler.file: ""}, [handler.file]
        while left and len(importers) < _MOST_IMPORTED:
            file = left.pop(0)
            for path in sorted(self._module(file).imported - importers.keys()):
                importers[path] = file
                left.append(path)
        return importers

    def _module(self, file: str) -> _Module:
        if file not in self._modules:
            tree, text = self.resolver.tree, self.resolver.tree.read(file)
            for unread in (_TYPES, _NOTES):
                text = unread.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
            imported = {tree.imported(file, name) for name in IMPORT.findall(text)}
            self._modules[file] = _Module(
                _line_of(_AMBIENT, text) if any(word in text for word in _AMBIENT_WORDS) else None,
                _line_of(_OF_NEXT, text),
                _gives_on(text),
                frozenset(name for name in imported if name is not None),
                frozenset(
                    name
                    for name, words, used in _ANSWERS
                    if any(word in text for word in words) and used.search(text)
                ),
            )
        return self._modules[file]

    def behaviour(self, handler: Handler, path: str = "/") -> Behaviour:
        """Return the behaviour of a handler on an entry's path; each is read once."""
        key = (handler, path)
        if key not in self._known:
            self._known[key] = self._read(handler, path)
        return self._known[key]

    def _read(self, handler: Handler, path: str) -> Behaviour:
        if handler.language not in {"python", "typescript", "javascript"}:
            return Behaviour()
        saying = of_python if handler.language == "python" else of_javascript
        tree = self.resolver.tree
        files_only = built_to_files(tree, handler)
        cached = kept_answer(tree, handler, path) if files_only is None else None
        perhaps = untold_keeping(tree, handler) if files_only is cached is None else None
        read = replace(
            saying(tree, handler), files_only=files_only, cached=cached, perhaps_cached=perhaps
        )
        if handler.kind in _UNFOLLOWED:
            return read
        front, parameters = self.fronts(path), self._parameters(handler, path)
        seen = following(HandlerReader(self._program, handler, path, front, parameters))
        return replace(
            seen,
            max_duration=read.max_duration,
            untold_duration=read.untold_duration,
            runtime=read.runtime,
            files_only=read.files_only,
            cached=read.cached,
            perhaps_cached=read.perhaps_cached,
            streams=read.streams,
            side_effects=read.side_effects,
            refuses_get=seen.refuses_get or read.refuses_get,
        )

    def _parameters(self, handler: Handler, path: str) -> dict[str, str | tuple[str, ...]]:
        """Return the parameters of the route that answers, as an entry's path spells them."""
        resolver = self.resolver
        base = resolver.next.config.base_path if resolver.next.present else ""
        bare = path.partition("?")[0].removeprefix(base)
        for table in (resolver.table, resolver.functions.table):
            route = table.answering(bare)
            if route is not None and route.handler.file == handler.file:
                return route.parameters(bare)
        return {}

    def fronts(self, path: str) -> tuple[Gate, ...]:
        """Return the app-wide gates before a path."""
        bare = path.partition("?")[0]
        if bare not in self._fronts:
            self._fronts[bare] = fronts_of(self._program, self.resolver, bare)
        return self._fronts[bare]

    def configured_duration(self, file: str) -> int | None:
        """Return the ``maxDuration`` that vercel.json's ``functions`` gives a file."""
        for pattern, options in self._options:
            if pattern.fullmatch(file):
                value = options.get("maxDuration")
                if value == "max":
                    return LONGEST_DURATION
                return value if isinstance(value, int) and not isinstance(value, bool) else None
        return None

    @cached_property
    def globs(self) -> list[tuple[str, re.Pattern[str]]]:
        """The patterns of vercel.json's ``functions``, as written and compiled."""
        functions = self._functions if isinstance(self._functions, dict) else {}
        return [(name, glob(name)) for name in functions if len(name) <= _LONGEST_GLOB]

    @property
    def _options(self) -> Iterator[tuple[re.Pattern[str], dict[str, Any]]]:
        functions = self._functions if isinstance(self._functions, dict) else {}
        for name, pattern in self.globs:
            options = functions[name]
            if isinstance(options, dict):
                yield pattern, options


def _line_of(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else None


def _gives_on(text: str) -> bool:
    """Return whether a module exports what it has of ``next/headers``, which others may call then."""
    if "next/headers" not in text:
        return False
    imported = ",".join(_HEADERS.findall(text)).split(",")
    names = "|".join(
        re.escape(name.rpartition(" as ")[2].strip()) for name in imported if name.strip()
    )
    exported = rf"\bexport\b(?:\s{{0,9}}\{{[^}}]{{0,2000}}|[^;(\n]{{0,500}})(?<![.\w])(?:{names})\b(?!\s*[(:])"
    return _EXPORTED.search(text) is not None or bool(names and re.search(exported, text))


def _chain(importers: dict[str, str], file: str) -> list[str]:
    """Return the files by which one is imported, the first importer first, and itself last."""
    files = [file]
    while importers[files[0]]:
        files.insert(0, importers[files[0]])
    return files
