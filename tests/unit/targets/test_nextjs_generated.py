"""What is generated for a Next.js app, whole; and that text from its files stays text."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.handlers.tree import parse
from cronshift.model import (
    BridgeSettings,
    CronEntry,
    FanOut,
    FanOutMode,
    Handler,
    HandlerKind,
    Job,
    JobOptions,
    Location,
    Mode,
    Origin,
    Plan,
    RateLimit,
    RowSource,
    Throttle,
)
from cronshift.project.conventions.code import AppCode, CodeStyle
from cronshift.runtime.schedule import Schedule
from cronshift.targets import generate
from cronshift.targets.seal import is_untouched
from cronshift.targets.typescript.app import Routers, TypescriptApp
from cronshift.targets.typescript.dispatching import dispatcher_file, dispatchers
from cronshift.targets.typescript.frameworks.nextjs import NEXTJS

from .test_hostile_text import HOSTILE, TEXT

GENERATED = Path(__file__).parents[2] / "data" / "generated-nextjs"
EVERYTHING = JobOptions(
    retries=7,
    start_timeout=timedelta(minutes=2),
    finish_timeout=timedelta(hours=1),
    concurrency=2,
    throttle=Throttle(10, timedelta(minutes=1), 'event.data.x == "y"', burst=3),
    rate_limit=RateLimit(5, timedelta(hours=2)),
    idempotency="event.data.id",
    jitter=timedelta(seconds=30),
    fan_out=FanOut("model", ("a", 'b"c', "d`${e}"), FanOutMode.PARALLEL),
    heartbeat_env="PING",
    stale_after=timedelta(minutes=9),
)


ROWS = JobOptions(fan_out=FanOut("model", RowSource("lib/models:active", "id")))
IN_RUNS = replace(
    EVERYTHING, fan_out=FanOut("model", RowSource("src/lib/models:due", 'i"d'), FanOutMode.RUNS)
)


def a_job(
    name: str,
    path: str | None = None,
    *,
    schedule: str = "0 3 * * *",
    file: str | None = None,
    options: JobOptions | None = None,
    origin: Origin = Origin.CRONS,
    **handler: object,
) -> Job:
    path = path or f"/api/cron/{name}"
    entry = CronEntry(path, schedule, Location("vercel.json", 3), "crons[0]", origin)
    in_pages = file is not None and file.startswith("pages/")
    kind = HandlerKind.NEXT_PAGES if in_pages else HandlerKind.NEXT_ROUTE
    export = "default" if kind is HandlerKind.NEXT_PAGES else "GET"
    found = Handler(file, kind, export, "typescript") if file else None
    return Job(
        name,
        entry,
        Schedule.from_vercel(schedule),
        Mode.DIRECT if file else Mode.BRIDGE,
        replace(found, **handler) if found else None,
        options or JobOptions(),
        f"lib/inngest/functions/{name}.ts",
    )


APP = TypescriptApp(NEXTJS, "app/api/inngest/route.ts", routers=Routers("app", "pages", ""))


def a_plan(*jobs: Job, app: TypescriptApp = APP, **fields: object) -> Plan:
    plan = Plan("nextjs-app", "vercel.json", "nextjs", "shop", "lib/inngest", jobs, (), data=app)
    return replace(plan, **fields)


ROUTE = "app/api/cron/{}/route.ts"
PLANS = {
    "app-router": a_plan(
        a_job("plain", file=ROUTE.format("plain"), max_duration=800),
        a_job("edge", file=ROUTE.format("edge"), runtime="edge", schedule="*/10 * * * *"),
        a_job("bridged", "/api/cron/bridged?a=%2F&b"),
        a_job("twin", "/api/cron/plain?deep=1", file=ROUTE.format("plain"), schedule="5 4 * * 7"),
        a_job("dynamic", "/api/jobs/nightly", file="app/api/jobs/[job]/route.ts"),
        a_job("moved", file="lib/inngest/jobs/moved.ts", origin=Origin.MOVED),
        a_job("everything", file=ROUTE.format("everything"), options=EVERYTHING),
        bridge=BridgeSettings("https://example.com/app", "BASE", "SECRET"),
    ),
    "pages-router": a_plan(
        a_job("old", "/base/api/old", file="pages/api/old.ts", max_duration=60),
        a_job("edge", "/base/api/edge", file="pages/api/edge.ts", runtime="edge"),
        a_job("rest", "/base/api/rest/a/b", file="pages/api/rest/[...all].ts"),
        a_job("bridged", "/base/api/bridged"),
        app=TypescriptApp(NEXTJS, "pages/api/inngest.ts", routers=Routers(None, "pages", "/base")),
    ),
    "rows": a_plan(
        a_job("steps", file=ROUTE.format("steps"), options=ROWS),
        a_job(
            "beside",
            options=replace(
                ROWS, fan_out=FanOut("id", RowSource("lib/rows.ts:GET"), FanOutMode.PARALLEL)
            ),
        ),
        a_job("runs", file=ROUTE.format("runs"), options=IN_RUNS),
    ),
    "own-style-v3": a_plan(
        a_job("everything", file="src/app/api/x/route.ts", options=EVERYTHING),
        a_job("sequence", options=JobOptions(fan_out=FanOut("n", ("1", "2")), concurrency=None)),
        out="src/lib/inngest",
        app=TypescriptApp(
            NEXTJS,
            "src/app/api/inngest/route.ts",
            3,
            Routers("src/app", None, ""),
            AppCode(CodeStyle(double_quotes=False, semicolons=False, indent="\t")),
        ),
    ),
}


def written(plan: Plan) -> dict[str, str]:
    return {file.path: file.text for file in generate(plan)}


@pytest.mark.parametrize("name", PLANS)
def test_the_generated_files_are_those_kept_for_comparison(name: str) -> None:
    folder = GENERATED / name
    if os.environ.get("CRONSHIFT_UPDATE_GENERATED"):
        for path, text in written(PLANS[name]).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    kept = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.ts")}
    assert written(PLANS[name]) == {path: file.read_text() for path, file in kept.items()}


@pytest.mark.parametrize("name", PLANS)
def test_every_file_is_sealed_and_the_same_each_time(name: str) -> None:
    assert generate(PLANS[name]) == generate(PLANS[name])
    assert all(is_untouched(text) for text in written(PLANS[name]).values())


@pytest.mark.parametrize("name", PLANS)
def test_no_type_is_any(name: str) -> None:
    for text in written(PLANS[name]).values():
        root = parse(text, "typescript")
        assert root is not None
        types = [node.text() for node in root.find_all(kind="predefined_type")]
        assert "any" not in types


def test_what_no_job_needs_is_not_written() -> None:
    moved = a_job("moved", file="lib/inngest/jobs/moved.ts", origin=Origin.MOVED)
    names = {path.rpartition("/")[2] for path in written(a_plan(moved))}
    assert not names & {"guard.ts", "pages.ts"}
    assert names >= {"ownership.ts", "calls.ts", "moved.ts", "client.ts"}


def _top_level(text: str) -> list[str]:
    """Return the names that a module declares and imports."""
    clauses = re.findall(r"^import ([^;]*?) from", text, re.MULTILINE)
    imported = [
        part for clause in clauses for part in re.split(r"[{},\s]*[{},]\s*", clause) if part
    ]
    names = [part.removeprefix("type ").rpartition(" as ")[2] for part in imported]
    return names + re.findall(r"^(?:export )?const (\w+)", text, re.MULTILINE)


OWN_NAMES = [
    "bridged",
    "call-of",
    "direct",
    "functions",
    "handler",
    "inngest",
    "paged",
    "reason-to-skip",
    "report-failure",
    "report-success",
    "session-functions",
    "together",
    "with-parameter",
    "eval",
    "arguments",
    "undefined",
    "default",
]


@pytest.mark.parametrize("job", OWN_NAMES)
def test_a_job_may_be_called_like_anything_in_its_module(job: str) -> None:
    camel = "".join([word.title() if at else word for at, word in enumerate(job.split("-"))])
    options = JobOptions(fan_out=FanOut("n", ("1",)), heartbeat_env="PING")
    handler = Handler("lib/work.ts", HandlerKind.NEXT_ROUTE, camel, "typescript")
    made = replace(a_job(job, options=options), mode=Mode.DIRECT, handler=handler)
    plan = a_plan(made, app=replace(APP, sessions=True))
    files = written(plan)
    for path in (f"lib/inngest/functions/{job}.ts", "lib/inngest/functions/index.ts"):
        root = parse(files[path], "typescript")
        assert root is not None
        assert root.find(kind="ERROR") is None
        names = _top_level(files[path])
        assert len(set(names)) == len(names), names
        assert not {*names} & {"eval", "arguments", "undefined", "default"}


def test_nodes_bytes_are_handed_on_as_the_webs() -> None:
    """Node's older types have a Buffer that newer compilers take for no Uint8Array and no body."""
    handlers = (GENERATED / "pages-router/lib/inngest/cronshift/node-handlers.ts").read_text()
    assert "written.push(new Uint8Array(Buffer.from(text, code)));" in handlers
    assert "const body = new Uint8Array(written.subarray(head.length));" in handlers


