"""Start-up of the command line beside typer's own, in fresh processes and alternating rounds.

Measured is the processor's time, the least of the rounds: what else the machine does is no part of it.
"""

from __future__ import annotations

import compileall
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Row

ROUNDS = 15
VERBS = ("status", "audit")
ONE_COMMAND = """
import typer

app = typer.Typer()


@app.command()
def hello(name: str = "you") -> None:
    '''Say hello.'''
    print(name)


app()
"""


MOST_TIMES_BARE = 20
ENTRIES = [{"path": f"/api/{name}", "schedule": "0 5 * * *"} for name in ("first", "second")]
ROUTE = "export async function GET() {\n  return Response.json(await work());\n}\n"


def rows() -> list[Row]:
    program = str(Path(sys.executable).with_name("cronshift"))
    for code in (Path(__file__).parents[1] / "src", Path(sys.prefix, "lib")):
        compileall.compile_dir(code, quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        looked = [_beside_bare_python(program, verb, _two_entries(folder)) for verb in VERBS]
        script = Path(folder, "one.py")
        script.write_text(ONE_COMMAND)
        ours, theirs = _alternating(
            [program, "--version"], [sys.executable, "-c", "import typer"], folder
        )
        helped, one = _alternating([program, "--help"], [sys.executable, script, "--help"], folder)
    return [
        *looked,
        Row(
            "cronshift --version",
            f"{ours * 1e3:.0f} ms",
            f"import typer {theirs * 1e3:.0f} ms",
            ours / theirs,
            "≤ 1.0",
            ours <= theirs,
        ),
        Row(
            "cronshift --help",
            f"{helped * 1e3:.0f} ms",
            f"a one-command app {one * 1e3:.0f} ms",
            helped / one,
            "≤ 1.2",
            helped <= 1.2 * one,
        ),
    ]


def _two_entries(folder: str) -> str:
    """Make a Next.js app of two entries in ``folder``, and return its path."""
    for entry in ENTRIES:
        route = Path(f"{folder}/app{entry['path']}", "route.ts")
        route.parent.mkdir(parents=True, exist_ok=True)
        route.write_text(ROUTE)
    Path(folder, "package.json").write_text('{"dependencies": {"next": "15.0.0"}}')
    Path(folder, "vercel.json").write_text(json.dumps({"crons": ENTRIES}))
    return folder


def _beside_bare_python(program: str, verb: str, project: str) -> Row:
    ours, bare = _alternating([program, verb], [sys.executable, "-c", "pass"], project)
    return Row(
        f"cronshift {verb}, 2 entries",
        f"{ours * 1e3:.0f} ms",
        f"python -c pass {bare * 1e3:.0f} ms",
        ours / bare,
        f"≤ {MOST_TIMES_BARE}",
        ours <= MOST_TIMES_BARE * bare,
    )


def _alternating(
    ours: list[str | Path], theirs: list[str | Path], folder: str
) -> tuple[float, float]:
    """Return the least seconds of processor time of two commands, each run once to warm up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for times, command in zip(taken, (ours, theirs), strict=True):
            before = _seconds()
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            if number:
                times.append(_seconds() - before)
    return min(taken[0]), min(taken[1])


def _seconds() -> float:
    """Return the processor's time of all processes that have ended here, the system's too."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
