"""Imports by whole names, as Node resolves them in ES modules."""

from __future__ import annotations

import pytest

from cronshift.targets.typescript.spelling import spelled

FOLDERS = {"lib/inngest/functions", "lib/inngest/jobs"}
SPELLED = {
    'import { a } from "../lib/inngest/client";': 'import { a } from "../lib/inngest/client.js";',
    "import { a } from '../lib/inngest/functions'": "import { a } from '../lib/inngest/functions/index.js'",
    'import { a } from "./jobs";': 'import { a } from "./jobs.js";',
    'import { a } from "../lib/inngest/jobs";': 'import { a } from "../lib/inngest/jobs/index.js";',
    'import a from "../cronshift.ownership.json";': 'import a from "../cronshift.ownership.json" with { type: "json" };',
    'import {\n  a,\n} from "./b";': 'import {\n  a,\n} from "./b.js";',
    'import "./b";': 'import "./b.js";',
    'export { a } from "./b.c";': 'export { a } from "./b.c.js";',
}


@pytest.mark.parametrize("text", SPELLED)
def test_a_file_is_named_whole(text: str) -> None:
    once = spelled(text, "api/inngest.ts", FOLDERS)
    assert once == SPELLED[text]


@pytest.mark.parametrize(
    "text",
    [
        'import { a } from "inngest";',
        'import { a } from "./b.js";',
        'import { a } from "./b.mjs";',
        'const a = "from ./b";',
        'call("./b");',
    ],
)
def test_the_rest_stays(text: str) -> None:
    assert spelled(text, "api/inngest.ts", FOLDERS) == text
