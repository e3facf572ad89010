"""Edits of a vercel.json: by example, and as laws over any layout."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError
from cronshift.vercel.edit import (
    insert_entry,
    remove_entries,
    replace_entry,
    restore_entries,
)

INDENTED = """\
{
  "framework": null,
  "crons": [
    {
      "path": "/api/one",
      "schedule": "0 1 * * *"
    },
    { "schedule": "0 2 * * *", "path": "/api/two" },
    { "path": "/api/three", "schedule": "0 3 * * *" }
  ],
  "regions": ["fra1"]
}
"""


def test_the_first_is_removed_with_its_comma() -> None:
    assert remove_entries(INDENTED, [0]) == INDENTED.replace(
        """\
    {
      "path": "/api/one",
      "schedule": "0 1 * * *"
    },
""",
        "",
    )


def test_the_last_is_removed_with_the_comma_before_it() -> None:
    assert remove_entries(INDENTED, [2]) == INDENTED.replace(
        """,
    { "path": "/api/three", "schedule": "0 3 * * *" }""",
        "",
    )


def test_all_but_the_key_go_with_the_last_entry() -> None:
    assert '"crons": [],\n  "regions"' in remove_entries(INDENTED, [0, 1, 2])


def test_the_key_goes_too_when_that_is_asked_for() -> None:
    text = remove_entries(INDENTED, [0, 1, 2], drop_empty=True)
    assert text == '{\n  "framework": null,\n  "regions": ["fra1"]\n}\n'


def test_a_new_entry_is_laid_out_like_its_neighbour() -> None:
    text = insert_entry(INDENTED, 0, "/api/new", "0 9 * * *")
    assert text.splitlines()[3:8] == [
        "    {",
        '      "path": "/api/new",',
        '      "schedule": "0 9 * * *"',
        "    },",
        "    {",
    ]
    last = insert_entry(INDENTED, 3, "/api/new", "0 9 * * *")
    assert '"0 3 * * *" },\n    { "path": "/api/new", "schedule": "0 9 * * *" }\n  ]' in last


def test_a_first_entry_is_indented_like_the_file() -> None:
    text = insert_entry('{\n\t"crons": []\n}\n', 0, "/api/x", "0 9 * * *")
    assert text == ('{\n\t"crons": [\n\t\t{ "path": "/api/x", "schedule": "0 9 * * *" }\n\t]\n}\n')
    assert json.loads(insert_entry("{}", 0, "/api/x", "0 9 * * *"))["crons"]
    added = insert_entry('{\n  "regions": []\n}', 0, "/api/x", "0 9 * * *")
    assert list(json.loads(added)) == ["regions", "crons"]


def test_only_the_value_is_replaced() -> None:
    assert replace_entry(INDENTED, 1, schedule="5 2 * * *") == INDENTED.replace(
        '"0 2 * * *"', '"5 2 * * *"'
    )


def test_windows_line_ends_stay() -> None:
    windows = INDENTED.replace("\n", "\r\n")
    assert remove_entries(windows, [0]) == remove_entries(INDENTED, [0]).replace("\n", "\r\n")
    assert insert_entry(windows, 3, "/a", "0 9 * * *") == insert_entry(
        INDENTED, 3, "/a", "0 9 * * *"
    ).replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "no-crons"),
        ('{"crons": {}}', "no-crons"),
        ('{"crons": []}', "no-such-entry"),
        ('{"crons": [] // x\n}', "invalid-json"),
    ],
)
def test_what_is_not_there_cannot_be_removed(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        remove_entries(text, [0])
    assert caught.value.reason == reason


def test_a_file_that_somebody_edited_since_is_not_restored() -> None:
    removed = remove_entries(INDENTED, [1])
    assert restore_entries(removed, INDENTED, [1]) == INDENTED
    assert restore_entries(removed.replace("fra1", "iad1"), INDENTED, [1]) is None


# The laws: any entries, in any layout

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
entries = st.lists(
    st.fixed_dictionaries({"path": texts.map(lambda text: f"/{text}"), "schedule": texts}),
    max_size=6,
)
layouts = st.sampled_from([(None, ", ", ": "), (0, ",", ":"), (2, ",", ": "), ("\t", ",", " : ")])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a document's text in some layout, and the document."""
    crons = draw(entries)
    document: dict[str, Any] = draw(st.dictionaries(texts, st.integers() | texts, max_size=3))
    document.pop("crons", None)
    at = draw(st.integers(0, len(document)))
    items = list(document.items())
    document = dict([*items[:at], ("crons", crons), *items[at:]])
    indent, comma, colon = draw(layouts)
    text = json.dumps(
        document, indent=indent, separators=(comma, colon), ensure_ascii=draw(st.booleans())
    )
    text = draw(st.sampled_from(["", "\n", "  "])) + text + draw(st.sampled_from(["", "\n"]))
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text, document


