from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.programs import HERE as PROGRAMS

from cronshift.errors import CronshiftError, RefusedError
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    State,
    apply,
    build_operation,
    history,
    read_operation,
    refuse_unfinished,
    revert,
)
from cronshift.operations.journal import write_operation
from cronshift.operations.lock import project_lock

if TYPE_CHECKING:
    from pathlib import Path

    from cronshift.operations.model import Operation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def build(root: Path, *edits: Edit, now: datetime = NOW) -> Operation:
    return build_operation(root, "test", edits, now, intent=Intent.MIGRATE)


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_an_applied_operation_is_recorded_and_can_be_taken_back(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before")
    applied = apply(tmp_path, build(tmp_path, Edit("a.txt", b"after"), Edit("new/b.txt", b"b")))
    assert (tmp_path / "a.txt").read_text() == "after"
    assert [operation.state for operation in history(tmp_path)] == [State.APPLIED]
    assert revert(tmp_path, applied).state is State.REVERTED
    assert (tmp_path / "a.txt").read_text() == "before"
    assert not (tmp_path / "new").exists()


def test_an_edit_that_changes_nothing_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("same")
    assert build(tmp_path, Edit("a.txt", b"same")).changes == ()


def test_a_file_changed_after_planning_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    operation = build(tmp_path, Edit("a.txt", b"ours"), Edit("b.txt", b"ours"))
    (tmp_path / "b.txt").write_text("theirs")
    with pytest.raises(RefusedError, match=r"b\.txt was changed") as caught:
        apply(tmp_path, operation)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "a.txt").exists()
    assert history(tmp_path) == []


def test_taking_back_a_file_that_was_edited_since_is_refused(tmp_path: Path) -> None:
    applied = apply(tmp_path, build(tmp_path, Edit("a.txt", b"ours"), Edit("b.txt", b"ours")))
    (tmp_path / "a.txt").write_text("edited by hand")
    with pytest.raises(RefusedError, match=r"a\.txt"):
        revert(tmp_path, applied)
    assert (tmp_path / "b.txt").read_text() == "ours"


@pytest.mark.parametrize("path", ["../a", "/etc/a", "a/../../b", "", "a\0b"])
def test_a_path_outside_the_project_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(RefusedError) as caught:
        build(tmp_path, Edit(path, b"x"))
    assert caught.value.reason == "outside-project"


def test_a_symbolic_link_is_never_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "project"
    root.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises(RefusedError, match="symbolic link"):
        build(root, Edit("link/a.txt", b"x"))


def test_a_second_operation_is_refused_while_one_runs(tmp_path: Path) -> None:
    operation = build(tmp_path, Edit("a.txt", b"x"))
    holder = subprocess.Popen(
        [sys.executable, PROGRAMS / "hold_the_lock.py", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(RefusedError, match=f"process {holder.pid}") as caught:
            apply(tmp_path, operation)
        assert caught.value.reason == "locked"
    apply(tmp_path, operation)


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, PROGRAMS / "hold_the_lock.py", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout
        holder.stdout.readline()
        holder.send_signal(signal.SIGKILL)
    with project_lock(tmp_path):
        pass


def test_nothing_begins_while_an_operation_is_unfinished(tmp_path: Path) -> None:
    write_operation(tmp_path, build(tmp_path, Edit("a.txt", b"x")))
    with pytest.raises(RefusedError, match="unfinished") as caught:
        apply(tmp_path, build(tmp_path, Edit("b.txt", b"x"), now=NOW + timedelta(seconds=1)))
    assert "resume --revert" in (caught.value.hint or "")
    with pytest.raises(RefusedError):
        refuse_unfinished(tmp_path)


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs file size limits")
@pytest.mark.parametrize("limit", [1_000, 199_000])
def test_a_disk_that_takes_no_more_leaves_everything_as_it_was(tmp_path: Path, limit: int) -> None:
    (tmp_path / "a.txt").write_text("before")
    command = [sys.executable, str(PROGRAMS / "fill_the_disk.py"), str(tmp_path), str(limit)]
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    assert told.stderr.strip() == "3 not-writable"
    names = {path.name for path in tmp_path.iterdir()} - {".cronshift"}
    assert names == {"a.txt"}
    assert (tmp_path / "a.txt").read_text() == "before"
    assert history(tmp_path) == []


def test_a_new_content_that_cannot_be_written_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("before")
    too_long_to_stage = "new/" + "n" * 250
    with pytest.raises(RefusedError) as caught:
        apply(tmp_path, build(tmp_path, Edit("a.txt", b"after"), Edit(too_long_to_stage, b"x")))
    assert caught.value.reason == "not-writable"
    assert {path.name for path in tmp_path.iterdir()} == {".cronshift", "a.txt"}
    assert (tmp_path / "a.txt").read_text() == "before"
    assert history(tmp_path) == []


def test_a_file_with_uncommitted_changes_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "vercel.json").write_text("{}")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    build(tmp_path, Edit("vercel.json", b"ours"))
    (tmp_path / "vercel.json").write_text('{"edited": true}')
    with pytest.raises(RefusedError) as caught:
        build(tmp_path, Edit("vercel.json", b"ours"))
    assert caught.value.reason == "dirty-file"


def test_looking_at_git_starts_no_program_of_the_repositorys(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "vercel.json").write_text("{}")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for name in ("core.fsmonitor", "diff.external"):
        git(tmp_path, "config", name, str(program))
    (tmp_path / "vercel.json").write_text('{"edited": true}')
    with pytest.raises(RefusedError, match="uncommitted"):
        build(tmp_path, Edit("vercel.json", b"ours"))
    assert not (tmp_path / "ran").exists()


def test_a_file_that_only_cronshift_changed_is_not_dirty(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "vercel.json").write_text("{}")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    apply(tmp_path, build(tmp_path, Edit("vercel.json", b"ours")))
    later = build(tmp_path, Edit("vercel.json", b"ours again"), now=NOW + timedelta(seconds=1))
    assert later.changes


def test_an_operation_is_found_by_the_start_of_its_id(tmp_path: Path) -> None:
    applied = apply(tmp_path, build(tmp_path, Edit("a.txt", b"x")))
    assert read_operation(tmp_path, applied.id[:12].lower()) == applied
    with pytest.raises(CronshiftError, match="No operation starts with 'Z'"):
        read_operation(tmp_path, "Z")


def test_a_journal_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    applied = apply(tmp_path, build(tmp_path, Edit("a.txt", b"x")))
    path = tmp_path / ".cronshift" / "operations" / f"{applied.id}.json"
    document = json.loads(path.read_text())
    document["changes"][0]["images"][0]["after"]["text"] = "y"
    path.write_text(json.dumps(document))
    with pytest.raises(RefusedError, match="hash"):
        history(tmp_path)


names = st.sampled_from(["a", "b/c", "b/d/e", "f/g/h"])
contents = st.one_of(st.none(), st.binary(max_size=20))


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(names, st.binary(max_size=20)),
    st.dictionaries(names, contents, min_size=1),
)
def test_revert_after_apply_is_as_if_nothing_was(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, bytes],
    wanted: dict[str, bytes | None],
) -> None:
    root = tmp_path_factory.mktemp("project")
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)

    def snapshot() -> dict[str, bytes | None]:
        return {
            str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
            for path in root.rglob("*")
            if ".cronshift" not in path.parts
        }

    before = snapshot()
    edits = [Edit(name, data, ChangeKind.WRITE) for name, data in wanted.items()]
    applied = apply(root, build(root, *edits))
    after = snapshot()
    assert {name: after.get(name) for name in wanted} == wanted
    revert(root, applied)
    assert snapshot() == before
