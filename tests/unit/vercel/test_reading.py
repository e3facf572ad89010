"""Configurations in every form that Vercel takes, and everything that is wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.errors import ConfigError
from cronshift.model import Origin
from cronshift.vercel import ConfigFormat, VercelConfig, read_project
from cronshift.vercel.json_text import decode, parse_object
from cronshift.vercel.reading import LARGEST, find_config

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {"path": "/api/x", "schedule": "0 6 * * *"}


def read(root: Path, text: str | bytes, name: str = "vercel.json") -> VercelConfig:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_project(root)[0]


def refused(root: Path, given: str | None = None) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_project(root, given)
    return caught.value


def problems(root: Path, document: Any) -> list[str]:
    return [problem.message for problem in read(root, json.dumps(document)).problems]


def test_entries_keep_their_text_file_and_line(tmp_path: Path) -> None:
    text = """{
  "crons": [
    { "path": "/api/a?x=%2F&x=2", "schedule": "0 6 * * *" },
    {
      "schedule": "*/10 * * * *",
      "path": "/api/b"
    }
  ]
}"""
    told = [
        (entry.path, entry.schedule, str(entry.source), entry.pointer)
        for entry in read(tmp_path, text).entries
    ]
    assert told == [
        ("/api/a?x=%2F&x=2", "0 6 * * *", "vercel.json:3", "crons[0]"),
        ("/api/b", "*/10 * * * *", "vercel.json:4", "crons[1]"),
    ]


def test_toml_is_read_with_its_lines(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        'framework = "nextjs"\n\n[[crons]]\npath = "/a"\nschedule = "0 6 * * *"\n'
        '\n[[crons]]\npath = "/b"\nschedule = "0 7 * * *"\n',
        "vercel.toml",
    )
    assert config.format is ConfigFormat.TOML
    assert [(entry.path, entry.source.line) for entry in config.entries] == [("/a", 3), ("/b", 7)]


def test_the_build_output_adds_what_the_configuration_does_not_have(tmp_path: Path) -> None:
    built = tmp_path / ".vercel/output/config.json"
    built.parent.mkdir(parents=True)
    built.write_text(
        json.dumps({"version": 3, "crons": [ENTRY, {"path": "/built", "schedule": "0 7 * * *"}]})
    )
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": [ENTRY]}))
    own, output = read_project(tmp_path)
    assert [entry.path for entry in own.entries] == ["/api/x"]
    assert [(entry.path, entry.origin) for entry in output.entries] == [
        ("/built", Origin.BUILD_OUTPUT)
    ]
    (tmp_path / "vercel.json").unlink()
    assert len(read_project(tmp_path)[0].entries) == 2


@pytest.mark.parametrize("as_list", [True, False])
def test_schedules_are_read_in_both_shapes(tmp_path: Path, as_list: bool) -> None:
    item = {
        "path": "/api/x",
        "requestMethod": "GET",
        "schedule": "0 9 * * *",
        "timezone": "Europe/Berlin",
        "jitter": 5,
    }
    document = {"schedules": [{**item, "name": "nightly"}] if as_list else {"nightly": item}}
    config = read(tmp_path, json.dumps(document))
    (entry,) = config.entries
    assert config.problems == ()
    assert (entry.name, entry.timezone, entry.method, entry.jitter_minutes, entry.origin) == (
        "nightly",
        "Europe/Berlin",
        "GET",
        5,
        Origin.SCHEDULES,
    )
    assert entry.pointer == ("schedules[0]" if as_list else "schedules.nightly")


def test_a_schedule_calls_with_post_unless_it_says_otherwise(tmp_path: Path) -> None:
    document = {"schedules": {"x": {"target": {"path": "/a"}, "schedule": "0 9 * * *"}}}
    assert read(tmp_path, json.dumps(document)).entries[0].method == "POST"


@pytest.mark.parametrize(
    ("crons", "expected"),
    [
        ([{"path": "/a"}], ["`crons[0]` missing required property `schedule`."]),
        (
            [ENTRY, ENTRY, ENTRY, {"path": "x", "schedule": "@daily"}],
            [
                '`crons[3].path` should match pattern "^/.*".',
                "`crons[3].schedule` should NOT be shorter than 9 characters.",
            ],
        ),
        (
            [{**ENTRY, "path": "/" + "x" * 512}],
            ["`crons[0].path` should NOT be longer than 512 characters."],
        ),
        (
            [{**ENTRY, "timezone": "UTC"}],
            ["`crons[0]` should NOT have additional property `timezone`."],
        ),
        ([1, "x"], ["`crons[0]` should be object.", "`crons[1]` should be object."]),
        ([{"path": 1, "schedule": None}], ["`crons[0].path` should be string.", "`crons[0].schedule` should be string."]),
        ({}, ["`crons` should be array."]),
        ([{**ENTRY, "path": "/\ud800"}], ["`crons[0].path` should be text; it holds half a character."]),
    ],
)  # fmt: skip
def test_problems_are_vercels_and_all_of_them(
    tmp_path: Path, crons: Any, expected: list[str]
) -> None:
    assert problems(tmp_path, {"crons": crons}) == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"topic": "x", "schedule": "0 9 * * *"}, "`schedules.n` starts the topic 'x', not a path."),
        ({"path": "/a", "schedule": "0 9 * * *", "jitter": 16}, "`schedules.n.jitter` should be an integer from 1 to 15."),
        ({"path": "/a", "schedule": "0 9 * * *", "timezone": 1}, "`schedules.n.timezone` should be string."),
    ],
)  # fmt: skip
def test_problems_of_schedules_are_told(
    tmp_path: Path, item: dict[str, Any], expected: str
) -> None:
    assert problems(tmp_path, {"schedules": {"n": item}}) == [expected]


def test_a_problem_has_its_line(tmp_path: Path) -> None:
    text = '{\n "crons": [\n  {"path": "/a",\n   "schedule": "x"}\n ]\n}'
    (problem,) = read(tmp_path, text).problems
    assert str(problem.location) == "vercel.json:4"


@pytest.mark.parametrize(
    ("text", "reason", "said", "where"),
    [
        (
            b'{\n  // why\n  "crons": []\n}',
            "invalid-json",
            "a comment at line 2",
            "vercel.json:2:3",
        ),
        (b'{"crons": [1,]}', "invalid-json", "a trailing comma", "vercel.json:1:13"),
        (b'{"crons": [],\n}', "invalid-json", "a trailing comma", "vercel.json:1:13"),
        (b"{'crons': []}", "invalid-json", "a single-quoted string", "vercel.json:1:2"),
        (b'{"crons": [', "invalid-json", "an end too early", "vercel.json:1:12"),
        (b"", "invalid-json", "nothing in it", "vercel.json:1:1"),
        (b'{"a": NaN}', "invalid-json", "NaN, which is not JSON", "vercel.json"),
        (b"[]", "not-an-object", "an array", "vercel.json:1:1"),
        (b"\xef\xbb\xbf{}", "byte-order-mark", "byte order mark", "vercel.json:1:1"),
        (b"\xff\xfe{\x00}\x00", "wrong-encoding", "UTF-16", "vercel.json:1:1"),
        (b'{\n"a": "\xe9"}', "wrong-encoding", "not UTF-8", "vercel.json:2"),
        (b"[" * 100_000, "invalid-json", "nested too deeply", "vercel.json"),
    ],
)
def test_what_is_not_strict_json_is_told_with_place_and_remedy(
    tmp_path: Path, text: bytes, reason: str, said: str, where: str
) -> None:
    (tmp_path / "vercel.json").write_bytes(text)
    error = refused(tmp_path)
    assert (error.reason, error.where) == (reason, where)
    assert said in error.message


def test_files_that_are_no_configuration_are_told(tmp_path: Path) -> None:
    assert refused(tmp_path).reason == "no-config"
    (tmp_path / "now.json").write_text("{}")
    assert refused(tmp_path).reason == "deprecated-config"
    (tmp_path / "vercel.json").mkdir()
    assert refused(tmp_path).reason == "not-a-file"


def test_a_file_of_more_than_10_mb_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "vercel.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    error = refused(tmp_path)
    assert error.reason == "too-large"
    assert "10,000,001 bytes" in error.message


def test_two_configurations_conflict_as_they_do_for_vercel(tmp_path: Path) -> None:
    for name in ("vercel.json", "vercel.ts"):
        (tmp_path / name).write_text("{}")
    error = refused(tmp_path)
    assert error.reason == "conflicting-config-files"
    assert "vercel.json, vercel.ts" in error.message


def test_configurations_further_down_are_named_and_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "apps/web").mkdir(parents=True)
    (tmp_path / "apps/web/vercel.json").write_text("{}")
    error = refused(tmp_path)
    assert "apps/web/vercel.json" in str(error.hint)


def test_a_file_can_be_named_inside_the_project_only(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    (root / "config/crons.json").write_text(json.dumps({"crons": [ENTRY]}))
    (own,) = read_project(root, "config/crons.json")
    assert str(own.entries[0].source) == "config/crons.json:1"
    (tmp_path / "vercel.json").write_text("{}")
    assert refused(root, "../vercel.json").reason == "outside-project"
    assert refused(root, "nowhere.json").reason == "no-config"


# The laws

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(), json_values), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_is_read_as_every_other_reader_does(
    document: dict[str, Any], indent: int | str | None, escaped: bool
) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=escaped)
    assert parse_object(text, "vercel.json") == document


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="ignore"))
)
def test_any_bytes_are_read_or_refused_with_a_place(data: bytes) -> None:
    try:
        document = parse_object(decode(data, "vercel.json"), "vercel.json")
    except ConfigError as error:
        assert str(error.where).startswith("vercel.json")
    else:
        assert document == json.loads(data)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["path", "schedule", "x"]), json_values, max_size=3)
        | json_values,
        max_size=5,
    )
)
def test_any_list_of_crons_gives_entries_and_problems_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory, crons: list[Any]
) -> None:
    root = tmp_path_factory.getbasetemp()
    config = read(root, json.dumps({"crons": crons}))
    fine = [
        item
        for item in crons
        if isinstance(item, dict)
        and isinstance(item.get("path"), str)
        and item["path"].startswith("/")
        and isinstance(item.get("schedule"), str)
    ]
    assert [(entry.path, entry.schedule) for entry in config.entries] == [
        (item["path"], item["schedule"]) for item in fine
    ]
    assert len(config.entries) + len(config.problems) >= len(crons)


@pytest.mark.parametrize(
    ("started", "hint"),
    [
        ("  schedule:\n    # at night\n    - cron: '0 3 * * *'\n", "Write {} into vercel.json"),
        ("  # schedule:\n    # - cron: '0 3 * * *'\n  push:\n", "with -C DIR"),
    ],
    ids=["by a schedule", "by a push"],
)
def test_an_app_whose_schedules_are_workflows_is_told_what_to_write(
    tmp_path: Path, started: str, hint: str
) -> None:
    workflow = tmp_path / ".github/workflows/cron.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(f"name: cron\non:\n{started}")
    (tmp_path / "package.json").write_text("{}")
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert caught.value.reason == "no-config"
    assert hint in (caught.value.hint or "")