def test_an_app_without_a_router_is_refused() -> None:
    with pytest.raises(CronshiftError) as caught:
        generate(a_plan(a_job("x"), app=TypescriptApp(NEXTJS)))
    assert caught.value.reason == "no-router"


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/api/cron/x", "app/api/cronshift/api/cron/x/route.ts"),
        ("/api/cron/x/?a=/../b", "app/api/cronshift/api/cron/x/route.ts"),
        ("/api/v1.2/~me", "app/api/cronshift/api/v1.2/~me/route.ts"),
        ("/api/../etc", None),
        ("/api/(group)/x", None),
        ("/api/[id]", None),
        ("/api/_private", None),
        ("/api/@slot", None),
        ("/api/%2e%2e/x", None),
        ("/api//x", None),
        ("/", None),
        ("/api/cr\u00f6n", None),
        ("/api/x?" + "y" * 490, "app/api/cronshift/api/x/route.ts"),
        ("/api/x?" + "y" * 500, None),  # Vercel takes 512 characters
    ],
)
def test_a_dispatcher_stands_where_next_has_nothing_to_match(path: str, file: str | None) -> None:
    assert dispatcher_file(a_plan(), a_job("x", path)) == file


def test_only_what_vercel_calls_by_crons_has_a_dispatcher() -> None:
    jobs = [a_job("x", origin=origin) for origin in Origin]
    assert [bool(dispatchers(a_plan(job))) for job in jobs] == [
        origin is Origin.CRONS for origin in Origin
    ]


