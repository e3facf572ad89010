"""The rules of handlers' behaviour, ``CS2xx``: read from their source, and never on a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import EDGE_RUNTIMES, Auth, Loose, UnreadResult
from cronshift.handlers.python_modules import syntax_fault
from cronshift.model import Severity
from cronshift.plan.findings.rule import Evidence, Rule, at
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.plan.findings.rule import JobCheck
    from cronshift.plan.findings.subject import JobSubject

_WARMING = lazy_pattern(r"warm|wake|health|ping\b|keep-?alive", re.IGNORECASE)
"""Paths that are called so that a function stays loaded."""


def _loose(loose: Loose, how: str) -> JobCheck:
    """Return the check for work that goes on behind the answer in one way."""
    return lambda job: at(
        [spot for kind, spot in job.behaviour.loose if kind is loose], f"`{{}}` {how}."
    )


def _unread(unread: UnreadResult, how: str) -> JobCheck:
    """Return the check for results of writes that nobody looks at, of one way to tell of a failure."""
    return lambda job: at(
        [spot for kind, spot in job.behaviour.unread if kind is unread], f"`{{}}` {how}."
    )


def _caller(auth: Auth, how: str) -> JobCheck:
    """Return the check for a caller that is checked in one way."""

    def check(job: JobSubject) -> Iterator[Evidence]:
        behaviour = job.behaviour
        # a page of the site is nothing to keep from anybody
        is_page = behaviour.idle is not None and _file(job).endswith(".py")
        is_open = auth is Auth.NONE and is_page
        if behaviour.auth is auth and behaviour.stub is None and not is_open:
            yield from at([behaviour.auth_spot], f"{_file(job)} {how}.")

    return check


def _undefined(job: JobSubject) -> Iterator[Evidence]:
    """Yield a comparison with a secret that is not set, and the call that it lets by."""
    unset = "None" if _file(job).endswith(".py") else "undefined"
    taken = "a call without a credential" if job.behaviour.takes_nothing else f"`Bearer {unset}`"
    yield from _caller(Auth.UNDEFINED, f"takes {taken} where the secret is not set")(job)


def _does_not_parse(job: JobSubject) -> Iterator[Evidence]:
    handler = job.handler
    if handler is not None and handler.file.endswith(".py"):
        place = syntax_fault(job.resolver.tree, handler.file)
        if place is not None:
            yield Evidence(f"{handler.file} is no Python that can be read.", place)


def _idle(job: JobSubject) -> Iterator[Evidence]:
    """Yield the handler whose GET does nothing, where being called is not its whole purpose."""
    behaviour = job.behaviour
    runs_elsewhere = behaviour.side_effects or behaviour.refuses_get or behaviour.silent
    if not runs_elsewhere and not _WARMING.search(job.entry.path):
        yield from at([behaviour.idle], f"GET of {_file(job)} reaches no work: it only answers.")


def _file(job: JobSubject) -> str:
    return job.handler.file if job.handler is not None else ""


NOT_AWAITED = Rule(
    "CS201",
    "not-awaited",
    Severity.ERROR,
    "The handler starts its work and answers before it ends. Vercel may freeze the function then, "
    "and Inngest would call every run a success, so that no failure is ever tried again.",
    "Await the work before answering; for a loop, `await Promise.all(items.map(async …))`. "
    "cronshift migrate --fix does so where text alone can.",
    of_job=_loose(Loose.MAIN, "is started and not awaited"),
    asked_first=True,
)
SIDE_NOT_AWAITED = Rule(
    "CS202",
    "side-work-not-awaited",
    Severity.NOTE,
    "Something beside the work is started and not awaited; it may be cut off behind the answer.",
    "Await it, or hand it to `after()`, unless losing it now and then is fine.",
    of_job=_loose(Loose.SIDE, "is started and not awaited"),
)
AFTER_RESPONSE = Rule(
    "CS203",
    "work-after-response",
    Severity.WARNING,
    "Work goes on behind the answer (`after`, `waitUntil`, BackgroundTasks): Inngest sees a success "
    "before that work begins, and does not try it again when it fails.",
    "Await the work before answering; a function on Inngest has no need to answer fast.",
    of_job=_loose(Loose.AFTER, "goes on behind the answer"),
)
SWALLOWED = Rule(
    "CS204",
    "swallowed-errors",
    Severity.WARNING,
    "Errors of the work are caught and answered with success, so that a failed run is never tried "
    "again and never shown as failed.",
    "Throw the error on, or answer 500.",
    of_job=lambda job: at(job.behaviour.swallowed, "{}."),
    asked_first=True,
)
SOFT_FAILURE = Rule(
    "CS205",
    "soft-failure",
    Severity.WARNING,
    "A failure is told in the body of an answer with status 200, so that it counts as a success.",
    "Answer with a status of 400 or more, or throw, when something failed.",
    of_job=lambda job: at(job.behaviour.soft, "{}."),
)
NO_AUTH = Rule(
    "CS206",
    "no-auth",
    Severity.WARNING,
    "Nothing in the handler checks who calls: anybody who knows the path can run the job.",
    "Compare the Authorization header with `Bearer ${CRON_SECRET}`, and answer 401 when that is not set.",
    of_job=_caller(Auth.NONE, "checks nobody"),
)
FAIL_OPEN = Rule(
    "CS207",
    "auth-fails-open",
    Severity.WARNING,
    "The caller is checked only where the secret is set; without it anybody can run the job.",
    "Refuse when the secret is not set.",
    of_job=_caller(Auth.FAIL_OPEN, "checks its caller only where the secret is set"),
)
UNDEFINED_BEARER = Rule(
    "CS208",
    "bearer-undefined",
    Severity.WARNING,
    "The header is compared with a text that holds an unset variable: then `Bearer undefined` passes, in Python `Bearer None`. "
    "Compared with the variable alone, a call without the header passes: both are undefined.",
    "Refuse when the secret is not set, before comparing.",
    of_job=_undefined,
)
SPOOFABLE = Rule(
    "CS209",
    "spoofable-auth",
    Severity.WARNING,
    "The caller is checked by what anybody can send: a header (x-vercel-cron, the user agent) or a parameter "
    "of the query. Inngest does not send it: where nothing else lets a call by, a bridged one is refused too.",
    "Check the bearer of CRON_SECRET instead.",
    of_job=_caller(Auth.SPOOFABLE, "believes a header or a parameter that anybody can send"),
)
STUB_GET = Rule(
    "CS210",
    "stub-get",
    Severity.ERROR,
    "GET only says something and another method does the work. Vercel sends GET, so the work has "
    "never been done on schedule, and moving the job would go on not doing it.",
    "Let GET do the work, or name the function that does as `handler` of the job.",
    of_job=lambda job: at(
        [job.behaviour.stub if job.behaviour.refuses_get is None else None],
        "GET does nothing; {} does the work.",
    ),
    asked_first=True,
)
CACHED_GET = Rule(
    "CS211",
    "cached-get",
    Severity.WARNING,
    "The framework answers this GET from its build or its cache, so the code does not run on every "
    "tick.",
    'Write `export const dynamic = "force-dynamic"` in Next and `prerender = false` in Astro; elsewhere '
    "take out what keeps it.",
    of_job=lambda job: at([job.behaviour.cached], "{} keeps the answer."),
)
FILES_ONLY = Rule(
    "CS554",
    "files-only",
    Severity.ERROR,
    "The app is built to files, and Vercel runs no code of it: the job has never run, and Inngest's endpoint "
    "would not be there either.",
    "Take out what builds files alone (`output: 'export'`, a static adapter or preset, `ssr: false`); Astro "
    "needs an adapter. Else remove the entry.",
    of_job=lambda job: at(
        [job.behaviour.files_only], "{}: the app is built to files, and no code of it runs."
    ),
)
TOO_LONG = Rule(
    "CS546",
    "too-much-to-follow",
    Severity.NOTE,
    "There is more code behind the handler than is followed: what becomes of its failures is not told, and "
    "who may call only where the table says it.",
    "Look yourself: a failure of the work has to end in a status from 500 on, or be thrown.",
    of_job=lambda job: at(
        [job.behaviour.too_long],
        f"There is more behind {_file(job)} than is followed: its failures are not told.",
    ),
)
KEEPING_UNTOLD = Rule(
    "CS549",
    "keeping-untold",
    Severity.NOTE,
    "Whether the framework answers this GET from its build or its cache cannot be told: its configuration "
    "computes the setting that decides it.",
    "Write the setting out, or say it in the route itself; or call the path twice, and see whether its work "
    "is done twice.",
    of_job=lambda job: at(
        [job.behaviour.perhaps_cached], "{} is computed, and may keep the answer."
    ),
)
STREAMS = Rule(
    "CS212",
    "streaming-answer",
    Severity.NOTE,
    "The answer is streamed. Vercel waits only until it begins; Inngest waits until it ends.",
    "Nothing to do, unless the stream may outlast the job's timeout.",
    of_job=lambda job: at([job.behaviour.streams], f"{_file(job)} streams its answer."),
)
SIDE_EFFECTS = Rule(
    "CS213",
    "module-side-effects",
    Severity.WARNING,
    "Work runs when the module is loaded: once a start of the function, not once a tick.",
    "Move it into the handler.",
    of_job=lambda job: at(job.behaviour.side_effects, "`{}` runs when the module is loaded."),
)
READS_SCHEDULE = Rule(
    "CS214",
    "reads-schedule-header",
    Severity.NOTE,
    "The handler reads x-vercel-cron-schedule. cronshift sends it as Vercel does.",
    "Nothing to do while the job is called through cronshift; what calls it otherwise must send it.",
    of_job=lambda job: at([job.behaviour.reads_schedule], f"{_file(job)} reads {{}}."),
)
NEVER_ANSWERS = Rule(
    "CS215",
    "never-answers",
    Severity.WARNING,
    "The handler ends without an answer, so the caller waits until the function times out, and a "
    "bridged run fails though the work was done.",
    "Answer at the end: `return Response.json(…)` where the handler returns its answer, "
    "`res.status(200).end()` where it is given a response.",
    of_job=lambda job: at([job.behaviour.silent], f"{_file(job)} never answers."),
)
EDGE = Rule(
    "CS216",
    "edge-runtime",
    Severity.NOTE,
    "The handler runs on the Edge runtime: it has no Node modules and its own limits.",
    "Nothing to do for a bridged job; a direct one runs where the Inngest endpoint runs.",
    of_job=lambda job: at(
        [job.behaviour.work] if job.behaviour.runtime in EDGE_RUNTIMES else [],
        f"{_file(job)} runs on the Edge runtime.",
    ),
)
WRONG_CREDENTIAL = Rule(
    "CS217",
    "wrong-credential",
    Severity.WARNING,
    "The handler asks for something that Vercel never sends (another header, a parameter of the query, "
    "another variable's bearer, a session), so every tick is turned away; Inngest's would be too.",
    "Take `Authorization: Bearer ${CRON_SECRET}`, which Vercel and Inngest's calls carry.",
    of_job=_caller(
        Auth.WRONG, "takes no `Authorization: Bearer $CRON_SECRET`, which is all that Vercel sends"
    ),
)
NEEDS_QUERY = Rule(
    "CS218",
    "needs-query",
    Severity.WARNING,
    "The work hangs on a parameter of the query that the entry does not carry, so that no tick reaches "
    "it.",
    "Write the parameter into the entry's path, or let the handler work without it.",
    of_job=lambda job: at(
        [job.behaviour.flagged],
        f"`{{}}` is reached only with a query that {job.entry.path} does not carry.",
    ),
)
NEEDS_BODY = Rule(
    "CS540",
    "needs-body",
    Severity.WARNING,
    "The handler parses the body of the request, which Vercel's GET does not have, so that every tick ends "
    "before the work.",
    "Take what the work needs from the query, or catch that there is no body.",
    of_job=lambda job: at(
        [job.behaviour.bodiless], "`{}` is reached only with a body, and Vercel's GET has none."
    ),
)
NEEDS_MARK = Rule(
    "CS541",
    "needs-vercel-header",
    Severity.WARNING,
    "The work is done only where the request has the header x-vercel-cron, which Vercel documents nowhere and "
    "anybody can send. A call of Inngest's does not carry it: every run would succeed, or be refused, with "
    "nothing done.",
    "Check the bearer of CRON_SECRET alone; the schedule is in x-vercel-cron-schedule, which both send.",
    of_job=lambda job: at(
        [job.behaviour.marked], "The work hangs on {}, which Inngest's calls do not carry."
    ),
)
WRITTEN_SECRET = Rule(
    "CS219",
    "written-secret",
    Severity.WARNING,
    "Where the variable is not set, the caller is compared with a text that the code says: anybody who has "
    "read the code can run the job.",
    "Refuse when the secret is not set, and leave the default out.",
    of_job=_caller(Auth.WRITTEN, "takes a secret that the code says where the variable is not set"),
)
UNREAD_ERROR = Rule(
    "CS555",
    "unread-error",
    Severity.WARNING,
    "The client throws nothing: a call that fails says so in `{ error }` of its result, and nobody looks at it, so "
    "that the run succeeds with nothing written, or with what it looked for left undone, and is never tried again.",
    "Take `{ error }` of the result and throw it; with Supabase, end the query with `.throwOnError()`.",
    of_job=_unread(UnreadResult.ERROR, "tells of its failure in a result that nobody looks at"),
)
UNREAD_STATUS = Rule(
    "CS556",
    "unread-status",
    Severity.NOTE,
    "Nobody looks at the answer of a request that writes, or that the work hangs on: where the other side "
    "refuses it, with 401 or 500, the run is a success.",
    "Throw where `response.ok` is false; in Python, call `raise_for_status()`.",
    of_job=_unread(UnreadResult.STATUS, "may be refused with a status that nobody looks at"),
)
UNREAD_EXIT = Rule(
    "CS542",
    "unread-exit",
    Severity.WARNING,
    "A program that the job runs says by its exit status that it failed, and nobody looks at it: the run is a "
    "success, whatever became of the work.",
    "Pass `check=True`, or answer 500 where `returncode` is not 0.",
    of_job=_unread(UnreadResult.EXIT, "may exit with a status that nobody looks at"),
)
IDLE_GET = Rule(
    "CS320",
    "idle-get",
    Severity.WARNING,
    "The GET that Vercel calls does nothing: it answers a constant, or its work is commented out or only "
    "logged. Every tick succeeds, and on Inngest every run would, with nothing done.",
    "Call the work from GET, or remove the entry.",
    of_job=_idle,
)
DOES_NOT_PARSE = Rule(
    "CS514",
    "does-not-parse",
    Severity.WARNING,
    "The Python file that answers the entry cannot be parsed, so it answers nothing: neither Vercel's "
    "cron nor a function can call it.",
    "Correct the syntax at that line.",
    of_job=_does_not_parse,
)
