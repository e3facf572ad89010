"""Posting JSON to an address that may be given a secret: nothing is followed, and nothing sent elsewhere."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST = 1_000_000  # bytes of an answer
_CONNECTIONS: dict[str, Callable[..., HTTPConnection]] = {
    "http": HTTPConnection,
    "https": HTTPSConnection,
}


def post(url: str, document: object, headers: Mapping[str, str], seconds: float) -> bytes:
    """Post JSON and return the answer's body; redirects are not followed, for the headers are for this address alone.

    Raises:
        OSError: for any answer but a success.
    """
    parts = urlsplit(url)
    connection = _CONNECTIONS[parts.scheme](parts.netloc.rpartition("@")[2], timeout=seconds)
    try:
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        fields = {"content-type": "application/json", **headers}
        connection.request("POST", target, json.dumps(document).encode(), fields)
        response = connection.getresponse()
        status, body = response.status, response.read(_MOST)
    except HTTPException as error:
        raise OSError(f"no answer ({type(error).__name__})") from error
    finally:
        connection.close()
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise OSError(f"answered {status}")
    return body
