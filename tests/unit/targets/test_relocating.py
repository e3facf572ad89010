"""Moving a module changes the specifiers of its relative imports, and where they lead never."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cronshift.targets.typescript.relocating import relocated

OLD, NEW = "app/api/cron/x/route.ts", "lib/inngest/jobs/x.ts"
SOURCE = """// naïve 🎉 "../not/this"
import { a } from "../../../../lib/cron";
import type { B } from '../b';
export { c } from "./c";
export * from './x.js';
import fs = require("./fs");
import json from "@/lib/x";
import "./side.css";
type T = typeof import("../t");
const y = await import("../../y");
const z = require('../z');
const text = "../not/this", other = `../not/${text}`;
foo("./nope");
"""
MOVED = """// naïve 🎉 "../not/this"
import { a } from "../../cron";
import type { B } from '../../../app/api/cron/b';
export { c } from "../../../app/api/cron/x/c";
export * from '../../../app/api/cron/x/x.js';
import fs = require("../../../app/api/cron/x/fs");
import json from "@/lib/x";
import "../../../app/api/cron/x/side.css";
type T = typeof import("../../../app/api/cron/t");
const y = await import("../../../app/api/y");
const z = require('../../../app/api/cron/z');
const text = "../not/this", other = `../not/${text}`;
foo("./nope");
"""


def test_only_relative_imports_are_rewritten() -> None:
    assert relocated(SOURCE, OLD, NEW) == MOVED
    assert relocated(SOURCE.replace("\n", "\r\n"), OLD, NEW) == MOVED.replace("\n", "\r\n")


@pytest.mark.parametrize("suffix", [".js", ".jsx", ".mjs", ".cjs", ".tsx", ".mts"])
def test_every_language_of_a_route_can_be_moved(suffix: str) -> None:
    source = 'import a from "../a";\nexport * from "./b";\nconst c = require("../c");\n'
    moved = (
        'import a from "../../../app/api/cron/a";\nexport * from "../../../app/api/cron/x/b";\n'
        'const c = require("../../../app/api/cron/c");\n'
    )
    old, new = (str(PurePosixPath(path).with_suffix(suffix)) for path in (OLD, NEW))
    assert relocated(source, old, new) == moved


@pytest.mark.parametrize(
    "line", ["const here = __dirname;", "new URL('./x', import.meta.url);", "open(__filename)"]
)
def test_code_that_asks_where_it_stands_is_not_moved(line: str) -> None:
    assert relocated(line, OLD, NEW) is None


folders = st.lists(st.sampled_from(["app", "api", "(jobs)", "x", "lib"]), max_size=5).map("/".join)
specifiers = st.lists(st.sampled_from(["a", "b.js", "route"]), min_size=1, max_size=3).map("/".join)


@given(folders, folders, st.lists(st.tuples(st.integers(0, 5), specifiers), max_size=5))
def test_every_import_leads_where_it_led(
    old: str, new: str, imports: list[tuple[int, str]]
) -> None:
    told = ["./" + "../" * up + name if up == 0 else "../" * up + name for up, name in imports]
    source = "".join(f'import "{one}";\n' for one in told)
    old, new = posixpath.join(old, "m.ts"), posixpath.join(new, "n.ts")
    moved = relocated(source, old, new)
    assert moved is not None

    def targets(text: str, file: str) -> list[str]:
        found = re.findall(r'"([^"]*)"', text)
        return [posixpath.normpath(f"/r/r/r/r/r/{posixpath.dirname(file)}/{one}") for one in found]

    assert targets(moved, new) == targets(source, old)
    assert all(one.startswith(".") for one in re.findall(r'"([^"]*)"', moved))
    again = relocated(moved, new, old)
    assert again is not None
    assert targets(again, old) == targets(source, old)
