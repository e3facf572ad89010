"""Settings of Django around a view: what they change of its work stays, or holds the job back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Location
from cronshift.targets.direct import Entry, Kept
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.django import View, convert_view
from cronshift.targets.direct.python.django_settings import missed_middleware

if TYPE_CHECKING:
    from pathlib import Path

URLS = """from django.urls import path

from . import views

urlpatterns = [
    path("api/cron/x/", views.x),
]
"""
VIEWS = """from django.conf import settings
from django.http import JsonResponse


def x(request):
    if request.headers.get("Authorization") != f"Bearer {getattr(settings, 'CRON_SECRET', '')}":
        return JsonResponse({"error": "no"}, status=401)
    return JsonResponse({"ok": True})
"""
FAILING = VIEWS.replace(
    '    return JsonResponse({"ok": True})',
    '    if not rows():\n        return JsonResponse({"error": "none"}, status=500)\n    return JsonResponse({"ok": True})',
)
ATOMIC = 'DATABASES = {"default": {"ENGINE": "sqlite"}}\nDATABASES["default"]["ATOMIC_REQUESTS"] = True\n'
MIDDLEWARE = (
    'MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "site_app.around.Around"]\n'
)
CLASS = """class Around:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        {}
"""


def outcome(
    root: Path, settings: str, around: str = "", views: str = VIEWS, *, mounted: bool = True
) -> View | Kept:
    (root / "site_app").mkdir()
    files = {"urls": URLS, "views": views, "settings": settings, "around": around, "__init__": ""}
    for name, text in files.items():
        (root / f"site_app/{name}.py").write_text(text)
    entry, route = Entry("/api/cron/x/", "0 6 * * *"), Location("site_app/urls.py", 6)
    tree = SourceTree(root)
    missed = missed_middleware(tree, entry.path, is_mounted=mounted)
    return missed if missed is not None else convert_view(tree, route, entry)


def test_work_stays_the_transaction_that_its_request_was(tmp_path: Path) -> None:
    view = outcome(tmp_path, ATOMIC)
    assert isinstance(view, View)
    assert view.converted.text == (
        "from django.db import transaction\n\n\n"
        "@transaction.atomic\n"
        'def x():\n    return {"ok": True}\n'
    )


def test_an_answer_that_kept_what_an_error_would_undo_holds_a_view_back(tmp_path: Path) -> None:
    with pytest.raises(NotCertainError, match="behind which the transaction of its request"):
        outcome(tmp_path, ATOMIC, views=FAILING)


def test_a_view_that_is_left_out_has_no_transaction(tmp_path: Path) -> None:
    views = FAILING.replace("def x", "@transaction.non_atomic_requests\ndef x")
    view = outcome(tmp_path, ATOMIC, views=f"from django.db import transaction\n{views}")
    assert isinstance(view, View)
    assert "transaction" not in view.converted.text


@pytest.mark.parametrize(
    "body",
    [
        "return self.get_response(request)",
        "if not request.is_secure():\n            return HttpResponsePermanentRedirect('/')\n        return self.get_response(request)",
        "request.ip = ip_of(request)\n        return self.get_response(request)",
    ],
)
def test_middleware_that_only_lets_by_is_no_reason(tmp_path: Path, body: str) -> None:
    assert isinstance(outcome(tmp_path, MIDDLEWARE, CLASS.format(body)), View)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            "timezone.activate('Europe/Rome')\n        return self.get_response(request)",
            "site_app/around.py:6: calls timezone.activate around every request",
        ),
        (
            "with schema(request):\n            return self.get_response(request)",
            "site_app/around.py:6: answers every request inside of schema(request)",
        ),
        ("return JsonResponse({})", "site_app/around.py:6: answers in the place of its routes"),
        (
            "return self.get_response(request)\n\n    def process_exception(self, request, error):\n        pass",
            "site_app/around.py:8: has process_exception",
        ),
    ],
)
def test_middleware_that_changes_more_holds_a_view_back(
    tmp_path: Path, body: str, why: str
) -> None:
    assert str(outcome(tmp_path, MIDDLEWARE, CLASS.format(body))) == why


def test_a_worker_has_no_middleware_around_it(tmp_path: Path) -> None:
    around = CLASS.format("request.ip = ip_of(request)\n        return self.get_response(request)")
    kept = outcome(tmp_path, MIDDLEWARE, around, mounted=False)
    assert str(kept) == "site_app/around.py:5: does something of its own around requests"


def test_middleware_of_a_package_that_is_not_known_holds_a_view_back(tmp_path: Path) -> None:
    kept = outcome(tmp_path, MIDDLEWARE.replace("site_app.around", "tenants.main"))
    assert str(kept) == "site_app/settings.py:1: runs tenants.main.Around around every request"
