"""The TypeScript SDK: its version is known, Inngest takes it, and it fits the app's own packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cronshift.plan.placement import NEXTJS
from cronshift.project.inngest_sdk import SDK, is_refused, sdk_of, version_installed
from cronshift.project.locks import lock_of, range_of
from cronshift.project.npm_ranges import majors, satisfies, version_of
from cronshift.readiness.fact import Kind
from cronshift.targets.nextjs.package_json import SDK_RANGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.project.inngest_sdk import Sdk
    from cronshift.project.npm_ranges import Version
    from cronshift.readiness.fact import Fact
    from cronshift.readiness.subject import Subject

VERSION = Kind(
    "R201",
    "sdk-version",
    "The SDK's version is known, and one that Inngest takes and functions are generated for.",
    "unknown-sdk",
)
FITS = Kind(
    "R202",
    "sdk-fits",
    "What the SDK needs beside it (zod, TypeScript, Next.js) is what the app has.",
    "sdk-does-not-fit",
)
PEERS = {"zod": "^3.25.0 || ^4.0.0", "typescript": ">=5.8.0", "next": ">=12.0.0"}
"""What inngest 3.54 and 4 want beside them (their own package.json, npm)."""

_GENERATED_FOR = frozenset({3, 4})


def sdk(subject: Subject) -> Iterator[Fact]:
    """Yield what is known of the SDK of an app that serves its functions itself."""
    if subject.plan.target != NEXTJS:
        return
    held = sdk_of(subject.tree)
    if held is None:
        text = f"package.json does not name {SDK}, which what is generated imports."
        yield subject.bad(VERSION, text, "package.json:1", "cronshift migrate adds it")
        return
    yield _version(subject, held)
    yield from _fits(subject)


def _version(subject: Subject, held: Sdk) -> Fact:
    if held.version is not None:
        name = f"{SDK} {'.'.join(map(str, held.version))}"
        if is_refused(held.version):
            text, remedy = (
                f"Inngest's server refuses {name}.",
                f"npm install {SDK}@^3.54.0, or @latest",
            )
            return subject.bad(VERSION, text, held.place, remedy)
        if held.version[0] not in _GENERATED_FOR:
            text = f"Functions are generated for versions 3 and 4 of {SDK}, and the app has {name}."
            return subject.bad(VERSION, text, held.place, f"npm install {SDK}@latest")
        return subject.good(VERSION, f"The app has {name}.", held.place)
    told = majors(held.wanted)
    if held.major is None:
        text = f"Which major of {SDK} {held.wanted!r} gives is not known: no lock and nothing installed."
        return subject.bad(VERSION, text, held.place, f"npm install {SDK}, and commit the lock")
    if told == frozenset({4}):
        return subject.good(VERSION, f"{held.wanted!r} gives version 4 of {SDK}.", held.place)
    text = f"Which version of {SDK} {held.wanted!r} gives is not known; 3.22 to 3.53 are refused."
    return subject.unknown(VERSION, text, held.place, "npm install, and commit the lock")


def _fits(subject: Subject) -> Iterator[Fact]:
    root, unknown = subject.project.root, []
    lock = lock_of(root)
    for package, needed in PEERS.items():
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
            text = (
                f"{SDK} {SDK_RANGE} needs {package} {needed}, and the app has {_dotted(version)}."
            )
            remedy = f"npm install {package}@{_raised(needed)}"
            yield subject.bad(FITS, text, place, remedy)
            return
    if unknown:
        text = (
            f"Which versions {', '.join(unknown)} give is not known, and {SDK} wants some of them."
        )
        yield subject.unknown(FITS, text, "package.json", "npm install, and commit the lock")
        return
    yield subject.good(
        FITS, f"The app has what {SDK} needs beside it.", lock.name if lock else "package.json"
    )


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def _raised(needed: str) -> str:
    return f"^{needed.split('||', maxsplit=1)[0].strip(' ^>=')}"
