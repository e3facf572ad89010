"""How a file imports another: beside it, by the alias, or up and down."""

from __future__ import annotations

import pytest

from cronshift.project.conventions.code import Alias
from cronshift.targets.typescript.imports import import_path

ROOT, SOURCE = Alias("@/", ""), Alias("~/", "src")
FILE = "src/app/api/inngest/route.ts"


@pytest.mark.parametrize(
    ("target", "alias", "path"),
    [
        ("src/lib/client", None, "../../../lib/client"),
        ("src/lib/client", ROOT, "@/src/lib/client"),
        ("src/lib/client", SOURCE, "~/lib/client"),
        ("lib/client", SOURCE, "../../../../lib/client"),
        ("src", SOURCE, "../../.."),
        ("src/app/api/inngest/client", SOURCE, "./client"),
        ("src/app/api/inngest/a/b", None, "./a/b"),
    ],
)
def test_the_alias_is_for_what_is_elsewhere(target: str, alias: Alias | None, path: str) -> None:
    assert import_path(target, FILE, alias) == path
