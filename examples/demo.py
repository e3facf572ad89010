"""The tour of the README, for real: audit, migrate, validate, and a run of two jobs.

Works on a copy of this folder, starts the example's app on a free loopback port, and stops it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = (
    ("audit",),
    ("migrate", "--fix", "--yes"),
    ("validate",),
    ("run", "prediction-check"),
    ("run", "daily-generate-batch-predictions"),
)


def main() -> int:
    """Run the tour; return 1 when one of its commands does not do what it should."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "predictions")
        shutil.copytree(
            Path(__file__).parent,
            project,
            ignore=shutil.ignore_patterns("demo.py", "sessions", "nextjs", "__pycache__"),
        )
        with serving(project) as address:
            environment = os.environ | {"CRONSHIFT_BASE_URL": address, "CRON_SECRET": "demo"}
            for command in COMMANDS:
                print(f"\n$ cronshift {' '.join(command)}", flush=True)
                cronshift = [sys.executable, "-m", "cronshift", *command]
                if subprocess.run(cronshift, cwd=project, env=environment, check=False).returncode:  # noqa: S603 - our own commands
                    print("The demo stops here: that command should have succeeded.")
                    return 1
    print("\nDone: the bridged job was retried as Inngest would, the direct one made three steps.")
    return 0


@contextmanager
def serving(project: Path) -> Iterator[str]:
    """Serve the example's app on a free loopback port, and give its address."""
    sys.path.insert(0, str(project))
    config = uvicorn.Config("api.index:app", host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen()  # from now on callers wait instead of being refused
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
