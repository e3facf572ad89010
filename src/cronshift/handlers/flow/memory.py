"""The memory that outlives a call: names of a module, and fields, in which an earlier one may have left any value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.handlers.flow.values import Elements, ListValue, ObjectValue, Taint
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from cronshift.handlers.flow.machine import Machine
    from cronshift.handlers.flow.values import Arguments, Value

_PLAIN = lazy_pattern(r"(?:null|undefined|true|false|-?[\d._]+|'[^']*'|\"[^\"]*\")$")
_ADDING = "add|set|push|unshift|delete|clear|splice|pop|shift"
_NEAR = 300
"""The letters between a test of a name and what gives it its value then."""


def is_left_by_calls(text: str, name: str, value: str) -> bool:
    """Return whether a module's name holds what calls have left there, where its first value says nothing.

    What is made where it is first asked for, ``if (!client) client = make()``, is told by its first call.

    Args:
        text: of the module.
        name: the name.
        value: the text of its first value.
    """
    return (
        _PLAIN.match(value) is not None and _is_set(text, name) and not _is_made_first(text, name)
    )


def _is_set(text: str, name: str) -> bool:
    """Return whether a text sets a name elsewhere than where it is declared."""
    bound = re.escape(name)
    setting = rf"(?<![.\w$])(?<!const )(?<!let )(?<!var ){bound}\s*(?:=(?![=>])|\+\+|--|[-+*/|&?]{{1,2}}=)"
    return re.search(setting, text) is not None


def _is_made_first(text: str, name: str) -> bool:
    bound = re.escape(name)
    tested = rf"!\s*{bound}\b|(?<![.\w$]){bound}\s*===?\s*(?:null|undefined)|if\s*\(\s*{bound}\b"
    made = rf"(?:{tested})[\s\S]{{0,{_NEAR}}}?(?<![.\w$]){bound}\s*=(?![=>])"
    return re.search(rf"{made}|(?<![.\w$]){bound}\s*(?:\?\?|\|\|)=", text) is not None


def is_set_in(text: str, field: str) -> bool:
    """Return whether a class gives a field a value where it runs, ``this.client = make()``."""
    return re.search(rf"\bthis\.{re.escape(field)}\s*=(?![=>])", text) is not None


def open_kept(value: Value, text: str, name: str) -> None:
    """Let a list or an object that begins empty hold what calls may have put there before."""
    is_empty = isinstance(value, ListValue) and not value.elements.values
    is_empty = is_empty or (isinstance(value, ObjectValue) and not value.cell and value.of is None)
    if not is_empty or not _is_filled(text, name):
        return
    if isinstance(value, ListValue):
        value.cell["items"] = Elements(open=True)
    elif isinstance(value, ObjectValue):
        value.open = True


def _is_filled(text: str, name: str) -> bool:
    """Return whether a text puts anything into a name's collection, or takes it out."""
    bound = re.escape(name)
    filled = rf"(?<![.\w$]){bound}(?:!?\.(?:{_ADDING})\(|\[[^\]]*\]\s*=(?![=>])|\.\w+\s*=(?![=>]))"
    return re.search(filled, text) is not None


def keep_instead(machine: Machine, owner: Value, verb: str, arguments: Arguments) -> None:
    """Take note of what is kept in a module's own map or set where a store failed: that is another way."""
    if verb not in {"set", "add"} or not machine.catching or Taint.LOUD in arguments.taints:
        return
    kept = (value for scope in machine.modules.values() for value in scope.names.values())
    if any(owner is value for value in kept):
        machine.path.instead = True
