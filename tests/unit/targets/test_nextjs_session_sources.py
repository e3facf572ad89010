"""Text from cronshift.toml in SQL and TypeScript: it stays text, whatever is in it."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from cronshift.targets.scaffold.sql import literal, quoted
from cronshift.targets.typescript.sessions.sql import identifier, in_template, label
from cronshift.targets.typescript.source import key

NAMES = st.text(min_size=1).filter(lambda text: "\0" not in text)
TRICKY = st.text(alphabet="`$\\{}'\"ax", min_size=1)


def evaluated(source: str) -> str:
    """Return what JavaScript makes of the inside of a template literal; fail where it runs code."""
    assert not re.search(r"(?<!\\)(?:\\\\)*(?:`|\$\{)", source)
    return re.sub(r"\\(.)", r"\1", source, flags=re.DOTALL)


@given(NAMES | TRICKY)
def test_a_template_literal_says_what_was_put_in(text: str) -> None:
    assert evaluated(in_template(text)) == text
    assert evaluated(identifier(text)) == quoted(text)
    assert evaluated(label(text)) == literal(text)


@given(NAMES | TRICKY)
def test_an_identifier_ends_where_its_name_does(text: str) -> None:
    name = quoted(text)
    assert name[0] == name[-1] == '"'
    assert '"' not in name[1:-1].replace('""', "")
    assert name[1:-1].replace('""', '"') == text


@given(NAMES | TRICKY)
def test_a_literal_ends_where_its_text_does(text: str) -> None:
    written = literal(text)
    if written.startswith("E"):
        inside = re.sub(r"\\\\", "", written[2:-1])
        assert "\\" not in inside
    else:
        inside = written[1:-1]
    assert "'" not in inside.replace("''", "")


@given(NAMES | TRICKY)
def test_a_key_is_a_plain_name_or_a_text(text: str) -> None:
    written = key(text)
    assert re.fullmatch(r"[A-Za-z_$][\w$]*", written, re.ASCII) or json.loads(written) in (
        text,
        [text],
    )


def test_a_key_never_becomes_the_prototype() -> None:
    assert key("__proto__") == '["__proto__"]'
