"""A target that cronshift has never heard of goes the whole way, by the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from tests.integration.targets.cards import BOX, Cards

from cronshift import operations
from cronshift.cli import run
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.rollback import prepare_rollback
from cronshift.project import load_project
from cronshift.targets import register, unregister

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERCEL = """\
{
  "crons": [
    { "path": "/api/cron/check", "schedule": "0 6 * * *" },
    { "path": "/api/cron/contents", "schedule": "30 */2 * * *" }
  ]
}
"""
NIGHT = "2026-11-24T12:00:30Z"


class Shop:
    """The command line in a project, in this process."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capsys = capsys
        self.told = ""

    def __call__(self, *words: str, code: int = 0) -> Any:
        assert run(["-C", str(self.root), *words]) == code, self._capsys.readouterr()
        out, self.told = self._capsys.readouterr()
        return json.loads(out) if "--json" in words else out

    def tree(self) -> dict[str, bytes]:
        return {
            str(file.relative_to(self.root)): file.read_bytes()
            for file in sorted(self.root.rglob("*"))
            if file.is_file() and ".cronshift" not in file.parts
        }


@pytest.fixture
def shop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("CRONSHIFT_ASSUME", "variables")  # nobody here knows what is set elsewhere
    (tmp_path / "vercel.json").write_text(VERCEL)
    (tmp_path / "api" / "cron").mkdir(parents=True)
    for name in ("check", "contents"):
        (tmp_path / "api" / "cron" / f"{name}.ts").write_text(
            "export async function GET(request: Request) {\n"
            "  if (request.headers.get('authorization') !== `Bearer ${process.env.CRON_SECRET}`)\n"
            "    return new Response(null, { status: 401 })\n"
            "  return Response.json({ ok: true })\n"
            "}\n"
        )
    (tmp_path / BOX).write_text("Night jobs\n")
    register(Cards())
    yield Shop(tmp_path, capsys)
    unregister("cards")


def jobs_of(document: Any) -> dict[str, Any]:
    return {job["id"]: job for job in document["jobs"]}


def test_it_is_chosen_placed_and_asked_how_it_reaches_each_handler(shop: Shop) -> None:
    document = shop("--json", "audit")
    assert document["project"]["target"] == "cards"
    (taken,) = set(jobs_of(document)) - {"check"}
    assert taken.startswith("contents-")  # the target needs the name itself
    check = jobs_of(document)["check"]
    assert (check["mode"], check["bridged_because"]) == ("bridge", "paper calls nobody")
    assert check["module"] == "cards/drawer/check.txt"
    assert "paper calls nobody" in shop("audit")
    shop("init", "--yes")
    assert 'target = "cards"' in (shop.root / "cronshift.toml").read_text()


def test_it_goes_all_the_way_and_back(shop: Shop) -> None:
    with time_machine.travel(NIGHT, tick=False):
        shop("validate", code=2)
        shop("migrate", "--yes")
        settings = (shop.root / "cronshift.toml").read_text()
        assert settings == '[project]\napp_id = "app-87af13fd"\ntarget = "cards"\n'
        assert (shop.root / BOX).read_text() == "Night jobs\ncards are in cards\n"
        assert shop("--json", "validate")["valid"] is True
        migrated = shop.tree()
        shop("cutover", "check", "--yes")
        assert '"/api/cronshift/api/cron/check"' in (shop.root / "vercel.json").read_text()
        assert jobs_of(shop("--json", "status"))["check"]["next_change"]["percent"] == 100
        assert shop("--json", "status")["drift"] == []
        shop("rollback", "--all", "--yes")
        assert shop.tree()["vercel.json"] == migrated["vercel.json"]
        shop("cutover", "--all", "--yes", "--no-guard", "--deploy-minutes", "5")
        assert "crons" not in json.loads((shop.root / "vercel.json").read_text())
        assert not list((shop.root / "cards" / "guards").glob("*"))
        shop("rollback", "--all", "--yes")
        assert b'"/api/cronshift/api/cron/check"' in shop.tree()["vercel.json"]
    with time_machine.travel(datetime.fromisoformat(NIGHT) + timedelta(hours=2), tick=False):
        shop("rollback", "--all", "--yes")
        ownership = "cronshift.ownership.json"
        assert {**shop.tree(), ownership: b""} == {**migrated, ownership: b""}


