"""Handlers become work without HTTP: the check of the caller goes, answers become results and errors.

Only for shapes whose meaning is kept for certain; every other handler stays, with the reason and its line.
"""

from __future__ import annotations

from cronshift.targets.direct.conversion import Conversion, Converted, Entry, Kept

__all__ = ["Conversion", "Converted", "Entry", "Kept"]
