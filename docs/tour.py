"""Run the tours of the README and of docs/nextjs.md for real, and write back what they print; ``make docs``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"<!-- tested -->\n```console\n\$ (?P<command>cronshift [^\n]*)\n.*?```", re.DOTALL
)
FILE = re.compile(r"<!-- file (?P<path>\S+) -->\n```(?P<language>\w+)\n.*?```", re.DOTALL)
TOURS = {"README.md": "", "docs/nextjs.md": "nextjs"}
"""The pages, each with the folder of the examples that its commands are run in."""

sys.path.insert(0, str(ROOT / "examples"))


def tour(text: str, example: str = "") -> str:
    """Return a page with the output of its commands and the files that they make as they are.

    Args:
        text: the page.
        example: the folder of the examples that the commands are run in.
    """
    from demo import serving

    with tempfile.TemporaryDirectory() as folder:
        project = prepare(Path(folder), example)
        with nullcontext("") if example else serving(project) as address:
            environment = {
                **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
                "APP": address,
                "CRONSHIFT_BASE_URL": address,
                "COLUMNS": "100",
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            }

            def run(match: re.Match[str]) -> str:
                done = subprocess.run(
                    ["bash", "-c", f"{match['command']} 2>&1"],
                    cwd=project,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                lines = "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())
                said = re.sub(r"\A\s*\n", "", lines)
                return f"<!-- tested -->\n```console\n$ {match['command']}\n{said}\n```"

            text = BLOCK.sub(run, text)

        def show(match: re.Match[str]) -> str:
            code = project.joinpath(match["path"]).read_text()
            return f"<!-- file {match['path']} -->\n```{match['language']}\n{code}```"

        return FILE.sub(show, text)


def prepare(folder: Path, example: str = "") -> Path:
    """Copy an example's app into a folder, and return where it is."""
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "docker", "github", "__pycache__", "inngest_app"
    )
    return shutil.copytree(ROOT / "examples" / example, folder / "predictions", ignore=ignored)


if __name__ == "__main__":
    for name, example in TOURS.items():
        page = ROOT / name
        page.write_text(tour(page.read_text(), example))