@given(files(), st.data())
def test_removing_from_the_text_is_removing_from_the_data(
    file: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text, document = file
    count = len(document["crons"])
    gone = data.draw(st.sets(st.integers(0, count - 1)) if count else st.just(set()))
    kept = [entry for index, entry in enumerate(document["crons"]) if index not in gone]
    assert json.loads(remove_entries(text, gone)) == {**document, "crons": kept}


@given(files(), st.data(), st.booleans())
def test_what_was_removed_is_restored_byte_for_byte(
    file: tuple[str, dict[str, Any]], data: st.DataObject, drop_empty: bool
) -> None:
    text, document = file
    count = len(document["crons"])
    gone = data.draw(st.sets(st.integers(0, count - 1), min_size=1)) if count else set()
    now = remove_entries(text, gone, drop_empty=drop_empty)
    assert restore_entries(now, text, gone) == text


@given(files(), st.data(), st.booleans())
def test_entries_that_differ_are_restored_one_by_one_in_any_order(
    file: tuple[str, dict[str, Any]], data: st.DataObject, drop_empty: bool
) -> None:
    text, document = file
    crons = [json.dumps(entry) for entry in document["crons"]]
    if not crons or len(set(crons)) < len(crons):
        return  # of twins, nobody can tell which one is there
    gone = data.draw(st.sets(st.integers(0, len(crons) - 1), min_size=1))
    now = remove_entries(text, gone, drop_empty=drop_empty)
    for index in data.draw(st.permutations(sorted(gone))):
        restored = restore_entries(now, text, [index])
        assert restored is not None
        now = restored
    assert now == text


@given(files(), st.data(), texts, texts)
def test_inserting_into_the_text_is_inserting_into_the_data(
    file: tuple[str, dict[str, Any]], data: st.DataObject, path: str, schedule: str
) -> None:
    text, document = file
    index = data.draw(st.integers(0, len(document["crons"])))
    crons = list(document["crons"])
    crons.insert(index, {"path": path, "schedule": schedule})
    assert json.loads(insert_entry(text, index, path, schedule)) == {**document, "crons": crons}


@given(files(), st.data(), texts, texts)
def test_removing_what_was_inserted_gives_the_text_back(
    file: tuple[str, dict[str, Any]], data: st.DataObject, path: str, schedule: str
) -> None:
    text, document = file
    count = len(document["crons"])
    index = data.draw(st.integers(0, count))
    inserted = insert_entry(text, index, path, schedule)
    removed = remove_entries(inserted, [index])
    if count:
        assert removed == text
    assert json.loads(removed) == document


@given(files(), st.data(), texts, texts)
def test_replacing_in_the_text_is_replacing_in_the_data(
    file: tuple[str, dict[str, Any]], data: st.DataObject, path: str, schedule: str
) -> None:
    text, document = file
    if not document["crons"]:
        return
    index = data.draw(st.integers(0, len(document["crons"]) - 1))
    crons = list(document["crons"])
    crons[index] = {"path": path, "schedule": schedule}
    replaced = replace_entry(text, index, path=path, schedule=schedule)
    assert json.loads(replaced) == {**document, "crons": crons}


@given(files(), st.data())
def test_nothing_but_the_entry_and_its_comma_changes(
    file: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    text, document = file
    if not document["crons"]:
        return
    index = data.draw(st.integers(0, len(document["crons"]) - 1))
    removed = remove_entries(text, [index])
    head = next(
        (at for at, (a, b) in enumerate(zip(text, removed, strict=False)) if a != b), len(removed)
    )
    tail = len(removed) - head
    assert text.startswith(removed[:head])
    assert tail == 0 or text.endswith(removed[-tail:])
