"""The ownership file as this process holds it: read once, kept for a short while.

It comes from ``CRONSHIFT_OWNERSHIP`` (the JSON itself), ``CRONSHIFT_OWNERSHIP_URL`` (read over
HTTP: an Edge Config item, a flag service), ``CRONSHIFT_OWNERSHIP_FILE``, or
``cronshift.ownership.json`` in the working directory or beside the code.

What cannot be read never silences a job: then there is no ownership, and both sides run.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cronshift.errors import ConfigError
from cronshift.runtime.ownership import OWNERSHIP_NAME, Ownership, digest, parse_ownership

if TYPE_CHECKING:
    from collections.abc import Callable

LIFE = 10.0
"""Seconds for which what was read is used without another look."""

_URL_TIMEOUT = 2.0  # seconds; the answer of before is used when it takes longer
_LARGEST = 5_000_000  # bytes
_logger = logging.getLogger("cronshift")


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was read; ``digest`` tells which."""

    ownership: Ownership
    digest: str


class Source:
    """Reads the file when what it has is too old.

    Args:
        read: returns the file's text; raises OSError or ValueError when there is none.
        clock: seconds, monotonic.
    """

    def __init__(
        self, read: Callable[[], str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._held: Held | None = None
        self._text: str | None = None
        self._good_until = float("-inf")
        self._lock = Lock()

    def held(self) -> Held | None:
        """Return what is in force; ``None`` when nothing can be read."""
        if self._clock() < self._good_until:
            return self._held
        with self._lock:
            if self._clock() >= self._good_until:
                self._look()
                self._good_until = self._clock() + LIFE
        return self._held

    def forget(self) -> None:
        """Look again at the next call."""
        self._good_until = float("-inf")

    def _look(self) -> None:
        try:
            text = self._read()
            if text != self._text:
                ownership = parse_ownership(text)
                self._held, self._text = Held(ownership, digest(ownership)), text
        except ConfigError as error:
            self._lose(error.message)
        except (OSError, ValueError) as error:
            self._lose(f"{OWNERSHIP_NAME} cannot be read: {error}")

    def _lose(self, why: str) -> None:
        """Go on with nothing, which runs every tick on both sides, and say so."""
        self._held = self._text = None
        _logger.warning("%s. Every tick runs here, and maybe on the other side too.", why)


def read_text(environ: dict[str, str] | os._Environ[str] = os.environ) -> str:
    """Return the text of the ownership file that this process is to use.

    Raises:
        OSError: if there is none, or it cannot be read.
        ValueError: if it is no text.
    """
    inline = environ.get("CRONSHIFT_OWNERSHIP")
    if inline:
        return inline
    url = environ.get("CRONSHIFT_OWNERSHIP_URL")
    if url:
        return _fetch(url)
    named = environ.get("CRONSHIFT_OWNERSHIP_FILE")
    if named:
        return Path(named).read_bytes().decode()
    for folder in (Path.cwd(), *map(Path, sys.path)):
        file = folder / OWNERSHIP_NAME
        if file.is_file():
            return file.read_bytes().decode()
    raise FileNotFoundError(f"there is none in {Path.cwd()}")


def _fetch(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("CRONSHIFT_OWNERSHIP_URL is no web address")  # which may hold a token
    try:
        with urlopen(Request(url), timeout=_URL_TIMEOUT) as response:  # noqa: S310 - http(s) only
            data: bytes = response.read(_LARGEST)
    except HTTPError as error:
        error.close()
        raise OSError(f"CRONSHIFT_OWNERSHIP_URL answered {error.code}") from None
    except OSError as error:
        raise OSError(f"CRONSHIFT_OWNERSHIP_URL did not answer ({type(error).__name__})") from None
    return data.decode()


SOURCE = Source(read_text)
"""The one of this process."""


def held_ownership() -> Ownership | None:
    """Return the ownership that is in force here; ``None`` when none can be read."""
    held = SOURCE.held()
    return held.ownership if held else None
