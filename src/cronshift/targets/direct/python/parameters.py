"""Parameters of a route's function: headers and the request go, values of the query become constants."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.conversion import Entry, NotCertainError
from cronshift.targets.direct.python.about import CREDENTIAL, REQUEST, Subjects, default_of
from cronshift.targets.direct.python.dependencies import Dependency, dependency_of
from cronshift.targets.direct.python.source import quoted

if TYPE_CHECKING:
    from cronshift.targets.direct.python.called import ModuleScope
    from cronshift.targets.direct.python.routes import AppRoute
    from cronshift.targets.direct.python.source import Function, PythonSource

_HEADER = re.compile(r"\bHeader\b")
_SCALARS = {"str", "int", "float", "bool"}
_RUN = "x_cronshift_run"


class Parameters(Struct, frozen=True):
    """The parameters of a route's function.

    Attributes:
        names: what each is about, of those that only a check asks for.
        constants: those that the entry's query says, as source.
        response: the name of FastAPI's own response.
        run: the name of the run's id.
        dependencies: those that FastAPI gives, by name.
    """

    names: dict[str, Subjects]
    constants: dict[str, str]
    request: str | None
    response: str | None
    run: str | None
    dependencies: dict[str, Dependency] = {}

    @property
    def gone(self) -> set[str]:
        """The names that only a request gives."""
        special = {name for name in (self.request, self.response) if name is not None}
        return {*self.names, *special}


def parameters_of(route: AppRoute, entry: Entry, place: ModuleScope) -> Parameters:
    """Return the parameters of a route's function.

    Raises:
        NotCertainError: for a parameter that only a request gives.
    """
    names: dict[str, Subjects] = {}
    constants: dict[str, str] = {}
    special: dict[str, str] = {}
    dependencies: dict[str, Dependency] = {}
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
        elif (dependency := dependency_of(argument, default, place)) is not None:
            dependencies[name] = dependency
        else:
            value = _constant(argument, default, entry)
            constants |= {name: value} if value is not None else {}
    run = _RUN if _RUN in names else None
    if run:
        del names[_RUN]
    return Parameters(
        names, constants, special.get("request"), special.get("response"), run, dependencies
    )


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


def declare_function(
    source: PythonSource, function: Function, parameters: Parameters, value: str | None
) -> None:
    """Take a function's decorators away, and what only a request gives; declare the value of a fan-out."""
    start, _ = source.span(function)
    line = source.text.rfind("\n", 0, start) + 1
    decorators = function.decorator_list
    head = source.text.find("def ", source.span(decorators[-1])[1] if decorators else start)
    if decorators:
        source.edits.replace(line, source.text.rfind("\n", 0, head) + 1, "")
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    written = [
        declared
        for argument in taken
        if (declared := _parameter(source, function, argument, parameters)) is not None
    ]
    written += [f"{value}: str"] if value is not None else []
    opening = source.text.index("(", head)
    closing = closing_of(source, function, opening)
    if len(written) != len(taken) or parameters.run or value is not None:
        source.edits.replace(opening, closing, f"({', '.join(written)})")
    returns = function.returns
    if returns is not None and ast.unparse(returns).endswith("Response"):
        source.edits.replace(closing, source.span(returns)[1], "")


def closing_of(source: PythonSource, function: Function, opening: int) -> int:
    """Return the position behind the parenthesis that closes a function's parameters."""
    arguments = function.args
    defaults = [*arguments.defaults, *(node for node in arguments.kw_defaults if node is not None)]
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    ends = [*(source.span(each)[1] for each in taken), *(source.span(each)[1] for each in defaults)]
    return source.text.index(")", max([opening, *ends])) + 1


def declared_as(source: PythonSource, function: Function, argument: ast.arg) -> str:
    """Return the declaration of a parameter, with its default."""
    default = default_of(argument, function)
    declared = source.text_of(argument)
    if default is None:
        return declared
    return f"{declared}{' = ' if argument.annotation else '='}{source.text_of(default)}"


def _parameter(
    source: PythonSource, function: Function, argument: ast.arg, parameters: Parameters
) -> str | None:
    """Return the declaration of a parameter from then on; ``None`` where it goes."""
    if argument.arg == parameters.run:
        return "run_id: str"
    if argument.arg in {*parameters.gone, *parameters.dependencies}:
        return None
    return declared_as(source, function, argument)