def kinds(text: str) -> list[str]:
    """Return the kinds of a file's statements, and of all calls in it."""
    root = parse(text, "typescript")
    assert root is not None
    assert root.find(kind="ERROR") is None
    statements = [node.kind() for node in root.children() if node.kind() != "comment"]
    calls = [
        node.field("function").text()  # type: ignore[union-attr]
        for node in root.find_all(kind="call_expression")
    ]
    return statements + calls


def hostile(**texts: str) -> Plan:
    value = texts.get("value") or "v"
    options = JobOptions(
        idempotency=value,
        heartbeat_env=value,
        throttle=Throttle(1, timedelta(minutes=1), value),
        fan_out=FanOut(value, (value, "x")),
    )
    bridge = BridgeSettings(texts.get("url", "https://e.example"), "BASE", texts.get("env", "S"))
    jobs = (
        a_job("job", "/api/x?" + texts.get("query", ""), options=options),
        a_job(
            "rows",
            "/api/z",
            options=JobOptions(
                fan_out=FanOut(value, RowSource("lib/rows:all", value), FanOutMode.RUNS)
            ),
        ),
        a_job("direct", "/api/y", file=ROUTE.format(texts.get("file", "x").replace("/", "-"))),
    )
    return a_plan(
        *jobs,
        bridge=bridge,
        app_id=texts.get("app_id", "app"),
        config_file=texts.get("config", "vercel.json"),
    )


@pytest.mark.parametrize("field", ["value", "url", "env", "query", "file", "app_id", "config"])
@given(text=TEXT)
@settings(deadline=None, max_examples=25)
@example(text="".join(HOSTILE))
@example(text="*/ evil() /*")
def test_no_text_adds_a_statement_or_a_call(field: str, text: str) -> None:
    text = text.replace("\ud800", "")  # a path has none, by the reader
    text = "".join(char for char in text if not "\ud800" <= char <= "\udfff" and char != "[")
    plain, tried = written(hostile()), written(hostile(**{field: text}))
    assert tried.keys() == plain.keys()
    for path, source in tried.items():
        assert kinds(source) == kinds(plain[path])


def test_options_takes_a_request_as_next_15_checks() -> None:
    """Its build refuses a route whose first argument is less than a Request."""
    library = GENERATED / "app-router/lib/inngest/cronshift"
    assert "async ({ headers }: Request)" in (library / "ownership.ts").read_text()
