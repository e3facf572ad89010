"""What ``--fix`` makes of a project: only what is well when it is judged again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cronshift.errors import RefusedError
from cronshift.moving.fixing.mending import MENDABLE, Mending, mend
from cronshift.operations import Seen
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

OPEN = (
    'import { work } from "../../../../lib/work";\nexport async function GET(request: Request) {\n'
)
ROUTE = "app/api/cron/{}/route.ts"
LIBRARY = "export async function work() {\n  await fetch('https://e.example');\n}\n"


def mended(root: Path, **bodies: str | bytes) -> Mending:
    """Mend a project of these handlers; a ``str`` is a body, ``bytes`` a whole file."""
    crons = [{"path": f"/api/cron/{name}", "schedule": "0 3 * * *"} for name in bodies]
    files = {"vercel.json": json.dumps({"crons": crons}).encode(), "lib/work.ts": LIBRARY.encode()}
    for name, body in bodies.items():
        whole = body if isinstance(body, bytes) else f"{OPEN}{body}\n  return Response.json({{}});\n}}\n".encode()  # fmt: skip
        files[ROUTE.format(name)] = whole
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    project = replace(load_project(root), is_planned=True)
    plan = make_plan(project)
    return mend(project, plan, [one for one in plan.findings if one.code in MENDABLE])


def test_every_statement_of_a_handler_is_mended_at_once(tmp_path: Path) -> None:
    done = mended(tmp_path, mail="  work();\n  void work();\n  work().then(work);")
    (text,) = done.texts.values()
    assert text.count("  await work()") == 3
    assert [one.code for one in done.mended] == ["CS201"] * 3
    assert done.unmended == ()
    assert [job.mode.value for job in done.plan.jobs] == ["bridge"]


def test_twins_on_one_line_are_both_awaited(tmp_path: Path) -> None:
    done = mended(tmp_path, mail="  work(); work();")
    assert "  await work(); await work();" in done.texts[ROUTE.format("mail")]


def test_a_handler_is_mended_whole_or_not_at_all(tmp_path: Path) -> None:
    half = "  work();\n  setTimeout(async () => { await work(); }, 0);"
    done = mended(tmp_path, half=half, mail="  work();")
    assert list(done.texts) == [ROUTE.format("mail")]
    assert [(one.job, why) for one, why in done.unmended] == [
        ("half", "`setTimeout` gives nothing that can be awaited"),
        ("half", "something else in its file cannot be repaired"),
    ]
    assert [job.mode.value for job in done.plan.jobs] == ["blocked", "bridge"]


def test_a_text_that_is_not_well_when_judged_again_is_not_offered(tmp_path: Path) -> None:
    """Awaiting inside this `try` would make its silence count."""
    body = "  try {\n    work();\n  } catch (error) {\n    console.error(error);\n  }"
    done = mended(tmp_path, quiet=body + "\n  work();", mail="  work();")
    told = {(one.code, one.job, why) for one, why in done.unmended}
    assert told == {("CS201", "quiet", "judged again, it is not well")}
    assert list(done.texts) == [ROUTE.format("mail")]


def test_what_nothing_can_be_done_about_is_told_with_its_reason(tmp_path: Path) -> None:
    body = "  setTimeout(async () => { await work(); }, 0);"
    done = mended(tmp_path, mail=body)
    assert (done.texts, done.edits, done.mended) == ({}, (), ())
    assert [why for _, why in done.unmended] == ["`setTimeout` gives nothing that can be awaited"]


def test_a_file_keeps_its_byte_order_mark_and_its_line_ends(tmp_path: Path) -> None:
    text = f"\ufeff{OPEN}  work();\n  return Response.json({{}});\n}}\n".replace("\n", "\r\n")
    done = mended(tmp_path, mail=text.encode())
    (edit,) = done.edits
    assert edit.after == text.replace("  work();", "  await work();").encode()
    assert edit.based_on == Seen(text.encode())


def test_a_file_that_is_not_utf_8_is_left_alone(tmp_path: Path) -> None:
    text = f"{OPEN}  work(); // caf".encode() + b"\xe9\n  return Response.json({});\n}\n"
    done = mended(tmp_path, mail=text)
    assert [why for _, why in done.unmended] == ["the file is not UTF-8"]
    assert done.edits == ()


@pytest.mark.parametrize("name", ["middleware.ts", "proxy.ts"])
def test_a_middleware_is_mended_and_none_of_the_projects_routes_is_lost(
    tmp_path: Path, name: str
) -> None:
    text = (
        "export function middleware(request) {\n  if (!request.cookies.get('s')) "
        "return Response.redirect('/login');\n}\nexport const config = { matcher: '/api/:path*' };\n"
    )
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    (tmp_path / "package.json").write_text('{"dependencies": {"next": "16.0.0"}}')
    beside = tmp_path / "app/api/inngest-admin/route.ts"
    beside.parent.mkdir(parents=True)
    beside.write_text("export const GET = () => Response.json({});\n")
    done = mended(tmp_path, mail="  await work();")
    assert done.texts == {name: text.replace("/api/:path*", "/api/((?!inngest(?:/|$)).*)?")}
    (tmp_path / name).write_text(text.replace("/api/:path*", "/:path*/:last"))
    again = mended(tmp_path, mail="  await work();")
    assert again.texts == {}
    ((finding, why),) = [pair for pair in again.unmended if pair[0].code == "CS430"]
    assert "write `if (/^(\\/api\\/inngest)(\\/|$)/.test(request.next" in why
    assert finding.fix == why


def test_the_edit_of_a_linked_source_is_refused(tmp_path: Path) -> None:
    done = mended(tmp_path, mail="  work();")
    route = tmp_path / done.edits[0].path
    route.rename(tmp_path / "held.ts")
    route.symlink_to(tmp_path / "held.ts")
    with pytest.raises(RefusedError):
        mend(load_project(tmp_path), done.plan, done.mended)
