"""However its entries are written, a Next.js app comes back from the dispatcher to the byte."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronshift.errors import ExitCode, RefusedError
from cronshift.moving.cutover import Handover, prepare_cutover
from cronshift.moving.finalize import prepare_finalization
from cronshift.moving.migration import prepare_migration
from cronshift.moving.rollback import prepare_rollback
from cronshift.moving.status import read_status
from cronshift.operations import Operation, apply
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START = datetime(2026, 11, 23, 0, 35, tzinfo=UTC)
LATER = START + timedelta(days=30)
OWNERSHIP = "cronshift.ownership.json"
GET = "export async function GET() {\n  return Response.json({});\n}\n"
Entries = list[tuple[str, str]]
POOL = (
    ("/api/cron/plain", "0 6 * * *"),
    ("/api/cron/plain?deep=1&from=%2Fa", "0 7 * * *"),
    ("/api/cron/plain", "0 8 * * *"),
    ("/api/cron/other", "5 6 * * *"),
    (f"/api/any/{'x' * 180}/{'y' * 180}?q={'z' * 90}", "15 6 * * *"),
    ("/api/any/é", "25 6 * * *"),
)
UNGUARDED = frozenset({"é"})


def as_json(entries: Entries, spelled: Callable[[str], str] = lambda text: text) -> str:
    objects = [f'{{ "schedule": "{when}", "path": "{spelled(path)}" }}' for path, when in entries]
    return '{\n\t"crons": [' + ",\n  ".join(objects) + '],\n\t"regions": ["fra1"]\n}'


def as_toml(entries: Entries, quotes: str = '"', key: str = "path", after: str = "\n") -> str:
    return "# ours\n" + after.join(
        f'[[crons]]  # {number}\n{key} = {quotes}{path}{quotes}\nschedule = "{when}"\n'
        for number, (path, when) in enumerate(entries)
    )


WRITTEN: dict[str, Callable[[Entries], str]] = {
    "compact": lambda some: json.dumps({"crons": [{"path": p, "schedule": s} for p, s in some]}),
    "aligned": as_json,
    "CRLF": lambda some: as_json(some).replace("\n", "\r\n"),
    "solidus": lambda some: as_json(some, lambda text: text.replace("/", "\\/")),
    "escapes": lambda some: as_json(some, lambda text: "".join(f"\\u{ord(c):04X}" for c in text)),
    "toml": as_toml,
    "toml literal": lambda some: as_toml(some, "'", '"path"'),
    "toml CRLF": lambda some: as_toml(some, '"""').replace("\n", "\r\n"),
    "toml lines": lambda some: as_toml(some, "'''").replace("'''/", "'''\n/"),
}


