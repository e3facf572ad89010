"""The env example: names of the variables that the functions need, never a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.model import Mode
from cronshift.plan.findings.inngest import ENV_EXAMPLE, KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cronshift.model import Plan

_NAMED = re.compile(r"^[ \t]*(?:#[# \t]*)?(export[ \t]+)?([A-Za-z_]\w*)[ \t]*=", re.MULTILINE)


def env_examples(root: Path, folder: str) -> list[str]:
    """Return the paths of an app's env examples; those behind symbolic links are left alone."""
    named = (path for path in (root / folder).iterdir() if ENV_EXAMPLE.search(path.name))
    files = (path for path in named if path.is_file() and not path.is_symlink())
    return sorted(path.relative_to(root).as_posix() for path in files)


def variables(plan: Plan) -> tuple[str, ...]:
    """Return the names of the variables that the generated functions read, each once.

    The bridge's address is among them when a job is called over HTTP and the settings hold none.
    """
    bridge, jobs = plan.bridge, plan.runnable
    names = [*KEYS, bridge.secret_env]
    if bridge.base_url is None and any(job.mode is Mode.BRIDGE for job in jobs):
        names.append(bridge.base_url_env)
    names += [job.options.heartbeat_env for job in jobs if job.options.heartbeat_env]
    return tuple(dict.fromkeys(names))


def with_names(text: str, names: Iterable[str]) -> str:
    """Return an env example with the names it lacks behind the rest, in its own line ends.

    A name counts where it is assigned, be it with ``export`` or commented out.
    """
    lines = list(_NAMED.finditer(text))
    assigned = {line[2] for line in lines}
    missing = [name for name in names if name not in assigned]
    if not missing:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    exported = "export " if lines and all(line[1] for line in lines) else ""
    ends = text.endswith("\n") + text.endswith(f"{newline}{newline}")
    gap = newline * (2 - ends) if text.strip() else ""
    return text + gap + "".join(f"{exported}{name}={newline}" for name in missing)


def without_names(text: str, names: Iterable[str]) -> str:
    """Return an env example without the lines that ``with_names`` adds for names; one with a value stays."""
    words = "|".join(map(re.escape, names))
    line = rf"^(?:export )?(?:{words})=(?:\r?\n|\Z)"
    left = re.sub(line, "", text, flags=re.MULTILINE)
    return re.sub(r"(\n)(?:\r?\n)+\Z", r"\1", left) if left != text else text
