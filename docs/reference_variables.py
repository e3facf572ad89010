"""The page of every environment variable that is read, found in the sources."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import cronshift

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
HOUSE = Path(cronshift.__file__).parent
_NAME = re.compile(
    r"(?:CRONSHIFT|INNGEST|VERCEL|CRON|XDG|AWS|SENTRY)_[A-Z_]+|(?:BETTERSTACK|HEALTHCHECKS)_API_[A-Z]+"
    r"|NO_COLOR|DATABASE_URL"
)
_TYPESCRIPT = re.compile(r'\benv\["([A-Z_]+)"\]')
_IMAGINED = "handlers/flow/"  # what the audit imagines an app's environment to be is read by nobody
_DEPLOYED = ("runtime/", "sessions/", "inngest_fns/")


def variables_page() -> Iterator[str]:
    """Yield the page, the variables of cronshift's own first.

    Raises:
        ValueError: where one is read that nothing is written about, or the other way round.
    """
    meanings = tomllib.loads((HERE / "variables.toml").read_text())
    readers = variables()
    if odd := meanings.keys() ^ readers.keys():
        raise ValueError(f"docs/variables.toml and the sources differ: {', '.join(sorted(odd))}")
    yield "# Environment variables\n"
    yield "Secrets stand in variables and nowhere else: no command writes the value of one into a file, a journal or its"
    yield "output. `Next.js` and `Python` are what an app or a worker deploys; what begins with `INNGEST_` the SDK reads, too."
    yield "Names that cronshift.toml gives (`heartbeat`, `secret_env` and the like) are read beside these.\n"
    yield "| variable | read by | meaning |\n|---|---|---|"
    for name in sorted(readers, key=lambda name: (not name.startswith("CRON"), name)):
        yield f"| `{name}` | {', '.join(sorted(readers[name]))} | {meanings[name]} |"


def variables() -> dict[str, set[str]]:
    """Return every variable that is read, with who reads it."""
    readers: dict[str, set[str]] = defaultdict(set)
    for file in sorted(HOUSE.rglob("*")):
        path = file.relative_to(HOUSE).as_posix()
        if path.startswith(_IMAGINED) or file.suffix not in {".py", ".ts", ".j2"}:
            continue
        text = file.read_text()
        for name in _python(text) if file.suffix == ".py" else _TYPESCRIPT.findall(text):
            readers[name] |= _readers(path, is_python=file.suffix == ".py")
    return readers


def _python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _NAME.fullmatch(node.value)
        ):
            yield node.value


def _readers(path: str, *, is_python: bool) -> set[str]:
    """Return who reads a file's variables; the command runs what apps deploy, too."""
    if not is_python:
        return {"Next.js"}
    return {"command", "Python"} if path.startswith(_DEPLOYED) else {"command"}
