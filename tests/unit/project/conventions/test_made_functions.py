"""Functions that code makes of a table, or by a function: each has its id, its schedule and its own text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.project.conventions.cron_functions import cron_functions

if TYPE_CHECKING:
    from pathlib import Path

ROWS = """[
  { id: "ingest-am", cron: "0 10 * * *", path: "/api/cron/ingest?source=a" },
  { id: "ingest-pm", cron: "0 23 * * *", path: "/api/cron/ingest?source=b" },
]"""
MADE = """inngest.createFunction(
    { id: job.id, triggers: [{ cron: `TZ=UTC ${job.cron}` }] },
    async () => call(job.path),
  )"""
BY_NAME = MADE.replace("job.", "").replace("id: id", "id")
IN_TWO = "inngest.createFunction({ id: `cron-${name}` }, { cron }, async () => call(path))"


@pytest.mark.parametrize(
    ("text", "prefix", "zone"),
    [
        (f"const JOBS: Job[] = {ROWS};\nexport const all = JOBS.map((job) => {MADE});", "", "TZ=UTC "),
        (f"const JOBS = {ROWS} as const;\nexport const all = JOBS.map(({{ id, cron, path }}) => {BY_NAME});", "", "TZ=UTC "),
        (f"export const all = {ROWS}.map((job) => {{\n  return {MADE};\n}});", "", "TZ=UTC "),
        (
            (f"function make(name: string, cron: string, path: string) {{\n  return {IN_TWO};\n}}\n"
            'export const all = [make("ingest-am", "0 10 * * *", "/api/cron/ingest?source=a"),\n'
            '  make("ingest-pm", "0 23 * * *", "/api/cron/ingest?source=b")];'),
            "cron-", "",
        ),
        (
            f"const make = (job: Job) => {MADE};\n"
            + "\n".join(f"export const f{n} = make({row});" for n, row in enumerate(
                ('{ id: "ingest-am", cron: "0 10 * * *", path: "/api/cron/ingest?source=a" }',
                 '{ id: "ingest-pm", cron: "0 23 * * *", path: "/api/cron/ingest?source=b" }'))),
            "", "TZ=UTC ",
        ),
    ],
    ids=["a table", "rows that are taken apart", "a table in its place", "a function", "a function of a row"],
)  # fmt: skip
def test_each_function_is_found(tmp_path: Path, text: str, prefix: str, zone: str) -> None:
    (tmp_path / "jobs.ts").write_text(f'import {{ inngest }} from "./client";\n{text}\n')
    made = {function.id: function for function in cron_functions(SourceTree(tmp_path))}
    assert {name: function.crons for name, function in made.items()} == {
        f"{prefix}ingest-am": (f"{zone}0 10 * * *",),
        f"{prefix}ingest-pm": (f"{zone}0 23 * * *",),
    }
    assert "source=a" in made[f"{prefix}ingest-am"].text
    assert "source=b" not in made[f"{prefix}ingest-am"].text


def test_what_only_running_tells_is_no_function(tmp_path: Path) -> None:
    text = f"export const all = (await load()).map((job) => {MADE});"
    (tmp_path / "jobs.ts").write_text(text)
    assert cron_functions(SourceTree(tmp_path)) == ()
