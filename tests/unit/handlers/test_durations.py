"""How long a file says that it may run: told, told elsewhere, or only by running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.durations import duration_of, handler_duration
from cronshift.handlers.tree import SourceTree
from cronshift.model import Handler, HandlerKind, Location

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = "export const MINUTE = 60;\nexport const limits = { mail: 5 * MINUTE };\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("export const maxDuration = 60;", 60),
        ("export const maxDuration = 60 * 5;", 300),
        ("const LONG = 100;\nexport const maxDuration = LONG + 20;", 120),
        ("import { MINUTE } from './limits';\nexport const maxDuration = 2 * MINUTE;", 120),
        ("import { limits } from './limits';\nexport const maxDuration = limits.mail;", 300),
        ('export const maxDuration = "max";', 800),
        ("export const config = { maxDuration: 90 };", 90),
        ("const seconds = 30;\nexport const config = { maxDuration: seconds * 2 };", 60),
        ("export const GET = () => {};", None),
        ("export const config = { api: {} };", None),
        ("\nexport const maxDuration = Number(process.env.SECONDS);", Location("route.ts", 2)),
        ("export const maxDuration = isPro ? 800 : 60;", Location("route.ts", 1)),
        ("import { far } from 'elsewhere';\nexport const maxDuration = far * 2;", Location("route.ts", 2)),
    ],
)  # fmt: skip
def test_the_duration_of_a_file(tmp_path: Path, text: str, expected: int | Location | None) -> None:
    (tmp_path / "route.ts").write_text(text)
    (tmp_path / "limits.ts").write_text(LIMITS)
    assert duration_of(SourceTree(tmp_path), "route.ts") == expected


ADAPTED = "export default { kit: { adapter: adapter({ maxDuration: 90 }) } };"


@pytest.mark.parametrize(
    ("kind", "config", "settings", "text", "expected"),
    [
        (HandlerKind.ASTRO, "astro.config.mjs", "export default defineConfig({ adapter: vercel({ maxDuration: 60 }) });", "export const config = { maxDuration: 300 };", 60),
        (HandlerKind.ASTRO, "astro.config.mjs", "export default defineConfig({});", "export const config = { maxDuration: 300 };", None),
        (HandlerKind.SVELTEKIT, "svelte.config.js", ADAPTED, "", 90),
        (HandlerKind.SVELTEKIT, "svelte.config.js", ADAPTED, "export const config = { maxDuration: 30 };", 30),
        (HandlerKind.NITRO, "nuxt.config.ts", "export default defineNuxtConfig({ nitro: { vercel: { functions: { maxDuration: 120 } } } });", "", 120),
        (HandlerKind.NITRO, "nuxt.config.ts", "export default defineNuxtConfig({ nitro: { vercel: { functions: { maxDuration: Number(process.env.SECONDS) } } } });", "", Location("nuxt.config.ts", 1)),
    ],
)  # fmt: skip
def test_the_duration_that_a_framework_has_for_its_routes(
    tmp_path: Path,
    kind: HandlerKind,
    config: str,
    settings: str,
    text: str,
    expected: int | Location | None,
) -> None:
    (tmp_path / config).write_text(settings)
    (tmp_path / "route.ts").write_text(text)
    handler = Handler("route.ts", kind, "GET", "typescript")
    assert handler_duration(SourceTree(tmp_path), handler) == expected
