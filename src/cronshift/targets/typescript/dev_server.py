"""The app's own dev server, for as long as a run needs it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import IO, TYPE_CHECKING

from cronshift.engine.server.endpoint import Endpoint
from cronshift.errors import CronshiftError
from cronshift.handlers import Resolver
from cronshift.plan.findings.inngest import ENDPOINT
from cronshift.project import node
from cronshift.project.inngest_sdk import SDK, version_installed
from cronshift.project.locks import install_command
from cronshift.targets.typescript.frameworks.nextjs import NEXTJS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    from cronshift.targets.typescript.framework import AppFramework, DevServer

START_TIMEOUT = timedelta(minutes=2)
STOP_GRACE = timedelta(seconds=5)
_HOST = "127.0.0.1"
_POLL_SECONDS = 0.2
_TOLD_EVERY = 5  # seconds


@asynccontextmanager
async def dev_server(  # noqa: PLR0913 - what is started, and how
    root: Path,
    variables: Mapping[str, str],
    base_url_env: str,
    tell: Callable[[str], None] = lambda _: None,
    *,
    framework: AppFramework = NEXTJS,
    timeout: timedelta = START_TIMEOUT,  # noqa: ASYNC109 - of starting, not of the block
) -> AsyncIterator[str]:
    """Start the app's dev server on a free loopback port; yield its Inngest endpoint's address; stop it.

    It is stopped with all that it started, also on Ctrl-C, SIGTERM and errors. As always, it writes
    into the project, ``next dev`` for one ``.next`` and ``next-env.d.ts``.

    Args:
        root: the app's folder.
        variables: set for it, beside this process's own; they put the SDK into dev mode.
        base_url_env: the variable that is to name the app's own address, unless it is set.
        tell: called with lines of progress.
        framework: the app's.
        timeout: how long it may take until the endpoint answers.

    Raises:
        CronshiftError: ``no-node``, ``no-next`` without the framework's package, ``no-sdk``,
            ``not-generated`` without a route that serves functions, ``needs-endpoint`` for a framework
            without such a server, ``dev-server-failed`` with its last lines.
    """
    server = framework.dev_server
    if server is None:
        raise CronshiftError(
            f"{framework.title} has no server of its own for developers.",
            reason="needs-endpoint",
            hint="Start the app yourself with INNGEST_DEV=1, and name it with --endpoint.",
        )
    program = node.node_program()
    script = next(filter(None, (node.installed(root, name) for name in server.scripts)), None)
    if program is None:
        raise CronshiftError("Node.js was not found.", reason="no-node")
    if script is None:
        raise CronshiftError(
            f"{server.package} is not installed in node_modules.",
            reason="no-next",
            hint=install_command(root),
        )
    if version_installed(root, SDK) is None:
        raise CronshiftError(
            f"{SDK} is not installed in node_modules.", reason="no-sdk", hint=install_command(root)
        )
    path, port = endpoint_path(root, framework), free_port()
    origin = f"http://{_HOST}:{port}"
    options = (option.format(host=_HOST, port=port) for option in server.arguments)
    command = [program, str(script), *options]
    surrounding = {
        "NEXT_TELEMETRY_DISABLED": "1",
        base_url_env: os.environ.get(base_url_env) or origin,
        **variables,
    }
    tell(f"Starting {server.program} at {origin} …")
    with tempfile.TemporaryFile() as output, _ended_by_sigterm():
        try:
            process = node.start(command, root, surrounding, output)
        except OSError as error:
            raise CronshiftError(
                f"Node.js cannot be started: {error.strerror}.", reason="no-node"
            ) from error
        try:
            await _answering(process, server, origin + path, output, timeout, tell)
            yield origin + path
        finally:
            node.stop(process, STOP_GRACE)


def endpoint_path(root: Path, framework: AppFramework = NEXTJS) -> str:
    """Return the path of the app's Inngest endpoint, below its base path.

    Raises:
        CronshiftError: ``not-generated`` where no route answers it.
    """
    resolver = Resolver(root, app="")
    if resolver.table.answering(ENDPOINT) is None and resolver.functions.at(ENDPOINT) is None:
        raise CronshiftError(
            f"No route of the app answers {ENDPOINT}.",
            reason="not-generated",
            hint="cronshift migrate",
        )
    return framework.endpoint_path(resolver)


def free_port() -> int:
    """Return a port on the loopback that nothing listens on."""
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port


async def _answering(  # noqa: PLR0913, PLR0917 - the parts of a wait
    process: subprocess.Popen[bytes],
    server: DevServer,
    url: str,
    output: IO[bytes],
    patience: timedelta,
    tell: Callable[[str], None],
) -> None:
    """Wait until the endpoint answers; the first call has it compiled.

    Raises:
        CronshiftError: ``dev-server-failed``.
    """
    began = time.monotonic()
    telling = asyncio.create_task(_waiting(began, tell))
    try:
        async with asyncio.timeout(patience.total_seconds()), Endpoint.http(url) as endpoint:
            while not await _answers(endpoint, output):
                if process.poll() is not None:
                    raise _failed(
                        f"{server.program} ended (exit code {process.returncode}).", output
                    )
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        text = f"{url} did not answer within {patience.total_seconds():g} seconds."
        raise _failed(text, output) from None
    finally:
        telling.cancel()


async def _answers(endpoint: Endpoint, output: IO[bytes]) -> bool:
    """Return whether the server listens, and its endpoint is one."""
    try:
        await endpoint.introspect()
    except CronshiftError as error:
        if error.reason == "endpoint-unreachable":
            return False
        raise _failed(error.message, output) from error
    return True


async def _waiting(began: float, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(_TOLD_EVERY)
        tell(f"Waiting for the endpoint to answer … {time.monotonic() - began:.0f} s")


def _failed(text: str, output: IO[bytes]) -> CronshiftError:
    """Return the error that holds the last lines of the server's output."""
    lines = "".join(f"\n  {line}" for line in node.last_lines(output))
    return CronshiftError(
        f"{text} It said:{lines}" if lines else text,
        reason="dev-server-failed",
        hint="Start the app yourself with INNGEST_DEV=1, and name it with --endpoint.",
    )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process the way that Ctrl-C does: all blocks are left."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
