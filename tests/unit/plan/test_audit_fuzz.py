"""No configuration and no source makes the audit crash or hang."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.programs import HERE as PROGRAMS

from cronshift.errors import ConfigError
from cronshift.handlers.functions import glob
from cronshift.handlers.patterns import from_regex, from_source
from cronshift.plan.findings import AUDITED, CATALOGUE
from cronshift.plan.planning import make_plan
from cronshift.project import load_project

EXAMPLES = [example.bad for code in sorted(AUDITED) if (example := CATALOGUE[code].example)]
SIGNS = st.text(alphabet="(){}[]<>`\"'=,;:.*+?|\\/#@$ \n\t\0é🕐ab", max_size=12)
NAMES = st.sampled_from(
    [
        "rewrites",
        "redirects",
        "routes",
        "builds",
        "functions",
        "crons",
        "framework",
        "schedules",
        "trailingSlash",
        "cleanUrls",
        "experimentalServices",
        "buildCommand",
        "outputDirectory",
    ]
)
LEAVES: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | SIGNS | st.text()
KEYS = st.sampled_from(["source", "destination", "src", "dest", "handle", "has", "headers"]) | SIGNS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)
CRON = {"path": "/api/cron/mail", "schedule": "0 3 * * *"}


def audited(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            make_plan(load_project(Path(folder)))
        except ConfigError as error:
            assert error.message


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_any_configuration_is_read_or_refused(document: dict[str, Any]) -> None:
    files = {"vercel.json": json.dumps({"crons": [CRON], **document})}
    audited({**files, "app/api/cron/mail/route.ts": "export async function GET() {}"})


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_broken_source_is_audited(data: st.DataObject) -> None:
    files = {file.path: file.text for file in data.draw(st.sampled_from(EXAMPLES))}
    name = data.draw(st.sampled_from(sorted(files)))
    text = files[name]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    files[name] = text[:start] + data.draw(SIGNS) + text[end:]
    files.setdefault("vercel.json", json.dumps({"crons": [CRON]}))
    audited(files)


@pytest.mark.parametrize("source", ["^/(a+)+$", "^/(?:a*)*b$", "^/([a-z]+)*$", "^/(a|a)+$"])
def test_a_pattern_cannot_keep_the_audit_busy(source: str) -> None:
    pattern = from_regex(source)
    assert pattern is None or pattern.match("/" + "a" * 500 + "!") is None


@pytest.mark.parametrize("source", ["/" + ":a" * 12 + "!", "/" + ":a-" * 12 + "!", "/(.*)a" * 9])
def test_many_parameters_cannot_either(source: str) -> None:
    pattern = from_source(source)
    assert pattern is None or pattern.match("/" + "a-" * 60) is None


@pytest.mark.parametrize("pattern", ["*a" * 20 + "!", "**/" * 20 + "!", "**a" * 20 + "!"])
def test_nor_can_many_stars(pattern: str) -> None:
    assert glob(pattern).fullmatch("a" * 200) is None
    assert glob(pattern).fullmatch("a/" * 100 + "c") is None


@pytest.mark.parametrize(
    ("source", "path"), [("^/(?:api|internal)/x$", "/internal/x"), ("^/api/(.*)$", "/api/x")]
)
def test_usual_patterns_of_legacy_routes_are_read(source: str, path: str) -> None:
    pattern = from_regex(source)
    assert pattern is not None
    assert pattern.match(path) is not None


def test_a_deep_file_and_a_long_line_are_audited() -> None:
    deep = "export async function GET() {" + "{" * 2_000 + "}" * 2_000 + "}"
    audited({"vercel.json": json.dumps({"crons": [CRON]}), "app/api/cron/mail/route.ts": deep})
    wide = f"export async function GET() {{ return f({'(' * 500}1{')' * 500}); }}"
    audited({"vercel.json": json.dumps({"crons": [CRON]}), "app/api/cron/mail/route.ts": wide})


@pytest.mark.parametrize("megabytes", [1, 60])
def test_a_huge_source_takes_bounded_memory(tmp_path: Path, megabytes: int) -> None:
    route = tmp_path / "app/api/cron/mail/route.ts"
    route.parent.mkdir(parents=True)
    line = "export const value = [1, 2, 3].map((one) => ({ one, text: `${one}` }));\n"
    head = "export async function GET() { await work(); return Response.json({}); }\n"
    route.write_text(head + line * (megabytes * 1_000_000 // len(line)))
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": [CRON]}))
    done = subprocess.run(
        [sys.executable, PROGRAMS / "measure_a_plan.py", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 500
