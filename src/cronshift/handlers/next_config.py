"""The settings of next.config about paths, as they are in production.

What code computes is told apart from what is not there: a rule of which only the beginning is written
out may take in every path that begins so, and one that stands behind a condition may hold or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from cronshift.handlers import patterns
from cronshift.handlers.literals import UNKNOWN, literal, pairs
from cronshift.handlers.production import in_production, is_taken
from cronshift.handlers.values import Expression, follow, value
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree

_EXTENSIONS = ("tsx", "ts", "jsx", "js")
_PLAIN = lazy_pattern(r"[^:(){}*+?\\]*")
_FUNCTIONS = {"arrow_function", "function_expression"}
_DEEPEST = 12  # expressions within expressions


class NextConfig(Struct, frozen=True):
    """The settings of next.config.

    Attributes:
        computes_base_path: whether only running the code tells what every path begins with.
        redirects: with a source; a destination that code computes is no text.
        rewrites: the same.
        perhaps: patterns of what rewrites may take in, as far as the files tell.
    """

    file: str | None
    base_path: str = ""
    computes_base_path: bool = False
    trailing_slash: bool = False
    skips_slash_redirect: bool = False
    extensions: tuple[str, ...] = _EXTENSIONS
    redirects: tuple[dict[str, Any], ...] = ()
    rewrites: tuple[dict[str, Any], ...] = ()
    perhaps: tuple[str, ...] = ()

    def suffix(self, *languages: str) -> str:
        """Return the suffix of a route in one of the languages, so that Next takes it for one."""
        kinds = {kind: [] for kind in languages}  # type: dict[str, list[str]]
        for extension in self.extensions:
            kinds.get(extension.rpartition(".")[2], []).append(extension)
        return min(next(filter(None, kinds.values()), [languages[0]]), key=len)

    def may_rewrite(self, path: str) -> bool:
        """Return whether code may lead a path elsewhere."""
        compiled = [patterns.from_source(source) for source in self.perhaps]
        return any(pattern is None or pattern.match(path) is not None for pattern in compiled)


def config_in(tree: SourceTree, file: str) -> NextConfig:
    """Return the settings that a file has."""
    root = tree.parsed(file)
    if root is None:
        return NextConfig(file)
    reading = _ConfigReading(tree, file, root)
    base, extensions = reading.first("basePath"), reading.first("pageExtensions")
    listed = extensions if isinstance(extensions, list) else []
    names = tuple(name for name in listed if isinstance(name, str))
    redirects, rewrites = reading.rules("redirects"), reading.rules("rewrites")
    return NextConfig(
        file,
        base_path=base.rstrip("/") if isinstance(base, str) and base.startswith("/") else "",
        computes_base_path=base is UNKNOWN,
        trailing_slash=reading.first("trailingSlash") is True,
        skips_slash_redirect=reading.first("skipTrailingSlashRedirect") is True,
        extensions=names or _EXTENSIONS,
        redirects=tuple(rule for rule in redirects if not isinstance(rule, str)),
        rewrites=tuple(rule for rule in rewrites if not isinstance(rule, str)),
        perhaps=tuple(dict.fromkeys(rule for rule in rewrites if isinstance(rule, str))),
    )


class _ConfigReading:
    """The reading of one next.config."""

    def __init__(self, tree: SourceTree, file: str, root: SgNode) -> None:
        self._tree, self._file, self._root = tree, file, root

    def first(self, key: str) -> Any:
        """Return the value of the first setting of a name; ``None`` where there is none."""
        for node in self._root.find_all(kind="pair"):
            if _named(node) == key and is_taken(self._tree, self._file, node) is not False:
                return self._value(node.field("value"))
        return None

    def rules(self, name: str) -> list[dict[str, Any] | str]:
        """Return the rules of a setting; of those that may hold or not, a pattern of their paths."""
        settings = self._root.find_all(any=[{"kind": "method_definition"}, {"kind": "pair"}])
        node = next((node for node in settings if _named(node) == name), None)
        if node is None:
            return []
        rules = list(self._rules(node))
        is_made = not rules and node.find(kind="array") is None
        if is_made or any(map(self._is_elsewhere, _made(node))):
            rules.append("/(.*)")
        return rules

    def _rules(self, setting: SgNode) -> Iterator[dict[str, Any] | str]:
        for node in setting.find_all(kind="object"):
            written = dict(pairs(node))
            taken = is_taken(self._tree, self._file, node, setting)
            if "source" not in written or "destination" not in written or taken is False:
                continue
            source = self._value(written["source"])
            if isinstance(source, str) and taken:
                rule = {key: literal(part) for key, part in written.items()}
                yield {**rule, "source": source, "destination": self._value(written["destination"])}
            else:
                beginning = (
                    source if isinstance(source, str) else self._beginning(written["source"])
                )
                yield source if isinstance(source, str) else f"{_plain(beginning)}(.*)"

    def _is_elsewhere(self, node: SgNode) -> bool:
        """Return whether rules are spread or mapped of what does not stand here."""
        return is_taken(self._tree, self._file, node) is not False and (
            node.find(kind="object") is None
        )

    def _value(self, node: SgNode | None, depth: int = _DEEPEST) -> Any:
        """Return the value of an expression in production; ``UNKNOWN`` where only running it tells."""
        if depth == 0:
            return UNKNOWN
        meant = follow(self._tree, Expression(self._file, node)) if node is not None else None
        if meant is None or meant.file != self._file:
            return value(self._tree, meant) if meant is not None else UNKNOWN
        node = meant.node
        if node.kind() == "ternary_expression":
            decided = in_production(self._tree, self._file, node.field("condition"))
            sides = {True: "consequence", False: "alternative"}
            return (
                UNKNOWN if decided is None else self._value(node.field(sides[decided]), depth - 1)
            )
        if node.kind() == "binary_expression" and _operator(node) == "+":
            parts = [self._value(node.field(side), depth - 1) for side in ("left", "right")]
            return "".join(parts) if all(isinstance(part, str) for part in parts) else UNKNOWN
        return value(self._tree, meant)

    def _beginning(self, node: SgNode, depth: int = _DEEPEST) -> str:
        """Return the text that an expression surely begins with."""
        if depth == 0:
            return ""
        if node.kind() == "binary_expression":
            left, right = node.field("left"), node.field("right")
            whole = self._value(left)
            if left is None or right is None or not isinstance(whole, str):
                return self._beginning(left, depth - 1) if left is not None else ""
            return whole + self._beginning(right, depth - 1)
        if node.kind() == "template_string":
            return node.text()[1:].partition("${")[0]
        whole = self._value(node)
        return whole if isinstance(whole, str) else ""


def _plain(beginning: str) -> str:
    """Return the beginning of a pattern before its first group, a slash at least."""
    match = _PLAIN.match(beginning)
    return match[0] if match is not None and match[0] else "/"


def _made(setting: SgNode) -> Iterator[SgNode]:
    """Yield the parts of a setting that spread lists, or map them by a function that stands elsewhere."""
    yield from setting.find_all(kind="spread_element")
    for call in setting.find_all(pattern="$LIST.map($FUNCTION)"):
        function = call.get_match("FUNCTION")
        if function is None or function.kind() not in _FUNCTIONS:
            yield call


def _named(node: SgNode) -> str:
    key = node.field("name") or node.field("key")
    return key.text().strip("\"'") if key is not None else ""


def _operator(node: SgNode) -> str:
    operator = node.field("operator")
    return operator.text() if operator is not None else ""
