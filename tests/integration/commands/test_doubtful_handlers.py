"""``migrate`` of handlers that are not to be moved unasked: left out, accepted, mended, taken back."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.moving.entries import regenerated
from cronshift.plan.snapshot import Snapshot
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.commands.conftest import Cronshift

CHECKED = """  const secret = process.env.CRON_SECRET;
  if (!secret || request.headers.get("authorization") !== `Bearer ${secret}`) {
    return new Response("no", { status: 401 });
  }
"""
WORK = 'import { work } from "@/lib/work";\n'
ROUTES = {
    "fine": f"{WORK}export async function GET(request: Request) {{\n{CHECKED}  await work();\n  return Response.json({{}});\n}}\n",
    "loose": f"{WORK}export function GET(request: Request) {{\n{CHECKED}  work(1).then(console.log);\n  return Response.json({{}});\n}}\n",
    "loop": f"{WORK}export async function GET(request: Request) {{\n{CHECKED}  [1, 2].forEach(async (x) => {{\n    await work(x);\n  }});\n  return Response.json({{}});\n}}\n",
    "quiet": f"{WORK}export async function GET(request: Request) {{\n{CHECKED}  try {{\n    await work();\n  }} catch (error) {{\n    console.error(error);\n  }}\n  return Response.json({{ ok: true }});\n}}\n",
    "posted": f"{WORK}export async function POST(request: Request) {{\n{CHECKED}  await work();\n  return Response.json({{}});\n}}\n",
}
MIDDLEWARE = """import { NextResponse, type NextRequest } from "next/server";

export function middleware(request: NextRequest) {
  if (!request.cookies.get("session") && !request.nextUrl.pathname.startsWith("/api/cron/")) return NextResponse.redirect(new URL("/login", request.url));
}

