"""Wrappers that routes share: without HTTP beside them, in their place or under a name of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from cronshift.targets.direct.javascript.shared_wrappers import SharedWrapper

ROUTE, AROUND = "app/api/cron/x/route.ts", "lib/around.ts"
ENTRY = Entry("/api/cron/x", "0 6 * * *")
REFUSING = """  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return Response.json({}, { status: 401 });
  }
"""
TRYING = """  try {
    const result = await work(GIVEN);
    await record(name);
    return Response.json({ ok: true, ...result });
  } catch (error) {
    await record(name, String(error));
    return Response.json({ error: String(error) }, { status: 500 });
  }
"""
RUNNER = f"""import {{ record }} from "./runs";

export async function run(name: string, request: Request, work: () => Promise<object>): Promise<Response> {{
{REFUSING}{TRYING.replace("GIVEN", "")}}}
"""
RUN = """import { record } from "./runs";

export async function run(name: string, work: () => Promise<object>) {
  try {
    const result = await work();
    await record(name);
    return { ok: true, ...result };
  } catch (error) {
    await record(name, String(error));
    throw new Error(String(error));
  }
}
"""
RUNNING = """import { run } from "../../../../lib/around";
export async function GET(request: Request) {
  return run("x", request, async () => ({ rows: await rows() }));
}
"""


def conversion(
    root: Path, around: str, route: str, beside: Collection[tuple[str, str]] = ()
) -> Converted | Kept:
    """Return the conversion of a route that a wrapper of another module hears of."""
    for file, text in {ROUTE: route, AROUND: around}.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return convert(SourceTree(root), ROUTE, "GET", ENTRY, beside=beside)


def converted(
    root: Path, around: str, route: str, beside: Collection[tuple[str, str]] = ()
) -> tuple[str, SharedWrapper]:
    """Return the text of a route's module without HTTP, and the wrapper's."""
    there = conversion(root, around, route, beside)
    assert isinstance(there, Converted), there
    assert there.wrapper is not None
    return there.text, there.wrapper


def test_a_wrapper_in_its_place_checks_nobody_and_throws_behind_what_it_records(
    tmp_path: Path,
) -> None:
    work, wrapper = converted(tmp_path, RUNNER, RUNNING)
    assert wrapper.text == RUN
    assert (
        work
        == """import { run } from "../../../../lib/around";
async function work() {
  return run("x", async () => ({ rows: await rows() }));
}
"""
    )


def test_a_wrapper_that_others_call_too_stays_and_has_another_beside_it(tmp_path: Path) -> None:
    work, wrapper = converted(tmp_path, RUNNER, RUNNING, [(AROUND, "run")])
    assert wrapper.text.startswith(RUNNER)
    assert (
        wrapper.text[len(RUNNER) :].strip()
        == RUN.partition("\n\n")[2].replace("function run", "function runDirectly").strip()
    )
    assert 'import { runDirectly } from "../../../../lib/around";' in work
    assert 'return runDirectly("x", async () =>' in work


@pytest.mark.parametrize(
    ("imported", "left"),
    [
        ("{ run }", 'import { runDirectly } from "../../../../lib/around";\n'),
        (
            "{ run, rows }",
            'import { rows } from "../../../../lib";\nimport { runDirectly } from "../../../../lib/around";\n',
        ),
        (
            "{ rows, run as go }",
            'import { rows } from "../../../../lib";\nimport { runDirectly as go } from "../../../../lib/around";\n',
        ),
    ],
)
def test_one_that_another_module_hands_on_is_imported_from_its_own(
    tmp_path: Path, imported: str, left: str
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/index.ts").write_text(
        'export * from "./rows";\nexport { run } from "./around";\n'
    )
    running = RUNNING.replace("{ run }", imported).replace("lib/around", "lib")
    running = running.replace("return run(", "return go(") if " as go" in imported else running
    work, _ = converted(tmp_path, RUNNER, running, [(AROUND, "run")])
    assert work.startswith(left)


MADE = """interface Around {
  request: Request;
  at: Date;
}
type Handle = (around: Around) => Promise<object>;
export function made(name: string, work: Handle) {
  return async (request: Request) => {
    return Response.json(await work({ request, at: new Date() }));
  };
}
"""
MAKING = """import { made } from "../../../../lib/around";
export const GET = made("x", async ({ at, request }) => ({ at, path: new URL(request.url).pathname }));
"""


def test_a_request_that_is_a_part_of_what_the_work_is_given_goes_out_of_it(tmp_path: Path) -> None:
    work, wrapper = converted(tmp_path, MADE, MAKING)
    assert 'const work = made("x", async ({ at }) => ({ at, path: "/api/cron/x" }));' in work
    assert (
        wrapper.text
        == """interface Around {
  at: Date;
}
type Handle = (around: Around) => Promise<object>;
export function made(name: string, work: Handle) {
  return async () => {
    return await work({ at: new Date() });
  };
}
"""
    )


def test_a_type_that_others_speak_of_stays_as_it_is(tmp_path: Path) -> None:
    _, wrapper = converted(tmp_path, MADE.replace("type Handle", "export type Handle"), MAKING)
    assert 'work: (around: Omit<Around, "request">) => Promise<object>' in wrapper.text
    assert "  request: Request;\n" in wrapper.text


@pytest.mark.parametrize(
    ("around", "route", "why"),
    [
        (
            MADE,
            MAKING.replace("({ at, request }) => ({", "(all) => ({ ...rows(all),").replace(
                "at, path: new URL(request.url).pathname", ""
            ),
            "hands its all on",
        ),
        (
            MADE,
            MAKING.replace("({ at, request })", "({ at, ...request })"),
            "takes its request apart where it is declared",
        ),
        (
            MADE.replace("await work({", "await later(work, {"),
            MAKING,
            "is wrapped by made, which calls work in a way that is not read (lib/around.ts:6)",
        ),
        (
            RUNNER,
            RUNNING.replace("};", "}")
            .replace("  return run", "  try {\n    return await run")
            .replace("}));\n", "}));\n  } catch { return Response.json({}) }\n"),
            "catches what",
        ),
        (
            RUNNER.replace("await record(name);", "await record(request.body);"),
            RUNNING,
            "is wrapped by run, which needs its request (`request.body`) (lib/around.ts:9)",
        ),
    ],
    ids=["given whole", "given by what is left", "handed on", "caught", "of a body"],
)
def test_what_is_not_certain_keeps_its_route(
    tmp_path: Path, around: str, route: str, why: str
) -> None:
    kept = conversion(tmp_path, around, route)
    assert isinstance(kept, Kept)
    assert kept.why.startswith(why)