def test_what_is_finalized_comes_back_byte_for_byte(shop: Shop) -> None:
    with time_machine.travel(NIGHT, tick=False):
        shop("migrate", "--yes")
        shop("cutover", "--all", "--yes")
    cut = shop.tree()
    later = datetime(2026, 11, 27, tzinfo=UTC)
    ending = prepare_finalization(load_project(shop.root), (), later, lambda *_: True)
    assert ending.entries_left == 0
    operations.apply(shop.root, ending.operation)
    assert not list((shop.root / "cards" / "guards").glob("*"))
    back = prepare_rollback(load_project(shop.root), (), later)
    operations.apply(shop.root, back.operation)
    assert shop.tree()["vercel.json"] == cut["vercel.json"]
    back = prepare_rollback(load_project(shop.root), (), later + timedelta(hours=2))
    operations.apply(shop.root, back.operation)
    pointed = cut["vercel.json"].replace(b"/api/cronshift/api", b"/api")
    kept = {"vercel.json": pointed, "cronshift.ownership.json": b""}
    assert {**shop.tree(), "cronshift.ownership.json": b""} == {**cut, **kept}


def test_an_entry_stays_at_its_guard_until_no_late_call_can_be_for_a_tick_of_inngests(
    shop: Shop,
) -> None:
    """Vercel calls a job of once a day up to an hour late."""
    with time_machine.travel(NIGHT, tick=False):
        shop("migrate", "--yes")
        before = shop.tree()["vercel.json"]
        shop("cutover", "check", "--yes")
    after = datetime(2026, 11, 27, 12, tzinfo=UTC)
    with time_machine.travel(after, tick=False):
        (told,) = shop("--json", "rollback", "check", "--yes")["waits"]
    assert told == (
        "check: called through the guard until 2026-11-27T13:16:00Z; from then on cronshift rollback"
        " check points to the app's own routes."
    )
    guarded = shop.tree()["vercel.json"]
    assert b'"/api/cronshift/api/cron/check"' in guarded
    for minutes, expected in ((75, guarded), (76, before)):
        with time_machine.travel(after + timedelta(minutes=minutes), tick=False):
            shop("rollback", "check", "--yes")
        assert shop.tree()["vercel.json"] == expected


def test_a_guard_that_is_gone_is_told_and_not_cut_over_to(shop: Shop) -> None:
    with time_machine.travel(NIGHT, tick=False):
        shop("migrate", "--yes")
        (shop.root / "cards" / "guards" / "check.txt").unlink()
        error = shop("--json", "cutover", "check", "--yes", code=3)["error"]
        assert error["reason"] == "no-guard"
        assert "cards/guards/check.txt" in error["message"]


def test_what_it_needs_is_refused_and_so_is_a_project_that_it_does_not_fit(shop: Shop) -> None:
    (shop.root / "cronshift.toml").write_text('[jobs.contents]\npath = "/api/cron/check"\n')
    assert shop("--json", "audit", code=2)["error"]["reason"] == "taken-id"
    (shop.root / "cronshift.toml").write_text('[project]\ntarget = "cards"\n')
    (shop.root / BOX).unlink()
    error = shop("--json", "audit", code=2)["error"]
    assert error["reason"] == "target-does-not-fit"
    assert f"there is no {BOX}" in error["message"]


def test_the_way_back_is_open_when_it_does_not_fit_any_more(shop: Shop) -> None:
    with time_machine.travel(NIGHT, tick=False):
        shop("migrate", "--yes")
        vercel = (shop.root / "vercel.json").read_bytes()
        shop("cutover", "--all", "--yes")
        (shop.root / BOX).unlink()
        shop("rollback", "--all", "--yes")
        assert (shop.root / "vercel.json").read_bytes() == vercel


def test_a_run_and_the_scaffold_are_its_own(shop: Shop) -> None:
    assert shop("--json", "run", "check", code=2)["error"]["reason"] == "needs-endpoint"
    shop("scaffold", "sessions", "--flow", "night", "--yes")
    assert (shop.root / "cards" / "flow.txt").read_text() == "night\n"
    assert "cronshift.toml, and read cards/flow.txt." in shop.told
