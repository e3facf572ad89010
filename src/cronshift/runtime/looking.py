"""The look of a function at the other side while the tick is not its own, at no cost."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from cronshift.runtime.asking import ask
from cronshift.runtime.held import SOURCE
from cronshift.runtime.telling import Telling

if TYPE_CHECKING:
    from cronshift.runtime.calls import Call, CallHandler

_PATIENCE = timedelta(seconds=5)


async def look(call: Call, handler: CallHandler | None) -> dict[str, str]:
    """Return whether this side could do the work, as far as that shows without doing it.

    Args:
        call: what it would make.
        handler: what would answer it.

    Returns:
        ``app``: what came of asking the app which file it holds, with the bearer; ``file``: whether
        that is the ``same`` as here; ``missing``: the variables that are not set.
    """
    if handler is None:
        return {}
    seen = {}
    names = (handler.secret_env, call.job.heartbeat_env)
    if missing := [name for name in names if name and not os.environ.get(name)]:
        seen["missing"] = ", ".join(missing)
    address, secret = handler.address(), os.environ.get(handler.secret_env)
    if address and secret:
        testimony = await ask(address + call.target, secret, _PATIENCE)
        seen["app"] = testimony.telling.value
        if testimony.telling is Telling.FILE:
            current = SOURCE.current()
            is_same = current is not None and current.digest == testimony.digest
            seen["file"] = "same" if is_same else "another"
    return seen
