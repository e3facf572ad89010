"""What several rooms' tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

settings.register_profile("house", deadline=None)  # how fast is what benchmarks ask
settings.load_profile("house")

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node_packages() -> Path:
    """Install what the lock file of ``tests/node`` says, once for all processes; its folder."""
    if not (shutil.which("node") and shutil.which("npm")):
        if os.environ.get("CRONSHIFT_REQUIRE_NODE") == "1":
            pytest.fail("Node.js and npm are required here and were not found")
        pytest.skip("Node.js and npm are not here")
    lock, stamp = NODE / "package-lock.json", NODE / "node_modules" / ".installed"
    with FileLock(NODE / ".installing.lock"):
        if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=NODE, check=True, capture_output=True)
            stamp.write_bytes(lock.read_bytes())
    return NODE
