"""The limits that a server sets its peers: bytes, time and connections."""

from __future__ import annotations

import sys
from dataclasses import dataclass

_MOST_CONNECTIONS = 1_000
_KEPT_FILES = 64  # for listening, databases, logs and calls of the app's own


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one server.

    Attributes:
        body_bytes: of one request. The engine sends at most 4 MiB; where that is not enough it sends
            one event alone, up to 3 MiB, whose numbers it may write out in 22 digits for 5.
        bodies_bytes: of all bodies that are on their way; then the largest gives way.
        header_bytes: of a header, of the framing between two pieces of a body, of a trailer.
        header_seconds: from a connection's beginning, or the answer before, to a whole header.
        body_seconds: from the header to the last byte of the body.
        answer_seconds: for which a peer may leave what it is sent untaken.
        connections: at once; then the one that has waited longest for a whole request gives way, and
            where each has one, a new one is answered 503.
    """

    body_bytes: int = 16 * 1024 * 1024
    bodies_bytes: int = 256 * 1024 * 1024
    header_bytes: int = 64 * 1024
    header_seconds: float = 10
    body_seconds: float = 60
    answer_seconds: float = 60
    connections: int = _MOST_CONNECTIONS

    @classmethod
    def of_this_process(cls) -> Limits:
        """Return the limits that this process can keep: a connection is an open file."""
        return cls(connections=max(1, min(_MOST_CONNECTIONS, _open_files() - _KEPT_FILES)))


def _open_files() -> int:
    if sys.platform == "win32":
        return 512  # what its select can watch
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft
