"""The plain data that flows down the pipeline: entries, handlers, jobs, findings, plans.

Frozen, without I/O. Paths inside the data are POSIX text, relative to the project's root, so that
a plan reads the same on every machine.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from cronshift.runtime.schedule import Schedule


class Location(Struct, frozen=True):
    """A place in a file of the project; lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Origin(StrEnum):
    """The place where an entry is declared."""

    CRONS = "crons"
    SCHEDULES = "schedules"
    BUILD_OUTPUT = "build-output"
    WORKFLOW = "workflow"
    """In a scheduled workflow of GitHub's, which calls the path."""
    MOVED = "moved"  # no longer Vercel's: cronshift.toml keeps it


class CronEntry(Struct, frozen=True):
    """One HTTP call that Vercel makes on a schedule, exactly as the file says it.

    Attributes:
        path: path and query, byte for byte.
        schedule: the expression's text, unjudged.
        pointer: the place inside the document, ``crons[3]`` or ``schedules.nightly``.
        timezone: IANA name; always ``UTC`` for ``crons``.
        jitter_minutes: ``schedules`` only.
        unknown_keys: keys of the entry that its schema does not know.
        called: the path that Vercel calls, where that is the dispatcher's.
        index: its place in ``crons``, or among a workflow's schedules; ``None`` for any other.
        workflow: the file of GitHub's that makes the call, where Vercel does not.
    """

    path: str
    schedule: str
    source: Location
    pointer: str
    origin: Origin = Origin.CRONS
    timezone: str = "UTC"
    method: str = "GET"
    name: str | None = None
    jitter_minutes: int | None = None
    unknown_keys: tuple[str, ...] = ()
    called: str | None = None
    index: int | None = None
    workflow: str | None = None


class Problem(Struct, frozen=True):
    """Something wrong in a configuration file that does not stop the rest from being read.

    Attributes:
        message: reads on from ``Invalid <file> - ``, as Vercel's own does.
        entry: the pointer of the entry that it is in; ``None`` for what is in none.
    """

    pointer: str
    message: str
    location: Location
    rule: str = "invalid-entry"
    entry: str | None = None


class HandlerKind(StrEnum):
    """The kind of a handler, by how its source answers a request."""

    NEXT_ROUTE = "next-route"
    NEXT_PAGES = "next-pages"
    NEXT_PAGE = "page"  # renders; of any framework
    SVELTEKIT = "sveltekit-route"
    NITRO = "nitro-route"
    ASTRO = "astro-route"
    REMIX = "remix-route"
    SOLIDSTART = "solidstart-route"
    TANSTACK = "tanstack-route"
    NODE_FUNCTION = "node-function"
    NODE_APP = "node-app"  # Hono, Express, Fastify, Nest …
    FUNCTION = "function"  # Go, Ruby, Rust; Python whose shape is not told
    STATIC = "static-file"
    ASGI = "asgi"
    WSGI = "wsgi"
    HTTP_HANDLER = "http-handler"  # a BaseHTTPRequestHandler class
    CALLABLE = "callable"  # module:callable named in cronshift.toml
    INNGEST = "inngest-function"  # of the app's own, which does the work itself


PYTHON_KINDS = frozenset(
    {HandlerKind.ASGI, HandlerKind.WSGI, HandlerKind.HTTP_HANDLER, HandlerKind.CALLABLE}
)


class PassedRouter(Struct, frozen=True):
    """A router on the way to a route.

    Attributes:
        place: where the next router is mounted on it, or the route is declared: what follows does not
            run before the route.
        prefix: of all its paths.
        owner: the variable that it is in.
    """

    place: Location
    prefix: str
    owner: str


