"""The kinds of facts, the most important first; targets name them too."""

from __future__ import annotations

from cronshift.readiness.fact import Kind, Stage

GUARD = Kind(
    "R101",
    "guard",
    "A guard stands before every entry and asks whose the tick is; without one both sides run it.",
    "no-guard",
    frozenset({Stage.SHARE}),
)
ENTRY = Kind(
    "R102",
    "entry-reached",
    "Nothing in the app answers before an entry's route: a job that never ran would be started.",
    "entry-intercepted",
    frozenset({Stage.SHARE, Stage.REMOVE}),
)
REACHED = Kind(
    "R103",
    "endpoint-reached",
    "Nothing in the app turns Inngest away from the endpoint: else no function ever runs.",
    "endpoint-intercepted",
)
ASKED = Kind(
    "R104",
    "guard-reached",
    "Nothing in the app turns Vercel's cron away from the guard: else it is never asked.",
    "guard-intercepted",
    frozenset({Stage.SHARE}),
)
SERVED_AT = Kind(
    "R111",
    "endpoint-address",
    "The endpoint answers at the address that the SDK registers: base path, slash and origin are told.",
    "endpoint-elsewhere",
)
METHODS_SERVED = Kind(
    "R112",
    "endpoint-methods",
    "The endpoint answers GET, POST and PUT by the SDK: PUT registers the functions, POST runs them.",
    "endpoint-methods",
)
SDK_VERSION = Kind(
    "R201",
    "sdk-version",
    "The SDK's version is known, and one that Inngest takes and functions are generated for.",
    "unknown-sdk",
)
SDK_FITS = Kind(
    "R202",
    "sdk-fits",
    "What the SDK needs beside it (zod, TypeScript, Next.js; a Python) is what the app has.",
    "sdk-does-not-fit",
)
APP_ID = Kind(
    "R301",
    "app-id",
    "The Inngest app's id is pinned: another id is another app, and the old one goes on firing.",
    "app-id-not-pinned",
)
VARIABLES = Kind(
    "R302",
    "variables",
    "Every variable is set where it is read: the functions, and the app that Vercel calls.",
    "variables-not-set",
)
PRODUCTION = Kind(
    "R303",
    "production-only",
    "Functions skip scheduled ticks outside production, where Vercel's cron never called either.",
    "runs-in-previews",
)
TICKS = Kind(
    "R401",
    "same-ticks",
    "Entry and function come due at the same instants: under a percentage others run twice or never.",
    "ticks-differ",
    frozenset({Stage.SHARE}),
)
PACKAGES = Kind(
    "R501",
    "packages",
    "The app's requirements name the runtime: the guard's line without it takes the app down.",
    "packages-missing",
)
PARSES = Kind(
    "R502",
    "app-parses",
    "The app that the functions call, and that holds the guard, is Python that can be imported.",
    "app-does-not-parse",
)
SERVED = Kind(
    "R503",
    "functions-served",
    "The functions are served by the app on Vercel or by a worker of its own, as cronshift.toml says.",
    "functions-not-served",
)
DEPLOYED = Kind(
    "R504",
    "generated-deployed",
    "git does not ignore what was generated: else a deployment goes without the functions.",
    "generated-ignored",
)
LISTED = Kind(
    "R601",
    "endpoint-lists",
    "The endpoint's GET is the SDK's: else nobody can ask a deployment which functions it serves.",
    "not-an-inngest-endpoint",
)

KINDS: tuple[Kind, ...] = (
    GUARD,
    ENTRY,
    REACHED,
    ASKED,
    SERVED_AT,
    METHODS_SERVED,
    SDK_VERSION,
    SDK_FITS,
    APP_ID,
    VARIABLES,
    PRODUCTION,
    TICKS,
    PACKAGES,
    PARSES,
    DEPLOYED,
    LISTED,
    SERVED,
)
"""Every kind of fact."""
