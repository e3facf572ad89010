"""One more value in a Prisma schema's enum, and not a byte else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from cronshift.targets.scaffold.prisma import database_name, with_value

SCHEMA = """\
// enum Status { queued }
/// The states. } is no end, nor is queued a value
enum Status {
  waiting // before queued
  /* queued */
  error   @map("failed }")

  @@map("session_status")
}

enum Other { a }
"""


def test_it_goes_behind_the_last_value() -> None:
    assert with_value(SCHEMA, "Status", "queued") == snapshot("""\
// enum Status { queued }
/// The states. } is no end, nor is queued a value
enum Status {
  waiting // before queued
  /* queued */
  error   @map("failed }")
  queued

  @@map("session_status")
}

enum Other { a }
""")


def test_an_enum_is_found_by_the_name_that_the_database_has() -> None:
    assert database_name(SCHEMA, "Status") == "session_status"
    assert database_name(SCHEMA, "Other") == "Other"
    assert database_name(SCHEMA, "Nobody") is None
    by_name = with_value(SCHEMA, "Status", "queued")
    assert with_value(SCHEMA, "session_status", "queued") == by_name


@pytest.mark.parametrize("label", ["waiting", "failed }"])
def test_a_label_that_is_there_is_left_alone(label: str) -> None:
    assert with_value(SCHEMA, "Status", label) is None


def test_values_in_capitals_get_one_more_of_them() -> None:
    schema = 'enum Status {\n\tDONE @map("done")\n}\n'
    after = with_value(schema, "Status", "queued")
    assert after == 'enum Status {\n\tDONE @map("done")\n\tQUEUED @map("queued")\n}\n'


@pytest.mark.parametrize(
    ("schema", "after"),
    [
        ("enum S {\n}\n", "enum S {\n  queued\n}\n"),
        ("enum S {}\n", "enum S {\n  queued\n}\n"),
        ("enum S { a }\n", "enum S { a \n queued\n}\n"),
        (
            'enum S {\n  queued @map("q")\n}',
            'enum S {\n  queued @map("q")\n  queued_ @map("queued")\n}',
        ),
    ],
)
def test_odd_blocks_are_still_blocks(schema: str, after: str) -> None:
    assert with_value(schema, "S", "queued") == after


def test_a_label_that_is_no_name_to_prisma_is_mapped() -> None:
    assert with_value("enum S {\n  a\n}\n", "S", "_1st") == 'enum S {\n  a\n  st @map("_1st")\n}\n'


NAME = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name != "enum")
NOISE = st.sampled_from(["", "// enum S { queued }", "/* } */", "model M {\n  id Int @id\n}"])


@given(
    values=st.lists(NAME, unique=True),
    noise=st.lists(NOISE, min_size=2, max_size=2),
    newline=st.sampled_from(["\n", "\r\n"]),
    label=NAME,
)
def test_exactly_one_line_is_added_and_once(
    values: list[str], noise: list[str], newline: str, label: str
) -> None:
    body = "".join(f"  {value} // {label}\n" for value in values)
    schema = f"{noise[0]}\nenum S {{\n{body}\n  // end\n}}\n{noise[1]}\n".replace("\n", newline)
    after = with_value(schema, "S", label)
    if label in values:
        assert after is None
        return
    assert after is not None
    added = f"  {label}{newline}"
    assert after.replace(added, "", 1) == schema
    assert after.count("\n") == schema.count("\n") + 1
    assert with_value(after, "S", label) is None


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    after = with_value(text, "S", "queued")
    assert after is None or len(after) > len(text)
