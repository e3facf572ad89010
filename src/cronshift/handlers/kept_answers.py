"""A GET that a build or a cache answers: its code does not run on every tick, or never.

The route says so itself, the framework's configuration does, or it is the framework's habit. What a
configuration computes is not known, and nothing is said of it.

Sources: Next.js, ``is-static-gen-enabled`` and the route module; Astro's routing reference
(``prerender``, ``output``); SvelteKit's adapter-static; React Router's pre-rendering; Nitro's route
rules and its static presets.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cronshift.handlers.behaviour import EDGE_RUNTIMES, SourceSpot
from cronshift.handlers.javascript import (
    FUNCTIONS,
    METHODS,
    callee,
    constant,
    define,
    exports,
    spot_of,
)
from cronshift.handlers.literals import UNKNOWN, literal, text_of
from cronshift.handlers.patterns import is_slow
from cronshift.handlers.site_config import CONDITIONS, config_object, config_of
from cronshift.model import HandlerKind
from cronshift.runtime.lazy_pattern import lazy_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

_MAJOR = lazy_pattern(r"[\^~>=v\s]*(\d+)(?:\.|$)")
_KEEPS_GET = 14  # the last major of Next that keeps the answers of GET unasked
_DYNAMIC = lazy_pattern(r"next/headers|no-store|noStore|\bconnection\(")
_NITRO_KEEPS = ("prerender", "isr", "swr", "static", "cache")
_NITRO_CACHES = {"defineCachedEventHandler", "cachedEventHandler", "defineCachedHandler"}
_ADAPTER = lazy_pattern(r"""\bfrom\s+["']([^"']*adapter-[^"']+)["']""")
_ASTRO_ADAPTER = lazy_pattern(r"\badapter|@astrojs/(?:vercel|node|netlify|cloudflare|deno)\b")
_STATIC_ADAPTER = "@sveltejs/adapter-static"
_STATIC_PRESETS = ("static", "vercel-static", "vercel_static")


def kept_answer(tree: SourceTree, handler: Handler, path: str) -> SourceSpot | None:
    """Return the setting, or the habit of a framework, that answers a path without its code."""
    root = tree.parsed(handler.file)
    reader = _READERS.get(handler.kind)
    return reader(tree, handler, root, path) if reader is not None and root is not None else None


def built_to_files(tree: SourceTree, handler: Handler) -> SourceSpot | None:
    """Return the setting by which a framework builds files alone, so that Vercel runs none of the code."""
    match handler.kind:
        case HandlerKind.NEXT_ROUTE | HandlerKind.NEXT_PAGES:
            return _configured(tree, handler, "next", "output", "export")
        case HandlerKind.REMIX:
            return _configured(tree, handler, "react-router", "ssr", False)
        case HandlerKind.ASTRO:
            file = config_of(tree, handler.file, "astro")
            words = (tree.read(file) if file else "", *tree.dependencies)
            if any(map(_ASTRO_ADAPTER.search, words)) or (file and _is_open(tree, file)):
                return None
            return SourceSpot(file or handler.file, 1, "Astro without an adapter")
        case HandlerKind.SVELTEKIT:
            file = config_of(tree, handler.file, "svelte")
            adapters = _ADAPTER.findall(tree.read(file)) if file else []
            is_static = adapters == [_STATIC_ADAPTER]
            return SourceSpot(file, 1, _STATIC_ADAPTER) if file and is_static else None
        case HandlerKind.NITRO | HandlerKind.SOLIDSTART:
            presets = ((file, part.get("preset")) for file, part in _nitro_options(tree, handler))
            spots = (
                SourceSpot(file, 1, f"preset: {preset!r}")
                for file, preset in presets
                if preset in _STATIC_PRESETS
            )
            return next(spots, None)
        case _:
            return None


def _is_open(tree: SourceTree, file: str) -> bool:
    """Return whether a configuration is not written out whole."""
    return config_object(tree.parsed(file)) is None


def _in_next(tree: SourceTree, handler: Handler, root: SgNode, _path: str) -> SourceSpot | None:
    exported = exports(root)
    is_dynamic = constant(root, "runtime") in EDGE_RUNTIMES or (
        set(METHODS) - {"GET", "HEAD"}
    ) & set(exported)
    if constant(root, "dynamic") in {"force-static", "error"} and not is_dynamic:
        return _exported(handler, root, "dynamic")
    if is_dynamic or "dynamic" in exported or not _asks_nothing(tree, handler):
        return None
    if "revalidate" in exported:
        revalidate = constant(root, "revalidate")
        is_kept = revalidate is False or (isinstance(revalidate, int) and revalidate > 0)
        return _exported(handler, root, "revalidate") if is_kept else None
    major = _MAJOR.match(tree.dependencies.get("next", ""))
    definition = define(tree, handler.file, handler.export)
    if major is None or int(major[1]) > _KEEPS_GET or definition is None:
        return None
    habit = f"Next {major[1]}, whose GET asks nothing of the request,"
    return spot_of(definition.file, definition.node, habit)


