"""The plain data that flows down the pipeline: entries, handlers, jobs, findings, plans.

Frozen, without I/O. Paths inside the data are POSIX text, relative to the project's root, so that
a plan reads the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cronshift.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the project; lines and columns count from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Origin(StrEnum):
    """Where an entry was declared."""

    CRONS = "crons"
    SCHEDULES = "schedules"
    BUILD_OUTPUT = "build-output"
    MOVED = "moved"  # no longer Vercel's: cronshift.toml keeps it


@dataclass(frozen=True, slots=True)
class CronEntry:
    """One HTTP call that Vercel makes on a schedule, exactly as the file says it.

    Attributes:
        path: path and query, byte for byte.
        schedule: the expression's text, unjudged.
        pointer: the place inside the document, ``crons[3]`` or ``schedules.nightly``.
        timezone: IANA name; always ``UTC`` for ``crons``.
        jitter_minutes: ``schedules`` only.
        unknown_keys: keys of the entry that its schema does not know.
        called: the path that Vercel calls, where that is the dispatcher's.
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


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a configuration file that does not stop the rest from being read.

    ``message`` reads on from ``Invalid <file> - ``, as Vercel's own does.
    """

    pointer: str
    message: str
    location: Location
    rule: str = "invalid-entry"


class HandlerKind(StrEnum):
    """How the source answers a request."""

    NEXT_ROUTE = "next-route"
    NEXT_PAGES = "next-pages"
    NEXT_PAGE = "page"  # renders; of any framework
    SVELTEKIT = "sveltekit-route"
    NITRO = "nitro-route"
    ASTRO = "astro-route"
    REMIX = "remix-route"
    SOLIDSTART = "solidstart-route"
    NODE_FUNCTION = "node-function"
    NODE_APP = "node-app"  # Hono, Express, Fastify, Nest …
    FUNCTION = "function"  # Go, Ruby, Rust; Python whose shape is not told
    STATIC = "static-file"
    ASGI = "asgi"
    WSGI = "wsgi"
    HTTP_HANDLER = "http-handler"  # a BaseHTTPRequestHandler class
    CALLABLE = "callable"  # module:callable named in cronshift.toml


PYTHON_KINDS = frozenset(
    {HandlerKind.ASGI, HandlerKind.WSGI, HandlerKind.HTTP_HANDLER, HandlerKind.CALLABLE}
)


@dataclass(frozen=True, slots=True)
class Handler:
    """The source that answers an entry's path.

    Attributes:
        ambient: whether it needs what only Next gives around a request (``cookies()``, ``headers()``;
            a page's ``revalidate()``).
        runtime: what the file says of it: ``edge``, ``nodejs``.
        reads: what of the request it looks at: ``query``, ``schedule``.
        route: where an app declares the route in code, beside ``file``, which is what is deployed.
    """

    file: str
    kind: HandlerKind
    export: str
    language: str
    line: int = 1
    max_duration: int | None = None  # seconds
    auth: str | None = None
    route: Location | None = None
    ambient: bool = False
    runtime: str | None = None
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Throttle:
    """Queue runs above ``limit`` per ``period``: what an upstream's rate limit needs."""

    limit: int
    period: timedelta
    key: str | None = None
    burst: int = 1


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Drop runs above ``limit`` per ``period``. For cron jobs nearly always the wrong choice."""

    limit: int
    period: timedelta
    key: str | None = None


class FanOutMode(StrEnum):
    """How a job's fan-out steps run."""

    SEQUENCE = "sequence"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True)
class FanOut:
    """One durable step per value, each calling the handler with ``param=value`` in the query."""

    param: str
    values: tuple[str, ...]
    mode: FanOutMode = FanOutMode.SEQUENCE


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a job may set (DESIGN 5.3)."""

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


@dataclass(frozen=True, slots=True)
class BridgeSettings:
    """How bridged jobs reach the app. Names of variables, never their values.

    ``base_url`` is the address used where the variable ``base_url_env`` is not set.
    """

    base_url: str | None = None
    base_url_env: str = "CRONSHIFT_BASE_URL"
    secret_env: str = "CRON_SECRET"  # noqa: S105 - the variable's name
    timeout: timedelta = timedelta(minutes=15)


class Mode(StrEnum):
    """How a job's function reaches the work."""

    DIRECT = "direct"
    BRIDGE = "bridge"
    BLOCKED = "blocked"


