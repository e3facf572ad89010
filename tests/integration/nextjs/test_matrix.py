"""What is generated compiles with each major of the SDK, from the oldest compiler that reads it on.

The SDK's declarations need TypeScript 5.0 and its package.json asks for 5.8; Next.js 16 needs 5.1.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cronshift.targets.typescript.compiling import compile_types

from .session_app import scaffolded
from .typescript_app import ROUTES, TSCONFIG

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.node
OPTIONS: dict[str, dict[str, Any]] = {
    "strict": {
        "exactOptionalPropertyTypes": True,
        "noFallthroughCasesInSwitch": True,
        "noImplicitOverride": True,
        "noImplicitReturns": True,
        "noPropertyAccessFromIndexSignature": True,
        "noUncheckedIndexedAccess": True,
        "verbatimModuleSyntax": True,
    },
    "loose": {"strict": False, "noUnusedLocals": False, "noUnusedParameters": False},
}
COMPILERS = [
    ("typescript-5.0", "next-13"),
    ("typescript-5.8", "next"),
    ("typescript-7.0", "next-13"),
    ("typescript-7.0", "next"),
]
PLANTED = "lib/inngest/planted.ts"
WRONG = """import type { NextRequest } from "next/server";
import { inngest } from "./client";
export const sdk: number = inngest.id;
export const next: number = ({} as NextRequest).nextUrl.pathname;
"""
"""Two errors that only a compiler finds which has read the types of the SDK and of Next.js."""


@pytest.mark.parametrize("major", [3, 4])
@pytest.mark.parametrize(("compiler", "framework"), COMPILERS)
@pytest.mark.parametrize("options", OPTIONS)
def test_what_is_generated_compiles_with(
    tmp_path: Path, node_packages: Path, major: int, compiler: str, framework: str, options: str
) -> None:
    root = scaffolded(tmp_path, node_packages, major=major)
    for name, package in {"typescript": compiler, "next": framework}.items():
        (root / "node_modules" / name).unlink()
        (root / "node_modules" / name).symlink_to(node_packages / "node_modules" / package)
    # Each package finds its neighbours in the app, as where they are installed.
    kept = {**TSCONFIG["compilerOptions"], "preserveSymlinks": True}
    tsconfig = {**TSCONFIG, "compilerOptions": {**kept, **OPTIONS[options]}}
    (root / "tsconfig.json").write_text(json.dumps(tsconfig))
    (root / PLANTED).write_text(WRONG)
    errors = [
        f"{diagnostic.location}: {diagnostic.text}"
        for diagnostic in compile_types(root, timedelta(minutes=2))
        if diagnostic.location is None or diagnostic.location.file not in ROUTES
    ]
    refused = "Type 'string' is not assignable to type 'number'."
    assert errors == [f"{PLANTED}:{line}: {refused}" for line in (3, 4)]