def _asks_nothing(tree: SourceTree, handler: Handler) -> bool:
    """Return whether a GET of Next looks at nothing of the request, so that it may be kept."""
    definition = define(tree, handler.file, handler.export)
    if definition is None or definition.wrappers or definition.node.kind() not in FUNCTIONS:
        return False
    if _DYNAMIC.search(tree.read(definition.file)):
        return False
    body = definition.node.field("body")
    return body is not None and not any(
        re.search(rf"\b{re.escape(name)}\b", body.text()) for name in _parameters(definition.node)
    )


def _parameters(function: SgNode) -> Iterator[str]:
    """Yield the names that the parameters of a function bring in."""
    listed = function.field("parameters") or function.field("parameter")
    if listed is None:
        return
    if listed.kind() == "identifier":
        yield listed.text()
    for kind in ("identifier", "shorthand_property_identifier_pattern"):
        for node in listed.find_all(kind=kind):
            yield node.text()


def _in_astro(tree: SourceTree, handler: Handler, root: SgNode, _path: str) -> SourceSpot | None:
    if "prerender" in exports(root):
        return _prerendered(handler, root)
    file = config_of(tree, handler.file, "astro")
    config = config_object(tree.parsed(file)) if file else {}
    if config is None or config.get("output", "static") not in ("static", "hybrid"):
        return None
    habit = "Astro, which builds every endpoint without `prerender = false`,"
    return SourceSpot(handler.file, 1, habit)


def _in_sveltekit(
    _tree: SourceTree, handler: Handler, root: SgNode, _path: str
) -> SourceSpot | None:
    return _prerendered(handler, root)


def _prerendered(handler: Handler, root: SgNode) -> SourceSpot | None:
    return _exported(handler, root, "prerender") if constant(root, "prerender") is True else None


def _in_nitro(tree: SourceTree, handler: Handler, root: SgNode, path: str) -> SourceSpot | None:
    exported = exports(root).get("default")
    if exported and exported.node and callee(exported.node) in _NITRO_CACHES:
        return spot_of(handler.file, exported.node, callee(exported.node))
    for file, options in _nitro_options(tree, handler):
        if rule := _rule_keeping(options.get("routeRules"), path):
            return SourceSpot(file, 1, f"the route rule {rule}")
    return None


def _nitro_options(tree: SourceTree, handler: Handler) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the options of Nitro that are written out, each with its file."""
    for name in ("nuxt", "nitro", "app"):
        file = config_of(tree, handler.file, name)
        config = config_object(tree.parsed(file)) if file else None
        for part in (config, *((config or {}).get(key) for key in ("nitro", "server"))):
            if file and isinstance(part, dict):
                yield file, part


def _rule_keeping(rules: Any, path: str) -> str | None:
    """Return the rule of Nitro by which a path's answer is kept: the nearest that speaks of it."""
    covering = [rule for rule in rules if _covers(rule, path)] if isinstance(rules, dict) else []
    for rule in sorted(covering, key=len, reverse=True):
        options = rules[rule] if isinstance(rules[rule], dict) else {}
        if asked := [options[key] for key in _NITRO_KEEPS if key in options]:
            return rule if any(value is not UNKNOWN and value for value in asked) else None
    return None


def _covers(rule: str, path: str) -> bool:
    """Return whether a pattern of Nitro (``*`` one segment, ``**`` any) covers a path; a slow one is not asked."""
    bare = path.partition("?")[0]
    parts = re.split(r"(/\*\*|\*\*|\*|:[^/]+)", rule)
    meanings = {"/**": "(?:/.*)?", "**": ".*", "*": "[^/]*"}
    regex = "".join(
        meanings.get(part, "[^/]+" if part.startswith(":") else re.escape(part)) for part in parts
    )
    return not is_slow(regex) and re.fullmatch(regex, bare) is not None


def _exported(handler: Handler, root: SgNode, name: str) -> SourceSpot:
    value = constant(root, name)
    what = name if value is True else f"{name} = {value!r}"
    return SourceSpot(handler.file, exports(root)[name].line, what)


def _configured(
    tree: SourceTree, handler: Handler, name: str, setting: str, kept: Any
) -> SourceSpot | None:
    """Return the spot where a configuration has a setting of that value, whatever happens."""
    file = config_of(tree, handler.file, name)
    root = tree.parsed(file) if file else None
    if file is None or root is None:
        return None
    for pair in root.find_all(kind="pair"):
        key, value = pair.field("key"), literal(pair.field("value"))
        if key is None or text_of(key) != setting or value != kept:
            continue
        if not {node.kind() for node in pair.ancestors()} & {"pair", *CONDITIONS}:
            return spot_of(file, pair, pair.text())
    return None


_READERS = {
    HandlerKind.NEXT_ROUTE: _in_next,
    HandlerKind.ASTRO: _in_astro,
    HandlerKind.SVELTEKIT: _in_sveltekit,
    HandlerKind.NITRO: _in_nitro,
    HandlerKind.SOLIDSTART: _in_nitro,
}
