"""Entries pointed to the dispatcher and back: the same entries, the same bytes, however spelled."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError, RefusedError
from cronshift.vercel import edit, parse_config, toml_edit
from cronshift.vercel.dispatcher import LONGEST_PATH, MOUNT, dispatched_path, original_path

SCHEDULE = "0 6 * * *"
words = st.text("abcé%41-_.~😀", min_size=1, max_size=6)
bases = st.sampled_from(["", "/base", "/docs/api", "/b\u00e9"])
inners = st.lists(words, min_size=1, max_size=4).map(lambda parts: f"/{'/'.join(parts)}")
queries = st.sampled_from(["", "?x=1", "?to=/api/cronshift/y&z=%2F", "?"])


@st.composite
def pointed(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Return a base path and paths of entries below it, twins and doubles among them."""
    base = draw(bases)
    paths = [f"{base}{draw(inners)}{draw(queries)}" for _ in range(draw(st.integers(1, 4)))]
    return base, [*paths, *draw(st.lists(st.sampled_from(paths), max_size=2))]


def escaped(draw: st.DrawFn, text: str, *, solidus: bool) -> str:
    """Spell a string's text: as it is, or by escapes here and there."""
    often = draw(st.sampled_from([0, 1, 5, 9]))
    spelled = ""
    for char in text:
        plain = json.dumps(char, ensure_ascii=False)[1:-1]
        if ord(char) > 0xFFFF or draw(st.integers(1, 10)) > often:
            spelled += plain
        elif char == "/" and solidus and draw(st.booleans()):
            spelled += "\\/"
        else:
            spelled += f"\\u{ord(char):04{draw(st.sampled_from('xX'))}}"
    return spelled


@st.composite
def json_files(draw: st.DrawFn) -> tuple[str, str]:
    base, paths = draw(pointed())
    entries = [
        f'{{{gap}"{key}"{gap}: "{escaped(draw, path, solidus=True)}",{gap}"schedule":"{SCHEDULE}"}}'
        for path in paths
        for gap in [draw(st.sampled_from(["", " ", "\n    ", "\r\n\t"]))]
        for key in [draw(st.sampled_from(["path", "p\\u0061th"]))]
    ]
    joined = draw(st.sampled_from([",", ", ", " ,\n", ",\r\n  "])).join(entries)
    return f'{{ "crons": [{joined}], "regions": ["fra1"] }}', base


@st.composite
def toml_files(draw: st.DrawFn) -> tuple[str, str]:
    base, paths = draw(pointed())
    tables = []
    for path in paths:
        kind = draw(st.sampled_from(['"', "'", '"""', "'''", '"""\n', "'''\n"]))
        said = escaped(draw, path, solidus=False) if kind[0] == '"' else path
        name = draw(st.sampled_from(["path", '"path"', "'path'"]))
        key = f"{name}{draw(st.sampled_from([' = ', '=']))}{kind}{said}{kind.strip()}"
        lines = [key + draw(st.sampled_from(["", "  # path = 1"])), f'schedule = "{SCHEDULE}"']
        between = draw(st.sampled_from(["", "\n", "# path = '/no'\n", '[functions."a"]\nx = 1\n']))
        header = draw(st.sampled_from(["[[crons]]", "[[ crons ]]", "[[crons]] # [[crons]]"]))
        tables.append("\n".join([header, *draw(st.permutations(lines)), between]))
    text = "# ours\n" + "\n".join(tables).replace('[functions."a"]', '[functions."a%d"]')
    for number in range(len(tables)):
        text = text.replace("%d", str(number), 1)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), base


def meant(text: str, file: str) -> list[tuple[str, str, bool]]:
    return [(e.path, e.schedule, e.called is None) for e in parse_config(text, file).entries]


@given(json_files(), st.data())
def test_an_entry_of_json_goes_to_the_dispatcher_and_back(
    given: tuple[str, str], data: st.DataObject
) -> None:
    text, base = given
    before = meant(text, "vercel.json")
    chosen = data.draw(st.sets(st.integers(0, len(before) - 1)))
    there = text
    for index in chosen:
        there = edit.replace_path_start(there, index, base, base + MOUNT)
    assert meant(there, "vercel.json") == [
        (path, schedule, index not in chosen) for index, (path, schedule, _) in enumerate(before)
    ]
    for index in data.draw(st.permutations(sorted(chosen))):
        there = edit.replace_path_start(there, index, base + MOUNT, base)
    assert there == text


@given(toml_files(), st.data())
def test_an_entry_of_toml_goes_to_the_dispatcher_and_back(
    given: tuple[str, str], data: st.DataObject
) -> None:
    text, base = given
    before = meant(text, "vercel.toml")
    chosen = data.draw(st.sets(st.integers(0, len(before) - 1)))
    there = text
    for index in chosen:
        there = toml_edit.replace_path_start(there, index, base, base + MOUNT, file="vercel.toml")
    assert meant(there, "vercel.toml") == [
        (path, schedule, index not in chosen) for index, (path, schedule, _) in enumerate(before)
    ]
    for index in data.draw(st.permutations(sorted(chosen))):
        there = toml_edit.replace_path_start(there, index, base + MOUNT, base, file="vercel.toml")
    assert there == text


@given(bases, st.one_of(inners, st.text(max_size=600)), queries)
def test_the_dispatchers_path_tells_the_original(base: str, inner: str, query: str) -> None:
    path = f"{base}{inner}{query}"
    there = dispatched_path(path, base)
    assert there is None or (original_path(there) == path and len(there) <= LONGEST_PATH)


def test_a_path_that_vercel_would_refuse_once_it_is_longer_has_no_dispatcher() -> None:
    longest = "/" + "x" * (LONGEST_PATH - len(MOUNT) - 1)
    assert dispatched_path(longest, "") == MOUNT + longest
    assert dispatched_path(longest + "x", "") is None


@pytest.mark.parametrize(
    "path", ['"/api/\\\n  x"', "'/other'", '"\\U0000002Fbase/x"', "3", '{ a = "/base/x" }']
)
def test_toml_that_begins_otherwise_is_not_edited(path: str) -> None:
    text = f'[[crons]]\npath = {path}\nschedule = "{SCHEDULE}"\n'
    with pytest.raises(ConfigError):
        toml_edit.replace_path_start(text, 0, "/base", "/base" + MOUNT, file="vercel.toml")


def test_tables_of_toml_that_stand_apart_are_not_taken_out() -> None:
    cron = '[[crons]]\npath = "/api/{}"\nschedule = "0 6 * * *"\n'
    text = f"{cron.format('a')}[functions]\nx = 1\n{cron.format('b')}"
    with pytest.raises(RefusedError, match="do not stand together"):
        toml_edit.remove_entries(text, [0], file="vercel.toml")
