"""Print the ids of the functions of ``session_flow``, the scaffold's module here."""

from __future__ import annotations

import sys
from importlib import import_module

import inngest

sys.path.insert(0, ".")
client = inngest.Inngest(app_id="app")
print(*(function.id for function in import_module("session_flow").functions(client)))
