"""The generated package, loaded: the project's own code runs here."""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path

from cronshift.engine.server.app import ServedApp
from cronshift.engine.server.canonical import quicken_sdk
from cronshift.engine.server.keys import SIGNING_KEY, no_keys
from cronshift.engine.server.large import hand_to_sdk
from cronshift.engine.server.untied import untie_sdk
from cronshift.errors import ConfigError, CronshiftError


def build_app(root: Path, out: str) -> ServedApp:
    """Import the generated package and return its server.

    Args:
        root: the project; put on ``sys.path``.
        out: the package's folder inside it, as in the plan.

    Raises:
        CronshiftError: ``not-generated`` when there is no package, ``missing-keys`` when its client
            is in cloud mode without a signing key, ``import-failed`` with the project's own error.
    """
    root = root.resolve()
    name = out.replace("/", ".")
    if not (root / out / "asgi.py").is_file():
        raise ConfigError(
            f"There is no {out}/asgi.py to serve.",
            reason="not-generated",
            hint="cronshift migrate",
            where=out,
        )
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        app = importlib.import_module(f"{name}.asgi").app
        client = importlib.import_module(f"{name}.client").client
        functions = importlib.import_module(name).functions
    except (Exception, SystemExit) as error:
        raise _import_error(error, root, name) from error
    quicken_sdk()
    hand_to_sdk()
    untie_sdk()
    return ServedApp(app, client, functions)


def _import_error(error: BaseException, root: Path, name: str) -> CronshiftError:
    if type(error).__name__ == "SigningKeyMissingError":
        return no_keys((SIGNING_KEY,))
    lines = str(error).strip().splitlines()
    cause = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    return ConfigError(
        f"{name} cannot be imported: {cause.rstrip('.')}.",
        reason="import-failed",
        hint="cronshift validate, or cronshift serve -v for the whole traceback.",
        where=_place(error, root),
    )


def _place(error: BaseException, root: Path) -> str | None:
    """Return the last line of the project's own code that the error passed through."""
    places = [(at.filename, at.lineno) for at in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno))
    for name, line in reversed(places):
        file = Path(name)
        if file.is_relative_to(root) and "site-packages" not in file.parts:
            return f"{file.relative_to(root).as_posix()}:{line}"
    return None
