"""The names of a project's Python modules, followed through imports to their meaning."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from cronshift.handlers.code_routes import DEEPEST
from cronshift.handlers.python_modules import class_named, module_file, returned_by
from cronshift.handlers.python_registrations import PythonModule, read_module

if TYPE_CHECKING:
    from cronshift.handlers.tree import SourceTree

Values = dict[str, ast.expr]
"""What the variables of the loops around a registration stand for."""


class PythonNames:
    """The modules of a project, each read once.

    Args:
        tree: the project's files.
    """

    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._modules: dict[str, PythonModule] = {}

    def defined(self, file: str, name: str) -> tuple[str, str] | None:
        """Return the file and name of a definition; ``None`` where the project does not show it."""
        seen = set()
        while (file, name) not in seen:
            seen.add((file, name))
            module = self.module(file)
            if name in module.values or name in module.owners:
                return file, name
            target = self.imported(file, name)
            if target is None:
                return None
            file, name = target
        return None

    def imported(self, file: str, name: str) -> tuple[str, str] | None:
        """Return the project's file that a name is imported from, and its name there."""
        module = self.module(file)
        if name in module.imports:
            source, attribute = module.imports[name]
            target = self.file_of(file, source)
            return (target, attribute) if target and attribute else None
        for source in module.stars:
            target = self.file_of(file, source)
            if target and name in self.module(target).owners:
                return target, name
        return None

    def function(
        self, file: str, called: ast.expr
    ) -> tuple[str, ast.FunctionDef | ast.AsyncFunctionDef] | None:
        """Return the project's function that a call names."""
        match called:
            case ast.Name(id=name):
                local = self.module(file).functions.get(name)
                if local is not None:
                    return file, local
                target = self.imported(file, name)
            case ast.Attribute(value=ast.Name(id=base), attr=name):
                source = self.module(file).imports.get(base)
                inner = self.submodule(file, *source) if source else None
                target = (inner, name) if inner else None
            case _:
                target = None
        function = self.module(target[0]).functions.get(target[1]) if target else None
        return (target[0], function) if target and function is not None else None

    def returned(
        self, file: str, function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> tuple[str, str] | None:
        """Return the router that a function makes and returns."""
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Name):
                return self.defined(file, node.value.id)
        return None

    def maker(self, file: str, name: str) -> tuple[bool, str]:
        """Return whether a name stands for code of the project, and the name of its class else."""
        file, name = self.defined(file, name) or (file, name)
        module = self.module(file)
        made = module.values.get(name)
        if isinstance(made, ast.Call):
            called = ast.unparse(made.func)
            root = called.partition(".")[0]
            return self._is_ours(file, root), called
        return self._is_ours(file, name), ""

    def _is_ours(self, file: str, name: str) -> bool:
        module = self.module(file)
        source = module.imports.get(name)
        return name in module.classes or bool(source and self.submodule(file, *source))

    def text(self, file: str, node: ast.expr, values: Values | None = None) -> str | None:
        """Return the text that an expression spells, through constants and settings' defaults."""
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.Name(id=name) if values and name in values:
                return self.text(file, values[name])
            case ast.Name(id=name):
                value = self.module(file).values.get(name)
                if value is not None and not isinstance(value, ast.Name):
                    return self.text(file, value)
                target = self.defined(file, name) if value is None else None
                expression = self.module(target[0]).values.get(target[1]) if target else None
                return (
                    self.text(target[0], expression) if target and expression is not None else None
                )
            case ast.Attribute(value=ast.Name(id=base), attr=attribute):
                return self.attribute(file, base, attribute)
            case ast.Attribute(value=ast.Call() as made, attr=attribute):
                return self._setting(file, made, attribute)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                parts = (self.text(file, left, values), self.text(file, right, values))
                return None if None in parts else "".join(part for part in parts if part)
            case ast.JoinedStr(values=pieces):
                texts = [
                    self.text(
                        file,
                        piece.value if isinstance(piece, ast.FormattedValue) else piece,
                        values,
                    )
                    for piece in pieces
                ]
                return None if None in texts else "".join(text for text in texts if text)
        return None

    def attribute(self, file: str, base: str, attribute: str) -> str | None:
        """Return the text of ``module.NAME``, or of a field of the settings' class."""
        source = self.module(file).imports.get(base)
        inner = self.submodule(file, *source) if source else None
        value = self.module(inner).values.get(attribute) if inner else None
        if inner and value is not None:
            return self.text(inner, value)
        target = self.defined(file, base)
        made = self.module(target[0]).values.get(target[1]) if target else None
        if target is None or not isinstance(made, ast.Call):
            return None
        return self._setting(target[0], made, attribute)

    def _setting(
        self, file: str, made: ast.Call, attribute: str, deepest: int = DEEPEST
    ) -> str | None:
        """Return the text of a field of the settings that a call makes: a class, or a function."""
        settings = class_named(self._tree, file, ast.unparse(made.func))
        if settings is not None:
            expression = _default(settings[1], attribute)
            return self.text(settings[0], expression) if expression is not None else None
        maker = self.function(file, made.func)
        for value in returned_by(maker[1]) if maker is not None and deepest else ():
            inner = self.module(maker[0]).values.get(ast.unparse(value), value) if maker else value
            if maker is not None and isinstance(inner, ast.Call):
                return self._setting(maker[0], inner, attribute, deepest - 1)
        return None

    def module(self, file: str) -> PythonModule:
        """Return the registrations and names of a file."""
        if file not in self._modules:
            self._modules[file] = read_module(self._tree.python(file))
        return self._modules[file]

    def submodule(self, file: str, source: str, attribute: str | None) -> str | None:
        """Return the file that a name stands for when it is a module and not something in one."""
        if attribute is not None:
            inner = self.file_of(
                file, f"{source}.{attribute}" if source.strip(".") else f"{source}{attribute}"
            )
            if inner:
                return inner
        return self.file_of(file, source)

    def file_of(self, file: str, module: str) -> str | None:
        """Return the project's file of a module that ``file`` names."""
        return module_file(self._tree, file, module)


def _default(settings: ast.ClassDef, field: str) -> ast.expr | None:
    """Return the expression that a class gives a field."""
    for node in settings.body:
        match node:
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                | ast.Assign(targets=[ast.Name(id=name)], value=value)
            ) if name == field:
                return value
    return None
