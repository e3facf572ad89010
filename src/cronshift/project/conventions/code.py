"""The style of an app's TypeScript, and the Inngest parts it has: plain data."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field


class TrailingCommas(StrEnum):
    """The lists that end with a comma where they are written over several lines, in prettier's words."""

    ALL = "all"
    ES5 = "es5"
    """Not behind arguments and parameters."""
    NONE = "none"


class CodeStyle(Struct, frozen=True):
    """The style of TypeScript; the defaults are those of generated code.

    Attributes:
        indent: what one level is indented by.
        width: columns of a line.
        tab: columns of a tab, where levels are tabs.
        undeclared: global names that the app's linter does not know by itself.
    """

    double_quotes: bool = True
    semicolons: bool = True
    indent: str = "  "
    width: int = 80
    tab: int = 2
    trailing_commas: TrailingCommas = TrailingCommas.ALL
    undeclared: frozenset[str] = frozenset()


class Alias(Struct, frozen=True):
    """A prefix of imports that stands for a folder: ``@/`` for ``src``; ``""`` is the root."""

    prefix: str
    folder: str


class InngestClient(Struct, frozen=True):
    """The Inngest client that an app has already.

    Attributes:
        module: its file without a suffix, or a package's name; ``None`` where no other file can
            import it.
        export: its name there; ``default`` for the default export.
        app_id: its id, ``None`` when only running the app would tell.
        in_project: whether ``module`` is a file of the project.
    """

    module: str | None
    export: str
    app_id: str | None
    in_project: bool = True


class AppCode(Struct, frozen=True):
    """The style of an app's own code, and the Inngest parts it has already.

    Attributes:
        alias: what its files import each other by, ``None`` for relative paths.
        serve_file: the file that serves functions, when cronshift did not generate it.
    """

    style: CodeStyle = field(default_factory=CodeStyle)
    alias: Alias | None = None
    client: InngestClient | None = None
    serve_file: str | None = None
