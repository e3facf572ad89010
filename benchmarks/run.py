"""Run every ``bench_*.py`` beside this file and print one table; ``make bench``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table


def main(names: list[str]) -> int:
    """Measure, print, and return 1 when a target is missed."""
    table = Table("Measurement", "cronshift", "peer", "ratio", "target", "")
    missed = 0
    for file in sorted(Path(__file__).parent.glob("bench_*.py")):
        if names and not any(name in file.stem for name in names):
            continue
        for row in import_module(file.stem).rows():
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            table.add_row(
                row.name, row.ours, row.peer, ratio, row.target, "ok" if row.ok else "MISSED"
            )
            missed += not row.ok
    Console(width=max(Console().width, 120)).print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
