"""The page of the frameworks, from the TypeScript target itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.targets.typescript.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.targets.typescript.framework import AppFramework

_COLUMNS = ("framework", "SDK", "endpoint", "called in process", "guard", "percentages", "its route at the end", "session flow")  # fmt: skip
_BELOW = """
`direct` in `cronshift audit` says that a job's handler is called in process; `bridge` that it is called over
HTTP, and why: another language, a parameter that the path does not tell, or what only the framework gives a
request (`locals`, `cookies`, `platform`, a context). A guard stands before either, so that any share of the
ticks can be handed over.

The guard of each of them [claims ticks](moving.md#duplicates), tells the [ledger](watching.md) how the route behind it
answered, and [rehearses](watching.md#rehearsals), where those are asked for.

SolidStart is its first version, Nitro its second, TanStack Start that for React from 1.132; a build, or `vite dev`, lists
new routes of the latter in `src/routeTree.gen.ts`, and until then `cronshift validate` checks no types. Routes of Nitro
that `nitro.config` puts elsewhere (`routesDir`, `apiDir`, `baseURL`), and lists of Remix or React Router that are not
made from the files of `app/routes`, are called over HTTP from a Python package. Nitro's own `scheduledTasks` are
[left to it](findings/CS117.md).

Where an app serves functions of its own already, `migrate` adds the jobs' to the list in its call of `serve`,
and shows that edit; where the list is not written there, it refuses, with the lines to write. The session flow is
[that of Next.js](nextjs-sessions.md), in TypeScript alone.

`finalize --direct` makes a function of the work of a handler that looks at its request's headers, URL and query alone:
of SvelteKit, Astro, Remix and React Router, SolidStart, and of plain functions. One that needs more of its event (`locals`,
`cookies`, `platform`, a context) stays, with the line; so do those of Nuxt, Nitro, TanStack Start, and where routes are
declared in code: the app itself answers there.

Functions in Go, Ruby, PHP (`vercel-php`) or Rust are called over HTTP: from TypeScript where a `package.json`
stands beside them, else from a Python package. An app of another framework gets such a package too; an entry is
handed over by a deploy there ([moving](moving.md)). In plain functions every route of
the guard is a function more, until the jobs are finalized.
"""


def frameworks_page() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Frameworks\n"
    yield (
        "In these, `cronshift migrate` writes functions in the app's own TypeScript, unasked where there is\n"
        'a `tsconfig.json` or all is JavaScript (`target = "typescript"`; for Next.js `"nextjs"`).\n'
    )
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---" * len(_COLUMNS) + "|"
    yield from map(_row, FRAMEWORKS)
    yield _BELOW.rstrip()


def _row(framework: AppFramework) -> str:
    able = framework.abilities
    cells = (
        framework.title,
        f"`{framework.adapter}`",
        f"`{able.endpoint}`",
        able.called,
        f"`{able.guard}`",
        "yes",
        "moves to its function" if able.retires else "stays",
        "yes",
    )
    return f"| {' | '.join(cells)} |"
