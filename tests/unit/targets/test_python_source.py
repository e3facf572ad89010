from __future__ import annotations

import ast
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.targets.python.source import (
    WIDTH,
    call,
    duration,
    laid_out,
    listed,
    literal,
    paragraph,
    url,
)

SURROGATES_TOO = st.text(st.characters(codec=None, exclude_categories=()))


@given(SURROGATES_TOO)
def test_a_literal_evaluates_to_exactly_its_text(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


@given(SURROGATES_TOO)
def test_a_literal_is_one_line_of_printable_ascii(text: str) -> None:
    assert literal(text).isascii()
    assert literal(text).isprintable()


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("plain", '"plain"'),
        ("it's", '"it\'s"'),
        ('say "hi"', "'say \"hi\"'"),
        ("'\"", '"\'\\""'),
        ("\\' \"", '"\\\\\' \\""'),
        ("a\nb\0", '"a\\nb\\x00"'),
        ("\u202eevil", '"\\u202eevil"'),
        ("${x}{{ y }}{% z %}", '"${x}{{ y }}{% z %}"'),
    ],
)
def test_quotes_are_those_the_formatter_prefers(text: str, source: str) -> None:
    assert literal(text) == source


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (timedelta(days=2), "timedelta(days=2)"),
        (timedelta(hours=36), "timedelta(hours=36)"),
        (timedelta(minutes=15), "timedelta(minutes=15)"),
        (timedelta(seconds=90), "timedelta(seconds=90)"),
        (timedelta(milliseconds=1), "timedelta(microseconds=1000)"),
    ],
)
def test_a_duration_uses_the_largest_unit_that_divides_it(value: timedelta, source: str) -> None:
    assert laid_out(duration(value)) == source


@given(st.timedeltas())
def test_a_duration_evaluates_to_itself(value: timedelta) -> None:
    assert eval(laid_out(duration(value)), {"timedelta": timedelta}) == value  # noqa: S307 - the law


def test_a_call_that_fits_stays_on_one_line() -> None:
    assert laid_out(call("f", "x", key=literal("v")), before="y = ") == 'y = f(x, key="v")'


def test_a_call_that_does_not_fit_has_one_argument_a_line() -> None:
    long = literal("x" * WIDTH)
    assert laid_out(call("f", listed(["1", "2"]), key=long), before="y = ", indent=4) == (
        f"y = f(\n        [1, 2],\n        key={long},\n    )"
    )


@given(SURROGATES_TOO)
def test_a_url_cannot_leave_a_docstring(text: str) -> None:
    shown = url(text)
    assert not set(shown) & set('\\"\n\r')
    assert shown.isascii()
    assert shown.isprintable()


def test_a_long_url_is_cut() -> None:
    assert url("/" + "x" * 100, longest=10) == "/xxxxxx..."


def test_a_paragraph_keeps_its_words_whole() -> None:
    word = "x" * 100
    assert paragraph(f"a {word} b") == f"a\n{word}\nb"
