"""The object behind ``module:attribute`` or ``path/file.py:attribute``, loaded at its first use."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inngest import NonRetriableError

if TYPE_CHECKING:
    from types import ModuleType


def load(reference: str) -> Any:
    """Return the object that ``reference`` names; a file is looked for along ``sys.path``.

    Raises:
        NonRetriableError: if there is no such module, file or attribute.
        Exception: whatever importing the module raises.
    """
    name, _, attribute = reference.partition(":")
    module = _load_file(name) if name.endswith(".py") else _load_module(name)
    try:
        return reduce(getattr, attribute.split("."), module)
    except AttributeError:
        raise NonRetriableError(f"{name} has no {attribute}") from None


def _load_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise NonRetriableError(f"there is no module {name}") from error
        raise


def _load_file(name: str) -> ModuleType:
    """Import a file that no import statement can name, such as ``my-app/send-mails.py``."""
    file = next(
        (path for folder in sys.path if (path := Path(folder or ".") / name).is_file()), None
    )
    if file is None:
        raise NonRetriableError(f"there is no file {name}")
    unique = f"_cronshift_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    if unique in sys.modules:
        return sys.modules[unique]
    spec = importlib.util.spec_from_file_location(unique, file)
    if spec is None or spec.loader is None:
        raise NonRetriableError(f"{name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[unique]
        raise
    return module