export const config = {
  matcher: ["/((?!_next|favicon.ico).*)"], // all but assets
};
"""
SETTINGS = "# ours\n[defaults]\nretries = 1 # few\n"
FILES = {
    **{f"app/api/cron/{name}/route.ts": text for name, text in ROUTES.items()},
    "lib/work.ts": "export async function work(x?: number) {\n  await fetch(`https://e.example/${x}`);\n}\n",
    "package.json": json.dumps(
        {"name": "shop", "dependencies": {"next": "16.0.0", "inngest": "4.24.0"}}
    ),
    "middleware.ts": MIDDLEWARE.replace("\n", "\r\n"),
    "cronshift.toml": SETTINGS,
    "vercel.json": json.dumps(
        {"crons": [{"path": f"/api/cron/{name}", "schedule": "0 3 * * *"} for name in ROUTES]},
        indent=2,
    ),
}


@pytest.fixture
def app(empty: Callable[..., Cronshift]) -> Cronshift:
    run = empty()
    for name, text in FILES.items():
        file = run.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return run


def tree(root: Path) -> dict[str, bytes]:
    """Return every file of a project, the journal of operations left out."""
    return {
        str(file.relative_to(root)): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not file.is_relative_to(root / ".cronshift")
    }


def generated(root: Path, target: str) -> set[str]:
    folder, suffix = {"nextjs": ("lib/inngest/functions", ".ts"), "python": ("inngest_app/jobs", ".py")}[target]  # fmt: skip
    return {file.stem for file in (root / folder).glob(f"*{suffix}")} - {"index", "__init__"}


@pytest.mark.parametrize("target", ["nextjs", "python"])
def test_doubtful_handlers_are_shown_and_left_out(app: Cronshift, target: str) -> None:
    said = app("migrate", "--target", target, "--yes")
    assert said.code == 1
    assert generated(app.folder, target) == {"fine"}
    for code, job in (
        ("CS201", "loose"),
        ("CS201", "loop"),
        ("CS204", "quiet"),
        ("CS302", "posted"),
    ):
        assert f"left out: {job} ({code}); as it is: cronshift migrate {job} --accept {code}:{job}" in " ".join(said.out.split())  # fmt: skip
    again = app("migrate", "--target", target, "--json", "--yes")
    assert (again.code, again.document["left_out"]) == (1, ["loose", "loop", "quiet", "posted"])
    assert app("migrate", "fine", "--target", target, "--yes").code == 0


def test_a_warning_blocks_nothing_but_migrate(app: Cronshift) -> None:
    jobs = {job["id"]: job["mode"] for job in app("audit", "--json").document["jobs"]}
    assert jobs == {
        "fine": "bridge",
        "loose": "blocked",
        "loop": "blocked",
        "quiet": "bridge",
        "posted": "blocked",
    }


@pytest.mark.parametrize("target", ["nextjs", "python"])
def test_what_is_accepted_is_remembered_and_goes_back_byte_for_byte(
    app: Cronshift, target: str
) -> None:
    before = tree(app.folder)
    words = ("migrate", "--target", target, "--accept", "CS201", "--accept", "cs204:quiet")
    done = app(*words, "--accept", "wrong-method", "--accept", "CS210", "--yes", "--json")
    assert done.document["left_out"] == []
    assert done.code == 0
    assert done.document["hides_nothing"] == ["CS210"]
    accepted = [(one["code"], one["job"]) for one in done.document["accepted"]]
    assert accepted == [("CS201", "loop"), ("CS201", "loose"), ("CS204", "quiet"), ("CS302", "posted")]  # fmt: skip
    (edit,) = done.document["edits"]
    assert edit["path"] == "cronshift.toml"
    assert '+code = "CS204"\n+job = "quiet"\n+reason = "accepted with' in edit["diff"]
    assert (app.folder / "cronshift.toml").read_text().startswith(SETTINGS)
    assert generated(app.folder, target) == set(ROUTES)
    modes = {job["id"]: job["mode"] for job in done.document["jobs"]}
    assert modes["posted"] == "bridge"  # there is no GET that could be imported
    again = app("migrate", "--target", target, "--yes", "--json")
    assert (again.code, again.document["left_out"], again.document["written"]) == (0, [], False)
    told = app("migrate", "--target", target, "--accept", "CS201", "--yes")
    assert "--accept CS201: accepted already." in told.err
    assert app("rollback", "--all", "--yes").code == 0
    operation = done.document["operation"]
    assert app("show", operation).code == 0
    _revert(app, operation)
    assert tree(app.folder) == before


@pytest.mark.parametrize("target", ["nextjs", "python"])
def test_what_is_generated_later_is_the_same_set_of_files(app: Cronshift, target: str) -> None:
    settings = app.folder / "cronshift.toml"
    settings.write_text(f'[project]\ntarget = "{target}"\n')
    words = ("--accept", "CS201", "--accept", "CS204", "--accept", "CS302")
    assert app("migrate", *words, "--yes").code == 0
    assert generated(app.folder, target) == set(ROUTES)
    assert regenerated(Snapshot(load_project(app.folder)), []) == []
    assert app("migrate", "--yes", "--json").document["written"] is False
    assert app("audit", "--json").code == 1  # the middleware still stands in the way
    assert "CS602" not in {one["code"] for one in app("audit", "--json").document["findings"]}


def test_what_was_accepted_keeps_the_settings_as_they_are_written(app: Cronshift) -> None:
    settings = app.folder / "cronshift.toml"
    for held in ('suppress = [{ code = "CS206", reason = "known" }] # all\n', '[[suppress]]\ncode = "CS206"\nreason = "known" # so\n'):  # fmt: skip
        settings.write_text(held)
        done = app("migrate", "quiet", "--accept", "CS204", "--yes", "--json")
        assert done.document["accepted"] == [{"code": "CS204", "job": "quiet"}]
        kept = load_project(app.folder).settings.suppressions
        assert [(one.code, one.job) for one in kept] == [("CS206", None), ("CS204", "quiet")]
        assert all(part in settings.read_text() for part in ("known", held[-6:].strip()))


def _revert(app: Cronshift, operation: str) -> None:
    """Take an operation back, as the library does."""
    done = operations.read_operation(app.folder, operation)
    operations.revert(app.folder, done)


def test_a_code_that_there_is_not_is_a_usage_error_with_those_that_are_close(
    app: Cronshift,
) -> None:
    said = app("migrate", "--accept", "CS299", "--yes", "--json")
    assert (said.code, said.document["error"]["reason"]) == (2, "no-such-finding")
    assert "CS209" in said.document["error"]["hint"]
    said = app("migrate", "--accept", "not-awaitd", "--json")
    assert said.document["error"]["hint"].startswith("Did you mean not-awaited")
    said = app("migrate", "--accept", "CS201:lose", "--json")
    assert (said.code, said.document["error"]["hint"]) == (2, "Did you mean loose?")
    assert not (app.folder / "lib/inngest").exists()


def test_an_acceptance_is_of_the_jobs_asked_for_only(app: Cronshift) -> None:
    done = app("migrate", "loose", "--target", "nextjs", "--accept", "CS201", "--yes", "--json")
    assert (done.code, done.document["left_out"]) == (0, [])
    assert done.document["accepted"] == [{"code": "CS201", "job": "loose"}]
    assert generated(app.folder, "nextjs") == {"loose"}


def test_what_text_can_mend_is_mended_in_the_same_operation_and_goes_back(app: Cronshift) -> None:
    before = tree(app.folder)
    looked = app("migrate", "--target", "nextjs", "--fix", "--dry-run")
    assert tree(app.folder) == before
    assert "-export function GET(request: Request) {\n+export async function GET" in looked.err
    assert "+  await work(1).then(console.log);" in looked.err
    assert "CS204 at app/api/cron/quiet/route.ts:9 cannot be repaired mechanically" in " ".join(looked.out.split())  # fmt: skip
    done = app("migrate", "--target", "nextjs", "--fix", "--yes", "--json")
    assert (done.code, done.document["left_out"]) == (1, ["quiet", "posted"])
    repaired = [(one["code"], one["file"]) for one in done.document["repaired"]]
    assert sorted(repaired) == [
        ("CS201", "app/api/cron/loop/route.ts"),
        ("CS201", "app/api/cron/loose/route.ts"),
        ("CS430", "middleware.ts"),
    ]
    assert {(one["code"], one["job"]) for one in done.document["not_repaired"]} == {
        ("CS204", "quiet"),
        ("CS302", "posted"),
    }
    after = tree(app.folder)
    assert after["middleware.ts"] == before["middleware.ts"].replace(
        b"(?!_next", b"(?!api/inngest(?:/|$)|api/cronshift(?:/|$)|_next"
    )
    assert b"await Promise.all([1, 2].map(async (x) => {" in after["app/api/cron/loop/route.ts"]
    assert {path for path in before if before[path] != after[path]} == {
        edit["path"] for edit in done.document["edits"]
    }
    assert generated(app.folder, "nextjs") == {"fine", "loose", "loop"}
    codes = {one["code"] for one in app("audit", "--json").document["findings"]}
    assert not codes & {"CS201", "CS430"}
    again = app("migrate", "fine", "loose", "loop", "--target", "nextjs", "--fix", "--yes", "--json")  # fmt: skip
    assert (again.code, again.document["repaired"], again.document["written"]) == (0, [], False)
    _revert(app, done.document["operation"])
    assert tree(app.folder) == before


def test_the_audit_offers_the_exact_edit_of_the_middleware(app: Cronshift) -> None:
    (finding,) = [one for one in app("audit", "--json").document["findings"] if one["code"] == "CS430"]  # fmt: skip
    assert finding["fix"] == (
        "In middleware.ts write `/((?!api/inngest(?:/|$)|_next|favicon.ico).*)` for "
        "`/((?!_next|favicon.ico).*)`; cronshift migrate --fix does so."
    )


def test_what_is_accepted_is_not_mended(app: Cronshift) -> None:
    words = ("migrate", "loose", "--target", "nextjs", "--fix", "--accept", "CS201:loose")
    done = app(*words, "--accept", "CS430", "--yes", "--json")
    assert done.code == 0
    assert done.document["repaired"] == []
    assert [one["path"] for one in done.document["edits"]] == ["cronshift.toml"]


def test_a_job_in_service_stays_in_the_package_and_is_told(app: Cronshift) -> None:
    assert app("migrate", "fine", "--target", "nextjs", "--yes").code == 0
    route = app.folder / "app/api/cron/fine/route.ts"
    route.write_text(route.read_text().replace("await work()", "work()"))
    index = (app.folder / "lib/inngest/functions/index.ts").read_bytes()
    said = app("migrate", "--target", "nextjs", "--yes")
    assert "fine stays in the package although CS201 is found" in said.err
    assert (app.folder / "lib/inngest/functions/index.ts").read_bytes() == index
    (app.folder / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
    (row,) = [job for job in app("audit", "--json").document["jobs"] if job["id"] == "fine"]
    assert row["mode"] != "blocked"


def test_a_job_with_ticks_stays_even_where_its_module_is_gone(app: Cronshift) -> None:
    epoch = {"effective_at": "2026-01-01T00:00:00Z", "percent": 10, "operation": "01J"}
    ownership = {"version": 1, "jobs": {"quiet": [epoch], "loose": [{**epoch, "percent": 0}]}}
    (app.folder / "cronshift.ownership.json").write_text(json.dumps(ownership))
    said = app("migrate", "--target", "nextjs", "--yes")
    assert said.code == 1
    assert generated(app.folder, "nextjs") == {"fine", "quiet"}
    assert "quiet stays in the package although CS204 is found" in said.err


def test_sources_with_uncommitted_changes_are_not_mended(app: Cronshift) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@e.example", "-C", str(app.folder)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    route = app.folder / "app/api/cron/loose/route.ts"
    route.write_text(route.read_text() + "// more\n")
    said = app("migrate", "loose", "--target", "nextjs", "--fix", "--yes", "--json")
    assert (said.code, said.document["error"]["reason"]) == (3, "dirty-file")
    subprocess.run([*git, "commit", "-qam", "more"], check=True, capture_output=True)
    assert app("migrate", "loose", "--target", "nextjs", "--fix", "--yes").code == 0


def test_no_more_ticks_are_given_to_a_handler_that_is_doubted(app: Cronshift) -> None:
    route = app.folder / "app/api/cron/fine/route.ts"
    (app.folder / "middleware.ts").unlink()
    assert app("migrate", "fine", "--target", "nextjs", "-y").code == 0
    (app.folder / "cronshift.toml").write_text('[project]\ntarget = "nextjs"\n')
    route.write_text(ROUTES["loose"])
    refused = app("cutover", "fine", "-y", "--json")
    assert (refused.code, refused.document["error"]["reason"]) == (2, "doubtful-handler")
    assert app("migrate", "fine", "--accept", "CS201", "-y").code == 0
    assert app("cutover", "fine", "-y").code == 0


def test_a_cutover_of_all_passes_over_what_is_left_out_and_says_so(app: Cronshift) -> None:
    (app.folder / "middleware.ts").unlink()
    assert app("migrate", "--target", "nextjs", "-y").code == 1
    moved = app("cutover", "--all", "-y", "--assume", "variables", "--json")
    assert (moved.code, moved.document["jobs"]) == (0, ["fine"])
    assert moved.document["advice"][:4] == [
        (
            "loose stays with Vercel, for CS201: cronshift explain CS201, and mend it; as it is:"
            " cronshift migrate loose --accept CS201."
        ),
        (
            "loop stays with Vercel, for CS201: cronshift explain CS201, and mend it; as it is:"
            " cronshift migrate loop --accept CS201."
        ),
        (
            "quiet stays with Vercel, for CS204: cronshift explain CS204, and mend it; as it is:"
            " cronshift migrate quiet --accept CS204."
        ),
        (
            "posted stays with Vercel, for CS302: cronshift explain CS302, and mend it; as it is:"
            " cronshift migrate posted --accept CS302."
        ),
    ]
    quiet = app("cutover", "quiet", "-y", "--json")
    assert (quiet.code, quiet.document["error"]["reason"]) == (2, "not-migrated")
    assert quiet.document["error"]["hint"].endswith("cronshift migrate quiet --accept CS204")
    loose = app("cutover", "loose", "-y", "--json")
    assert (loose.code, loose.document["error"]["reason"]) == (2, "blocked-job")


def test_where_no_job_can_move_a_cutover_of_all_is_refused(app: Cronshift) -> None:
    entries = [{"path": f"/api/cron/{name}", "schedule": "0 3 * * *"} for name in ("loop", "quiet")]
    entries.append({"path": "/api/cron/gone", "schedule": "0 3 * * *"})
    (app.folder / "vercel.json").write_text(json.dumps({"crons": entries}))
    refused = app("cutover", "--all", "-y", "--json")
    assert (refused.code, refused.document["error"]["reason"]) == (2, "blocked-job")
    assert refused.document["error"]["message"] == (
        "No job can move: loop (CS201), quiet (CS204), gone (CS301)."
    )
    assert app("next").out.startswith("cronshift migrate --fix --dry-run\n")


def test_the_target_that_suits_the_app_is_chosen_and_kept(app: Cronshift) -> None:
    (app.folder / "tsconfig.json").write_text("{}")
    assert app("audit", "--json").document["project"]["target"] == "nextjs"
    asked = app("migrate", "--dry-run", "--json", "--target", "python").document
    assert asked["project"]["target"] == "python"
    app("migrate", "--yes")
    settings = (app.folder / "cronshift.toml").read_text()
    assert settings == f'{SETTINGS}\n[project]\napp_id = "shop"\ntarget = "nextjs"\n'


def test_another_target_than_suits_the_app_is_kept_too(app: Cronshift) -> None:
    (app.folder / "tsconfig.json").write_text("{}")
    app("migrate", "--yes", "--target", "python")
    settings = (app.folder / "cronshift.toml").read_text()
    assert settings == f'{SETTINGS}\n[project]\napp_id = "shop"\ntarget = "python"\n'
    assert app("audit", "--json").document["project"]["target"] == "python"


def test_the_target_and_the_folder_asked_for_are_kept_for_later_commands(app: Cronshift) -> None:
    before = tree(app.folder)
    words = ("migrate", "fine", "--target", "nextjs", "--out", "lib/jobs")
    looked = app(*words, "--dry-run")
    assert '+[project]\n+app_id = "shop"\n+target = "nextjs"\n+out = "lib/jobs"\n' in looked.err
    assert tree(app.folder) == before
    assert app(*words, "--yes").code == 0
    settings = (app.folder / "cronshift.toml").read_text()
    assert (
        settings == f'{SETTINGS}\n[project]\napp_id = "shop"\ntarget = "nextjs"\nout = "lib/jobs"\n'
    )
    validated = app("validate", "--no-compile", "--json").document
    assert [one.split("-")[-1] for one in validated["functions"]] == ["fine"]
    again = app(*words, "--yes", "--json")
    assert (again.code, again.document["written"], again.document["edits"]) == (0, False, [])
    (first,) = operations.history(app.folder)
    operations.revert(app.folder, first)
    assert tree(app.folder) == before


def test_what_concerns_all_jobs_is_told_by_migrate_too(app: Cronshift) -> None:
    said = app("migrate", "fine", "--target", "nextjs", "--dry-run")
    assert said.code == 0
    assert "error CS430 endpoint-intercepted\n  middleware.ts:8" in said.out
    assert "left out" not in said.out


def test_commands_and_diffs_to_copy_are_not_broken_into_lines(app: Cronshift) -> None:
    said = app("migrate", "--target", "nextjs", "--dry-run", env={"COLUMNS": "30"})
    assert "left out: posted (CS302); as it is: cronshift migrate posted --accept CS302:posted\n" in said.out  # fmt: skip
    assert app("migrate", "fine", "--target", "nextjs", "--fix", "--yes").code == 0
    looked = app("cutover", "fine", "--dry-run", env={"COLUMNS": "30"})
    assert '+      "path": "/api/cronshift/api/cron/fine",\n' in looked.out


def test_where_every_job_is_left_out_no_step_is_named_that_changes_nothing(app: Cronshift) -> None:
    told = app("migrate", "quiet", "--target", "nextjs", "--fix", "--yes")
    assert told.code == 1
    assert "2 to update." in told.out  # what the mending changes
    assert "migrate quiet --accept CS204:quiet" in told.out
    assert "known bad" not in told.out
    assert "Next:" not in told.err
    again = app("migrate", "quiet", "--target", "nextjs", "--yes")
    assert again.code == 1
    assert "generated already" not in again.err
