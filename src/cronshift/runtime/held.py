"""The ownership file as this process holds it: read once, kept for a short while.

It comes from ``CRONSHIFT_OWNERSHIP`` (the JSON itself), ``CRONSHIFT_OWNERSHIP_URL`` (read over
HTTP: an Edge Config item, a flag service), ``CRONSHIFT_OWNERSHIP_FILE``, or
``cronshift.ownership.json`` in the working directory or beside the code.

When it cannot be read, what was read last goes on, then the file that is deployed; only without
either is there no ownership: no job is silenced, both sides run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError
from cronshift.runtime import wire
from cronshift.runtime.download import download
from cronshift.runtime.ownership import OWNERSHIP_NAME, Ownership, digest, parse_ownership
from cronshift.runtime.protection import bypass_headers, is_the_app
from cronshift.runtime.regular_files import read_regular
from cronshift.runtime.schedule.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIFE = float(wire.OWNERSHIP_LIFE_SECONDS)
"""Seconds for which what was read is used without another look."""

_NOTHING: tuple[str | None, float, str | None] = None, 0.0, None
"""Of the file that is held: its digest, since when, and the digest of the one before."""

_logger = logging.getLogger("cronshift")


@dataclass(frozen=True, slots=True)
class Held:
    """A file that was read.

    Attributes:
        digest: tells which.
        read_at: when, by the source's clock, where it came from afar.
    """

    ownership: Ownership
    digest: str
    read_at: float | None = None


class Source:
    """The source of the ownership file, which is read again once it is too old.

    Args:
        read: returns the file's text; raises OSError or ValueError when it cannot, and returns
            ``None`` where nothing stands in for the file that is deployed.
        clock: seconds, monotonic.
        deployed: returns the text of the file that counts when nothing else was read.
        is_afar: whether ``read`` asks an address, so that not everybody may make it do that.
        max_age: for how long, in seconds, what was read from afar goes on.
    """

    def __init__(
        self,
        read: Callable[[], str | None],
        clock: Callable[[], float] = time.monotonic,
        *,
        deployed: Callable[[], str] | None = None,
        is_afar: Callable[[], bool] = lambda: False,
        max_age: Callable[[], float] = lambda: wire.OWNERSHIP_MAX_AGE_SECONDS,
    ) -> None:
        self._read = read
        self._clock = clock
        self._is_afar = is_afar
        self._max_age = max_age
        self._held: Held | None = None
        self._text: str | None = None
        self._good_until = float("-inf")
        self._lock = Lock()
        self._noted = _NOTHING
        self._deployed = Source(deployed, clock) if deployed else None

    def current(self, may_ask: Callable[[], bool] = lambda: True) -> Held | None:
        """Return the file in force, read again when it is due; ``None`` when nothing can be read.

        Args:
            may_ask: whether the caller may make this process ask an address.
        """
        if self._clock() >= self._good_until and (not self._is_afar() or may_ask()):
            with self._lock:
                if self._clock() >= self._good_until:
                    self._look()
                    self._good_until = self._clock() + LIFE
        current = self._in_force()
        if current is not None and current.digest != self._noted[0]:
            self._noted = current.digest, self._clock(), self._noted[0]
        return current

    async def refresh(self) -> None:
        """Ask the address when it is due, off the event loop; files are read when they are needed."""
        if self._clock() >= self._good_until and self._is_afar():
            await asyncio.to_thread(self.current)

    def describe(self) -> dict[str, str | int | None]:
        """Return a description: the digest, and the age in seconds of what an address gave.

        The age is ``None`` while the file that is deployed stands in for the address.
        """
        current = self.current()
        described: dict[str, str | int | None] = {"ownership": current.digest if current else None}
        if self._is_afar():
            read_at = current.read_at if current else None
            described["age"] = None if read_at is None else round(self._clock() - read_at)
        return described

    def history(self) -> dict[str, str | int | None]:
        """Return for how many seconds this process has gone by its file, and by which before.

        ``before`` is the other file's digest; ``None`` where this process never held another.
        """
        _, since, before = self._noted
        return {"held": round(self._clock() - since), "before": before}

    def forget(self) -> None:
        """Begin again, as a new process does."""
        self._noted = _NOTHING
        self._held = self._text = None
        self._good_until = float("-inf")
        if self._deployed:
            self._deployed.forget()

    def _in_force(self) -> Held | None:
        last = self._held
        if last is not None and last.read_at is None:
            return last
        if last is not None and self._clock() - (last.read_at or 0) <= self._max_age():
            return last
        return self._deployed.current() if self._deployed else None

    def _look(self) -> None:
        try:
            text = self._read()
            if text is None:
                self._held = None
            elif text != self._text or self._held is None:
                ownership = parse_ownership(text)
                self._held = Held(ownership, digest(ownership))
            self._text = text
            if self._held is not None and self._is_afar():
                self._held = replace(self._held, read_at=self._clock())
        except ConfigError as error:
            self._warn(error.message.rstrip("."))
        except (OSError, ValueError) as error:
            self._warn(f"{OWNERSHIP_NAME} cannot be read: {error}")

    def _warn(self, why: str) -> None:
        if self._held is not None:
            consequence = "What was read last goes on."
        elif self._deployed:
            consequence = "The file that is deployed stands in for it."
        else:
            consequence = "Every tick runs here, and maybe on the other side too."
        _logger.warning("%s. %s", why, consequence)


def read_text(environ: Mapping[str, str] = os.environ) -> str:
    """Return the text of the ownership file that this process is to use.

    Raises:
        OSError: if there is none, or it cannot be read.
        ValueError: if it is no text, or too much.
    """
    return _text_in_its_stead(environ) or deployed_text(environ)


def _text_in_its_stead(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the text that stands in for the file, where a variable says so."""
    inline, url = (
        environ.get(name) for name in (wire.OWNERSHIP_VARIABLE, wire.OWNERSHIP_URL_VARIABLE)
    )
    return inline or (_fetch(url, environ) if url else None)


