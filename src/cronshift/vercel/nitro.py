"""Cron entries in nuxt.config and nitro.config, read without running them.

Nitro copies ``vercel.config`` into the build output, ``crons`` with it, and makes an entry of every
schedule in ``scheduledTasks`` (facts: Vercel 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.errors import ConfigError
from cronshift.vercel.script import LiteralScript

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from cronshift.vercel.entries import Locate


def read_nitro(text: str, file: str) -> tuple[dict[str, Any], Locate]:
    """Return the ``crons`` and ``scheduledTasks`` of a configuration, and where each stands.

    Raises:
        ConfigError: if it cannot be parsed.
    """
    from ast_grep_py import SgRoot

    root = SgRoot(text, "typescript").root()
    if root.find(kind="ERROR") is not None:
        raise ConfigError(f"{file} cannot be parsed.", reason="invalid-script", where=file)
    script, document = LiteralScript(root, file), {}
    for pair in root.find_all(kind="pair"):
        key, value = pair.field("key"), pair.field("value")
        name = _name(key)
        is_crons = name == "crons" and _around(pair)[:2] == ["config", "vercel"]
        if value is not None and (is_crons or name == "scheduledTasks"):
            document[name] = script.value(value, (name,))
    return document, script.locate


def _name(key: SgNode | None) -> str:
    return key.text().strip("\"'") if key is not None else ""


def _around(pair: SgNode) -> list[str]:
    """Return the keys of the objects around a pair, the nearest first."""
    return [_name(outer.field("key")) for outer in pair.ancestors() if outer.kind() == "pair"]
