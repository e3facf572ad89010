"""JUDGE: what became of a path, and what its handler does, as findings of one job."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError
from cronshift.handlers import Resolution, Resolver, Verdict
from cronshift.handlers.behaviour import Auth, Behaviour, Loose, Spot
from cronshift.handlers.flow.behaving import behaviour_of as following
from cronshift.handlers.flow.fronts import fronts_of, refusing
from cronshift.handlers.flow.program import Program
from cronshift.handlers.flow.reader import Gate, Reader
from cronshift.handlers.functions import glob
from cronshift.handlers.javascript_behaviour import behaviour_of as of_javascript
from cronshift.handlers.python_behaviour import behaviour_of as of_python
from cronshift.handlers.tree import IMPORT
from cronshift.handlers.workspaces import below
from cronshift.model import CronEntry, Finding, Handler, HandlerKind, Location
from cronshift.plan.findings import behaviour as behaves
from cronshift.plan.findings import load
from cronshift.plan.findings import routing as rules
from cronshift.plan.forecast import SOME_DAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cronshift.plan.findings import Rule
    from cronshift.schedule import Schedule

_TICKS_LOOKED_AT = 300
_AMBIENT = re.compile(r"[\"']next/headers[\"']")
_OF_NEXT = re.compile(r"\.(?:revalidate|setDraftMode|setPreviewData|clearPreviewData)\(")
_TYPES = re.compile(r"""\b(?:import|export)\s+type\s[^;"']*["'][^"']+["']""")
_MOST_IMPORTED = 300  # modules of one handler
_LONGEST_GLOB = 256  # characters; the schema of vercel.json
_AUTH = {
    Auth.NONE: (behaves.NO_AUTH, "checks nobody"),
    Auth.FAIL_OPEN: (behaves.FAIL_OPEN, "checks its caller only where the secret is set"),
    Auth.UNDEFINED: (
        behaves.UNDEFINED_BEARER,
        "takes `Bearer undefined` where the secret is not set",
    ),
    Auth.SPOOFABLE: (behaves.SPOOFABLE, "believes a header that anybody can send"),
    Auth.WRONG: (
        behaves.WRONG_CREDENTIAL,
        "takes no `Authorization: Bearer $CRON_SECRET`, which is all that Vercel sends",
    ),
}
_UNFOLLOWED = {HandlerKind.NEXT_PAGE, HandlerKind.STATIC}
_LOOSE = {
    Loose.MAIN: (behaves.NOT_AWAITED, "is started and not awaited"),
    Loose.SIDE: (behaves.SIDE_NOT_AWAITED, "is started and not awaited"),
    Loose.AFTER: (behaves.AFTER_RESPONSE, "goes on behind the answer"),
}


