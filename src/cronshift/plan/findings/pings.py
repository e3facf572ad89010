"""Pings that a handler sends to a service that watches jobs: by its address, a variable, or an SDK."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.reached import Reached
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_ADDRESSES = (
    r"hc-ping\.com/|healthchecks\.io/ping|/ping/[0-9a-f]{8}-[0-9a-f]{4}-"
    r"|betterstack\.com/api/v\d+/heartbeat/|betteruptime\.com/api/v\d+/heartbeat/"
    r"|cronitor\.link/|cronitor\.io/ping|nosnch\.in/"
    r"|/api/\d+/cron/[^/]+/|sentry[^/]*/api/[^/]+/cron/"
    r"|heartbeat\.uptimerobot\.com|push\.statuscake\.com|cronhub\.io/(?:ping|start|finish)"
    r"|api\.honeybadger\.io/v1/check_in|heartbeat\.checkly-analytics\.com|ping\.checklyhq\.com/"
    r"|ping\.ohdear\.app/|api\.opsgenie\.com/v2/heartbeats/|/api/push/[^/\s]+\?(?:[^\s]*&)?status="
)
"""The addresses at which services that watch jobs are pinged."""
_SERVICES = "HEARTBEAT|HEALTHCHECKS|HC_PING|HC_UUID|CRONITOR|SNITCH|KUMA_PUSH|HEALTHCHECK_PING|HEALTHCHECK_UUID"
_SERVICE = rf"(?:{_SERVICES})"
_SETTING = (
    r"(?:INTERVAL|TIMEOUT|SECRET|AUTH|ENABLED?|DISABLED?|MINUTES?|SECONDS?|HOURS?|DAYS?|MS|STALE|TTL"
    r"|THRESHOLD|MAX|MIN|LIMIT|TICK|MODE|LOG|PATH|FILE|MODEL|AGENT|USER|CHANNEL|EMAIL|COUNT|CRON"
    r"|SCHEDULE|API_KEY|TABLE|PORT)"
)
_ADDRESS = lazy_pattern(_ADDRESSES)
_VARIABLE = lazy_pattern(
    rf"\b[A-Z0-9_]*{_SERVICE}(?![A-Z0-9_]*_{_SETTING}(?![A-Z0-9]))[A-Z0-9_]*\b"
)
"""A variable that holds an address, or the part of one that is secret; none that only sets something."""
_MADE = lazy_pattern(rf"^[frb]*[`\"']+[A-Z0-9_]*{_SERVICE}_(?:\$?\{{|[`\"']+$)")
"""A variable's name that is put together: ``HEARTBEAT_${job}``."""
_MEMBER = lazy_pattern(r"[.\]](?:heartbeat|health_?checks?_?ping|hc_?ping)_?url$", re.IGNORECASE)
_CHECK_IN = lazy_pattern(
    r"(?:^|\.)(?:captureCheckIn|withMonitor|capture_checkin)$|(?:^|\.)crons\.monitor$"
    r"|(?:^|\.)cronitor\.(?:wrap|Monitor|job)$"
)
_HINT = lazy_pattern(
    rf"{_ADDRESSES}|{_SERVICES}|CheckIn|withMonitor|capture_checkin|monitor_slug|cronitor"
    r"|h(?i:eartbeat_?url|c_?ping)|H(?i:eartbeat_?url|c_?ping)|c(?i:hecks?_?ping)|C(?i:hecks?_?ping)"
)
"""What every ping has something of; each alternative begins with a letter, by which it is looked for fast."""
_ENVIRONMENT = lazy_pattern(r"\benv\b|environ|getenv")
_CALLS = {"call_expression", "call", "new_expression"}
_TEXTS = {"string", "template_string"}
_READS = {"member_expression", "subscript_expression", "subscript", "attribute"}
_ENTRIES = {"pair", "property_assignment"}
_AROUND = {
    "non_null_expression",
    "as_expression",
    "satisfies_expression",
    "parenthesized_expression",
    "binary_expression",
}
_LONGEST_READ = 80  # characters of a call that reads a variable


class Pings:
    """The pings of a project's handlers.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._reached = Reached(tree)
        self._hinting: dict[str, bool] = {}

    def first(self, handler: Handler) -> tuple[str, SgNode] | None:
        """Return the nearest ping that a handler may send, with its file."""
        begins = {handler.file, handler.route.file if handler.route else handler.file}
        files = (file for begin in begins for file in self._reached.files(begin))
        if not any(self._hints(file) for file in files):
            return None
        for file, statement in self._reached.statements(handler):
            if _HINT.search(statement.text()):
                for node in _nodes(statement):
                    if self._is_ping(file, node):
                        return file, node
        return None

    def _hints(self, file: str) -> bool:
        """Return whether a file's text has anything of a ping; looked for once."""
        if file not in self._hinting:
            self._hinting[file] = _HINT.search(self._tree.read(file)) is not None
        return self._hinting[file]

    def _is_ping(self, file: str, node: SgNode) -> bool:
        kind = node.kind()
        if kind in _TEXTS:
            return bool(_ADDRESS.search(node.text()) or _MADE.match(node.text()))
        if kind in _CALLS:
            function = node.field("function") or node.field("constructor")
            return function is not None and self._calls_one(file, function.text(), node.text())
        return kind in _READS and _is_read(node)

    def _calls_one(self, file: str, name: str, call: str) -> bool:
        if len(call) < _LONGEST_READ and _ENVIRONMENT.search(name) and _VARIABLE.search(call):
            return True
        is_sdk = _CHECK_IN.search(name) or "monitor_slug=" in call.partition("\n")[0]
        return bool(is_sdk) and not ("." not in name and self._reached.is_ours(file, name))


def _is_read(node: SgNode) -> bool:
    """Return whether a variable or a setting is read, and not only passed on in an object of settings."""
    text = node.text()
    holder = node.parent()
    while holder is not None and holder.kind() in _AROUND:
        node, holder = holder, holder.parent()
    if holder is not None and holder.kind() in _ENTRIES and holder.field("value") == node:
        return False
    is_argument = holder is not None and holder.kind() in {"arguments", "argument_list"}
    is_variable = _ENVIRONMENT.search(text) and _VARIABLE.search(text)
    return bool(is_variable or (is_argument and _MEMBER.search(text)))


def _nodes(node: SgNode) -> Iterator[SgNode]:
    """Yield a node and all below it, in their order."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting += reversed(current.children())
