"""A save by an editor between planning and the replacement is not lost, and is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.errors import RefusedError
from cronshift.operations import (
    ChangeKind,
    Edit,
    Intent,
    Operation,
    State,
    abandon,
    apply,
    build_operation,
    finish,
    history,
    read_journal,
    revert,
    staging,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EDITS = (
    Edit("new.txt", b"made\n"),
    Edit("edited.txt", b"ours\n"),
    Edit("gone.txt", None, ChangeKind.DELETE),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "edited.txt").write_text("before\n")
    (tmp_path / "gone.txt").write_text("before\n")
    return tmp_path


def planned(root: Path) -> Operation:
    return build_operation(root, "migrate", EDITS, NOW, intent=Intent.MIGRATE)


def save_by_rename(file: Path) -> None:
    beside = file.with_name("editor.tmp")
    beside.write_text("saved meanwhile\n")
    beside.replace(file)


def save_in_place(file: Path) -> None:
    file.write_text("saved meanwhile\n")


def files(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in root.iterdir() if path.is_file()}


@pytest.mark.parametrize("save", [save_by_rename, save_in_place])
@pytest.mark.parametrize("name", ["new.txt", "edited.txt", "gone.txt"])
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_save_just_before_a_file_takes_its_place_is_kept(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    save: Callable[[Path], None],
    name: str,
    can_exchange: bool,
) -> None:
    operation, before = planned(root), files(root)
    real = vars(staging)["_settle"]

    def meanwhile(folder: int, here: str, *rest: Any) -> None:
        if here == name and (root / name).exists() == (name != "new.txt"):
            save(root / name)
        real(folder, here, *rest)

    monkeypatch.setattr(staging, "_settle", meanwhile)
    if not can_exchange:
        monkeypatch.setattr(staging, "exchange", lambda *_: False)
    with pytest.raises(RefusedError) as caught:
        apply(root, operation)
    assert (caught.value.reason, caught.value.where) == ("changed-file", name)
    assert files(root) == before | {name: "saved meanwhile\n"}
    assert history(root)[-1].state is State.REVERTED


@pytest.mark.parametrize("way", [finish, revert])
@pytest.mark.parametrize("name", ["edited.txt", "gone.txt"])
def test_a_save_that_a_kill_left_beside_its_place_goes_back(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Path, Operation], Operation],
    name: str,
) -> None:
    operation = planned(root)
    real = vars(staging)["_settle"]

    class Killed(BaseException):
        """The process ends here."""

    def killed(*_: object) -> None:
        raise Killed

    def meanwhile(folder: int, here: str, *rest: Any) -> None:
        if here == name:
            save_by_rename(root / name)
            monkeypatch.setattr(staging, "_content_or_none", killed)
        real(folder, here, *rest)

    monkeypatch.setattr(staging, "_settle", meanwhile)
    with pytest.raises(Killed):
        apply(root, operation)
    monkeypatch.undo()
    assert not (root / name).exists() or (root / name).read_text() != "saved meanwhile\n"
    interrupted = unfinished(root)
    assert interrupted is not None
    with pytest.raises(RefusedError, match=name):
        way(root, interrupted)
    assert (root / name).read_text() == "saved meanwhile\n"
    assert not list(root.glob(f".{name}.cronshift-*"))


def test_giving_up_cleans_what_a_kill_left_beside_the_files(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(root)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(staging, "settle", killed)
    with pytest.raises(KeyboardInterrupt):
        apply(root, planned(root))
    assert len(list(root.glob(".*.cronshift-*"))) == 2
    (record,) = read_journal(root).records
    abandon(root, record)
    assert files(root) == before
    assert history(root)[-1].state is State.ABANDONED
    assert unfinished(root) is None


def test_what_a_kill_leaves_in_the_journals_folder_is_cleaned(root: Path) -> None:
    folder = root / ".cronshift" / "operations"
    folder.mkdir(parents=True)
    (folder / ".01KAVH7R00ZQ4X8N5T2M9C6B3D.json.cronshift-next").write_text("{")
    done = apply(root, planned(root))
    assert [path.name for path in folder.iterdir()] == [f"{done.id}.json"]
