"""The probe that imports a generated package in a process of its own and prints its registration.

``python -P -m cronshift.engine.validation.probe PACKAGE``, in the project's root. The answer is one JSON
document on the process's standard output; whatever the package prints goes to standard error.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pkgutil
import sys
import traceback
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from inngest import Function

_URL = "http://localhost/api/inngest"
_CODE_IS_WRONG = (NameError, SyntaxError, AttributeError, TypeError, IndexError, ArithmeticError)
_TRAIL = 5  # lines of the project's own code


def main() -> None:
    """Answer, and end at once: threads that the package started must not hold the process."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with answers:
        json.dump(_answer(sys.argv[1], Path.cwd()), answers)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _answer(package: str, root: Path) -> dict[str, Any]:
    sys.path.insert(0, str(root))
    try:
        return {"registration": _registration(package, root)}
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        return {"error": _error_document(error, root)}


def _registration(package: str, root: Path) -> dict[str, Any]:
    from inngest import Function

    module = importlib.import_module(package)
    functions: list[Function[Any]] = list(module.functions)
    for function in functions:
        if not isinstance(function, Function):
            raise TypeError(f"`functions` holds {function!r}, which is no Inngest function")
    undeclared = [
        {"id": function.id, **_place(function, root)}
        for function in _defined(package)
        if not any(function is listed for listed in functions)
    ]
    app_ids = [function.id.removesuffix(f"-{function.local_id}") for function in functions]
    return {
        "app_id": app_ids[0] if app_ids else None,
        "sdk": f"inngest-py:v{version('inngest')}",
        "functions": [_described(function, root) for function in functions],
        "undeclared": undeclared,
        "apps": list(_apps(package, root)),
    }


def _apps(package: str, root: Path) -> Iterator[dict[str, Any]]:
    """Yield each thing of the project's own that jobs call in process, and why it cannot be loaded."""
    from cronshift.runtime.calls import DirectHandler
    from cronshift.runtime.loading import load

    name = f"{package}.apps"
    shared = [importlib.import_module(name)] if importlib.util.find_spec(name) else []
    references = {
        value.reference
        for module in (*shared, *_job_modules(package))
        for value in vars(module).values()
        if isinstance(value, DirectHandler)
    }
    for reference in sorted(references):
        try:
            load(reference)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
            yield {
                "reference": reference,
                "sure": _is_sure(error, root),
                "error": _error_document(error, root),
            }


def _is_sure(error: BaseException, root: Path) -> bool:
    """Return whether an error says that the code is wrong, and not that something is missing here."""
    if isinstance(error, ImportError):
        name = (error.name or "").partition(".")[0]
        return any((root / part).exists() for part in (name, f"{name}.py") if name)
    return isinstance(error, _CODE_IS_WRONG)


def _defined(package: str) -> Iterator[Function[Any]]:
    """Yield every function at the top of a module under ``jobs``, each once."""
    from inngest import Function

    seen: set[int] = set()
    for module in _job_modules(package):
        for value in vars(module).values():
            if isinstance(value, Function) and id(value) not in seen:
                seen.add(id(value))
                yield value


def _job_modules(package: str) -> Iterator[ModuleType]:
    name = f"{package}.jobs"
    if importlib.util.find_spec(name) is None:
        return
    jobs = importlib.import_module(name)
    for module in pkgutil.iter_modules(jobs.__path__):
        yield importlib.import_module(f"{name}.{module.name}")


def _described(function: Function[Any], root: Path) -> dict[str, Any]:
    """Return the function as the SDK would send it, with its place; or why it cannot."""
    try:
        config = function.get_config(_URL)
        wires = [part.to_dict() for part in (config.main, config.on_failure) if part is not None]
        problem = next((wire for wire in wires if isinstance(wire, Exception)), None)
    except Exception as error:  # noqa: BLE001 - the SDK raises its own and pydantic's
        problem, wires = error, []
    if problem is not None:
        return {"id": function.id, "problem": _line(problem), **_place(function, root)}
    return {"id": function.id, "wires": wires, **_place(function, root)}


def _place(function: Function[Any], root: Path) -> dict[str, Any]:
    code = getattr(getattr(function, "_handler", None), "__code__", None)
    file = _inside(code.co_filename, root) if code else None
    return {"file": file, "line": code.co_firstlineno} if code and file else {}


def _error_document(error: BaseException, root: Path) -> dict[str, Any]:
    """Return an error with the lines of the project's own code that led to it."""
    trail = [
        {"file": file, "line": frame.lineno, "code": frame.line}
        for frame in traceback.extract_tb(error.__traceback__)
        if (file := _inside(frame.filename, root))
    ]
    if isinstance(error, SyntaxError) and (file := _inside(error.filename or "", root)):
        trail.append({"file": file, "line": error.lineno, "code": (error.text or "").strip()})
    return {"type": type(error).__name__, "message": _line(error), "trail": trail[-_TRAIL:]}


def _line(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(text.split())


def _inside(name: str, root: Path) -> str | None:
    """Return a file's path in the project; ``None`` for one outside, or of an installed package."""
    file = Path(name)
    if "site-packages" in file.parts or not file.is_relative_to(root):
        return None
    return file.relative_to(root).as_posix()


if __name__ == "__main__":
    main()
