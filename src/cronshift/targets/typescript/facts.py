"""The facts of a Next.js app: its SDK is known and fits, and its functions ask where they run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cronshift.model import Library, Location
from cronshift.project.conventions import code_of
from cronshift.project.inngest_sdk import SDK, is_refused, sdk_of, version_installed
from cronshift.project.locks import add_command, lock_of, range_of
from cronshift.project.npm_ranges import majors, satisfies, version_of
from cronshift.readiness.kinds import LISTED, PRODUCTION, SDK_FITS, SDK_VERSION
from cronshift.targets.typescript.app import app_of
from cronshift.targets.typescript.library import package_named
from cronshift.targets.typescript.package_json import SDK_RANGE
from cronshift.targets.typescript.serving import methods_served, served_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.project.inngest_sdk import Sdk
    from cronshift.project.npm_ranges import Version
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

PEERS = {"zod": "^3.25.0 || ^4.0.0", "typescript": ">=5.8.0"}
"""What inngest 3.54 and 4 want beside them (their own package.json, npm), whatever the framework."""

_OWN_GET = re.compile(
    r"^export (?:async )?function GET\b|^export const GET\b(?!\s*(?::[^=\n]+)?=\s*[\w.]+\.GET\b)",
    re.MULTILINE,
)
_ENDS = ("ts", "js")
_GENERATED_FOR = frozenset({3, 4})
_TIMEOUTS_SINCE = (3, 22, 0)
"""No version before knows ``timeouts``, which generated functions set (types of inngest 3.21.1)."""


def facts(subject: Subject) -> Iterator[Fact]:
    """Yield the facts about the SDK, and about the environments that the functions run in."""
    yield from _sdk(subject)
    yield from served_at(subject)
    yield from methods_served(subject)
    if (subject.project.root / subject.plan.out).is_dir():
        yield _production(subject)
    yield from _listed(subject)


def _listed(subject: Subject) -> Iterator[Fact]:
    """Yield whether the app's own serve route leaves GET, by which it is asked, to the SDK."""
    file = code_of(subject.tree).serve_file
    if file is None:
        return
    text = subject.tree.read(file)
    own_get = _OWN_GET.search(text)
    if own_get is None:
        yield subject.good(LISTED, f"{file} leaves GET to the SDK.", Location(file, 1))
    else:
        place = Location(file, text.count("\n", 0, own_get.start()) + 1)
        yield subject.unknown(
            LISTED,
            f"{file} answers GET itself, so a deployment may not tell which functions it serves.",
            place,
            "Hand GET on to the SDK, or look in Inngest's dashboard whether the app is synced; then"
            " --assume endpoint-lists",
        )


def _sdk(subject: Subject) -> Iterator[Fact]:
    folder = app_of(subject.plan).folder
    sdk = sdk_of(subject.tree, folder)
    if sdk is None:
        manifest = f"{folder}/package.json".lstrip("/")
        text = f"{manifest} does not name {SDK}, which what is generated imports."
        by_hand = add_command(app_of(subject.plan).manager, f"{SDK}@{SDK_RANGE}")
        is_link = (subject.project.root / manifest).is_symlink()  # which migrate leaves alone
        remedy = by_hand if is_link else "cronshift migrate"
        yield subject.bad(SDK_VERSION, text, f"{manifest}:1", remedy)
    else:
        yield _version(subject, sdk)
    yield from _fits(subject)


def _version(subject: Subject, sdk: Sdk) -> Fact:
    manager = app_of(subject.plan).manager
    if sdk.version is not None:
        name = f"{SDK} {'.'.join(map(str, sdk.version))}"
        if is_refused(sdk.version):
            remedy = f"{add_command(manager, f'{SDK}@^3.54.0')}, or @latest"
            return subject.bad(SDK_VERSION, f"Inngest's server refuses {name}.", sdk.place, remedy)
        if sdk.version[0] not in _GENERATED_FOR:
            text = f"Functions are generated for versions 3 and 4 of {SDK}, and the app has {name}."
            return subject.bad(SDK_VERSION, text, sdk.place, add_command(manager, f"{SDK}@latest"))
        if sdk.version < _TIMEOUTS_SINCE:
            text = f"{name} does not know the timeouts of a function, which what is generated sets."
            return subject.bad(SDK_VERSION, text, sdk.place, add_command(manager, f"{SDK}@^3.54.0"))
        return subject.good(SDK_VERSION, f"The app has {name}.", sdk.place)
    possible = majors(sdk.wanted)
    if sdk.major is None:
        text = f"Which major of {SDK} {sdk.wanted!r} gives is not known: no lock and nothing installed."
        remedy = f"{add_command(manager, SDK)}, and commit the lock"
        return subject.bad(SDK_VERSION, text, sdk.place, remedy)
    if possible == frozenset({4}):
        return subject.good(SDK_VERSION, f"{sdk.wanted!r} gives version 4 of {SDK}.", sdk.place)
    text = f"Which version of {SDK} {sdk.wanted!r} gives is not known; 3.22 to 3.53 are refused."
    return subject.unknown(SDK_VERSION, text, sdk.place, _locking(manager))