class Handler(Struct, frozen=True):
    """The source that answers an entry's path.

    Attributes:
        ambient: the files from the handler to what only Next gives around a request (``cookies()``,
            ``headers()``; a page's ``revalidate()``), the last with its line; empty for none.
        untold_duration: where ``max_duration`` is written so that only running the file would tell it.
        runtime: what the file says of it: ``edge``, ``nodejs``.
        reads: what of the request it looks at: ``query``, ``schedule``.
        answers: what its modules, as far as they are the project's, may answer with besides a plain
            response: ``navigation`` (what ``redirect()`` and the like throw), ``retry-after``, ``send``
            (also ``redirect``, methods of a response in the shape of Node).
        route: where an app declares the route in code, beside ``file``, which is what is deployed.
        way: the routers of that app that the request goes through, the outermost first.
    """

    file: str
    kind: HandlerKind
    export: str
    language: str
    line: int = 1
    max_duration: int | None = None  # seconds
    auth: str | None = None
    route: Location | None = None
    way: tuple[PassedRouter, ...] = ()
    ambient: tuple[str, ...] = ()
    runtime: str | None = None
    reads: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    untold_duration: Location | None = None


class Throttle(Struct, frozen=True):
    """The limit that queues runs above ``limit`` per ``period``, for an upstream's rate limit."""

    limit: int
    period: timedelta
    key: str | None = None
    burst: int = 1


class RateLimit(Struct, frozen=True):
    """The limit that drops runs above ``limit`` per ``period``. Seldom right for cron jobs."""

    limit: int
    period: timedelta
    key: str | None = None


class FanOutMode(StrEnum):
    """The order of a job's fan-out steps."""

    SEQUENCE = "sequence"
    PARALLEL = "parallel"
    RUNS = "runs"
    """Each value has an event and a run of its own, of a second function."""


class RowSource(Struct, frozen=True):
    """Values that a function of the app returns at every run.

    Attributes:
        function: ``module:export``, as handlers are named; it takes nothing, and returns a list.
        key: what of a row is its value; ``None`` where the row itself is.
        expected: how many rows there may be, which the forecast and the times go by.
    """

    function: str
    key: str | None = None
    expected: int = 10


class FanOut(Struct, frozen=True):
    """One durable step per value, each calling the handler with ``param=value`` in the query."""

    param: str
    values: tuple[str, ...] | RowSource
    mode: FanOutMode = FanOutMode.SEQUENCE

    @property
    def listed(self) -> tuple[str, ...]:
        """The values that the settings list; none where the app gives them."""
        return () if isinstance(self.values, RowSource) else self.values

    @property
    def count(self) -> int:
        """The number of values that there are, or are expected."""
        return self.values.expected if isinstance(self.values, RowSource) else len(self.values)


class Overlap(StrEnum):
    """The policy for a run that comes due while another one of the job goes on."""

    QUEUE = "queue"
    SKIP = "skip"
    ALLOW = "allow"


class Missed(StrEnum):
    """The choice of ticks that are made up for, of those that came due while nothing ran."""

    ALL = "all"
    LATEST = "latest"
    NONE = "none"


class JobOptions(Struct, frozen=True):
    """The options of a job (DESIGN 5.3).

    Attributes:
        finish_timeout: how long a run may take, waits and all attempts included.
        concurrency: how many *steps* of the job run at once, of all its runs together.
        rehearsal: the dry run that the handler allows: ``?dry_run=1``, or ``X-Dry-Run: 1``.
        rehearsal_ignore: paths of its answer that may differ between two runs.
    """

    retries: int = 3
    start_timeout: timedelta | None = None
    finish_timeout: timedelta | None = timedelta(minutes=15)
    concurrency: int | None = 1
    throttle: Throttle | None = None
    rate_limit: RateLimit | None = None
    idempotency: str | None = None  # a CEL expression
    jitter: timedelta | None = None
    fan_out: FanOut | None = None
    heartbeat_env: str | None = None
    stale_after: timedelta | None = None
    overlap: Overlap = Overlap.QUEUE
    missed: Missed = Missed.ALL
    rehearsal: str | None = None
    rehearsal_ignore: tuple[str, ...] = ()


