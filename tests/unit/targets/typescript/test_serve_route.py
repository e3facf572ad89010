"""The app's own serve route: what is added to it, and that nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from cronshift.errors import CronshiftError
from cronshift.handlers.tree import parse
from cronshift.targets.typescript.app import Routers
from cronshift.targets.typescript.framework import Additions
from cronshift.targets.typescript.frameworks.astro import ASTRO
from cronshift.targets.typescript.frameworks.functions import FUNCTIONS
from cronshift.targets.typescript.frameworks.nextjs import NEXTJS
from cronshift.targets.typescript.frameworks.remix import REMIX
from cronshift.targets.typescript.frameworks.sveltekit import SVELTEKIT
from cronshift.targets.typescript.serve_route import extend_route

if TYPE_CHECKING:
    from cronshift.targets.typescript.framework import AppFramework

ROUTE = "app/api/inngest/route.ts"
PAGE = "pages/api/inngest.ts"
MODULES = ("@/lib/inngest/functions", "../../../lib/inngest/functions")
TELLING = "@/lib/inngest/ownership"
HEAD = 'import { serve } from "inngest/next";\n'
IMPORT = 'import { functions as cronshiftFunctions } from "@/lib/inngest/functions";\n'


def extended(text: str, seconds: int | None = None, file: str = ROUTE) -> str:
    additions = replace(NEXTJS.additions(Routers(), file, seconds, TELLING), telling="")
    done = extend_route(text, file, MODULES, additions)
    root = parse(done, "typescript")
    assert root is not None
    assert root.find(kind="ERROR") is None
    assert extend_route(done, file, MODULES, additions) == done
    return done


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a, b]", "[a, b, ...cronshiftFunctions]"),
        ("[a, b,]", "[a, b, ...cronshiftFunctions,]"),
        ("[]", "[...cronshiftFunctions]"),
        ("[ /* none yet */ ]", "[...cronshiftFunctions /* none yet */ ]"),
        ("[\n  /* none yet */\n]", "[\n  /* none yet */\n  ...cronshiftFunctions,\n]"),
        ("[\n  // a,\n  // b,\n]", "[\n  // a,\n  // b,\n  ...cronshiftFunctions,\n]"),
        ("[\n  /* all */\n  a\n]", "[\n  /* all */\n  a,\n  ...cronshiftFunctions\n]"),
        ("[\n  a,\n  b,\n]", "[\n  a,\n  b,\n  ...cronshiftFunctions,\n]"),
        ("[\n  a,\n  b // last\n]", "[\n  a,\n  b, // last\n  ...cronshiftFunctions\n]"),
        ("[\n  a, // 🕰\n]", "[\n  a, // 🕰\n  ...cronshiftFunctions,\n]"),
        ("[\n  ...a,\n  b(),\n]", "[\n  ...a,\n  b(),\n  ...cronshiftFunctions,\n]"),
        ("all", "[...all, ...cronshiftFunctions]"),
        ("own.all", "[...own.all, ...cronshiftFunctions]"),
        ("all(client)", "[...all(client), ...cronshiftFunctions]"),
        ("Object.values(all)", "[...Object.values(all), ...cronshiftFunctions]"),
    ],
)
def test_the_functions_are_spread_behind_the_apps_own(before: str, after: str) -> None:
    body = "\nexport const { GET, POST, PUT } = serve({ client, functions: FUNCTIONS });\n"
    assert extended(HEAD + body.replace("FUNCTIONS", before)) == (
        HEAD + IMPORT + body.replace("FUNCTIONS", after)
    )


def test_a_list_called_functions_is_told_apart() -> None:
    text = (
        f"{HEAD}import functions from './all';\nexport const x = serve({{ client, functions }});\n"
    )
    done = extended(text)
    assert "functions: [...functions, ...cronshiftFunctions]" in done
    assert "import { functions as cronshiftFunctions } from '@/lib" in done


@pytest.mark.parametrize("path", MODULES)
def test_what_is_written_by_hand_already_stays(path: str) -> None:
    text = (
        f'{HEAD}import {{ functions as jobs }} from "{path}";\nconst all = [a, ...jobs];\n'
        "export const { GET } = serve({ client, functions: all });\n"
    )
    assert extended(text) == text


def test_an_import_that_nothing_uses_is_put_to_use() -> None:
    text = (
        f'{HEAD}import {{ functions as jobs }} from "{MODULES[1]}";\nserve({{ functions: [] }});\n'
    )
    assert extended(text) == text.replace("[]", "[...jobs]")


def test_another_name_of_serve_is_understood() -> None:
    text = (
        'import { serve as s } from "inngest/next";\nexport const { GET } = s({ functions: [] });\n'
    )
    assert "s({ functions: [...cronshiftFunctions] })" in extended(text)


@pytest.mark.parametrize(
    ("before", "seconds", "after"),
    [
        ("export const maxDuration = 60;\n", 300, "export const maxDuration = 300;\n"),
        ("export const maxDuration = 60 * 10;\n", 300, "export const maxDuration = 60 * 10;\n"),
        ("export const maxDuration = 60 * 2;\n", 300, "export const maxDuration = 300;\n"),
        ("export const maxDuration = LONG;\n", 300, "export const maxDuration = LONG;\n"),
        ("export const maxDuration = 60;\n", None, "export const maxDuration = 60;\n"),
    ],
)
def test_the_duration_is_raised_where_it_is_lower(
    before: str, seconds: int | None, after: str
) -> None:
    rest = "export const { GET } = serve({ functions: [] });\n"
    assert extended(HEAD + before + rest, seconds) == (
        HEAD + IMPORT + after + rest.replace("[]", "[...cronshiftFunctions]")
    )


def test_a_duration_that_is_not_there_is_added_behind_the_imports() -> None:
    text = f"{HEAD}\nexport const {{ GET }} = serve({{ functions: [] }});\n"
    assert f"{IMPORT}\nexport const maxDuration = 300;\n\nexport const {{ GET }}" in (
        extended(text, 300)
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "\nexport const config = { maxDuration: 300 };\n\n"),
        ("export const config = {};\n", "export const config = { maxDuration: 300 };\n"),
        (
            "export const config = { api: { bodyParser: false } };\n",
            "export const config = { maxDuration: 300, api: { bodyParser: false } };\n",
        ),
        (
            "export const config = {\n  maxDuration: 10,\n};\n",
            "export const config = {\n  maxDuration: 300,\n};\n",
        ),
    ],
)
def test_a_page_says_its_duration_in_its_config(before: str, after: str) -> None:
    rest = "export default serve({ functions: [] });\n"
    assert extended(HEAD + before + rest, 300, PAGE) == (
        HEAD + IMPORT + after + rest.replace("[]", "[...cronshiftFunctions]")
    )


def test_a_file_that_is_no_route_says_no_duration() -> None:
    text = f"{HEAD}export const handlers = serve({{ functions: [] }});\n"
    assert "maxDuration" not in extended(text, 300, "lib/serve.ts")


@pytest.mark.parametrize(
    "body",
    [
        "export const { GET } = serve(options);",
        "export const { GET } = serve({ ...options });",
        "export const { GET } = serve({ client, functions: on ? [a] : [b] });",
        "const cronshiftFunctions = [];\nserve({ functions: cronshiftFunctions });",
    ],
)
def test_what_is_not_understood_is_refused_with_the_lines_to_write(body: str) -> None:
    with pytest.raises(CronshiftError) as caught:
        extend_route(f"{HEAD}{body}\n", ROUTE, MODULES, Additions())
    assert caught.value.reason == "cannot-extend"
    assert IMPORT.strip().rstrip(";") in (caught.value.hint or "")
    assert "...cronshiftFunctions]" in (caught.value.hint or "")


def test_a_route_of_the_app_router_tells_which_file_it_holds() -> None:
    text = f"{HEAD}export const {{ GET, POST, PUT }} = serve({{ client, functions: [] }});\n"
    additions = NEXTJS.additions(Routers(), ROUTE, None, TELLING)
    done = extend_route(text, ROUTE, MODULES, additions)
    assert f'export {{ tell as OPTIONS }} from "{TELLING}"' in done
    assert extend_route(done, ROUTE, MODULES, additions) == done
    own = f"{text}export const OPTIONS = () => new Response(null);\n"
    assert "tell" not in extend_route(own, ROUTE, MODULES, additions)


@pytest.mark.parametrize(
    ("framework", "file", "suffix", "statement"),
    [
        (SVELTEKIT, "src/routes/api/inngest/+server.ts", "ts", "({ request }: { request: Request })"),
        (ASTRO, "src/pages/api/inngest.js", "js", "({ request })"),
    ],
)  # fmt: skip
def test_a_route_that_takes_an_event_tells_which_file_it_holds(
    framework: AppFramework, file: str, suffix: str, statement: str
) -> None:
    folder = file.partition("/api/")[0]
    text = "import { serve } from 'inngest/x'\nexport const { GET } = serve({ functions: [] })\n"
    additions = framework.additions(Routers(folder, suffix=suffix), file, None, "$lib/ownership")
    done = extend_route(text, file, MODULES, additions)
    assert "import { tell as cronshiftTell } from '$lib/ownership'\n" in done
    assert f"export const OPTIONS = {statement} => cronshiftTell(request)\n" in done
    assert extend_route(done, file, MODULES, additions) == done


def test_a_function_of_node_keeps_its_one_export() -> None:
    text = 'import { serve } from "inngest/node";\nexport default serve({ functions: [] });\n'
    additions = FUNCTIONS.additions(Routers("api"), "api/inngest.ts", 60, "../lib/ownership.js")
    done = extend_route(text, "api/inngest.ts", MODULES, additions)
    assert "OPTIONS" not in done
    assert "export const config = { maxDuration: 60 };" in done


@pytest.mark.parametrize("suffix", ["ts", "js"])
def test_a_route_of_remix_answers_options_by_its_loader(suffix: str) -> None:
    text = 'import { serve } from "inngest/remix";\nconst handler = serve({ functions: [] });\n'
    file = f"app/routes/api.inngest.{suffix}"
    additions = REMIX.additions(Routers("app/routes", suffix=suffix), file, None, "~/ownership")
    assert "OPTIONS" not in extend_route(text, file, MODULES, additions)


def test_two_endpoints_in_one_module_are_told_apart_by_nobody() -> None:
    body = "serve({ client, functions: [a] });\nserve({ client: other, functions: [b] });\n"
    with pytest.raises(CronshiftError) as caught:
        extend_route(HEAD + body, ROUTE, MODULES, Additions())
    assert caught.value.reason == "cannot-extend"