def deployed_text(environ: Mapping[str, str] = os.environ) -> str:
    """Return the text of the ownership file that is deployed with the app; raises the same."""
    named = environ.get(wire.OWNERSHIP_FILE_VARIABLE)
    if named:
        return _text(Path(named))
    for folder in (Path.cwd(), *map(Path, sys.path)):
        file = folder / OWNERSHIP_NAME
        if file.is_file():
            return _text(file)
    raise FileNotFoundError(f"there is none in {Path.cwd()}")


def is_afar(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the ownership file is read from an address."""
    return not environ.get(wire.OWNERSHIP_VARIABLE) and bool(
        environ.get(wire.OWNERSHIP_URL_VARIABLE)
    )


def max_age(environ: Mapping[str, str] = os.environ) -> float:
    """Return the seconds for which a file from afar is good: a day, where none is set."""
    text = environ.get(wire.OWNERSHIP_MAX_AGE_VARIABLE)
    try:
        return parse_duration(text).total_seconds() if text else wire.OWNERSHIP_MAX_AGE_SECONDS
    except ValueError:
        return wire.OWNERSHIP_MAX_AGE_SECONDS


def _text(file: Path) -> str:
    return read_regular(file, wire.OWNERSHIP_MAX_BYTES).decode()


def _fetch(url: str, environ: Mapping[str, str]) -> str:
    if not url.startswith(("https://", "http://")):
        # It may hold a token, so it is not told.
        raise ValueError(f"{wire.OWNERSHIP_URL_VARIABLE} is no web address")
    seconds, most = wire.OWNERSHIP_PATIENCE_SECONDS, wire.OWNERSHIP_MAX_BYTES
    try:
        headers = bypass_headers(environ) if is_the_app(url, environ) else {}
        return download(url, seconds=seconds, most=most, headers=headers)
    except UnicodeDecodeError:
        raise ValueError(f"{wire.OWNERSHIP_URL_VARIABLE} answered what is no text") from None
    except OSError as error:
        raise OSError(f"{wire.OWNERSHIP_URL_VARIABLE} {error}") from None
    except ValueError as error:
        raise ValueError(f"{wire.OWNERSHIP_URL_VARIABLE} {error}") from None


SOURCE = Source(_text_in_its_stead, deployed=deployed_text, is_afar=is_afar, max_age=max_age)
"""The one of this process."""


def held_ownership() -> Ownership | None:
    """Return the ownership that is in force here; ``None`` when none can be read."""
    current = SOURCE.current()
    return current.ownership if current else None
