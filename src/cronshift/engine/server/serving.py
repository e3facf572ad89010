"""Uvicorn, run from here: a socket, a ready call, and an end that lets running steps finish."""

from __future__ import annotations

import asyncio
import copy
import errno
import gc
import os
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from cronshift.engine.server.connections import Connections
from cronshift.engine.server.lifetime import Ending, Lifetime, stop_signals
from cronshift.errors import CronshiftError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from cronshift.engine.server.app import ServedApp

_BACKLOG = 2048  # uvicorn's own
_FLUSH_SECONDS = 5  # for the last bytes of answers, once every step is done
_CANCEL_SECONDS = 1  # for steps cut off to answer that they were
_POLL_SECONDS = 0.05


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 picks a free one.

    Raises:
        CronshiftError: ``port-in-use``, or ``cannot-listen`` for an address or a port that this
            machine or this user does not have.
    """
    try:
        return _listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CronshiftError(
                f"Port {port} on {host} is in use.",
                reason="port-in-use",
                hint="Choose another with --port; 0 picks a free one.",
            ) from error
        raise CronshiftError(
            f"Cannot listen on {host}, port {port}: {error.strerror}.",
            reason="cannot-listen",
            hint="Try --host 127.0.0.1 and a port from 1024 on.",
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    # The protocol is named: asyncio switches Nagle's delay, 40 ms an answer, off only where it is.
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere the option lets two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def origin(listener: socket.socket) -> str:
    """Return the URL at which this machine reaches a listening socket."""
    host, port = listener.getsockname()[:2]
    return url_of(host, port)


def url_of(host: str, port: int) -> str:
    """Return the URL of an address; one that stands for every address is told as the loopback."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - told, not bound
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"


def serve(
    app: ServedApp, listener: socket.socket, lifetime: Lifetime, *, verbose: bool = False
) -> Ending:
    """Serve until SIGTERM or Ctrl-C, then let running steps finish.

    While they do, ``/readyz`` and every new request get 503. A second Ctrl-C does not wait.

    Args:
        app: what :func:`cronshift.engine.server.loading.build_app` returned.
        listener: what :func:`listen` returned; closed at the end.
        lifetime: the grace of running steps, and whom to tell.
        verbose: log every request, on stderr as all else.

    Raises:
        CronshiftError: ``startup-failed`` when the app's own lifespan fails.
    """
    server = _Server(app, lifetime, verbose=verbose)
    gc.collect()
    gc.freeze()  # what is imported lives as long as the process: collections need not look at it
    # Uvicorn raises the signals it heard once more at its end; for us, all is done by then.
    with listener, stop_signals(server.handle_exit):
        server.run(sockets=[listener])
    return server.ending


@asynccontextmanager
async def running(app: ServedApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve inside the running loop for the length of the block."""
    ready = asyncio.Event()
    server = _Server(app, Lifetime(on_ready=ready.set))
    with listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        started = asyncio.create_task(ready.wait())
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        try:
            if ready.is_set():
                yield
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """Uvicorn, with a drain between the signal and the closing of the socket."""

    def __init__(self, app: ServedApp, lifetime: Lifetime, *, verbose: bool = False) -> None:
        connections = Connections(app.limits, app.when_full)
        config = uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", connections.protocol),
            log_config=_logging(),
            log_level="info" if verbose else "warning",
            timeout_graceful_shutdown=_FLUSH_SECONDS,
        )
        super().__init__(config)
        self.ending = Ending.DRAINED
        self._app = app
        self._lifetime = lifetime

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        except SystemExit:
            raise CronshiftError(
                f"The app did not start: {self._app.startup_error}",
                reason="startup-failed",
                hint="The lifespan of asgi.py's app failed; its error is above.",
            ) from None
        self._lifetime.on_ready()

    async def main_loop(self) -> None:
        await super().main_loop()
        self._app.drain()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._lifetime.grace.total_seconds()
        while self._app.running and not self.force_exit:
            if loop.time() >= deadline:
                break
            await asyncio.sleep(_POLL_SECONDS)
        if self._app.running:
            self.ending = Ending.TIMED_OUT
            self.config.timeout_graceful_shutdown = 0  # from Python 3.12 on, forcing waits for it

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        if self.force_exit:
            self.ending = Ending.FORCED
        if self.ending is not Ending.DRAINED:
            if cancelled := set(self.server_state.tasks):
                await asyncio.wait(cancelled, timeout=_CANCEL_SECONDS)
            self._lifetime.on_cut(self.ending)


def _logging() -> dict[str, Any]:
    """Return uvicorn's own logging, all of it on stderr: stdout is for results."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["handlers"]["access"]["stream"] = "ext://sys.stderr"
    return config