class ServedBy(StrEnum):
    """The process that serves the functions of a Python package."""

    WORKER = "worker"
    """A process of its own: ``uvicorn inngest_app.asgi:app``, or ``cronshift serve``."""
    APP = "app"
    """The app that Vercel runs, below its own routes."""


class Library(StrEnum):
    """The place from which generated TypeScript has the code that it shares."""

    FILES = "files"
    """Files of the app, those that its jobs use."""
    NPM = "npm"
    """The package that they are the sources of."""


class ClaimsPlace(StrEnum):
    """The place of the claims of an app in TypeScript that names no client of a database."""

    ENVIRONMENT = "environment"
    """The address that a variable names."""


class OwnershipSource(StrEnum):
    """The place where generated TypeScript reads the owner of a tick."""

    BUILT_IN = "built-in"
    """The file that is built into the app."""
    ENVIRONMENT = "environment"
    """What variables name, else the file that is built in."""


class BridgeSettings(Struct, frozen=True):
    """The settings of calls to bridged jobs. Names of variables, never their values.

    ``base_url`` is the address used where the variable ``base_url_env`` is not set.
    """

    base_url: str | None = None
    base_url_env: str = "CRONSHIFT_BASE_URL"
    secret_env: str = "CRON_SECRET"  # noqa: S105 - the variable's name
    timeout: timedelta = timedelta(minutes=15)


class Mode(StrEnum):
    """The way in which a job's function reaches the work."""

    DIRECT = "direct"
    BRIDGE = "bridge"
    BLOCKED = "blocked"


class Severity(StrEnum):
    """The severity of a finding; an error stops its job, not the others."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(Struct, frozen=True):
    """One thing worth knowing about an entry, with its place and its remedy."""

    code: str
    name: str
    severity: Severity
    message: str
    fix: str
    job: str | None = None
    location: Location | None = None


class OwnFunction(Struct, frozen=True):
    """The Inngest function that an app has of its own for a job; ``file`` is where it stood."""

    id: str
    file: str


class Job(Struct, frozen=True):
    """The job that one entry becomes.

    Attributes:
        schedule: ``None`` when the entry's text has no meaning; such a job is blocked.
        module: the file the target writes for it; ``None`` when the job is blocked.
        bridged_because: why its handler is called over HTTP, where it is.
        function: the app's own that does it, where cronshift generates none.
    """

    id: str
    entry: CronEntry
    schedule: Schedule | None
    mode: Mode
    handler: Handler | None = None
    options: JobOptions = field(default_factory=JobOptions)
    module: str | None = None
    bridged_because: str | None = None
    function: OwnFunction | None = None


class Plan(Struct, frozen=True):
    """Every job of a project, and all that was found on the way. Data, nothing else.

    Attributes:
        target: the name of what the functions are generated as.
        out: the folder of the generated files.
        in_service: the jobs that go on although what their handlers do would keep them from starting.
        called_paths: paths of the generated code that are called from outside.
        data: what only the target knows; nothing else looks into it.
    """

    framework: str | None
    config_file: str
    target: str
    app_id: str
    out: str
    jobs: tuple[Job, ...]
    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    bridge: BridgeSettings = field(default_factory=BridgeSettings)
    in_service: frozenset[str] = frozenset()
    called_paths: tuple[str, ...] = ()
    data: object = None

    def job(self, job_id: str) -> Job | None:
        """Return the job of that id, if there is one."""
        return next((job for job in self.jobs if job.id == job_id), None)

    def job_of(self, function_id: str) -> Job | None:
        """Return the job that a function is of, by its id without the app's."""
        by_hand = (job for job in self.jobs if job.function and job.function.id == function_id)
        return next(by_hand, None) or self.job(function_id)

    @property
    def runnable(self) -> tuple[Job, ...]:
        """The jobs that nothing blocks."""
        return tuple(job for job in self.jobs if job.mode is not Mode.BLOCKED)