_OLDEST_NODE = 20  # engines of the SDK's versions 3.54 and 4.24


def _fits(subject: Subject) -> Iterator[Fact]:
    app, unknown = app_of(subject.plan), []
    root = subject.project.root / app.folder
    sdk = f"{SDK} {range_of(root, SDK) or SDK_RANGE}"
    file = f"{app.folder}/package.json".lstrip("/")
    engines = subject.tree.data(file).get("engines")
    node = engines.get("node") if isinstance(engines, dict) else None
    possible = majors(node) if isinstance(node, str) else None  # Vercel takes the newest of them
    if possible and max(possible) < _OLDEST_NODE:
        text = f"{sdk} needs Node.js {_OLDEST_NODE}, and `engines` asks Vercel for {node!r}."
        remedy = f'Write "node": ">={_OLDEST_NODE}" in the `engines` of {file}'
        yield subject.bad(SDK_FITS, text, subject.tree.place_of(file, '"engines"'), remedy)
    places, quarrels, raised = [], [], []
    lock = lock_of(root)
    for package, needed in {**PEERS, **app.framework.peers}.items():
        wanted = range_of(root, package)
        if wanted is None:
            continue  # not there: nothing to quarrel with
        locked = lock.version_of(package, wanted) if lock is not None else None
        version = version_installed(root, package)
        version = version or (version_of(locked.version) if locked else version_of(wanted))
        place = locked.place if locked else "package.json"
        if version is None:
            unknown.append(f"{package} {wanted}")
        elif not satisfies(version, needed):
            places.append(place)
            quarrels.append(f"{package} {needed}, and the app has {_dotted(version)}")
            raised.append(f"{package}@{_raised(needed)}")
    if quarrels:  # one command for all: an installer refuses to raise them one by one
        text = f"{sdk} needs {'; '.join(quarrels)}."
        yield subject.bad(SDK_FITS, text, places[0], add_command(app.manager, " ".join(raised)))
        return
    if unknown:
        text = f"Which versions come of {', '.join(unknown)} is not known, and {SDK} wants some of them."
        yield subject.unknown(SDK_FITS, text, "package.json", _locking(app.manager))
        return
    yield subject.good(
        SDK_FITS, f"The app has what {SDK} needs beside it.", lock.name if lock else "package.json"
    )


def _locking(manager: str) -> str:
    return f"{manager} install, and commit the lock"


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def _raised(needed: str) -> str:
    return f"^{needed.split('||', maxsplit=1)[0].strip(' ^>=')}"


def _production(subject: Subject) -> Fact:
    """Return whether what is generated asks where it runs."""
    out, files = subject.plan.out, subject.tree.files
    if app_of(subject.plan).library is Library.NPM:
        name, _ = package_named()
        text = f"{name} skips scheduled ticks where VERCEL_ENV says that it is not production."
        return subject.good(PRODUCTION, text, f"{out}/ownership.ts")
    names = [f"{out}/{name}.{end}" for name in ("cronshift/calls", "cronshift") for end in _ENDS]
    file = next((name for name in names if name in files), names[0])
    if "VERCEL_ENV" in subject.tree.read(file):
        text = f"{file} skips scheduled ticks where VERCEL_ENV says that it is not production."
        return subject.good(PRODUCTION, text, subject.tree.place_of(file, "VERCEL_ENV"))
    text = f"{file} never asks where it runs: every preview that is synced would run each tick too."
    return subject.bad(PRODUCTION, text, Location(file, 1), "cronshift migrate")
