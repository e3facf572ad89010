"""One HTTP call that a script makes, as far as its text tells; variables stay ``${name}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

VARIABLE = lazy_pattern(r"\$\{([^{}]*)\}")
_ADDRESS = lazy_pattern(r"((?:https?://)?(?:\$\{[^{}]*\}|[\w.-]+)+(?::\d+)?)(/[^\s#]*)(?:#.*)?")
_ON_THIS_MACHINE = lazy_pattern(r"^(?:https?://)?(?:localhost|127\.|0\.0\.0\.0)")
_HARMLESS = frozenset({"authorization", "accept", "content-type", "cache-control"})


class RouteCall(Struct, frozen=True):
    """One HTTP call.

    Attributes:
        address: what stands before the path, ``https://app.example.com`` or ``${secrets.APP_URL}``.
        path: path and query.
        headers: by lower-case name.
        doubt: why the call may not be made each time, as a sentence goes on; empty for none.
        line: from 0, in the script.
    """

    address: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = {}
    doubt: str = ""
    line: int = 0

    @property
    def bearer(self) -> str | None:
        """The name of the secret that is sent as the bearer; ``None`` where none is."""
        match = re.fullmatch(
            r"bearer \$\{(?:secrets\.|env\.|vars\.)?(\w+)\}",
            self.headers.get("authorization", "").strip(),
            re.IGNORECASE,
        )
        return match[1] if match else None

    def unlike(self, secret: str, addresses: Collection[str]) -> str | None:
        """Return the difference from a call of cronshift's, as a sentence goes on; ``None`` for none.

        Args:
            secret: the variable whose value cronshift sends as the bearer.
            addresses: where the app is known to answer; none where that is not known.
        """
        if addresses and not VARIABLE.search(self.address) and not self._is_at(addresses):
            return f"it calls {self.address}, and the app is at {', '.join(sorted(addresses))}"
        if self.doubt:
            return f"it is made {self.doubt}"
        if VARIABLE.search(self.path):
            return f"its path is put together when it runs: {self.path}"
        if self.method != "GET":
            return f"it is made with {self.method}, and cronshift calls with GET"
        others = sorted(self.headers.keys() - _HARMLESS)
        if others:
            return f"it sends a header that cronshift does not: {', '.join(others)}"
        if "authorization" in self.headers and self.bearer != secret:
            return f"it proves itself with something else than the bearer in {secret}"
        return None

    def _is_at(self, addresses: Collection[str]) -> bool:
        hosts = {address.partition("://")[2].partition("/")[0] for address in addresses}
        return self.address.rpartition("://")[2] in hosts


def call_of(
    url: str, method: str, headers: Mapping[str, str], doubt: str = "", line: int = 0
) -> RouteCall | None:
    """Return the call of an address with a path; ``None`` for a text that is none, and for the runner's own."""
    parts = _ADDRESS.fullmatch(url)
    if parts is None or _ON_THIS_MACHINE.search(parts[1]):
        return None
    named = {name.strip().lower(): value.strip() for name, value in headers.items()}
    return RouteCall(parts[1], parts[2], method.upper(), named, doubt, line)


def filled_in(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the variables whose values are known, once."""
    return VARIABLE.sub(lambda match: values.get(match[1].strip(), match[0]), text)
