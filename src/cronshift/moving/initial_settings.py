"""The first cronshift.toml of a project: every default spelt out, every job listed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import tomlkit

from cronshift.errors import path_to_show
from cronshift.model import JobOptions
from cronshift.runtime.regular_files import read_regular

if TYPE_CHECKING:
    from cronshift.model import Plan


SCHEMA_NAME = "cronshift.schema.json"
"""The copy of the settings' schema that stands beside cronshift.toml, for editors."""


def settings_schema() -> bytes:
    """Return the JSON Schema of cronshift.toml, as the package carries it."""
    return read_regular(Path(__file__).parents[1] / "output/schemas" / "cronshift.toml.json")


def initial_settings(plan: Plan) -> str:
    """Return the text of a cronshift.toml that changes nothing about ``plan``."""
    document = tomlkit.document()
    document.add(tomlkit.items.Comment(tomlkit.items.Trivia(comment=f"#:schema ./{SCHEMA_NAME}")))
    document.add(tomlkit.comment("What cronshift may know of this project."))
    document.add(tomlkit.comment("These are the defaults: any line may be left out."))
    document.add(tomlkit.nl())
    document["project"] = {
        "app_id": plan.app_id,
        "vercel_config": plan.config_file,
        "target": plan.target,
        "out": plan.out,
    }
    bridge = tomlkit.table()
    bridge.add(tomlkit.comment("Where bridged jobs call; the variable wins over the address here."))
    bridge.add(tomlkit.comment('base_url = "https://app.example.com"'))
    bridge["base_url_env"] = plan.bridge.base_url_env
    bridge["secret_env"] = plan.bridge.secret_env
    document["bridge"] = bridge
    defaults = JobOptions()
    document["defaults"] = {
        "retries": defaults.retries,
        "overlap": str(defaults.overlap),
    }
    text = tomlkit.dumps(document)
    lines = ["", "# The jobs; uncomment one to set options for it alone."]
    for job in plan.jobs:
        comment = tomlkit.comment(f"[jobs.{job.id}]").as_string().rstrip()
        lines.append(
            f"{comment}  # {_one_line(path_to_show(job.entry.path))}, {_one_line(job.entry.schedule)}"
        )
    return text + "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
