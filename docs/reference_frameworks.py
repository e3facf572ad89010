"""The page of the frameworks, from the TypeScript target itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.model import Handler, HandlerKind, Location
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

In JavaScript, what is generated is of the kind that the app's own module is: ES modules, or CommonJS
(`require`, `module.exports`). Where that module is `.mjs` or `.cjs`, functions go into a Python package.

SolidStart is its first version, Nitro its second, TanStack Start that for React from 1.132; a build, or `vite dev`, lists
new routes of the latter in `src/routeTree.gen.ts`, and until then `cronshift validate` checks no types. Routes of Nitro
that `nitro.config` puts elsewhere (`routesDir`, `apiDir`, `baseURL`), and lists of Remix or React Router that are not
made from the files of `app/routes`, are called over HTTP from a Python package. Nitro's own `scheduledTasks` are
[left to it](findings/CS117.md).

Where `npm install` ends with `ERESOLVE` and names a package that the app has nothing of, such as `@sveltejs/kit`, it is one of
the SDK's optional peers that wants another version of `vite` or the like: `npm install --force` keeps all that the app has,
and the lock file that it writes installs as ever. An install without peers takes packages away.

Where an app serves functions of its own already, `migrate` adds the jobs' to the list in its call of `serve`,
and shows that edit; where the list is not written there, it refuses, with the lines to write. The session flow is
[that of Next.js](nextjs-sessions.md); an app in JavaScript has it without types.

`finalize --direct` makes a function of the work of a handler that looks at its request's headers, URL and query alone,
whatever its framework calls them: `getQuery(event)` and `createError` of Nuxt and Nitro, the methods in an object of
TanStack Start, an event, a request and a response of Node's. One that needs more (`locals`, `cookies`, `platform`,
a context, its body, a parameter of its path, middleware of its own) stays, with the line; so does one that lets an
upstream's status through (`$fetch` without `catch`). A route that is declared in code (Hono, Express, Fastify, Koa) leaves
its module, with what only it uses; it stays where others use that too, where it stands in a chain of calls or in a
function, and where the app's middleware does more than to look at a call. NestJS's stay: they stand on what is injected.
Hooks and middleware around routes in files do not run for a function.

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
        "moves to its function" if able.retires else _stays(framework),
        "yes",
    )
    return f"| {' | '.join(cells)} |"


def _stays(framework: AppFramework) -> str:
    """Return how long a route stays that a function does not call by its file."""
    handler = Handler("x", HandlerKind.NODE_APP, "GET", "typescript", route=Location("x", 1))
    return "stays" if framework.shape_of(handler) is None else "stays until `--direct`"
