"""The text behind an address, within a time for all of it, whoever answers there."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Thread


def download(url: str, *, seconds: float, most: int) -> str:
    """Return the text behind an address; errors name neither the address nor what is in it.

    The work is done in a thread of its own, so that a caller waits no longer than it says, even for
    a name server.

    Args:
        url: of the web; redirects are followed.
        seconds: for everything, from the first look-up to the last byte.
        most: bytes.

    Raises:
        OSError: if there is no answer in time, or not a success.
        ValueError: if the answer is no text, or too large.
    """
    outcome: Future[bytes] = Future()
    Thread(target=_work, args=(outcome, url, seconds, most), daemon=True).start()
    try:
        return outcome.result(seconds).decode()
    except TimeoutError:
        raise OSError("did not answer in time") from None


def _work(outcome: Future[bytes], url: str, seconds: float, most: int) -> None:
    try:
        outcome.set_result(asyncio.run(_read(url, seconds, most)))
    except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
        outcome.set_exception(error)


async def _read(url: str, seconds: float, most: int) -> bytes:
    import httpx

    from cronshift.runtime import web

    data = bytearray()
    try:
        async with (
            asyncio.timeout(seconds),
            web.client(url, follow_redirects=True) as http,
            http.stream("GET", url, headers={"accept-encoding": "identity"}) as response,
        ):
            if not response.is_success:
                raise OSError(f"answered {response.status_code}")
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > most:
                    raise ValueError(f"answered more than {most:,} bytes")
    except TimeoutError:
        raise OSError("did not answer in time") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(f"did not answer ({type(error).__name__})") from None
    return bytes(data)
