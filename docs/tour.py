"""Run the README's tour for real, and write what it prints back into the README; ``make docs``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"<!-- tested -->\n```console\n\$ (?P<command>cronshift [^\n]*)\n.*?```", re.DOTALL
)
FILE = re.compile(r"<!-- file (?P<path>\S+) -->\n```python\n.*?```", re.DOTALL)
sys.path.insert(0, str(ROOT / "examples"))


def tour(text: str) -> str:
    """Return the README with the output of its commands and the files that they make as they are."""
    from demo import serving

    with tempfile.TemporaryDirectory() as folder:
        ignored = shutil.ignore_patterns(
            "demo.py", "sessions", "nextjs", "__pycache__", "inngest_app"
        )
        project = Path(
            shutil.copytree(ROOT / "examples", Path(folder, "predictions"), ignore=ignored)
        )
        with serving(project) as address:
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
            return f"<!-- file {match['path']} -->\n```python\n{code}```"

        return FILE.sub(show, text)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(tour(readme.read_text()))
