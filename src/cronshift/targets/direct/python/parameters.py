"""Parameters of a route's function: headers and the request go, values of the query become constants."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import Entry, NotCertainError
from cronshift.targets.direct.python.about import (
    CREDENTIAL,
    REQUEST,
    PythonScope,
    Subjects,
    default_of,
    is_told,
    of_function,
)
from cronshift.targets.direct.python.source import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cronshift.targets.direct.python.routes import AppRoute

_HEADER = re.compile(r"\bHeader\b")
_SCALARS = {"str", "int", "float", "bool"}
_RUN = "x_cronshift_run"
_DEPENDENCY = "dependency:"


class Parameters(Struct, frozen=True):
    """The parameters of a route's function.

    Attributes:
        names: what each is about, of those that go.
        constants: those that the entry's query says, as source.
        response: the name of FastAPI's own response.
    """

    names: dict[str, Subjects]
    constants: dict[str, str]
    request: str | None
    response: str | None
    run: str | None


def parameters_of(route: AppRoute, entry: Entry) -> Parameters:
    """Return the parameters of a route's function.

    Raises:
        NotCertainError: for a parameter that only a request gives.
    """
    names: dict[str, Subjects] = {}
    constants: dict[str, str] = {}
    special: dict[str, str] = {}
    arguments = route.function.args
    if arguments.vararg or arguments.kwarg:
        raise NotCertainError(route.function.lineno, "takes whatever it is given")
    if not route.is_fastapi:
        taken = [*arguments.args, *arguments.kwonlyargs]
        if taken:
            raise NotCertainError(route.function.lineno, "needs the parameters of its path")
        return Parameters({"request": frozenset({REQUEST})}, {}, "request", None, None)
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        name = argument.arg
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        default = default_of(argument, route.function)
        written = f"{annotation} {ast.unparse(default) if default else ''}"
        if _HEADER.search(written):
            names[name] = frozenset({CREDENTIAL})
        elif annotation == "Request":
            names[name] = frozenset({REQUEST})
            special["request"] = name
        elif annotation == "Response":
            special["response"] = name
        elif "Depends" in written or "Security" in written:
            _depended(route, argument, default, names)
        else:
            value = _constant(argument, default, entry)
            constants |= {name: value} if value is not None else {}
    run = _RUN if _RUN in names else None
    if run:
        del names[_RUN]
    return Parameters(names, constants, special.get("request"), special.get("response"), run)


def _depended(
    route: AppRoute, argument: ast.arg, default: ast.expr | None, names: dict[str, Subjects]
) -> None:
    call = default if isinstance(default, ast.Call) else None
    annotation = argument.annotation
    if (
        call is None
        and isinstance(annotation, ast.Subscript)
        and isinstance(annotation.slice, ast.Tuple)
    ):
        call = next(
            (part for part in annotation.slice.elts[1:] if isinstance(part, ast.Call)), None
        )
    if call is None or not call.args:
        raise NotCertainError(route.function.lineno, f"is given {argument.arg} by the app")
    names[argument.arg] = frozenset({f"{_DEPENDENCY}{ast.unparse(call.args[0])}", CREDENTIAL})


def refuse_dependencies(route: AppRoute, scope: PythonScope) -> None:
    """Refuse a dependency that does more than to ask who calls.

    Raises:
        NotCertainError: with its name.
    """
    for name in [*_listed(route), *_dependencies_of(scope)]:
        defined = PythonScope(scope.place, {}).function(name)
        if defined is None:
            raise NotCertainError(route.function.lineno, f"depends on {name}, which is not read")
        function, around = defined
        annotations = [each.annotation for each in function.args.args if each.annotation]
        is_asking = "Request" in {ast.unparse(annotation) for annotation in annotations}
        subjects = frozenset({REQUEST if is_asking else CREDENTIAL})
        if not is_told(of_function(function, [subjects] * len(function.args.args), around)):
            why = f"depends on {name}, which does more than to check"
            raise NotCertainError(route.function.lineno, why)


def _listed(route: AppRoute) -> Iterator[str]:
    """Yield the dependencies that the decorator names."""
    for keyword in route.decorator.keywords:
        if keyword.arg != "dependencies":
            continue
        for element in getattr(keyword.value, "elts", [keyword.value]):
            if not isinstance(element, ast.Call) or len(element.args) != 1:
                raise NotCertainError(element.lineno, "depends on what is not read")
            yield ast.unparse(element.args[0])


def _dependencies_of(scope: PythonScope) -> Iterator[str]:
    """Yield the dependencies that the parameters name."""
    for subjects in scope.names.values():
        for subject in subjects:
            if subject.startswith(_DEPENDENCY):
                yield subject.removeprefix(_DEPENDENCY)


def _constant(argument: ast.arg, default: ast.expr | None, entry: Entry) -> str | None:
    """Return the entry's value of a parameter, as source; ``None`` where its default counts."""
    name = argument.arg
    annotation = ast.unparse(argument.annotation) if argument.annotation else ""
    parts = {part.strip() for part in re.split(r"\||\bOptional\[|\]", annotation)}
    types = parts - {"", "None"}
    if not types <= _SCALARS:
        raise NotCertainError(argument.lineno, f"is given {name}, which is no plain value")
    if name == entry.parameter:
        if types - {"str"}:
            raise NotCertainError(argument.lineno, f"is given {name}, which is no text")
        return None
    if isinstance(default, ast.Call):
        raise NotCertainError(argument.lineno, f"says {name} by {ast.unparse(default.func)}")
    values = [value for key, value in entry.query if key == name]
    if not values and default is None:
        raise NotCertainError(argument.lineno, f"needs {name}, which the entry does not say")
    return _literal(argument, types, values[-1]) if values else None


def _literal(argument: ast.arg, types: set[str], value: str) -> str:
    if types <= {"str"}:
        return quoted(value)
    if types == {"int"} and re.fullmatch(r"-?\d+", value):
        return str(int(value))
    if types == {"bool"} and value.lower() in {"true", "false", "1", "0"}:
        return str(value.lower() in {"true", "1"})
    raise NotCertainError(argument.lineno, f"is given {argument.arg}, whose value is not plain")
