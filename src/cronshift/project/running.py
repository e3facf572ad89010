"""A configuration that is a script, run by Node.js because its user asked for that."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from cronshift.errors import ConfigError
from cronshift.project.node import installed, node_program
from cronshift.vercel.reading import SCRIPTS, find_config, read_config

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60
_MARK = "cronshift-configuration:"
_STRIPS_TYPES = "process.allowedNodeEnvironmentFlags.has('--experimental-strip-types')"
_RUN = """
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const [file, typescript] = process.argv.slice(1);
let source = pathToFileURL(file).href;
if (typescript) {
  const { default: compiler } = await import(pathToFileURL(typescript).href);
  const options = { compilerOptions: { module: 99, target: 9 } };
  const { outputText } = compiler.transpileModule(readFileSync(file, "utf8"), options);
  source = `data:text/javascript;base64,${Buffer.from(outputText).toString("base64")}`;
}
const made = await import(source);
const chosen = made.default ?? made.config ?? made;
const value = typeof chosen === "function" ? await chosen() : await chosen;
process.stdout.write(`\\n%s${JSON.stringify(value)}\\n`, () => process.exit(0));
""".replace("%s", _MARK)


def computed_script(root: Path, chosen: str | None) -> Path | None:
    """Return the project's configuration if it is a script that computes its content.

    Raises:
        ConfigError: if there is no configuration, more than one, or one that cannot be read.
    """
    path = find_config(root, chosen)
    if path.name not in SCRIPTS:
        return None
    try:
        problems = read_config(root, path).problems
    except ConfigError as error:
        if error.reason != "not-literal":
            raise
        return path
    return path if any(problem.rule == "not-literal" for problem in problems) else None


def run_script(root: Path, script: Path) -> str:
    """Run a configuration's script, and return its export as JSON.

    It runs with its user's own rights and variables, as Vercel's command line would run it.

    Raises:
        ConfigError: if there is no Node.js that can run it, or it fails, or takes too long.
    """
    node = node_program()
    if node is None:
        raise ConfigError(
            f"{script.name} cannot be run: Node.js is not installed.",
            reason="no-node",
            hint="Install Node.js, or run `vercel build` elsewhere and keep .vercel/vercel.json.",
            where=script.name,
        )
    command = [node, "--no-warnings", "--input-type=module", "--eval", _RUN, "--", str(script)]
    if script.suffix in {".ts", ".mts"}:
        command = _with_types(root, node, script, command)
    ran = _ran(command, root, script)
    lines = [line for line in ran.stdout.splitlines() if line.startswith(_MARK)]
    text = lines[-1].removeprefix(_MARK) if lines else ""
    if ran.returncode or not isinstance(_parsed(text), dict):
        errors = [line for line in ran.stderr.splitlines() if "Error" in line]
        why = errors[0] if errors else "it exports no object"
        raise ConfigError(
            f"{script.name} was run, and gave no configuration: {why}.",
            reason="invalid-script",
            where=script.name,
        )
    return text


def _with_types(root: Path, node: str, script: Path, command: list[str]) -> list[str]:
    """Return a command that can read TypeScript: by Node.js itself, or by the project's compiler."""
    asked = _ran([node, "--print", _STRIPS_TYPES], root, script)
    if asked.stdout.strip() == "true":
        return [node, "--experimental-strip-types", *command[1:]]
    compiler = installed(root, "typescript/lib/typescript.js")
    if compiler is None:
        raise ConfigError(
            f"{script.name} cannot be run: this Node.js reads no TypeScript.",
            reason="no-node",
            hint="Use Node.js 22.6 or later, or install the project's packages.",
            where=script.name,
        )
    return [*command, str(compiler)]


def _ran(command: list[str], root: Path, script: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the project's own script, shown to its user and asked for
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        raise ConfigError(
            f"{script.name} was run, and did not end well: {type(error).__name__}.",
            reason="invalid-script",
            where=script.name,
        ) from error


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
