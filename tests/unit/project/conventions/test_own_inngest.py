"""The Inngest client and the serve route that an app has: found, named, or said not to be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.project.conventions.code import InngestClient
from cronshift.project.conventions.inngest import client_of, serve_file_of
from cronshift.targets.seal import seal

if TYPE_CHECKING:
    from pathlib import Path

IMPORT = 'import { Inngest } from "inngest";\n'
SERVE = 'import { serve } from "inngest/next";\n'
MADE = 'new Inngest({ id: "shop" })'


def found(root: Path, **files: str) -> tuple[str | None, InngestClient | None]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    tree = SourceTree(root)
    route = serve_file_of(tree)
    return route, client_of(tree, route)


@pytest.mark.parametrize(
    ("file", "text", "client"),
    [
        ("lib/client.ts", f"export const inngest = {MADE};", ("lib/client", "inngest")),
        ("lib/client.ts", f"const c = {MADE};\nexport {{ c as jobs }};", ("lib/client", "jobs")),
        ("inngest/index.ts", f"export default {MADE};", ("inngest", "default")),
        ("src/inngest.js", f"const c = {MADE};\nexport default c;", ("src/inngest", "default")),
        ("lib/x.ts", f'const id = "shop";\nexport const x = {MADE[:12]}{{ id }});', ("lib/x", "x")),
    ],
)
def test_an_exported_client_is_found_with_its_name_and_its_id(
    tmp_path: Path, file: str, text: str, client: tuple[str, str]
) -> None:
    assert found(tmp_path, **{file: IMPORT + text}) == (None, InngestClient(*client, "shop"))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("lib/a.ts", f"{IMPORT}const inngest = {MADE};\n"),
        ("lib/a.ts", f'import {{ Inngest }} from "./own";\nexport const inngest = {MADE};\n'),
        ("lib/a.test.ts", f"{IMPORT}export const inngest = {MADE};\n"),
        ("lib/a.ts", seal(f"{IMPORT}export const inngest = {MADE};\n", "//")),
    ],
)
def test_what_cannot_be_imported_is_in_tests_or_generated_is_no_client(
    tmp_path: Path, file: str, text: str
) -> None:
    assert found(tmp_path, **{file: text}) == (None, None)


def test_an_id_that_only_running_tells_is_none(tmp_path: Path) -> None:
    text = f"{IMPORT}export const inngest = new Inngest({{ id: process.env.ID! }});\n"
    assert found(tmp_path, **{"lib/a.ts": text}) == (None, InngestClient("lib/a", "inngest", None))


def test_of_several_clients_the_one_that_is_served_counts(tmp_path: Path) -> None:
    route, client = found(
        tmp_path,
        **{
            "inngest/a.ts": f"{IMPORT}export const inngest = {MADE};\n",
            "inngest/b.ts": f'{IMPORT}export const b = new Inngest({{ id: "b" }});\n',
            "inngest/all.ts": 'export { b as other } from "./b";\n',
            "app/api/inngest/route.ts": f'{SERVE}import {{ other }} from "../../../inngest/all";\n'
            "export const { GET, POST, PUT } = serve({ client: other, functions: [] });\n",
        },
    )
    assert route == "app/api/inngest/route.ts"
    assert client == InngestClient("inngest/all", "other", "b")


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (
            'import { inngest } from "@acme/jobs";\n',
            InngestClient("@acme/jobs", "inngest", None, False),
        ),
        (f"{IMPORT}const inngest = {MADE};\n", InngestClient(None, "", "shop")),
    ],
)
def test_a_client_of_another_package_or_of_the_route_itself_is_told(
    tmp_path: Path, client: str, expected: InngestClient
) -> None:
    text = f"{SERVE}{client}export default serve({{ client: inngest, functions: [] }});\n"
    assert found(tmp_path, **{"pages/api/inngest.ts": text}) == ("pages/api/inngest.ts", expected)


def test_a_route_comes_before_another_file_that_serves(tmp_path: Path) -> None:
    call = "export const { GET, POST, PUT } = serve({ client: x, functions: [] });\n"
    files = {"app/api/other/route.ts": SERVE + call, "app/api/inngest/route.ts": SERVE + call}
    assert found(tmp_path, **files)[0] == "app/api/inngest/route.ts"


@pytest.mark.parametrize("text", ["", SERVE, "import { serve } from './serve';\nserve({});\n"])
def test_what_serves_nothing_of_inngest_is_no_route(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, **{"app/api/inngest/route.ts": text}) == (None, None)
