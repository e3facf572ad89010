"""The env example: every name once, no value, the rest as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.plan.findings.inngest import ENV_EXAMPLE
from cronshift.targets.typescript.env_example import with_names, without_names

NAMES = ("INNGEST_EVENT_KEY", "CRON_SECRET")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "INNGEST_EVENT_KEY=\nCRON_SECRET=\n"),
        ("A=1\n", "A=1\n\nINNGEST_EVENT_KEY=\nCRON_SECRET=\n"),
        ("A=1", "A=1\n\nINNGEST_EVENT_KEY=\nCRON_SECRET=\n"),
        ("A=1\n\n", "A=1\n\nINNGEST_EVENT_KEY=\nCRON_SECRET=\n"),
        ("A=\r\n", "A=\r\n\r\nINNGEST_EVENT_KEY=\r\nCRON_SECRET=\r\n"),
        ("export A=1\n", "export A=1\n\nexport INNGEST_EVENT_KEY=\nexport CRON_SECRET=\n"),
        ("CRON_SECRET=x\n", "CRON_SECRET=x\n\nINNGEST_EVENT_KEY=\n"),
        ("# CRON_SECRET=\n", "# CRON_SECRET=\n\nINNGEST_EVENT_KEY=\n"),
        ("#export CRON_SECRET=\nA=\n", "#export CRON_SECRET=\nA=\n\nINNGEST_EVENT_KEY=\n"),
        ("MY_CRON_SECRET=\n", "MY_CRON_SECRET=\n\nINNGEST_EVENT_KEY=\nCRON_SECRET=\n"),
        ("CRON_SECRET =\nINNGEST_EVENT_KEY= x", "CRON_SECRET =\nINNGEST_EVENT_KEY= x"),
    ],
)
def test_the_names_that_are_not_there_stand_behind_the_rest(before: str, after: str) -> None:
    assert with_names(before, NAMES) == after


@given(
    st.lists(st.text("ACRON_SECRT=# \t", max_size=14), max_size=5), st.sampled_from(["\n", "\r\n"])
)
def test_a_second_time_changes_nothing_and_nothing_of_before_is_lost(
    lines: list[str], newline: str
) -> None:
    text = newline.join(lines)
    done = with_names(text, NAMES)
    assert with_names(done, NAMES) == done
    assert done.startswith(text)


@pytest.mark.parametrize(
    ("name", "is_example"),
    [
        (".env.example", True),
        (".env.sample", True),
        (".env.template", True),
        (".env.local.example", True),
        ("env.example", True),
        (".env", False),
        (".env.local", False),
        (".env.production", False),
    ],
)
def test_files_that_hold_values_are_no_examples(name: str, is_example: bool) -> None:
    assert bool(ENV_EXAMPLE.search(name)) is is_example


@pytest.mark.parametrize(
    "before", ["", "A=1\n", "A=1\r\n", "export A=1\n", "INNGEST_EVENT_KEY=x\n"]
)
def test_the_names_that_were_added_go_again(before: str) -> None:
    assert without_names(with_names(before, NAMES), NAMES) == before


@pytest.mark.parametrize(
    "line", ["CRON_SECRET=x", "# CRON_SECRET=", "MY_CRON_SECRET=", "CRON_SECRETS="]
)
def test_a_line_that_was_not_added_stays(line: str) -> None:
    assert without_names(f"{line}\n\n", NAMES) == f"{line}\n\n"
