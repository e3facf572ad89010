"""A worker that has the database of the claims, and of the ledger, as a process of its own: it prints its port."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from cronshift.runtime.tell import TellOwnership

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def claims_served(database: str, **variables: str) -> Iterator[str]:
    """Have another process answer for the claims in a database; give its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store.claims_server"],
        env=os.environ | {"CRONSHIFT_CLAIMS_URL": database} | variables,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/api/inngest"
    finally:
        process.kill()
        process.wait(timeout=20)
        process.stdout.close()


def main() -> None:
    app = TellOwnership(FastAPI())
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error")
    listener = config.bind_socket()
    listener.listen()
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - who started it reads it
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
