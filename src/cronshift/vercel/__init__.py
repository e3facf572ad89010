"""READ: Vercel's configuration, with positions; and lossless edits of it."""

from cronshift.vercel.reading import (
    ConfigFormat,
    VercelConfig,
    find_config,
    has_config,
    parse_config,
    read_config,
    read_project,
)

__all__ = [
    "ConfigFormat",
    "VercelConfig",
    "find_config",
    "has_config",
    "parse_config",
    "read_config",
    "read_project",
]
