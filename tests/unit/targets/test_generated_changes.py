from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cronshift import operations
from cronshift.errors import CronshiftError, RefusedError
from cronshift.targets import GeneratedFile
from cronshift.targets.changes import FileAction, FileChange, compare, edits
from cronshift.targets.seal import is_untouched, seal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OUT = "inngest_app"
PATH = f"{OUT}/client.py"
OLD, NEW = seal("value = 1\n"), seal("value = 2\n")
EDITED = OLD.replace("1", "3") + "# mine\n"


def put(root: Path, text: str | bytes, path: str = PATH) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def change_of(root: Path, text: str = NEW, path: str = PATH) -> FileChange:
    return compare(root, [GeneratedFile(path, text)], OUT)[0]


def write(
    root: Path, changes: Iterable[FileChange], *, force: bool = False, remove_stale: bool = False
) -> list[str]:
    """Do as ``migrate`` does: make the edits one operation, and apply it."""
    wanted, copies = edits(root, changes, force=force, remove_stale=remove_stale)
    operation = operations.build_operation(
        root, "migrate", wanted, datetime.now(UTC), intent=operations.Intent.MIGRATE
    )
    if operation.changes:
        operations.apply(root, operation)
    return copies


def put_and_write(root: Path, text: str, *, force: bool = False) -> list[str]:
    return write(root, compare(root, [GeneratedFile(PATH, text)], OUT), force=force)


def test_a_sealed_text_is_untouched_whatever_its_line_ends() -> None:
    assert is_untouched(NEW)
    assert is_untouched(NEW.replace("\n", "\r\n"))


@pytest.mark.parametrize("text", ["", "value = 1\n", NEW + " ", NEW.replace("2", "3"), "\n" + NEW])
def test_any_other_text_is_not_untouched(text: str) -> None:
    assert not is_untouched(text)


SCRIPT = seal(
    """/**
 * It's "so".
 */
import { b, c } from "c";

export type One = "a" | "b";

export const functions = [
  b,
  c,
];

export const d = (e: One) => functions.filter((one) => one(`  ${e["f"]}`, "it's", { g: 1 }));
""",
    "//",
)
FORMATTED = (
    SCRIPT.partition("\n")[0]
    + """
/**
 * It's "so".
 */
import {
    b,
    c,
} from 'c'

export type One =
    | 'a'
    | 'b'

export const functions = [b, c]

export const d = (
    e: One,
) =>
    functions.filter(one =>
        one(`  ${e['f']}`, 'it\\'s', {
            g: 1,
        }),
    )
"""
)


def test_a_formatter_may_run_over_typescript(tmp_path: Path) -> None:
    assert is_untouched(SCRIPT)
    assert is_untouched(FORMATTED)
    put(tmp_path, FORMATTED, "a.ts")
    assert change_of(tmp_path, SCRIPT, "a.ts").action is FileAction.UNCHANGED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"a"', '"b"'),
        ("`  ", "` "),
        ("g: 1", "g: 2"),
        ("b,", ""),
        ("so", "not so"),
        ("it's", "its"),
    ],
)
def test_what_no_formatter_does_to_typescript_is_seen(old: str, new: str) -> None:
    assert not is_untouched(SCRIPT.replace(old, new))


def test_a_file_that_is_not_there_is_created(tmp_path: Path) -> None:
    assert change_of(tmp_path) == FileChange(PATH, FileAction.CREATE, None, NEW)
    assert put_and_write(tmp_path, NEW) == []
    assert (tmp_path / PATH).read_text() == NEW


def test_a_file_as_it_was_generated_is_updated(tmp_path: Path) -> None:
    file = put(tmp_path, OLD)
    assert change_of(tmp_path).action is FileAction.UPDATE
    assert put_and_write(tmp_path, NEW) == []
    assert file.read_text() == NEW


@pytest.mark.parametrize("text", [NEW, NEW.replace("\n", "\r\n")])
def test_a_file_that_is_as_planned_is_left_alone(tmp_path: Path, text: str) -> None:
    file = put(tmp_path, text)
    before = file.stat()
    assert change_of(tmp_path).action is FileAction.UNCHANGED
    assert put_and_write(tmp_path, NEW, force=True) == []
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize("text", [EDITED, "not ours\n", "", "caf\u00e9".encode("latin-1")])
def test_a_file_changed_by_hand_is_refused_before_anything_is_written(
    tmp_path: Path, text: str | bytes
) -> None:
    file = put(tmp_path, text)
    files = [GeneratedFile(f"{OUT}/a.py", NEW), GeneratedFile(PATH, NEW)]
    changes = compare(tmp_path, files, OUT)
    assert [change.action for change in changes] == [FileAction.CREATE, FileAction.EDITED]
    with pytest.raises(RefusedError) as caught:
        write(tmp_path, changes)
    assert (caught.value.reason, caught.value.where) == ("edited-by-hand", PATH)
    assert not (tmp_path / OUT / "a.py").exists()
    assert file.read_bytes() == (text if isinstance(text, bytes) else text.encode())


