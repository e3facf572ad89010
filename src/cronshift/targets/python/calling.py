"""The handlers that a function of the package can call in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import PYTHON_KINDS, HandlerKind
from cronshift.targets.target import Direct, OverHttp

if TYPE_CHECKING:
    from cronshift.model import Handler
    from cronshift.targets.target import Reach


def reach(handler: Handler | None) -> Reach:
    """Return a function's reach of a handler; a plain function can only be called directly."""
    if handler is None:
        return OverHttp("no source of this project answers its path")
    if handler.kind in PYTHON_KINDS:
        return Direct(only=handler.kind is HandlerKind.CALLABLE)
    if handler.language != "python":
        return OverHttp(f"the functions are in Python, and {handler.file} is not")
    return OverHttp(f"{handler.file} shows nothing that Python can call")
