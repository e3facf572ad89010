from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.operations import (
    AddEpoch,
    AddToNumber,
    Change,
    ChangeKind,
    DeleteFile,
    EditEntries,
    EditSettings,
    FileImage,
    Intent,
    MoveFile,
    Operation,
    RemoveGuard,
    RunSql,
    State,
    WriteFile,
)

if TYPE_CHECKING:
    from collections.abc import Callable

bytes_ = st.binary(max_size=12)
modes = st.none() | st.integers(0, 0o777)
lines = st.text(st.characters(codec="utf-8"), max_size=12)
amounts = st.integers(-(2**62), 2**62)


def images(
    path: st.SearchStrategy[str] = lines,
    before: st.SearchStrategy[bytes | None] = bytes_ | st.none(),
    after: st.SearchStrategy[bytes | None] = bytes_ | st.none(),
) -> st.SearchStrategy[FileImage]:
    return st.builds(FileImage, path, before, after, modes)


statements = st.builds(AddToNumber, lines, lines, amounts | lines, lines, amounts)
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(WriteFile, images(after=bytes_), lines),
    st.builds(DeleteFile, images(before=bytes_, after=st.none()), lines),
    st.builds(EditEntries, images(), lines),
    st.builds(EditSettings, images(), lines),
    st.builds(AddEpoch, images(st.just("cronshift.ownership.json")), lines),
    st.builds(RemoveGuard, images(), lines),
    st.builds(
        MoveFile,
        images(st.just("new"), before=st.none(), after=bytes_),
        images(st.just("old"), before=bytes_, after=st.none()),
        lines,
    ),
    st.builds(RunSql, lines, st.lists(statements, max_size=3).map(tuple), lines),
)


def operation(*its: Change) -> Operation:
    return Operation(
        "01KAVH7R00AAAAAAAAAAAAAAAA",
        Intent.FINALIZE,
        "finalize a",
        "me@here",
        datetime(2026, 11, 24, 12, tzinfo=UTC),
        State.APPLYING,
        its,
        made=("a", "a/b"),
        emptied=("c",),
    )


def test_every_kind_is_a_member_of_the_union() -> None:
    assert {change.kind for change in get_args(Change)} == set(ChangeKind)


@given(changes)
def test_the_inverse_of_an_inverse_is_the_change(change: Change) -> None:
    assert change.inverse().inverse() == change
    undone = [image.inverse() for image in change.images]
    assert sorted(map(repr, change.inverse().images)) == sorted(map(repr, undone))


@given(changes)
def test_an_operation_survives_the_journal(change: Change) -> None:
    before = operation(change)
    assert Operation.from_json(json.loads(json.dumps(before.to_json()))) == before


@given(st.lists(changes, max_size=4))
def test_taking_an_operation_back_twice_is_the_operation(some: list[Change]) -> None:
    whole = operation(*some)
    assert whole.inverse().inverse() == whole
    assert whole.inverse().made == ("c",)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: WriteFile(FileImage("a", b"x", None), ""),
        lambda: DeleteFile(FileImage("a", None, None), ""),
        lambda: DeleteFile(FileImage("a", b"x", b"y"), ""),
        lambda: AddEpoch(FileImage("package.json", b"x", b"y"), ""),
        lambda: MoveFile(FileImage("a", None, None), FileImage("b", b"x", None), ""),
    ],
)
def test_a_change_that_is_not_what_its_name_says_cannot_be_made(
    wrong: Callable[[], Change],
) -> None:
    with pytest.raises(ValueError):
        wrong()


def test_a_journal_of_the_first_version_says_its_intent_by_its_command() -> None:
    document = operation(WriteFile(FileImage("a", None, b"x"), "a")).to_json()
    del document["intent"]
    assert Operation.from_json({**document, "version": 1}).intent is Intent.FINALIZE


def test_the_intent_does_not_hang_on_the_words_of_the_command() -> None:
    document = operation().to_json() | {"command": "end what Vercel has of a"}
    assert Operation.from_json(document).intent is Intent.FINALIZE
