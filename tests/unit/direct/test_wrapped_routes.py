"""Routes around whose work something stands: a call that checks the caller, or one that hands the work on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.targets.direct import Converted, Entry, Kept
from cronshift.targets.direct.javascript.converting import convert

if TYPE_CHECKING:
    from pathlib import Path

ROUTE = "app/api/cron/x/route.ts"
ENTRY = Entry("/api/cron/x?dry=1", "0 6 * * *")
GUARDED = """export const guarded = (name: string, handle: Handle) => async (request: Request) => {
  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    console.warn(name);
    return new Response("no", { status: 401 });
  }
  return handle(request);
};
"""
OTHER_GUARDS = """export const switched = (name: string, handle: Handle) => async (request: Request) => {
  if (process.env.PAUSED === name) return new Response("paused", { status: 503 });
  return handle(request);
};
export const memoized = memo((handle: Handle) => async (request: Request) => handle(request));
"""
CHECK = """  if (request.headers.get("authorization") !== `Bearer ${process.env.CRON_SECRET}`) {
    return Response.json({}, { status: 401 });
  }
"""
AROUND = ("guarded", "memoized", "recorded", "switched")
BY_NAME = """/** Sweeps at night. */
export const GET = guarded("x", sweep);
export const POST = guarded("x", sweep);
async function sweep(request: Request) {
  return Response.json({ rows: await rows() });
}
"""
SWEEP = "async function work() {\n  return { rows: await rows() };\n}\n"


def conversion(root: Path, source: str) -> Converted | Kept:
    """Return the conversion of a route beside which the functions around it stand."""
    folder = (root / ROUTE).parent
    folder.mkdir(parents=True)
    names = ", ".join(name for name in AROUND if f"{name}(" in source)
    imported = f'import {{ {names} }} from "./around";\n' if names else ""
    (root / ROUTE).write_text(imported + source)
    (folder / "around.ts").write_text(GUARDED + OTHER_GUARDS)
    return convert(SourceTree(root), ROUTE, "GET", ENTRY)


def converted(root: Path, source: str) -> str:
    """Return the text of a route's module without HTTP."""
    there = conversion(root, source)
    assert isinstance(there, Converted), there
    return there.text


@pytest.mark.parametrize(
    "source",
    [
        BY_NAME,
        BY_NAME.replace('export const POST = guarded("x", sweep);', "export { GET as POST };"),
    ],
    ids=["the same call", "the same export"],
)
def test_a_check_around_a_named_function_goes_and_what_is_said_of_it_stays(
    tmp_path: Path, source: str
) -> None:
    assert converted(tmp_path, source) == f"/** Sweeps at night. */\n{SWEEP}"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (
            'switched("x", sweep)',
            "is wrapped by switched, which takes its work as Handle, which is not read (app/api/cron/x/around.ts:8)",
        ),
        ("memoized(sweep)", "is wrapped by memoized, which is not read"),
        ("guarded(sweep, sweep)", "is made by a call that is not read"),
    ],
)
def test_a_call_around_a_function_that_does_more_keeps_it(
    tmp_path: Path, call: str, why: str
) -> None:
    source = BY_NAME.replace('guarded("x", sweep)', call)
    assert str(conversion(tmp_path, source)) == f"{ROUTE}:3: {why}"


def test_work_that_is_handed_on_loses_its_check_and_is_read(tmp_path: Path) -> None:
    text = converted(
        tmp_path,
        f"""export async function GET(request: Request) {{
  return recorded("x", () => sweep(request));
}}
async function sweep(request: Request) {{
{CHECK}  const {{ searchParams }} = new URL(request.url);
  return Response.json({{ rows: await rows(searchParams.get("dry") === "1") }});
}}
""",
    )
    work = """async function work() {
  return resultOf(recorded("x", async () => {
    return Response.json({ rows: await rows(true) });
  }));
}
"""
    assert work in text
    assert 'import { recorded } from "./around";\n' in text


def test_work_that_needs_its_request_is_not_handed_on_without(tmp_path: Path) -> None:
    source = """export async function GET(request: Request) {
  return recorded(request, async () => Response.json({}));
}
"""
    assert str(conversion(tmp_path, source)) == f"{ROUTE}:3: needs its request (`request`)"


TRYING = f"""async function sweep(request: Request) {{
{CHECK}  return Response.json({{ rows: await rows() }});
}}
export async function GET(request: Request) {{
  try {{
    return await sweep(request);
  }} catch (error) {{
    console.error(error);
    return Response.json({{ error: "failed" }}, {{ status: 500 }});
  }}
}}
"""


def test_work_that_is_awaited_in_a_try_stands_there(tmp_path: Path) -> None:
    assert (
        converted(tmp_path, TRYING)
        == """async function work() {
  try {
    return { rows: await rows() };
  } catch (error) {
    console.error(error);
    throw new Error("failed");
  }
}
"""
    )


def test_work_that_no_catch_hears_of_is_not_put_where_one_would(tmp_path: Path) -> None:
    kept = conversion(tmp_path, TRYING.replace("return await", "return"))
    assert str(kept).endswith("needs its request (`request`)")


def test_work_that_waits_for_nothing_does_not_begin_to(tmp_path: Path) -> None:
    source = """export function GET(request: Request) {
  return recorded("x", () => sweep(request));
}
function sweep(request: Request) {
  return Response.json({ path: new URL(request.url).pathname });
}
"""
    assert 'recorded("x", () => {\n' in converted(tmp_path, source)


def test_a_page_whose_handler_has_a_name_and_a_call_around_it(tmp_path: Path) -> None:
    page = "pages/api/x.ts"
    (tmp_path / "pages/api").mkdir(parents=True)
    (
        tmp_path / page
    ).write_text("""const guarded = (handle: Handle) => async (req: NextApiRequest, res: NextApiResponse) => {
  if (req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return res.status(401).end();
  return handle(req, res);
};
async function sweep(req: NextApiRequest, res: NextApiResponse) {
  res.status(200).json({ rows: await rows() });
}
export default guarded(sweep);
""")
    there = convert(SourceTree(tmp_path), page, "default", ENTRY)
    assert isinstance(there, Converted)
    assert there.text == SWEEP