class Severity(StrEnum):
    """How bad a finding is; an error stops its job, not the others."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth knowing about an entry, with its place and its remedy."""

    code: str
    name: str
    severity: Severity
    message: str
    fix: str
    job: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What one entry becomes.

    Attributes:
        schedule: ``None`` when the entry's text has no meaning; such a job is blocked.
        module: the file the target writes for it; ``None`` when the job is blocked.
    """

    id: str
    entry: CronEntry
    schedule: Schedule | None
    mode: Mode
    handler: Handler | None = None
    options: JobOptions = field(default_factory=JobOptions)
    module: str | None = None


@dataclass(frozen=True, slots=True)
class Routers:
    """Where a Next.js app has its routes.

    Attributes:
        app: the folder of the app router; ``None`` without one.
        pages: the folder of the pages router.
        base_path: what begins every path of the app.
        suffix: what the names of its routes end with, ``ts`` or, in an app of JavaScript, ``js``.
        allows_javascript: whether its TypeScript may import JavaScript.
    """

    app: str | None = None
    pages: str | None = None
    base_path: str = ""
    suffix: str = "ts"
    allows_javascript: bool = False

    @property
    def language(self) -> str:
        """What the app's modules are written in, and end with: ``ts`` or ``js``."""
        return self.suffix.rpartition(".")[2][:2]

    @property
    def takes_javascript(self) -> bool:
        """Whether a generated module can import one in JavaScript."""
        return self.allows_javascript or self.language == "js"


@dataclass(frozen=True, slots=True)
class CodeStyle:
    """How TypeScript is written; the defaults are how it is generated.

    Attributes:
        indent: what one level is indented by.
    """

    double_quotes: bool = True
    semicolons: bool = True
    indent: str = "  "


@dataclass(frozen=True, slots=True)
class Alias:
    """A prefix of imports that stands for a folder: ``@/`` for ``src``; ``""`` is the root."""

    prefix: str
    folder: str


@dataclass(frozen=True, slots=True)
class InngestClient:
    """The Inngest client that an app has already.

    Attributes:
        module: its file without a suffix, or a package's name; ``None`` where no other file can
            import it.
        export: its name there; ``default`` for the default export.
        app_id: its id, ``None`` when only running the app would tell.
        in_project: whether ``module`` is a file of the project.
    """

    module: str | None
    export: str
    app_id: str | None
    in_project: bool = True


@dataclass(frozen=True, slots=True)
class AppCode:
    """How an app's own code is written, and what of Inngest it has already.

    Attributes:
        alias: what its files import each other by, ``None`` for relative paths.
        serve_file: the file that serves functions, when cronshift did not generate it.
    """

    style: CodeStyle = field(default_factory=CodeStyle)
    alias: Alias | None = None
    client: InngestClient | None = None
    serve_file: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Every job of a project, and all that was found on the way. Data, nothing else.

    Attributes:
        out: the folder of the generated files.
        endpoint_file: the route that serves them, for a Next.js app.
        sdk_major: of the TypeScript SDK.
        routers: of a Next.js app.
        code: how a Next.js app is written, and what of Inngest it has.
        in_service: the jobs that go on although what their handlers do would keep them from starting.
        sessions: whether a Next.js app has the session flow, whose functions are served too.
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
    endpoint_file: str | None = None
    sdk_major: int = 4
    routers: Routers = field(default_factory=Routers)
    code: AppCode = field(default_factory=AppCode)
    in_service: frozenset[str] = frozenset()
    sessions: bool = False

    def job(self, job_id: str) -> Job | None:
        """Return the job of that id, if there is one."""
        return next((job for job in self.jobs if job.id == job_id), None)

    @property
    def runnable(self) -> tuple[Job, ...]:
        """The jobs that nothing blocks."""
        return tuple(job for job in self.jobs if job.mode is not Mode.BLOCKED)
