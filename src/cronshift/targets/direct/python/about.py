"""Subjects of expressions: the caller, the environment, or something that only running tells."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from cronshift.targets.direct.python.source import Function, every_block, is_docstring, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cronshift.targets.direct.python.called import ModuleScope

Subjects = frozenset[str]
CREDENTIAL, REQUEST, HEADERS, SETTINGS, UNTOLD = (
    "credential",
    "request",
    "headers",
    "settings",
    "untold",
)
ANY_VARIABLE = "env:*"
"""A variable whose name only running tells; one like it may be another."""
NOTHING: Subjects = frozenset()
_UNTOLD: Subjects = frozenset({UNTOLD})
_DEEPEST = 5
_READING = re.compile(r"os\.environ\.get|os\.getenv|getenv|environ\.get")
_FUNCTIONS = re.compile(
    r"(?:hmac\.|secrets\.)?compare_digest|str|bool|len|hashlib\.\w+|hmac\.new|HTTPException|abort"
    r"|JSONResponse|PlainTextResponse|Response|jsonify|\w*Error"
)
_METHODS = frozenset(
    [
        "decode",
        "digest",
        "encode",
        "endswith",
        "get",
        "hexdigest",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "replace",
        "rpartition",
        "rstrip",
        "split",
        "startswith",
        "strip",
        "upper",
    ]
)
_LOGGING = re.compile(
    r"(?:print|traceback\.print_exc|(?:(?:app|current_app|self)\.)?(?:logging|logger|log|_logger|LOGGER)\.\w+)"
)
SENDING = frozenset({"send_response", "send_header", "end_headers", "send_error", "wfile.write"})
"""Methods of http.server's that send an answer."""
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*|cron_secret|\w*secret\w*", re.IGNORECASE)
_SECRET = re.compile(r"\w*(?:secret|token|key|password)\w*", re.IGNORECASE)
ELSEWHERE = frozenset(
    f"env:{name}"
    for name in (
        *(
            "API_ENV",
            "APP_ENV",
            "APP_ENVIRONMENT",
            "DEPLOY_ENV",
            "DJANGO_ENV",
            "ENV",
            "ENVIRONMENT",
        ),
        *("FASTAPI_ENV", "FLASK_ENV", "NODE_ENV", "PYTHON_ENV", "VERCEL", "VERCEL_ENV"),
    )
)
"""Variables that only say where code runs: a check may ask them."""


class PythonScope(Struct, frozen=True):
    """The names of a function, and what each is about.

    Attributes:
        place: the module that it stands in.
        methods: of the class that it is a method of.
    """

    place: ModuleScope
    names: Mapping[str, Subjects]
    depth: int = 0
    methods: Mapping[str, Function] = {}

    @property
    def module(self) -> ast.Module:
        """The syntax tree of the module."""
        return self.place.module

    def within(self, names: Mapping[str, Subjects]) -> PythonScope:
        """Return a scope with more names."""
        return PythonScope(self.place, {**self.names, **names}, self.depth, self.methods)

    def function(self, name: str) -> tuple[Function, PythonScope] | None:
        """Return the function of the project that a name is bound to, and the scope around it."""
        if name.partition(".")[0] in self.names:
            return None
        function = self.place.function(name)
        if function is None:
            return None
        return function[0], PythonScope(function[1], {}, self.depth)

    def definition(self, name: str) -> ast.stmt | None:
        """Return the statement that defines a name: a function, an assignment, an import."""
        for statement in self.module.body:
            match statement:
                case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) if (
                    bound == name
                ):
                    return statement
                case ast.Assign(targets=[ast.Name(id=bound)]) if bound == name:
                    return statement
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    if any(
                        (alias.asname or alias.name.partition(".")[0]) == name for alias in aliases
                    ):
                        return statement
        return None


def is_told(subjects: Subjects) -> bool:
    """Return whether nothing of it is only told by running it."""
    return UNTOLD not in subjects


def secrets(subjects: Subjects) -> Subjects:
    """Return the variables in it."""
    return frozenset(subject for subject in subjects if subject.startswith("env:"))


def is_logging(statement: ast.stmt) -> bool:
    """Return whether a statement only writes a line to the log."""
    match statement:
        case ast.Expr(value=ast.Call(func=called)):
            return _LOGGING.fullmatch(ast.unparse(called)) is not None
    return False


