"""A function that writes a session itself, as one that asks for it through ``requestSession``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.scaffold.requesting import enclosing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ast_grep_py import SgNode

    from cronshift.sessions.settings import SessionSettings
    from cronshift.targets.scaffold.requesting import Creation
    from cronshift.targets.scaffold.schema import Model

_DECREMENT = r"\b{balance}\s*:\s*\{{\s*decrement\s*:\s*(?P<cost>[^,}}\n]+?)\s*,?\s*\}}"
_IMPORT = re.compile(r"^import [^;]*?[\"'][^\"'\n]+[\"'];?[ \t]*\n", re.MULTILINE)


class _Steps(Struct, frozen=True):
    """The statements of a function around the creation of a session, in order.

    Attributes:
        refusal: what follows where the balance does not allow it.
    """

    creation: SgNode
    name: str
    charge: SgNode
    cost: str
    refusal: SgNode | None
    work: list[SgNode]
    answer: SgNode


class House(Struct, frozen=True):
    """The names and settings that a creation is rewritten with.

    Attributes:
        balance: the column of the user's credits, as the code names it.
        module: what a file imports ``requestSession`` from.
    """

    model: Model
    settings: SessionSettings
    balance: str
    module: Callable[[str], str]


def requested(text: str, creation: Creation, house: House) -> str | None:
    """Return a file that asks through ``requestSession``; ``None`` where the code does not show how.

    That needs one statement that takes the credits, one that writes the session and keeps nothing of
    it but its id, and an answer that hangs on nothing of the work between.
    """
    steps = _steps(creation, house.balance)
    values = _values(creation, house.model, house.settings)
    if steps is None or values is None or not creation.knows_caller:
        return None
    begin, end = steps.creation.range().start.index, steps.answer.range().start.index
    indent = text[text.rfind("\n", 0, begin) + 1 : begin]
    if indent.strip():
        return None
    request = _request(text, creation, steps, values, indent)
    answer = _renamed(text[end : steps.answer.range().end.index], steps.name)
    after = text[:begin] + request + "\n" + indent + answer + text[steps.answer.range().end.index :]
    for node in filter(None, (steps.refusal, steps.charge)):
        after = _without(after, node)
    names = "NotEnoughCreditsError, requestSession" if steps.refusal else "requestSession"
    return _imported(after, f'import {{ {names} }} from "{house.module(creation.file)}";')


def _steps(creation: Creation, balance: str) -> _Steps | None:
    statement, function = creation.call, enclosing(creation.call)
    block = function.field("body") if function is not None else None
    if block is None or block.kind() != "statement_block":
        return None
    statements = [node for node in block.children() if node.is_named() and node.kind() != "comment"]
    inside = [node for node in statements if _holds(node, creation.call)]
    if len(inside) != 1 or statements[-1].kind() != "return_statement":
        return None
    statement, number = inside[0], statements.index(inside[0])
    declared = re.fullmatch(r"const (\w+) = await .*", statement.text(), re.DOTALL)
    is_plain = statement.kind() == "lexical_declaration" and "$transaction" not in statement.text()
    pattern = re.compile(_DECREMENT.format(balance=re.escape(balance)))
    charges = [
        (n, m) for n, node in enumerate(statements) for m in [pattern.search(node.text())] if m
    ]
    if declared is None or not is_plain or len(charges) != 1 or charges[0][0] >= number:
        return None
    at, match = charges[0]
    refusal = _refusal(statements[at], statements[at + 1]) if at + 1 < number else None
    work, answer, name = statements[number + 1 : -1], statements[-1], declared[1]
    is_refused = re.match(r"const ", statements[at].text()) is not None
    if (is_refused and refusal is None) or not _is_apart(name, work, answer):
        return None
    return _Steps(statement, name, statements[at], match["cost"], refusal, work, answer)


def _holds(outer: SgNode, inner: SgNode) -> bool:
    a, b = outer.range(), inner.range()
    return bool(a.start.index <= b.start.index and b.end.index <= a.end.index)


def _refusal(charge: SgNode, following: SgNode) -> SgNode | None:
    """Return the statement that throws where the charge has changed nothing."""
    names = re.match(r"const (?:\{\s*)?(\w+)", charge.text())
    body = following.field("consequence") if following.kind() == "if_statement" else None
    condition = following.field("condition") if body is not None else None
    if names is None or body is None or condition is None or following.field("alternative"):
        return None
    throws = (
        [body] if body.kind() == "throw_statement" else [n for n in body.children() if n.is_named()]
    )
    is_thrown = len(throws) == 1 and throws[0].kind() == "throw_statement"
    return following if is_thrown and re.search(rf"\b{names[1]}\b", condition.text()) else None


def _is_apart(name: str, work: list[SgNode], answer: SgNode) -> bool:
    """Return whether only the id of what was written is used, and the answer needs nothing of the work."""
    texts = [node.text() for node in (*work, answer)]
    if any(re.search(rf"(?<![\w.]){name}\b(?!\.id\b)", text) for text in texts):
        return False
    if any(
        node.kind() in {"return_statement", "if_statement"} and "return" in node.text()
        for node in work
    ):
        return False
    declared = [
        match[1]
        for node in work
        for match in re.finditer(r"(?:const|let) (?:\{\s*)?(\w+)", node.text())
    ]
    return not any(re.search(rf"\b{each}\b", answer.text()) for each in declared)


def _values(creation: Creation, model: Model, settings: SessionSettings) -> dict[str, str] | None:
    """Return the session's other columns as the database names them."""
    if (
        creation.data is None
        or "..." in creation.call.text().partition("data")[2].partition("}")[0]
    ):
        return None
    ours = {settings.id, settings.user, settings.status, settings.created}
    values = {}
    for attribute, node in creation.data.items():
        column = model.field(attribute)
        if column is None or node.kind() in {"spread_element", "object"}:
            return None  # a relation, or what cannot be told
        if column.name not in ours:
            values[column.name] = node.text()
    return values


