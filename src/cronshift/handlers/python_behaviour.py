"""What a Python handler does: read from its syntax, never imported."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from cronshift.handlers.behaviour import (
    PROTECTED,
    READING,
    SIDE_WORK,
    Auth,
    Behaviour,
    Loose,
    Spot,
)
from cronshift.model import HandlerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cronshift.handlers.tree import SourceTree
    from cronshift.model import Handler

Function = ast.FunctionDef | ast.AsyncFunctionDef
_TASKS = {"create_task", "ensure_future", "run_coroutine_threadsafe"}
_AFTER = {"add_task"}
_OTHERS = {"submit", "Popen", "start_new_thread", "start_soon"}
_SCHEDULE = "x-vercel-cron-schedule"
_ENVIRONMENT = re.compile(r"""(?:os\.)?(?:environ(?:\.get\(|\[)|getenv\()\s*["'](\w+)["']""")


def behaviour_of(tree: SourceTree, handler: Handler) -> Behaviour:
    """Return what the source of a Python handler shows."""
    file = handler.route.file if handler.route else handler.file
    try:
        module = ast.parse(tree.read(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Behaviour()
    if handler.kind is HandlerKind.HTTP_HANDLER:
        return _of_class(module, file, handler.export)
    found = _function(module, handler)
    return _read(module, file, found) if found is not None else Behaviour()


def _of_class(module: ast.Module, file: str, name: str) -> Behaviour:
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            methods = {one.name: one for one in node.body if isinstance(one, Function)}
            get = methods.get("do_GET")
            if get is not None:
                return _read(module, file, get)
            others = [name for name in methods if name.startswith("do_")]
            if others:
                return Behaviour(refuses_get=Spot(file, node.lineno, others[0].removeprefix("do_")))
    return Behaviour()


def _function(module: ast.Module, handler: Handler) -> Function | None:
    """Return the function at a route's decorator, or the exported one."""
    for node in ast.walk(module):
        if not isinstance(node, Function):
            continue
        if handler.route is None:
            if node.name == handler.export:
                return node
        elif any(one.lineno == handler.route.line for one in (*node.decorator_list, node)):
            return node
    return None


def _read(module: ast.Module, file: str, function: Function) -> Behaviour:
    auth = _auth(module, function)
    text = ast.unparse(function)
    return Behaviour(
        work=Spot(file, function.lineno, function.name),
        loose=tuple(_loose(module, file, function)),
        swallowed=tuple(_swallowed(file, function)),
        soft=tuple(_soft(file, function)),
        auth=auth,
        auth_spot=Spot(file, function.lineno, function.name),
        reads_query="query" in text,
        reads_schedule=_first(file, function, _reads_schedule),
        streams=_first(file, function, _streams),
        side_effects=tuple(_side_effects(module, file)),
    )


def _first(file: str, function: Function, is_meant: Callable[[ast.AST], str | None]) -> Spot | None:
    """Return the first spot of a function that something is said of."""
    for node in ast.walk(function):
        said = is_meant(node)
        if said is not None:
            return Spot(file, getattr(node, "lineno", function.lineno), said)
    return None


def _reads_schedule(node: ast.AST) -> str | None:
    """Tell the header by its own name, or as FastAPI names it: ``x_vercel_cron_schedule``."""
    name = node.value if isinstance(node, ast.Constant) else None
    name = node.arg if isinstance(node, ast.arg) else name
    named = isinstance(name, str) and name.lower().replace("_", "-") == _SCHEDULE
    return _SCHEDULE if named else None


def _streams(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rpartition(".")[2]
        return name if name in {"StreamingResponse", "StreamingHttpResponse"} else None
    return None


def _side_effects(module: ast.Module, file: str) -> Iterator[Spot]:
    """Yield coroutines that are run when the module is loaded."""
    for node in module.body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            text = ast.unparse(node.value)
            if re.match(r"asyncio\.run\(|.*\.run_until_complete\(", text):
                yield Spot(file, node.lineno, text[:60])


def _own(function: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function, not those of functions inside it."""
    stack: list[ast.AST] = list(reversed(function.body))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            stack += list(ast.iter_child_nodes(node))[::-1]


def _loose(module: ast.Module, file: str, function: Function) -> Iterator[tuple[Loose, Spot]]:
    asynchronous = {node.name for node in module.body if isinstance(node, ast.AsyncFunctionDef)}
    threads = _threads(function)
    awaited = {ast.unparse(node.value) for node in _own(function) if isinstance(node, ast.Await)}
    works = any(
        not READING.search(name) and not SIDE_WORK.search(name)
        for name in (text.partition("(")[0] for text in awaited)
    )
    for node in _own(function):
        if not isinstance(node, ast.Expr | ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        call = node.value
        name = ast.unparse(call.func)
        last = name.rpartition(".")[2]
        spot = Spot(file, node.lineno, " ".join(ast.unparse(call).split())[:60])
        kept = isinstance(node, ast.Assign) and _waited_for(node, function)
        if last in _AFTER and call.args:
            yield Loose.AFTER, spot
        elif kept:
            continue
        elif (
            last in _TASKS | _OTHERS
            or (last == "start" and name.partition(".")[0] in threads)
            or (isinstance(node, ast.Expr) and name in asynchronous)
            or re.match(r"(threading\.)?Thread\(.*\)\.start$", name)
        ):
            side = works or SIDE_WORK.search(spot.what)
            yield (Loose.SIDE if side else Loose.MAIN), spot


def _threads(function: Function) -> set[str]:
    """Return the variables that hold a thread or process which nobody joins."""
    names = set()
    for node in _own(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=made)) if ast.unparse(
                made
            ).rpartition(".")[2] in {"Thread", "Process", "Timer"}:
                if f"{name}.join(" not in ast.unparse(function):
                    names.add(name)
    return names


def _waited_for(node: ast.Assign, function: Function) -> bool:
    """Return whether the task in a variable is awaited, gathered, or waited for later on."""
    names = {target.id for target in node.targets if isinstance(target, ast.Name)}
    if not names:
        return True  # kept somewhere that this cannot follow
    uses = [one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id in names]
    return len(uses) > len(names)


def _swallowed(file: str, function: Function) -> Iterator[Spot]:
    """Yield handlers of broad exceptions around the work that end in success."""
    statements = function.body
    for number, node in enumerate(statements):
        if not isinstance(node, ast.Try) or not any(
            isinstance(one, ast.Call) for one in ast.walk(node)
        ):
            continue
        for handler in node.handlers:
            kind = ast.unparse(handler.type) if handler.type else "Exception"
            if kind.rpartition(".")[2] not in {"Exception", "BaseException"}:
                continue
            text = "\n".join(ast.unparse(one) for one in handler.body)
            if re.search(r"\braise\b|\b[45]\d\d\b|HTTPException|abort\(|sys\.exit|status", text):
                continue
            returns = any(isinstance(one, ast.Return) for one in ast.walk(handler))
            later = statements[number + 1 :]
            answers = re.search(
                r"send_response\(\s*200|return\b", "\n".join(ast.unparse(n) for n in later)
            )
            if returns or answers:
                yield Spot(file, handler.lineno, f"except {kind}")


def _soft(file: str, function: Function) -> Iterator[Spot]:
    for node in _own(function):
        if not isinstance(node, ast.Return) or not isinstance(node.value, ast.Dict):
            continue
        for key, value in zip(node.value.keys, node.value.values, strict=True):
            if (
                isinstance(key, ast.Constant)
                and key.value in {"success", "ok"}
                and isinstance(value, ast.Constant)
                and value.value is False
            ):
                yield Spot(file, node.lineno, f"{key.value}: False with status 200")


def _auth(module: ast.Module, function: Function) -> Auth:
    """Return how the caller is checked: in the function, its dependencies, and what it calls."""
    places: list[ast.AST] = [function]
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, Function)}
    text = ast.unparse(function)
    named = r"\b(\w*(?:auth|verif|secret|cron|guard|check|require)\w*)\b"
    called = {functions.get(name, function) for name in re.findall(named, text, re.IGNORECASE)}
    places += called - {function}
    text = "\n".join(ast.unparse(place) for place in places)
    constants = "\n".join(ast.unparse(node) for node in module.body if isinstance(node, ast.Assign))
    variables = set(_ENVIRONMENT.findall(text))
    for name in re.findall(r"\b([A-Z_]*(?:SECRET|TOKEN|KEY)[A-Z_]*)\b", text):
        if re.search(rf"^{re.escape(name)}\s*=.*(environ|getenv)", constants, re.MULTILINE):
            variables.add(name)
    secrets = [name for name in variables if re.search(r"SECRET|TOKEN|KEY", name)]
    if secrets and re.search("authorization", text, re.IGNORECASE):
        return _strength(text)
    if re.search(r"x-vercel-cron(?!-schedule)|vercel-cron/", text, re.IGNORECASE) and not secrets:
        return Auth.SPOOFABLE
    whole = text + " ".join(ast.unparse(one) for one in function.decorator_list)
    if secrets or PROTECTED.search(whole) or "Depends" in whole:
        return Auth.OTHER
    router = re.search(r"dependencies\s*=|before_request|middleware", ast.unparse(module))
    return Auth.UNKNOWN if router else Auth.NONE


def _strength(text: str) -> Auth:
    """Return how a comparison with a secret ends where the secret is not set."""
    if re.search(
        r"\bif (\w*(secret|token|key)\w*) and .*!=", text, re.IGNORECASE
    ) and not re.search(r"\bif not \w*(secret|token|key)", text, re.IGNORECASE):
        return Auth.FAIL_OPEN
    if (
        re.search(r"\bif (\w*(secret|token|key)\w*):\n(.*\n){0,4}?.*!=", text, re.IGNORECASE)
        and "not " not in text
    ):
        return Auth.FAIL_OPEN
    compared = Auth.CONSTANT_TIME if "compare_digest" in text else Auth.SECRET
    formatted = re.search(r"f['\"]Bearer \{(\w+)\}", text)
    if formatted and not re.search(
        rf"\bnot {formatted[1]}\b|\bif {formatted[1]}\b|{formatted[1]} is None", text
    ):
        default = re.search(rf"{formatted[1]}\s*=\s*os\.environ\[", text)
        return compared if default else Auth.UNDEFINED
    return compared
