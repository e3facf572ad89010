"""Settings by which a framework may keep an answer, where code computes them: then nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cronshift.handlers.javascript import exports, spot_of
from cronshift.handlers.literals import UNKNOWN, literal, text_of
from cronshift.handlers.site_config import CONDITIONS, config_of
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.behaviour import SourceSpot
    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_SETTINGS = {
    HandlerKind.NEXT_ROUTE: (("next",), "output"),
    HandlerKind.ASTRO: (("astro",), "output"),
    HandlerKind.REMIX: (("react-router",), "ssr"),
    HandlerKind.NITRO: (("nuxt", "nitro"), "routeRules"),
    HandlerKind.SOLIDSTART: (("app",), "routeRules"),
}
"""The configurations of each framework, and the setting that may keep an answer."""
_SAID_BY_ROUTE = ("dynamic", "prerender")
_EXPORT = lazy_pattern(r"[\"']export[\"']")
_FUNCTIONS = {"arrow_function", "function_declaration"}
_OBJECTS_ONLY = {HandlerKind.NITRO, HandlerKind.SOLIDSTART}
"""The frameworks whose rules are read in a configuration that is an object."""
_COMPUTED = {"spread_element", "computed_property_name", "shorthand_property_identifier"}


def untold_keeping(tree: SourceTree, handler: Handler) -> SourceSpot | None:
    """Return the setting that code computes and that may keep a handler's answer, if there is one."""
    names, setting = _SETTINGS.get(handler.kind, ((), ""))
    root = tree.parsed(handler.file)
    if root is None or any(name in exports(root) for name in _SAID_BY_ROUTE):
        return None
    for file in filter(None, (config_of(tree, handler.file, name) for name in names)):
        config = tree.parsed(file)
        for pair in _pairs(config, setting) if config is not None else ():
            if _is_computed(pair, handler.kind):
                return spot_of(file, pair, setting)
    return None


def _pairs(config: SgNode, setting: str) -> Iterator[SgNode]:
    for pair in config.find_all(any=[{"kind": "pair"}, {"kind": "shorthand_property_identifier"}]):
        key = pair.field("key") if pair.kind() == "pair" else pair
        if key is not None and text_of(key) == setting:
            yield pair


def _is_computed(pair: SgNode, kind: HandlerKind) -> bool:
    """Return whether only running the configuration tells what a setting is, or whether it holds."""
    value = pair.field("value")
    if kind is HandlerKind.NEXT_ROUTE and _EXPORT.search(pair.text()) is None:
        return False  # nothing else that it may be keeps an answer
    conditions = CONDITIONS if kind in _OBJECTS_ONLY else CONDITIONS - _FUNCTIONS
    if value is None or not {node.kind() for node in pair.ancestors()}.isdisjoint(conditions):
        return True
    is_open = any(node.kind() in _COMPUTED for node in _within(value))
    return is_open or not _is_told(literal(value))


def _within(value: SgNode) -> Iterator[SgNode]:
    """Yield the parts of an object, two objects deep: rules, and the options of each."""
    for child in value.children():
        yield child
        inner = child.field("value")
        key = child.field("key")
        if key is not None:
            yield key
        yield from inner.children() if inner is not None and inner.kind() == "object" else ()


def _is_told(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_told, value.values()))
    return value is not UNKNOWN
