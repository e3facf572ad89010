"""The check before an endpoint inside an app that runs no ASGI middleware: Flask, Django."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

from cronshift.runtime.held import SOURCE, Source
from cronshift.runtime.signature import REFUSED, SIGNATURE_HEADER, fault_of, is_dev
from cronshift.runtime.tell import description, is_delivery, is_question, take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_logger = logging.getLogger(__name__)


def before_endpoint(
    method: str,
    headers: Mapping[str, str],
    read: Callable[[], bytes] = bytes,
    *,
    secret_env: str = "CRON_SECRET",  # noqa: S107 - a name
    source: Source = SOURCE,
) -> tuple[int, bytes] | None:
    """Return the status and JSON of an answer that is given before the SDK is asked, if any.

    It tells which ownership file is held, takes in what another side's processes tell the ledger where
    this one has a database, and refuses a signature older than the SDK of TypeScript allows. In dev mode
    nothing is signed.

    Args:
        method: of the request.
        headers: of the request, by names of any case.
        read: returns the request's body.
        secret_env: the variable that holds the bearer.
        source: where the ownership file comes from.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    if is_question(method, lowered, secret_env):
        return 200, description(source).body
    if is_delivery(method, lowered, secret_env):
        return take_in(lowered, read, secret_env)
    signature = lowered.get(SIGNATURE_HEADER)
    fault = fault_of([signature.encode()], time.time()) if signature else None
    if fault is None or is_dev(os.environ):
        return None
    _logger.warning("unauthorized: %s", fault)
    return 401, REFUSED
