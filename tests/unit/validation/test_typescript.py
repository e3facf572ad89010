"""The app's TypeScript, read without Node: what its endpoint would register."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.engine.validation.project import validate_package
from cronshift.errors import ConfigError
from cronshift.moving.migration import prepare_migration
from cronshift.plan.planning import make_plan
from cronshift.project import load_project
from cronshift.targets.typescript.reading import inspect_app

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.engine.validation import FunctionConfig, Registration
    from cronshift.model import Finding

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROUTE = """export async function GET(request: Request) {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return new Response("no", { status: 401 });
  }
  return Response.json({ ok: true });
}
"""
SETTINGS = """[project]
app_id = "shop"
target = "nextjs"

[jobs.one]
retries = 2
throttle = { limit = 10, period = "1m" }

[jobs.two]
"""
CLIENT = 'import { Inngest } from "inngest";\nexport const inngest = new Inngest({ id: "shop" });\n'
SERVE = 'import { serve } from "inngest/next";\nimport { inngest } from "@/lib/inngest/client";\n'
BY_HAND = "app/api/inngest/route.ts"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return an_app(tmp_path)


def an_app(root: Path, version: str = "4.24.0") -> Path:
    crons = [{"path": f"/api/{name}", "schedule": "30 3 * * *"} for name in ("one", "two")]
    write(
        root,
        {
            "vercel.json": json.dumps({"crons": crons}),
            "package.json": json.dumps({"dependencies": {"next": "16.0.0", "inngest": version}}),
            "cronshift.toml": SETTINGS,
            "app/api/one/route.ts": ROUTE,
            "app/api/two/route.ts": ROUTE,
        },
    )
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def by_hand(root: Path, functions: str, served: str, **files: str) -> None:
    """Write functions, and a route that serves them, as people do."""
    head = 'import { inngest } from "./client";\n'
    named = {f"lib/inngest/{name}.ts": head + text for name, text in files.items()}
    write(
        root,
        {
            "lib/inngest/client.ts": CLIENT,
            "lib/inngest/mine.ts": head + functions,
            BY_HAND: SERVE + served,
            **named,
        },
    )


def migrate(root: Path) -> None:
    operations.apply(root, prepare_migration(load_project(root), (), NOW).operation)


def replace(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def read(root: Path) -> Registration:
    return inspect_app(root, make_plan(load_project(root)))


def only(root: Path) -> FunctionConfig:
    (function,) = read(root).functions or ()
    return function


def findings(root: Path) -> list[Finding]:
    _, found = validate_package(root, make_plan(load_project(root)), compiles=False)
    return [finding for finding in found if finding.name != "module-out-of-date"]


def told(root: Path) -> list[tuple[str, str | None]]:
    return [(finding.name, finding.job) for finding in findings(root)]


@pytest.mark.parametrize("version", ["4.24.0", "3.54.2"])
def test_what_is_generated_is_read_as_it_would_be_registered(tmp_path: Path, version: str) -> None:
    root = an_app(tmp_path, version)
    migrate(root)
    registration = read(root)
    one, two = registration.functions or ()
    assert (registration.app_id, registration.sdk) == ("shop", f"inngest-js:v{version}")
    assert (one.id, one.name, two.id) == ("shop-one", "one", "shop-two")
    assert [trigger.cron for trigger in one.triggers] == ["TZ=UTC 30 3 * * *"]
    assert (one.retries, one.finish_timeout) == (2, "20m")  # three times five minutes, and waits
    assert [limit.limit for limit in one.concurrency] == [1]
    assert one.throttle is not None
    assert (one.throttle.limit, one.throttle.period) == (10, "1m")
    assert (one.computed, registration.unread, registration.undeclared) == ((), (), ())
    assert str(one.location).startswith("lib/inngest/functions/one.ts:")
    assert told(root) == []


def test_before_a_migration_there_is_nothing_to_validate(app: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(app)
    assert caught.value.reason == "not-generated"


def test_a_function_that_the_list_lacks_is_left_out(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/functions/index.ts", "[one, two]", "[one]")
    (left,) = findings(app)
    assert (left.name, left.job) == ("function-left-out", "two")
    assert left.location
    assert left.location.file == "lib/inngest/functions/two.ts"


def test_a_job_without_a_function_is_missing(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/functions/index.ts", "[one, two]", "[one]")
    (app / "lib/inngest/functions/two.ts").unlink()
    assert told(app) == [("function-missing", "two")]


def test_a_schedule_that_was_changed_has_drifted(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/functions/one.ts", '"TZ=UTC 30 3 * * *"', '"TZ=UTC 0 4 * * *"')
    assert told(app) == [("schedule-drifted", "one")]


def test_a_schedule_that_the_engine_refuses_is_invalid(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/functions/one.ts", '"TZ=UTC 30 3 * * *"', '"@daily"')
    assert told(app) == [("invalid-trigger", "one")]


def test_two_functions_of_one_id_are_found(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/functions/two.ts", '    id: "two"', '    id: "one"')
    assert told(app) == [("function-missing", "two"), ("duplicate-function-id", "one")]


def test_a_file_that_is_no_longer_what_the_plan_gives_is_out_of_date(app: Path) -> None:
    migrate(app)
    replace(app, "cronshift.toml", "retries = 2", "retries = 5")
    _, found = validate_package(app, make_plan(load_project(app)), compiles=False)
    assert [(one.name, one.job) for one in found] == [("module-out-of-date", "one")]


def test_a_job_that_is_left_out_is_told_with_what_keeps_it_out(app: Path) -> None:
    swallowing = "try { await run(); } catch {}"
    (app / "app/api/two/route.ts").write_text(
        "import { run } from '../../../lib/run';\nexport async function GET() {\n"
        f"  {swallowing}\n  return Response.json({{}});\n}}\n"
    )
    write(app, {"lib/run.ts": "export async function run() { throw new Error('no'); }\n"})
    migrate(app)
    assert not (app / "lib/inngest/functions/two.ts").exists()
    _, found = validate_package(app, make_plan(load_project(app)), compiles=False)
    assert [(finding.name, finding.job) for finding in found] == [("function-missing", "two")]
    assert found[0].message == "two has no function: CS204 keeps it out."
    assert "cronshift explain CS204" in found[0].fix


@pytest.mark.parametrize(
    ("version", "call"),
    [
        ("4.24.0", '{ id: "one" }, { cron: "TZ=UTC 30 3 * * *" }, async () => 1'),
        ("3.54.2", '{ id: "one", triggers: [{ cron: "TZ=UTC 30 3 * * *" }] }, async () => 1'),
    ],
)
def test_the_shape_of_the_other_major_is_found(tmp_path: Path, version: str, call: str) -> None:
    root = an_app(tmp_path, version)
    by_hand(
        root,
        f"export const one = inngest.createFunction({call});",
        'import { one } from "@/lib/inngest/mine";\n'
        "export const { GET, POST, PUT } = serve({ client: inngest, functions: [one] });",
    )
    assert told(root) == [("other-majors-shape", None), ("function-missing", "two")]


def test_a_list_with_spreads_is_followed_through_names_and_modules(app: Path) -> None:
    by_hand(
        app,
        'export const a = inngest.createFunction({ id: "one", triggers: { event: "x" } }, f);\n'
        'const b = inngest.createFunction({ id: "two", triggers: [cron("0 1 * * *")] }, f);\n'
        "export { b as renamed };",
        'import { a, renamed } from "@/lib/inngest/mine";\n'
        'import rest, { more } from "@/lib/inngest/others";\n'
        'import * as all from "@/lib/inngest/named";\n'
        "const handler = serve({\n"
        "  client: inngest,\n"
        "  functions: [a, renamed, ...rest, ...(more as any), ...Object.values(all)],\n"
        "});\n"
        "export { handler as GET, handler as POST, handler as PUT };",
        others='const c = inngest.createFunction({ id: "c", triggers: [] }, f);\nexport default [c];\n'
        'export const more = [inngest.createFunction({ id: "d", triggers: [] }, f)];',
        named='export const e = inngest.createFunction({ id: "e", triggers: [] }, f);\n'
        "export function f() {}",
    )
    registration = read(app)
    assert registration.unread == ()
    assert [one.id for one in registration.functions or ()] == [
        f"shop-{name}" for name in ("one", "two", "c", "d", "e")
    ]
    assert [one.triggers[0].cron for one in (registration.functions or ())[1:2]] == ["0 1 * * *"]


def test_names_stand_for_what_their_constants_hold(app: Path) -> None:
    by_hand(
        app,
        'import { SCHEDULES } from "./schedules";\n'
        "const retries = 4;\n"
        'const shared = { retries, concurrency: { limit: 2, scope: "fn" } } as const;\n'
        "export const one = inngest.createFunction(\n"
        '  { ...shared, id: "one", triggers: [{ cron: SCHEDULES.nightly, jitter: "30s" }] }, f);',
        'import { one } from "@/lib/inngest/mine";\n'
        "export const { GET, POST, PUT } = serve({ client: inngest, functions: [one] });",
        schedules='export const SCHEDULES = { nightly: "TZ=UTC 30 3 * * *" };',
    )
    one = only(app)
    assert (one.retries, one.concurrency[0].limit, one.computed) == (4, 2, ())
    assert (one.triggers[0].cron, one.triggers[0].jitter) == ("TZ=UTC 30 3 * * *", "30s")


def test_a_template_of_constants_is_the_text_that_it_makes(app: Path) -> None:
    by_hand(
        app,
        'import { FLOW } from "./flow";\n'
        "export const one = inngest.createFunction(\n"
        "  { id: `${FLOW}-${1}`, name: `${FLOW} of ${now()}`, triggers: [{ cron: `TZ=UTC 30 3 * * *` }] }, f);",
        'import { one } from "@/lib/inngest/mine";\n'
        "export const { GET, POST, PUT } = serve({ client: inngest, functions: [one] });",
        flow='export const FLOW = "mail";',
    )
    one = only(app)
    assert (one.id.rpartition("mail")[1:], one.computed) == (("mail", "-1"), ("name",))
    assert one.triggers[0].cron == "TZ=UTC 30 3 * * *"


def test_what_is_computed_is_told_and_not_guessed(app: Path) -> None:
    by_hand(
        app,
        "let retries = 99;\n"
        'export const one = inngest.createFunction({ id: "one", retries,\n'
        "  triggers: [{ cron: process.env.NIGHTLY! }] }, f);\n"
        'export const two = inngest.createFunction({ ...settings(), id: "two" }, f);',
        'import { one, two } from "@/lib/inngest/mine";\n'
        "export const { GET, POST, PUT } = serve({ client: inngest, functions: [one, two] });",
    )
    one, two = read(app).functions or ()
    assert (one.computed, two.computed) == (("triggers", "retries"), ("triggers",))
    assert told(app) == [("computed-option", "one"), ("computed-option", "two")]


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ('[one, make("two")]', 'what `make("two")` gives'),
        ("[one, ...others()]", "what `others()` gives"),
        ("[one, ...(process.env.X ? [two] : [])]", "gives"),
        ("everything()", "what `everything()` gives"),
        ("grown", "what is added to `grown`"),
    ],
)
def test_a_list_that_is_computed_accuses_no_job(app: Path, functions: str, said: str) -> None:
    by_hand(
        app,
        'export const one = inngest.createFunction({ id: "one",\n'
        '  triggers: [{ cron: "TZ=UTC 30 3 * * *" }] }, f);\n'
        'export const two = inngest.createFunction({ id: "two",\n'
        '  triggers: [{ cron: "TZ=UTC 30 3 * * *" }] }, f);',
        'import { one, two } from "@/lib/inngest/mine";\n'
        "const grown = [one];\nif (process.env.X) grown.push(two);\n"
        f"export const {{ GET, POST, PUT }} = serve({{ client: inngest, functions: {functions} }});",
    )
    found = findings(app)
    assert {finding.name for finding in found} == {"computed-option"}
    assert said in found[0].message
    assert "two" in found[-1].message


def test_a_function_without_an_id_that_is_told_is_told(app: Path) -> None:
    by_hand(
        app,
        "export const one = inngest.createFunction({ id: nameOf(), triggers: [] }, f);",
        'import { one } from "@/lib/inngest/mine";\n'
        "export default serve({ client: inngest, functions: [one] });",
    )
    (unread,) = read(app).unread
    assert str(unread.location) == "lib/inngest/mine.ts:2"


def test_options_of_a_wrong_kind_are_unreadable(app: Path) -> None:
    by_hand(
        app,
        'export const one = inngest.createFunction({ id: "one", retries: "3",\n'
        '  triggers: [{ cron: "TZ=UTC 30 3 * * *" }] }, f);',
        'import { one } from "@/lib/inngest/mine";\n'
        "export default serve({ client: inngest, functions: [one] });",
    )
    assert told(app) == [("function-missing", "two"), ("unreadable-options", "one")]


def test_limits_of_the_engine_are_checked_in_the_source(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/functions/one.ts", "retries: 2", "retries: 21")
    replace(app, "lib/inngest/functions/two.ts", '{ finish: "25m" }', '{ finish: "soon" }')
    assert told(app) == [
        ("retries-out-of-range", "one"),
        ("cancelled-too-soon", "one"),
        ("invalid-timeout", "two"),
    ]


def test_the_pages_router_serves_too(tmp_path: Path) -> None:
    root = an_app(tmp_path)
    by_hand(root, "", "")
    (root / BY_HAND).unlink()
    write(
        root,
        {
            "pages/api/inngest.ts": SERVE
            + 'const f = inngest.createFunction({ id: "one", triggers: [{ cron: "30 3 * * *" }],\n'
            '  cancelOn: [{ event: "stop", timeout: 5000 }], onFailure: g }, h);\n'
            "export default serve({ client: inngest, functions: [f] });"
        },
    )
    one = only(root)
    assert (one.id, [cancel.event for cancel in one.cancel]) == ("shop-one", ["stop"])


def test_another_client_is_another_app(app: Path) -> None:
    migrate(app)
    replace(app, "lib/inngest/client.ts", '"shop"', '"store"')
    assert [name for name, _ in told(app)] == ["other-app"]


def test_tests_and_other_apps_leave_nothing_out(app: Path) -> None:
    migrate(app)
    made = (
        'import { inngest } from "@/lib/inngest/client";\nexport const f = inngest.createFunction('
    )
    write(
        app,
        {
            "lib/mail.ts": made + '{ id: "mail", triggers: [] }, g);',
            "lib/inngest/one.test.ts": made + '{ id: "one", triggers: [] }, g);',
        },
    )
    assert told(app) == []


@pytest.mark.parametrize(
    "functions", ["[...jobs]", "[jobs]", "jobs.jobs", "other", "Object.values(self)"]
)
def test_names_that_lead_back_to_themselves_come_to_an_end(app: Path, functions: str) -> None:
    by_hand(
        app,
        "",
        'import * as self from "./route";\n'
        f"export const jobs = {functions};\nexport const other = jobs;\n"
        "export default serve({ client: inngest, functions: jobs, ...jobs });",
    )
    assert read(app).unread != ()


def test_an_option_that_holds_itself_is_computed(app: Path) -> None:
    by_hand(
        app,
        "const limit = { limit };\nconst more = { ...more };\nconst all = [...all];\n"
        'export const one = inngest.createFunction({ id: "one", triggers: { event: "x" },\n'
        "  concurrency: limit, cancelOn: all, ...more }, f);",
        'import { one } from "@/lib/inngest/mine";\n'
        "export default serve({ client: inngest, functions: [one] });",
    )
    assert "concurrency" in only(app).computed
