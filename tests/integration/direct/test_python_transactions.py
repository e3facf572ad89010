"""A view of Django's that is a transaction beside the function that it becomes: the same rows are kept."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Location
from cronshift.targets.direct import Entry
from cronshift.targets.direct.python.django import convert_view

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "site_app/__init__.py": "",
    "site_app/settings.py": """import os

DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["ROWS"], "ATOMIC_REQUESTS": True}
}
SECRET_KEY = "x"
ROOT_URLCONF = "site_app.urls"
ALLOWED_HOSTS = ["*"]
""",
    "site_app/urls.py": """from django.urls import path

from . import views

urlpatterns = [
    path("api/cron/x/", views.store_rows),
]
""",
    "site_app/views.py": """import os

from django.db import connection
from django.http import JsonResponse


def store_rows(request):
    if request.headers.get("Authorization") != f"Bearer {os.environ['CRON_SECRET']}":
        return JsonResponse({"error": "no"}, status=401)
    with connection.cursor() as cursor:
        for row in os.environ["GIVEN"].split():
            cursor.execute("insert into rows values (%s)", [int(row)])
    return JsonResponse({"ok": True})
""",
}
RUN = """import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "site_app.settings"
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("create table rows (number integer)")
try:
    if sys.argv[1] == "view":
        from django.test import Client
        Client().get("/api/cron/x/", headers={"authorization": "Bearer s3cret"})
    else:
        from site_app.views import store_rows
        store_rows()
except ValueError:
    pass
with connection.cursor() as cursor:
    cursor.execute("select number from rows")
    import json
    print(json.dumps(cursor.fetchall()))
"""


def rows(root: Path, how: str, given: str) -> list[list[int]]:
    database = root / f"{how}.sqlite"
    database.unlink(missing_ok=True)
    variables = {"ROWS": str(database), "GIVEN": given, "CRON_SECRET": "s3cret"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, how],
        cwd=root,
        env={"PATH": "", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    kept: list[list[int]] = json.loads(done.stdout)
    return kept


@pytest.mark.parametrize(("given", "kept"), [("1 2", [[1], [2]]), ("1 2 none", [])])
def test_the_same_rows_are_kept(tmp_path: Path, given: str, kept: list[list[int]]) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert rows(tmp_path, "view", given) == kept
    route, entry = Location("site_app/urls.py", 6), Entry("/api/cron/x/", "0 6 * * *")
    view = convert_view(SourceTree(tmp_path), route, entry)
    (tmp_path / view.file).write_text(view.converted.text)
    (tmp_path / "site_app/urls.py").write_text(view.urls)
    assert rows(tmp_path, "function", given) == kept
