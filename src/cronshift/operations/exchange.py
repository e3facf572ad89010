"""Two names of one folder that change places at once, where the system can do that."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

_RENAME_EXCHANGE = 2  # Linux: renameat2(2)
_RENAME_SWAP = 2  # macOS: renameatx_np(2)
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


def exchange(folder: int, first: str, second: str) -> bool:
    """Let two names in an open folder change places; ``False`` where the system cannot.

    Raises:
        OSError: if one of them is not there, or the folder cannot be written.
    """
    import ctypes

    call, flags = _call()
    if call is None:
        return False
    if call(folder, os.fsencode(first), folder, os.fsencode(second), flags) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), first)


def _call() -> tuple[ctypes._NamedFuncPointer | None, int]:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        return getattr(library, "renameatx_np", None), _RENAME_SWAP
    return getattr(library, "renameat2", None), _RENAME_EXCHANGE
