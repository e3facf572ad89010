"""Start-up of the command line beside typer's own, in fresh processes and alternating rounds."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from table import Row

ROUNDS = 15
ONE_COMMAND = """
import typer

app = typer.Typer()


@app.command()
def hello(name: str = "you") -> None:
    '''Say hello.'''
    print(name)


app()
"""


def rows() -> list[Row]:
    program = str(Path(sys.executable).with_name("cronshift"))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "one.py")
        script.write_text(ONE_COMMAND)
        ours, theirs = _alternating(
            [program, "--version"], [sys.executable, "-c", "import typer"], folder
        )
        helped, one = _alternating([program, "--help"], [sys.executable, script, "--help"], folder)
    return [
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


def _alternating(
    ours: list[str | Path], theirs: list[str | Path], folder: str
) -> tuple[float, float]:
    """Return the median seconds of two commands, each run once to warm up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 1):
        for times, command in zip(taken, (ours, theirs), strict=True):
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            if number:
                times.append(time.perf_counter() - start)
    return median(taken[0]), median(taken[1])
