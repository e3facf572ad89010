"""Names made of any text: lower-case words joined by ``-``."""

from __future__ import annotations

import hashlib
import re

_LONGEST = 80


def slug(text: str) -> str:
    """Return ``text`` as lower-case words joined by ``-``; never empty, at most 80 long."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", text)
    name = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    if not name:
        return f"job-{digest(text)}"
    if len(name) > _LONGEST:
        return f"{name[: _LONGEST - 7].rstrip('-')}-{digest(text)}"
    return name


def digest(text: str) -> str:
    """Return six hexadecimal digits that stand for ``text``."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:6]