def _request(
    text: str, creation: Creation, steps: _Steps, values: dict[str, str], indent: str
) -> str:
    step = "\t" if indent.startswith("\t") else "  "
    inner = indent + step
    columns = "".join(f"{inner}{step}{_key(name)}: {value},\n" for name, value in values.items())
    listed = f"{{\n{columns}{inner}}}" if values else "{}"
    legacy = "async () => undefined"
    if steps.work:
        begin, end = steps.work[0].range().start.index, steps.work[-1].range().end.index
        lines = _renamed(text[begin:end], steps.name).replace(f"\n{indent}", f"\n{inner}{step}")
        legacy = f"async (sessionId) => {{\n{inner}{step}{lines}\n{inner}}}"
    refused = ""
    if steps.refusal is not None:
        throw = steps.refusal.find(kind="throw_statement")
        thrown = throw.text().replace("\n", f"\n{step}") if throw is not None else ""
        refused = (
            f".catch((error: unknown) => {{\n{inner}if (error instanceof NotEnoughCreditsError) {{\n"
            f"{inner}{step}{thrown}\n{inner}}}\n{inner}throw error;\n{indent}}})"
        )
    return (
        f"const {{ sessionId }} = await requestSession({{\n{inner}userId: {creation.user},\n"
        f"{inner}cost: {steps.cost},\n{inner}values: {listed},\n{inner}legacy: {legacy},\n{indent}}}){refused};"
    )


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name)


def _renamed(text: str, name: str) -> str:
    """Return code that has the session's id in the place of the written row."""
    shorthand = re.sub(rf"\bid: {name}\.id\b", "id: sessionId", text)
    return re.sub(rf"(?<![\w.]){name}\.id\b", "sessionId", shorthand)


def _without(text: str, node: SgNode) -> str:
    """Return a text without a statement, its lines and the blanks behind them."""
    start, end = node.range().start.index, node.range().end.index
    begin = text.rfind("\n", 0, start) + 1
    rest = re.match(r"[ \t]*;?[ \t]*\n(?:[ \t]*\n)?", text[end:])
    return text[:begin] + text[end + (rest.end() if rest else 0) :]


def _imported(text: str, statement: str) -> str:
    """Return a module with one more import, behind the others."""
    if statement in text:
        return text
    imports = [*_IMPORT.finditer(text)]
    at = imports[-1].end() if imports else 0
    return f"{text[:at]}{statement}\n{text[at:]}"
