"""What a JavaScript or TypeScript handler answers when something failed, or when it is a GET."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import Spot
from cronshift.handlers.javascript import arguments, line_of, own_nodes
from cronshift.handlers.literals import literal, pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ast_grep_py import SgNode

_RESPONSE = re.compile(
    r"^(new\s+)?(Next)?Response(\.json)?\b|^(res|reply|response)\b.*\.(json|send|end)\b|^(c|ctx)\.(json|text|body)\b|^json\b"
)
_OK_STATUS = 400


def spot_of(file: str, node: SgNode, what: str) -> Spot:
    """Return the spot of a node, ``what`` stands there on one short line."""
    return Spot(file, line_of(node), " ".join(what.split())[:60])


@dataclass
class Answers:
    """The answers of one function.

    Args:
        file: where it stands.
        body: its body.
        own: every node of it that belongs to no function inside it.
    """

    file: str
    body: SgNode
    own: Sequence[SgNode]

    def swallowed(self) -> Iterator[Spot]:
        """Yield the catches around the work that answer with success."""
        statements = [child for child in self.body.children() if child.is_named()]
        for number, node in enumerate(statements):
            if node.kind() != "try_statement":
                continue
            clause, tried = node.field("handler"), node.field("body")
            block = clause.field("body") if clause is not None else None
            if block is None or tried is None or "await" not in tried.text():
                continue
            inside = list(own_nodes(block))
            if any(one.kind() == "throw_statement" for one in inside):
                continue
            returns = [one for one in inside if one.kind() == "return_statement"]
            answers = returns or [one for one in inside if one.kind() == "expression_statement"]
            statuses = [_status(one) for one in answers]
            if returns and all(status is not None and status < _OK_STATUS for status in statuses):
                yield spot_of(self.file, returns[0], returns[0].text())
            elif not returns and not any(_RESPONSE.match(one.text()) for one in answers):
                later = statements[number + 1 :]
                if any(_status(one) == 200 for one in later if one.kind() == "return_statement"):  # noqa: PLR2004 - OK
                    yield spot_of(self.file, block, "catch without an answer of its own")
            elif not returns and any(
                status is not None and status < _OK_STATUS for status in statuses
            ):
                bad = [status for status in statuses if status is not None and status >= _OK_STATUS]
                if not bad:
                    yield spot_of(self.file, answers[0], answers[0].text())

    def soft(self) -> Iterator[Spot]:
        """Yield the answers outside of catches that say failure with status 200."""
        for node in self.own:
            if node.kind() != "return_statement" or _status(node) != 200:  # noqa: PLR2004 - OK
                continue
            if any(outer.kind() == "catch_clause" for outer in node.ancestors()):
                continue
            body = node.find(kind="object")
            values = dict(pairs(body)) if body is not None else {}
            for key in ("success", "ok"):
                if key in values and values[key].kind() == "false":
                    yield spot_of(self.file, node, f"{key}: false with status 200")
            listed = next((key for key in ("errors", "failures", "failed") if key in values), None)
            if listed and self._collects(listed, values[listed]):
                yield spot_of(self.file, node, f"{listed} with status 200")

    def _collects(self, key: str, value: SgNode) -> bool:
        """Return whether a catch of this function pushes into the list that is answered."""
        name = (
            value.text() if value.kind() in {"identifier", "shorthand_property_identifier"} else key
        )
        return any(
            f"{name}.push(" in clause.text() for clause in self.body.find_all(kind="catch_clause")
        )

    def refuses_get(self) -> Spot | None:
        """Return where the code itself answers GET with 405; ``what`` is the method it wants."""
        for node in self.own:
            if node.kind() != "if_statement":
                continue
            condition, consequence = node.field("condition"), node.field("consequence")
            said = re.fullmatch(
                r"""\(?\s*(?:req|request)\.method\s*!==?\s*["'](\w+)["']\s*\)?""",
                condition.text() if condition else "",
            )
            if (
                said
                and said[1] != "GET"
                and consequence is not None
                and "405" in consequence.text()
            ):
                return spot_of(self.file, node, said[1])
        return None


def _status(node: SgNode) -> int | None:
    """Return the status of an answer that a statement gives; ``None`` where it cannot be told."""
    text = " ".join(node.text().split()).removeprefix("return ").removeprefix("await ").rstrip(";")
    if not _RESPONSE.match(text):
        return None
    chained = re.search(r"\.status\(\s*(\w+)\s*\)", text)
    named = re.search(r"\bstatus(?:Code)?\s*:\s*([\w.]+)", text)
    said = chained or named
    if said is None and re.search(r"\bstatus\b\s*[,}]", text):
        return None
    if said is not None:
        return int(said[1]) if said[1].isdecimal() else None
    call = node.find(kind="call_expression")
    given = arguments(call) if call is not None else []
    second = literal(given[1]) if len(given) > 1 else None
    if isinstance(second, int):
        return second
    return 200 if len(given) < 2 or given[1].kind() == "object" else None  # noqa: PLR2004 - body and options