class Judge:
    """Resolves and judges the entries of one project.

    Args:
        root: the folder that Vercel calls the Root Directory.
        document: vercel.json, as data.
        edited: files as they will be, by path.
    """

    def __init__(
        self, root: Path, document: Any, edited: Mapping[str, bytes | None] | None = None
    ) -> None:
        self.resolver = Resolver(root, document, edited)
        self._root = root
        self._functions = document.get("functions") if isinstance(document, dict) else None
        self._known: dict[tuple[Handler, str], Behaviour] = {}
        self._program = Program(self.resolver.tree)
        self._fronts: dict[str, tuple[Gate, ...]] = {}

    def of(
        self, entry: CronEntry, schedule: Schedule | None, job: str
    ) -> tuple[Handler | None, list[Finding]]:
        """Return what answers an entry, and all that is to say about it."""
        resolution = self.resolver.resolve(entry.path)
        handler = resolution.handler
        if resolution.verdict is Verdict.UNKNOWN and handler is None:
            candidates = below(self.resolver, entry.path)
            if candidates:
                text = (
                    f"{entry.path} is answered in {', '.join(candidates)}, and not in this folder."
                )
                return None, [rules.AMBIGUOUS_ROOT.found(text, job=job, location=entry.source)]
        found = list(self._route(entry, resolution, job))
        if handler is None or resolution.verdict not in {Verdict.ANSWERED, Verdict.UNKNOWN}:
            return handler, found
        seen = self.behaviour(handler, entry.path)
        found += self._in_front(entry, job)
        handler = self._described(handler, seen)
        found += self._findings(entry, handler, seen, job)
        found += _overlap(entry, handler, schedule, job)
        return handler, found

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
        kind = HandlerKind.NEXT_PAGES if export == "default" else HandlerKind.NEXT_ROUTE
        handler = Handler(file, kind, export, "typescript")
        return self._described(handler, self.behaviour(handler))

    def _described(self, handler: Handler, seen: Behaviour) -> Handler:
        reads = (("query", seen.reads_query), ("schedule", seen.reads_schedule))
        return replace(
            handler,
            max_duration=seen.max_duration or self.configured_duration(handler.file),
            runtime=seen.runtime,
            reads=tuple(name for name, read in reads if read),
            ambient=self._needs_next(handler),
            auth=None if seen.auth is Auth.UNKNOWN else seen.auth.value,
        )

    def _needs_next(self, handler: Handler) -> bool:
        """Return whether a module, or one that it imports, needs what only Next gives a request."""
        file, in_pages = handler.file, handler.kind is HandlerKind.NEXT_PAGES
        tree, seen, left = self.resolver.tree, {file}, [file]
        while left:
            text = _TYPES.sub("", tree.read(left.pop()))
            if _AMBIENT.search(text) or (in_pages and _OF_NEXT.search(text)):
                return True
            specifiers = IMPORT.findall(text) if len(seen) < _MOST_IMPORTED else []
            found = {one for name in specifiers if (one := tree.imported(file, name))}
            left += sorted(found - seen)
            seen |= found
        return False

    def behaviour(self, handler: Handler, path: str = "/") -> Behaviour:
        """Return what a handler does when an entry's path is called; each is read once."""
        key = (handler, path)
        if key not in self._known:
            self._known[key] = self._read(handler, path)
        return self._known[key]

    def _read(self, handler: Handler, path: str) -> Behaviour:
        if handler.language not in {"python", "typescript", "javascript"}:
            return Behaviour()
        saying = of_python if handler.language == "python" else of_javascript
        said = saying(self.resolver.tree, handler)
        if handler.kind in _UNFOLLOWED:
            return said
        seen = following(Reader(self._program, handler, path, self.fronts(path)))
        return replace(
            seen,
            max_duration=said.max_duration,
            runtime=said.runtime,
            cached=said.cached,
            streams=said.streams,
            side_effects=said.side_effects,
            refuses_get=seen.refuses_get or said.refuses_get,
        )

    def fronts(self, path: str) -> tuple[Gate, ...]:
        """Return what the whole app runs before a path."""
        bare = path.partition("?")[0]
        if bare not in self._fronts:
            self._fronts[bare] = fronts_of(self._program, self.resolver, bare)
        return self._fronts[bare]

    def _in_front(self, entry: CronEntry, job: str) -> Iterator[Finding]:
        """Yield the middleware that turns Vercel's own call away."""
        for gate in refusing(self._program, self.fronts(entry.path), entry.path):
            text = f"{gate.file} turns {entry.path} away before its handler runs."
            place = Location(gate.file, gate.line)
            yield rules.ENTRY_INTERCEPTED.found(text, job=job, location=place)

    def _route(self, entry: CronEntry, resolution: Resolution, job: str) -> Iterator[Finding]:
        def found(rule: Rule, message: str, fix: str | None = None) -> Finding:
            return rule.found(message, job=job, location=entry.source, fix=fix)

        path, handler, why = entry.path, resolution.handler, resolution.why
        match resolution.verdict:
            case Verdict.DEAD:
                inside = (
                    f", not even in {why}" if why.endswith((".py", ".ts", ".js", ".mjs")) else ""
                )
                behind = f" behind {why}" if why and not inside else ""
                near = " or ".join(resolution.nearest)
                text = f"Nothing answers {path}{inside}{behind}."
                yield found(
                    rules.DEAD_PATH,
                    text,
                    f"Did you mean {near}? Else remove the entry." if near else None,
                )
            case Verdict.WRONG_METHOD if handler is not None:
                methods = ", ".join(resolution.methods)
                place = handler.route or Location(handler.file, handler.line)
                said = f"answers only {methods}" if methods else f"exports no {handler.export}"
                yield found(rules.WRONG_METHOD, f"{place.file} {said}; {path} is called with GET.")
            case Verdict.REDIRECTED:
                text = f"{path} is redirected to {resolution.target} by {why}."
                yield found(rules.REDIRECTED, text, f"Write {resolution.target} as the path.")
            case Verdict.EXTERNAL:
                yield found(rules.EXTERNAL, f"{path} is passed on to {resolution.target} by {why}.")
            case Verdict.UNKNOWN if path.startswith("/_svc/"):
                yield found(rules.UNKNOWN_HANDLER, f"{path} is {why}.")
            case Verdict.UNKNOWN if handler is not None:
                yield found(rules.UNKNOWN_HANDLER, f"{path} lies inside {handler.file}: {why}.")
            case _ if handler is not None and handler.kind in {
                HandlerKind.NEXT_PAGE,
                HandlerKind.STATIC,
            }:
                yield found(rules.PAGE, f"{path} ends at {handler.file}.")

    def _findings(
        self, entry: CronEntry, handler: Handler, seen: Behaviour, job: str
    ) -> Iterator[Finding]:
        file, path = handler.file, entry.path
        is_edge = seen.runtime in {"edge", "experimental-edge"}
        said: list[tuple[Rule, Sequence[Spot | None], str]] = [
            (
                rules.WRONG_METHOD,
                [seen.refuses_get],
                f"The code answers only {{}}; {path} is called with GET.",
            ),
            (
                behaves.STUB_GET,
                [seen.stub if seen.refuses_get is None else None],
                "GET does nothing; {} does the work.",
            ),
            (
                behaves.NEEDS_QUERY,
                [seen.flagged],
                f"`{{}}` is reached only with a query that {path} does not carry.",
            ),
            *(
                (_LOOSE[loose][0], [spot], f"`{{}}` {_LOOSE[loose][1]}.")
                for loose, spot in seen.loose
            ),
            (behaves.SWALLOWED, seen.swallowed, "An error of `{}` ends in success."),
            (behaves.SOFT_FAILURE, seen.soft, "{}."),
            (behaves.SIDE_EFFECTS, seen.side_effects, "`{}` runs when the module is loaded."),
            (behaves.CACHED_GET, [seen.cached], "{} keeps the answer."),
            (behaves.STREAMS, [seen.streams], f"{file} streams its answer."),
            (behaves.NEVER_ANSWERS, [seen.silent], f"{file} never answers."),
            (behaves.READS_SCHEDULE, [seen.reads_schedule], f"{file} reads {{}}."),
            (behaves.EDGE, [seen.work] if is_edge else [], f"{file} runs on the Edge runtime."),
        ]
        if seen.auth in _AUTH and seen.stub is None:
            rule, how = _AUTH[seen.auth]
            said.append((rule, [seen.auth_spot], f"{file} {how}."))
        for rule, spots, text in said:
            for spot in spots:
                if spot is not None:
                    message = text.replace("{}", spot.what)
                    place = Location(spot.file, spot.line, spot.column)
                    yield rule.found(message, job=job, location=place)

    def configured_duration(self, file: str) -> int | None:
        """Return the ``maxDuration`` that vercel.json's ``functions`` gives a file."""
        for pattern, options in self._options:
            if pattern.fullmatch(file):
                value = options.get("maxDuration")
                return value if isinstance(value, int) and not isinstance(value, bool) else None
        return None

    @cached_property
    def globs(self) -> list[tuple[str, re.Pattern[str]]]:
        """The patterns of vercel.json's ``functions``, as written and compiled."""
        given = self._functions if isinstance(self._functions, dict) else {}
        return [(name, glob(name)) for name in given if len(name) <= _LONGEST_GLOB]

    @property
    def _options(self) -> Iterator[tuple[re.Pattern[str], dict[str, Any]]]:
        given = self._functions if isinstance(self._functions, dict) else {}
        for name, pattern in self.globs:
            options = given[name]
            if isinstance(options, dict):
                yield pattern, options


def _overlap(
    entry: CronEntry, handler: Handler, schedule: Schedule | None, job: str
) -> Iterator[Finding]:
    """Yield whether a run may still go on when the next one is due."""
    if schedule is None or schedule.never or not handler.max_duration:
        return
    shortest = shortest_gap(schedule)
    if shortest is not None and shortest < timedelta(seconds=handler.max_duration):
        minutes = shortest.total_seconds() / 60
        text = (
            f"{entry.path} is due again after {minutes:g} min and may run for "
            f"{handler.max_duration / 60:g} min."
        )
        yield load.OVERLAPS.found(text, job=job, location=entry.source)


def shortest_gap(schedule: Schedule) -> timedelta | None:
    """Return the shortest time between two ticks, among the next few hundred."""
    ticks = list(islice(schedule.after(SOME_DAY), _TICKS_LOOKED_AT))
    return min((after - before for before, after in pairwise(ticks)), default=None)