def about(node: ast.expr | None, scope: PythonScope) -> Subjects:
    """Return the subjects of an expression."""
    match node:
        case None | ast.Constant():
            return NOTHING
        case ast.Name(id=name):
            return _of_name(name, scope)
        case ast.Attribute():
            return _of_attribute(node, scope)
        case ast.Call():
            return _of_call(node, scope)
        case ast.Subscript(
            value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))
        ):
            return frozenset({f"env:{name}"})
        case ast.Subscript():
            return _of_part(_joined(node, scope))
        case ast.Await() | ast.BoolOp() | ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.IfExp():
            return _joined(node, scope)
        case (
            ast.JoinedStr()
            | ast.FormattedValue()
            | ast.Dict()
            | ast.Tuple()
            | ast.List()
            | ast.Slice()
        ):
            return _joined(node, scope)
        case ast.NamedExpr(value=value):
            return about(value, scope)
    return _UNTOLD


def _of_part(subjects: Subjects) -> Subjects:
    """Return the subjects of a part: of something about several variables, it is about one of them."""
    variables = secrets(subjects)
    return subjects - variables | {ANY_VARIABLE} if len(variables) > 1 else subjects


def _joined(node: ast.AST, scope: PythonScope) -> Subjects:
    parts = (
        about(child, scope) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
    )
    return frozenset().union(*parts)


def _of_name(name: str, scope: PythonScope) -> Subjects:
    if name in scope.names:
        return scope.names[name]
    match scope.definition(name):
        case ast.Assign(value=value) if scope.depth < _DEEPEST:
            return about(value, PythonScope(scope.place, {}, scope.depth + 1))
        case ast.ImportFrom() if name.isupper():
            return frozenset({f"env:{name}"})
    return _UNTOLD


def _of_attribute(node: ast.Attribute, scope: PythonScope) -> Subjects:
    match node.value:
        case ast.Name(id=name) if name in scope.names:
            subjects = scope.names[name]
        case ast.Name(id=name) if isinstance(scope.definition(name), ast.Import | ast.ImportFrom):
            if node.attr == "environ":
                return frozenset({ANY_VARIABLE})
            if not _CONSTANT.fullmatch(node.attr):
                return _UNTOLD
            return frozenset({f"env:{node.attr.upper()}"})
        case inner:
            subjects = about(inner, scope)
    if REQUEST in subjects:
        return frozenset({HEADERS}) if node.attr in {"headers", "cookies", "META"} else _UNTOLD
    if SETTINGS in subjects:
        is_secret = _SECRET.fullmatch(node.attr) is not None
        return frozenset({f"env:{node.attr.upper()}"}) if is_secret else _UNTOLD
    return _of_part(subjects)


def _of_call(node: ast.Call, scope: PythonScope) -> Subjects:
    name = ast.unparse(node.func)
    passed = [*node.args, *(keyword.value for keyword in node.keywords)]
    match node.args:
        case [ast.Constant(value=str(variable)), *_] if _READING.fullmatch(name):
            return frozenset({f"env:{variable}"})
        case [ast.Name(id="settings") as settings, ast.Constant(value=str(variable)), *_] if (
            name == "getattr"
        ):
            return about(ast.Attribute(settings, variable), scope)
    subjects = frozenset[str]().union(*(about(value, scope) for value in passed))
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        inner = about(node.func.value, scope)
        if HEADERS in inner:
            return subjects | {CREDENTIAL}
        return _UNTOLD if REQUEST in inner else inner | subjects
    if _FUNCTIONS.fullmatch(name):
        return _UNTOLD if REQUEST in subjects else subjects
    method = scope.methods.get(name.removeprefix("self.")) if name.startswith("self.") else None
    if method is not None and scope.depth < _DEEPEST:
        subjects_passed = [
            about(ast.Name("self"), scope),
            *(about(value, scope) for value in passed),
        ]
        return of_function(method, subjects_passed, scope)
    function = scope.function(name) if scope.depth < _DEEPEST else None
    if function is None:
        return _UNTOLD
    return of_function(function[0], [about(value, scope) for value in passed], function[1])


