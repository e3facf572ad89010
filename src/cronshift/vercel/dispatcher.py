"""The dispatcher's paths: ``/api/cronshift`` before the path that an entry really means.

While both sides are alive, the entries of a Next.js app point there. The original path stands in the
new one, byte for byte, so that nothing else has to remember it.
"""

from __future__ import annotations

MOUNT = "/api/cronshift"
LONGEST_PATH = 512  # characters; Vercel refuses a longer one


def original_path(path: str) -> str:
    """Return the path that an entry means; the same for one that does not point to the dispatcher."""
    name, mark, query = path.partition("?")
    before, mount, after = name.partition(f"{MOUNT}/")
    return f"{before}/{after}{mark}{query}" if mount else path


def dispatched_path(path: str, base_path: str) -> str | None:
    """Return the path at which the dispatcher answers for an entry; ``None`` where it cannot.

    Args:
        path: the entry's, with its query.
        base_path: Next's ``basePath``, which begins every path of the app.
    """
    inner = path.removeprefix(base_path)
    if not path.startswith(f"{base_path}/"):
        return None
    there = f"{base_path}{MOUNT}{inner}"
    is_readable = original_path(there) == path
    return there if is_readable and len(there) <= LONGEST_PATH else None