def made(root: Path, entries: Entries, how: str, base: str = "") -> Path:
    for name, text in {
        "package.json": '{ "dependencies": { "next": "^16.0.0", "inngest": "^4.0.0" } }',
        "tsconfig.json": '{ "compilerOptions": { "resolveJsonModule": true } }',
        "cronshift.toml": '[project]\ntarget = "nextjs"\n',
        "next.config.mjs": f"export default {{ basePath: {json.dumps(base)} }};\n" if base else "",
        "app/api/cron/plain/route.ts": GET,
        "app/(jobs)/api/cron/other/route.ts": GET,
        "app/api/any/[...rest]/route.ts": GET,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    config = root / ("vercel.toml" if how.startswith("toml") else "vercel.json")
    config.write_text(WRITTEN[how]([(base + path, when) for path, when in entries]), newline="")
    return config


def tree(root: Path) -> dict[str, bytes]:
    return {
        file.relative_to(root).as_posix(): file.read_bytes()
        for file in sorted(root.rglob("*"))
        if file.is_file() and ".cronshift" not in file.parts
    }


def jobs(root: Path) -> list[tuple[str, str, str]]:
    plan = make_plan(load_project(root))
    return sorted((job.id, job.entry.path, job.entry.schedule) for job in plan.jobs)


def do(root: Path, prepare: Any, names: Sequence[str], now: datetime, *more: Any) -> Operation:
    operation: Operation = prepare(load_project(root), names, now, *more).operation
    return apply(root, operation)


@settings(max_examples=40)
@given(
    entries=st.lists(st.sampled_from(POOL), min_size=1, max_size=5, unique=True),
    how=st.sampled_from(sorted(WRITTEN)),
    base=st.sampled_from(["", "/base", "/api"]),
    data=st.data(),
)
def test_jobs_are_the_same_on_every_side_and_the_bytes_come_back(
    entries: Entries, how: str, base: str, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        config = made(root, entries, how, base)
        original, planned = config.read_bytes(), jobs(root)
        do(root, prepare_migration, (), START)
        generated = tree(root)
        for name, path, _ in planned:
            if path.rpartition("/")[2] in UNGUARDED or len(path) > 498:
                with pytest.raises(RefusedError) as caught:
                    prepare_cutover(load_project(root), [name], START)
                assert caught.value.reason == "no-guard"
            else:
                do(root, prepare_cutover, [name], START)
            assert jobs(root) == planned
        moving = [job.id for job in make_plan(load_project(root)).jobs if job.entry.called]
        for names in split(data, moving):
            do(root, prepare_finalization, names, LATER, lambda *_: True)
            assert jobs(root) == planned
        for number, names in enumerate(split(data, moving), 1):
            for hours in (0, 2):  # the guard goes by once all ticks are Vercel's
                do(root, prepare_rollback, names, LATER + timedelta(days=number, hours=hours))
                assert jobs(root) == planned
            assert read_status(load_project(root), LATER + timedelta(days=60)).drift == ()
        assert "cronshift" not in config.read_text()
        if config.suffix == ".json":
            assert config.read_bytes() == original
            assert {**tree(root), OWNERSHIP: b""} == {**generated, OWNERSHIP: b""}


def split(data: st.DataObject, names: list[str]) -> list[list[str]]:
    """Some order, in some groups."""
    order = data.draw(st.permutations(names))
    at = data.draw(st.integers(0, len(order)))
    return [list(group) for group in (order[:at], order[at:]) if group]


TWO = """[[crons]]
path = "/base/api/cron/other"
schedule = "5 6 * * *"
[[crons]]
path = "/base/api/cron/plain"
schedule = "0 6 * * *"
"""
ODD = {
    "one array": 'crons = [{ path = "/base/api/cron/plain", schedule = "0 6 * * *" }]\n',
    "an escape": TWO.replace('"/base', '"\\U0000002Fbase', 1),
    "a broken line": TWO.replace('"/base/api/cron/other"', '"""\\\n/base/api/cron/other"""'),
    "another spelling": TWO.replace("[[crons]]", '[["cr\\u006Fns"]]'),
    "a look-alike": f"[a]\nb = '''\n{TWO}'''\n{TWO}",
}


@pytest.mark.parametrize("how", ODD)
@pytest.mark.parametrize("handover", Handover)
def test_what_cannot_be_edited_as_text_is_refused_and_nothing_is_touched(
    tmp_path: Path, how: str, handover: Handover
) -> None:
    made(tmp_path, [], "toml", "/base").write_text(ODD[how])
    do(tmp_path, prepare_migration, (), START)
    before = tree(tmp_path)
    if handover is Handover.DEPLOY and how != "one array":
        return  # tomlkit knows what these say
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(
            load_project(tmp_path), (), START, handover=handover, deploy=timedelta(minutes=5)
        )
    assert (caught.value.exit_code, caught.value.where) == (ExitCode.REFUSED, "vercel.toml")
    assert caught.value.hint
    assert tree(tmp_path) == before


def test_a_path_that_no_folder_can_be_called_by_has_no_guard(tmp_path: Path) -> None:
    made(tmp_path, [(f"/api/any/{'x' * 300}", "0 6 * * *")], "compact")
    do(tmp_path, prepare_migration, (), START)
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(tmp_path), (), START)
    assert caught.value.reason == "no-guard"


def test_an_entry_that_a_script_spells_goes_to_the_dispatcher_and_back(tmp_path: Path) -> None:
    made(tmp_path, [], "compact").unlink()
    script = tmp_path / "vercel.ts"
    text = (
        'import type { VercelConfig } from "@vercel/config/v1";\r\n\r\n'
        "const crons = [ // ours: \U0001f600\r\n"
        "  { path: '/api/cron/plain', schedule: '0 6 * * *' }, // early\r\n];\r\n"
        "export const config: VercelConfig = { crons };\r\n"
    )
    script.write_bytes(text.encode())
    do(tmp_path, prepare_migration, (), START)
    do(tmp_path, prepare_cutover, (), START)
    pointed = text.replace("/api/cron/", "/api/cronshift/api/cron/")
    assert script.read_bytes() == pointed.encode()
    do(tmp_path, prepare_rollback, (), START)
    assert script.read_bytes() == text.encode()


def test_an_entry_that_a_script_computes_stays_at_the_dispatcher_when_ticks_go_back(
    tmp_path: Path,
) -> None:
    made(tmp_path, [], "compact").unlink()
    script = tmp_path / "vercel.ts"
    text = (
        'const path = "/api/cron/plain";\nexport const config = {\n'
        '  crons: [{ path, schedule: "0 6 * * *" }],\n};\n'
    )
    script.write_text(text)
    do(tmp_path, prepare_migration, (), START)
    with pytest.raises(RefusedError) as caught:
        prepare_cutover(load_project(tmp_path), (), START)
    assert caught.value.hint == "Let its path be /api/cronshift/api/cron/plain, by hand."
    script.write_text(text.replace("/api/cron/", "/api/cronshift/api/cron/"))
    do(tmp_path, prepare_cutover, (), START)
    do(tmp_path, prepare_rollback, (), LATER)
    assert read_status(load_project(tmp_path), LATER).drift == ()
