"""Regular expressions that are compiled when they are first used.

A start of the command loads some two hundred and uses a few of them; compiling one costs a tenth of a
millisecond.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


class LazyPattern:
    """A stand-in for a compiled regular expression; each of its methods is looked up once."""

    def __init__(self, expression: Any, flags: int) -> None:
        self._source = expression, flags

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(re.compile(*self._source), name)
        setattr(self, name, attribute)
        return attribute


def lazy_pattern(expression: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """Return a pattern with the methods and attributes of one from ``re.compile``."""
    return cast("re.Pattern[AnyStr]", LazyPattern(expression, flags))