def of_function(function: Function, passed: list[Subjects], scope: PythonScope) -> Subjects:
    """Return the subjects of a function's result, if all that it does is to ask and compare."""
    taken = [*function.args.posonlyargs, *function.args.args]
    names = {
        argument.arg: passed[number] if number < len(passed) else NOTHING
        for number, argument in enumerate(taken)
    }
    names |= {
        argument.arg: frozenset({CREDENTIAL}) for argument in taken if is_header(argument, function)
    }
    inner = PythonScope(scope.place, names, scope.depth + 1, scope.methods)
    subjects = of_statements(function.body, inner)
    variables = {each for each in secrets(subjects) if not each.startswith("env:HTTP_")}
    if CREDENTIAL in subjects and variables - ELSEWHERE - compared_in(function, inner):
        return subjects | _UNTOLD  # it asks for a variable that the work needs
    return subjects


def compared_in(function: Function, scope: PythonScope) -> Subjects:
    """Return the variables that a function compares with what a caller says."""
    statements = [each for block in every_block(function) for each in block]
    scope = scope.within(names_of(statements, scope))
    compared = frozenset({ANY_VARIABLE})
    for node in own_nodes(function):
        if isinstance(node, ast.Compare | ast.Call):
            subjects = about(node, scope)
            compared |= secrets(subjects) if CREDENTIAL in subjects else NOTHING
    return compared


def is_header(argument: ast.arg, function: Function) -> bool:
    """Return whether FastAPI gives a header, or a credential, for an argument."""
    text = ast.unparse(argument.annotation) if argument.annotation else ""
    default = default_of(argument, function)
    text += ast.unparse(default) if default is not None else ""
    return (
        re.search(r"\b(?:Header|Security|HTTPBearer|HTTPAuthorizationCredentials)\b", text)
        is not None
    )


def default_of(argument: ast.arg, function: Function) -> ast.expr | None:
    """Return the default of an argument."""
    taken = [*function.args.posonlyargs, *function.args.args]
    if argument in taken:
        place = taken.index(argument) - len(taken) + len(function.args.defaults)
        return function.args.defaults[place] if place >= 0 else None
    return function.args.kw_defaults[function.args.kwonlyargs.index(argument)]


def of_statements(statements: Iterable[ast.stmt], scope: PythonScope) -> Subjects:
    """Return the subjects of statements that only assign, ask, log, return and raise."""
    whole: Subjects = NOTHING
    for statement in statements:
        match statement:
            case ast.Assign(value=value) | ast.AnnAssign(value=value):
                names = assigned(statement, scope)
                scope = scope.within(names)
                whole |= about(value, scope)
            case ast.If(test=test, body=body, orelse=orelse):
                whole |= (
                    about(test, scope) | of_statements(body, scope) | of_statements(orelse, scope)
                )
            case ast.Return(value=value):
                whole |= about(value, scope)
            case ast.Raise(exc=error):
                whole |= about(error, scope)
            case ast.Pass() | ast.Import() | ast.ImportFrom():
                pass
            case _ if is_docstring(statement) or is_logging(statement):
                pass
            case ast.Expr(value=ast.Call(func=ast.Name(id="abort"))):
                pass
            case ast.Expr(value=ast.Call() as call) if _is_sending(call, scope):
                pass
            case _:
                return _UNTOLD
    return whole


def _is_sending(call: ast.Call, scope: PythonScope) -> bool:
    """Return whether a call is a part of an answer of http.server's, which says something and nothing else."""
    name = ast.unparse(call.func)
    if REQUEST not in scope.names.get("self", NOTHING) or not name.startswith("self."):
        return False
    method = scope.methods.get(name.removeprefix("self."))
    if method is None:
        return name.removeprefix("self.") in SENDING
    return all(
        is_docstring(each)
        or isinstance(each, ast.Assign)
        or (
            isinstance(each, ast.Expr)
            and isinstance(each.value, ast.Call)
            and _is_sending(each.value, scope)
        )
        for each in method.body
    )


def assigned(statement: ast.stmt, scope: PythonScope) -> dict[str, Subjects]:
    """Return the names that a statement assigns, and what each is about."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return {name: about(value, scope)}
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return {name: about(value, scope)}
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=value):
            subjects = _of_part(about(value, scope))
            return {part.id: subjects for part in parts if isinstance(part, ast.Name)}
    return {}


def names_of(statements: Iterable[ast.stmt], scope: PythonScope) -> dict[str, Subjects]:
    """Return the names that statements assign, and what each is about."""
    names: dict[str, Subjects] = {}
    for statement in statements:
        names |= assigned(statement, scope.within(names))
    return names