def test_force_overwrites_it_after_a_copy_that_nothing_imports(tmp_path: Path) -> None:
    file = put(tmp_path, b"\xff mine\r\n")
    assert put_and_write(tmp_path, NEW, force=True) == [f"{PATH}.bak"]
    assert file.read_text() == NEW
    assert (tmp_path / f"{PATH}.bak").read_bytes() == b"\xff mine\r\n"


def test_a_copy_never_replaces_an_earlier_one(tmp_path: Path) -> None:
    kept = []
    for number in range(3):
        put(tmp_path, f"mine {number}")
        kept += put_and_write(tmp_path, NEW, force=True)
    assert kept == [f"{PATH}.bak", f"{PATH}.bak1", f"{PATH}.bak2"]
    assert [(tmp_path / path).read_text() for path in kept] == ["mine 0", "mine 1", "mine 2"]


def test_edits_to_what_would_be_generated_anyway_stay_and_stop_nothing(tmp_path: Path) -> None:
    file = put(tmp_path, EDITED)
    change = change_of(tmp_path, OLD)
    assert (change.action, change.conflict, change.pending) == (FileAction.EDITED, False, False)
    assert put_and_write(tmp_path, OLD) == []
    assert file.read_text() == EDITED
    assert put_and_write(tmp_path, OLD, force=True) == [f"{PATH}.bak"]
    assert file.read_text() == OLD


def test_a_file_no_longer_planned_is_told_and_only_removed_when_asked(tmp_path: Path) -> None:
    stale = put(tmp_path, OLD, f"{OUT}/jobs/gone.py")
    changes = compare(tmp_path, [], OUT)
    assert changes == (FileChange(f"{OUT}/jobs/gone.py", FileAction.STALE, OLD, None),)
    write(tmp_path, changes, force=True)
    assert stale.exists()
    assert write(tmp_path, changes, remove_stale=True) == []
    assert not stale.exists()


def test_a_stale_file_changed_by_hand_is_removed_with_force_and_a_copy_only(
    tmp_path: Path,
) -> None:
    stale = put(tmp_path, EDITED, f"{OUT}/jobs/gone.py")
    changes = compare(tmp_path, [], OUT)
    with pytest.raises(RefusedError):
        write(tmp_path, changes, remove_stale=True)
    assert stale.exists()
    assert write(tmp_path, changes, remove_stale=True, force=True) == [f"{OUT}/jobs/gone.py.bak"]
    assert not stale.exists()


def test_files_that_cronshift_did_not_generate_are_not_its_business(tmp_path: Path) -> None:
    put(tmp_path, "mine\n", f"{OUT}/jobs/mine.py")
    put(tmp_path, OLD, f"{OUT}/elsewhere/deep.py")
    assert compare(tmp_path, [], OUT) == ()


def test_modes_are_kept(tmp_path: Path) -> None:
    file = put(tmp_path, OLD)
    file.chmod(0o640)
    put_and_write(tmp_path, NEW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_nothing_but_the_files_is_left_behind(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    put_and_write(tmp_path, NEW)
    assert [file.name for file in (tmp_path / OUT).iterdir()] == ["client.py"]


@pytest.mark.parametrize("path", ["../client.py", "/client.py", f"{OUT}/../../client.py", "a\0.py"])
def test_a_path_outside_the_project_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(RefusedError):
        change_of(tmp_path, path=path)


def test_a_package_behind_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    (project / OUT).symlink_to(elsewhere)
    with pytest.raises(RefusedError):
        change_of(project)
    assert list(elsewhere.iterdir()) == []


def test_a_file_that_is_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    target = put(tmp_path, OLD, "target.py")
    (tmp_path / OUT).mkdir()
    (tmp_path / PATH).symlink_to(target)
    with pytest.raises(RefusedError):
        change_of(tmp_path)


def test_a_folder_in_a_files_place_is_told(tmp_path: Path) -> None:
    (tmp_path / PATH).mkdir(parents=True)
    with pytest.raises(CronshiftError) as caught:
        change_of(tmp_path)
    assert (caught.value.reason, caught.value.where) == ("disk-error", PATH)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / OUT).mkdir(mode=0o500)
    with pytest.raises(CronshiftError, match="Permission denied"):
        put_and_write(tmp_path, NEW)


def test_a_file_in_a_folders_place_is_told(tmp_path: Path) -> None:
    put(tmp_path, "a file", OUT)
    with pytest.raises(CronshiftError) as caught:
        put_and_write(tmp_path, NEW)
    assert caught.value.reason == "not-writable"
    assert (tmp_path / OUT).read_text() == "a file"


def test_a_diff_reads_from_the_disk_to_the_plan(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    lines = list(change_of(tmp_path).diff())
    assert lines[:2] == [f"--- a/{PATH}\n", f"+++ b/{PATH}\n"]
    assert {"-value = 1\n", "+value = 2\n"} <= set(lines)


def test_the_diff_of_a_new_file_is_all_of_it(tmp_path: Path) -> None:
    assert next(change_of(tmp_path).diff()) == "--- /dev/null\n"
