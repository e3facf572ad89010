"""Functions with brackets in their names: they come behind the project's rewrites, and take one segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cronshift.handlers import Resolver

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = "export default function handler(req, res) { res.status(200).end(); }\n"
NEXT = '{"dependencies": {"next": "16.0.0"}}'
SPA = {"source": "/(.*)", "destination": "/index.html"}
AWAY = {"source": "/api/:rest*", "destination": "https://away.example/:rest*"}
SAME = {"source": "/api/(.*)", "destination": "/api/$1"}
NOT_API = {"source": "/((?!api/).*)", "destination": "/index.html"}
HANGS = {**AWAY, "has": [{"type": "header", "key": "authorization"}]}


def found(root: Path, files: tuple[str, ...], path: str, document: Any) -> tuple[str, str, str]:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(NEXT if name == "package.json" else FUNCTION)
    resolution = Resolver(root, document).resolve(path)
    file = resolution.handler.file if resolution.handler else ""
    return resolution.verdict.value, file, resolution.passed


JOB = "api/cron/[job].ts"


@pytest.mark.parametrize(
    ("document", "files", "expected"),
    [
        ({"rewrites": [SPA]}, (JOB,), ("dead", "", f"{JOB} comes after it")),
        ({"rewrites": [AWAY]}, (JOB,), ("external", "", f"{JOB} comes after it")),
        ({"rewrites": [HANGS]}, (JOB,), ("unknown", "", f"{JOB} comes after it")),
        ({"routes": [{"handle": "filesystem"}, {"src": "/(.*)", "dest": "/index.html"}]}, (JOB,), ("dead", "", "")),
        ({"rewrites": [SPA]}, ("api/cron/mail.ts",), ("answered", "api/cron/mail.ts", "")),
        ({"rewrites": [SAME, SPA]}, (JOB,), ("answered", JOB, "")),
        ({"rewrites": [NOT_API]}, (JOB,), ("answered", JOB, "")),
        ({"routes": [{"handle": "filesystem"}, {"src": "/old", "dest": "/"}]}, (JOB,), ("answered", JOB, "")),
        ({"rewrites": [{"source": "/api/(.*)", "destination": "/api/other"}]}, (JOB, "api/other.ts"), ("answered", "api/other.ts", f"{JOB} comes after it")),
    ],
)  # fmt: skip
def test_rewrites_come_before_a_function_with_brackets(
    tmp_path: Path, document: Any, files: tuple[str, ...], expected: tuple[str, str, str]
) -> None:
    assert found(tmp_path, files, "/api/cron/mail", document) == expected


@pytest.mark.parametrize("name", ["[...rest]", "[[...rest]]"])
@pytest.mark.parametrize(
    ("path", "verdict"),
    [("/api/cron/mail", "answered"), ("/api/cron/mail/send", "dead"), ("/api/cron", "dead")],
)
def test_a_function_named_like_a_catch_all_takes_one_segment(
    tmp_path: Path, name: str, path: str, verdict: str
) -> None:
    file = f"api/cron/{name}.ts"
    narrow = f"{file} takes one segment, as each function does" if verdict == "dead" else ""
    answers = file if verdict == "answered" else ""
    assert found(tmp_path, (file,), path, {}) == (verdict, answers, narrow)


def test_a_page_of_next_takes_all_that_follows(tmp_path: Path) -> None:
    files = ("package.json", "pages/api/cron/[...rest].ts")
    assert found(tmp_path, files, "/api/cron/mail/send", {})[:2] == ("answered", files[1])
