"""Draw the README's picture of ``cronshift status`` from what that prints of the example; ``make docs``."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text
from tour import prepare

from cronshift.plan.planning import make_plan
from cronshift.project.project import load_project
from cronshift.runtime.ledger import Role, Side, TickRecord, TickStatus
from cronshift.runtime.store.ledger import TickLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.model import Job

PICTURE = Path(__file__).parent / "status.svg"
COLUMNS = 112
MOVED = "session-recovery"
FAILED = 3  # so many ticks ago
SECONDS = {"session-recovery": 4.0, "prediction-check": 11.5}
_SPAN = timedelta(days=40)
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def picture() -> str:
    """Return the picture: one job is Inngest's since yesterday, a second is about to begin."""
    with tempfile.TemporaryDirectory() as folder:
        project = prepare(Path(folder))
        ledger = f"sqlite:///{folder}/ledger.db"
        names = ("INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "CRON_SECRET", "CRONSHIFT_BASE_URL")
        environment = {
            **{name: text for name, text in os.environ.items() if name != "NO_COLOR"},
            **dict.fromkeys(names, "http://127.0.0.1:9"),
            "CRONSHIFT_LEDGER_URL": ledger,
            "COLUMNS": str(COLUMNS),
            "FORCE_COLOR": "1",
            "TERM": "xterm-256color",
        }

        def cronshift(*words: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "cronshift", *words],
                cwd=project,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            return done.stdout

        cronshift("migrate", "--fix", "--yes")
        now = datetime.now(UTC).replace(microsecond=0)
        since = now - timedelta(days=1)
        own(project / "cronshift.ownership.json", since)
        cronshift("cutover", "prediction-check", "--percent", "10", "--yes")
        keep(project, ledger, now, since)
        return drawn(cronshift("status"))


def own(file: Path, since: datetime) -> None:
    """Write that all ticks of one job are Inngest's since an instant."""
    epoch = {"effective_at": f"{since:%Y-%m-%dT%H:%M:%SZ}", "percent": 100, "operation": ""}
    file.write_text(json.dumps({"version": 1, "jobs": {MOVED: [epoch]}}))


def keep(project: Path, ledger: str, now: datetime, since: datetime) -> None:
    """Write what became of each job's last ticks."""
    records = TickLedger.open(ledger)
    for job in make_plan(load_project(project)).jobs:
        records.write(list(ticks(job, now, since)))
    records.close()


def ticks(job: Job, now: datetime, since: datetime) -> Iterator[TickRecord]:
    """Yield a record of each tick: of all of them one failed."""
    assert job.schedule  # noqa: S101 - the example's entries all have one
    due = list(_until(job, now))[-150:]
    for number, tick in enumerate(reversed(due)):
        is_moved = job.id == MOVED and tick >= since
        seconds = SECONDS.get(job.id, 2.5) * (1 + number % 5 / 8)
        yield TickRecord(
            job=job.id,
            tick=tick,
            side=Side.INNGEST if is_moved else Side.VERCEL,
            owner="inngest" if is_moved else "vercel",
            role=Role.ACTED,
            arrived=tick + timedelta(seconds=1),
            started=tick + timedelta(seconds=1),
            ended=tick + timedelta(seconds=1 + seconds),
            status=TickStatus.FAILED
            if (job.id, number) == ("prediction-check", FAILED)
            else TickStatus.COMPLETED,
            attempts=1,
            run_id=f"{job.id}{tick:%m%d%H%M}",
        )


def _until(job: Job, now: datetime) -> Iterator[datetime]:
    for tick in job.schedule.after(now - _SPAN) if job.schedule else ():
        if tick > now:
            return
        yield tick


def drawn(printed: str) -> str:
    """Return what a terminal would show, as a picture that needs nothing from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(printed.strip("\n")))
    svg = console.export_svg(
        title="cronshift status", theme=DIMMED_MONOKAI, unique_id="status", font_aspect_ratio=0.61
    )
    return _FONTS.sub("", svg).replace(
        "Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace"
    )


def shown(svg: str) -> str:
    """Return the text in a picture."""
    lines = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return "\n".join(lines).replace("&#160;", " ")


if __name__ == "__main__":
    PICTURE.write_text(picture())
