"""Run the commands of the README, the tutorials and docs/nextjs.md for real, and write back what they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"<!-- tested(?P<node> with node)? -->\n```console\n\$ (?P<command>(?:\w+=\S+ )*cronshift [^\n]*)\n.*?```",
    re.DOTALL,
)
PROGRESS = re.compile(r"^Waiting for .*\n", re.MULTILINE)
FILE = re.compile(r"<!-- file (?P<path>\S+) -->\n```(?P<language>\w+)\n.*?```", re.DOTALL)
TOURS = {
    "README.md": "",
    "docs/nextjs.md": "nextjs",
    "docs/tutorials/fastapi.md": "",
    "docs/tutorials/nextjs.md": "nextjs",
}
"""The pages, each with the folder of the examples that its commands are run in."""

sys.path.insert(0, str(ROOT / "examples"))


def tour(text: str, example: str = "", packages: Path | None = None) -> str:
    """Return a page with the output of its commands and the files that they make as they are.

    Args:
        text: the page.
        example: the folder of the examples that the commands are run in.
        packages: the app's installed packages; what is tested with Node.js stays as it is without them.
    """
    from demo import serving

    with tempfile.TemporaryDirectory() as folder:
        project = prepare(Path(folder), example)
        with upstream() if example else serving(project) as address:
            environment = {
                **{name: value for name, value in os.environ.items() if name != "NO_COLOR"},
                **({"UPSTREAM_URL": address} if example else {}),
                **({} if example else {"APP": address, "CRONSHIFT_BASE_URL": address}),
                "COLUMNS": "100",
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            }

            def run(match: re.Match[str]) -> str:
                if match["node"]:
                    if packages is None:
                        return match[0]
                    install(packages, project)
                done = subprocess.run(
                    ["bash", "-c", f"{match['command']} 2>&1"],
                    cwd=project,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode > 1:  # 1 is an answer, such as the errors of an audit
                    raise ValueError(f"{match['command']}: {done.stdout}")
                lines = "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines())
                said = PROGRESS.sub("", re.sub(r"\A\s*\n", "", lines))
                head = f"<!-- tested{match['node'] or ''} -->"
                return f"{head}\n```console\n$ {match['command']}\n{said}\n```"

            text = BLOCK.sub(run, text)

        def show(match: re.Match[str]) -> str:
            code = project.joinpath(match["path"]).read_text()
            return f"<!-- file {match['path']} -->\n```{match['language']}\n{code}```"

        return FILE.sub(show, text)


@contextmanager
def upstream() -> Iterator[str]:
    """Serve what the example reads and writes, on a free loopback port, and give its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'{"checked": 31}'
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def prepare(folder: Path, example: str = "") -> Path:
    """Copy an example's app into a folder, and return where it is."""
    ignored = shutil.ignore_patterns(
        "demo.py", "sessions", "nextjs", "docker", "github", "__pycache__", "inngest_app"
    )
    return shutil.copytree(ROOT / "examples" / example, folder / "predictions", ignore=ignored)


def install(packages: Path, project: Path) -> None:
    """Put installed packages into a project, as hard links."""
    if not (project / "node_modules").exists():
        shutil.copytree(packages, project / "node_modules", symlinks=True, copy_function=os.link)


if __name__ == "__main__":
    for name, example in TOURS.items():
        page = ROOT / name
        packages = ROOT / "tests/node/node_modules"
        there = packages if example and packages.is_dir() else None
        page.write_text(tour(page.read_text(), example, there))
