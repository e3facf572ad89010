"""Actions of viewsets that a router makes routes of: one alone becomes work, the others stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers.tree import SourceTree
from cronshift.model import Location
from cronshift.targets.direct import Entry
from cronshift.targets.direct.conversion import NotCertainError
from cronshift.targets.direct.python.django import View, convert_view

if TYPE_CHECKING:
    from pathlib import Path

URLS = """from django.urls import include, path
from rest_framework.routers import DefaultRouter

from . import views

router = DefaultRouter()
router.register("jobs", views.JobViewSet, basename="jobs")
router.register("pages", views.PageViewSet, basename="pages")
urlpatterns = [path("api/", include(router.urls))]
"""
VIEWS = """from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.response import Response

from . import mail


class Signed(BasePermission):
    def has_permission(self, request, view):
        return request.headers.get("Authorization") == "Bearer x"


class PageViewSet(viewsets.ViewSet):
    def list(self, request):
        return Response([])


class JobViewSet(viewsets.ViewSet):
    \"""Jobs.\"""

OTHERS    @action(detail=False, methods=["get"], permission_classes=[Signed])
    def nightly(self, request):
        return Response({"sent": self._send()})

    def _send(self):
        return mail.send_all()
"""
LISTED = """    def list(self, request):
        return Response([])

"""


def converted(root: Path, others: str) -> View:
    files = {"urls.py": URLS, "views.py": VIEWS.replace("OTHERS", others), "__init__.py": ""}
    (root / "site_app").mkdir()
    for name, text in files.items():
        (root / "site_app" / name).write_text(text)
    route, entry = Location("site_app/urls.py", 7), Entry("/api/jobs/nightly/", "0 6 * * *")
    return convert_view(SourceTree(root), route, entry)


def test_a_class_with_one_action_goes_with_its_registration(tmp_path: Path) -> None:
    view = converted(tmp_path, "")
    assert "jobs" not in view.urls
    assert "JobViewSet" not in view.converted.text
    assert "Signed" not in view.converted.text
    assert '\n\ndef job():\n    """Jobs."""\n    return {"sent": _send()}\n' in view.converted.text
    assert view.converted.encoder == "rest_framework"


def test_other_actions_stay_where_they_are(tmp_path: Path) -> None:
    view = converted(tmp_path, LISTED)
    assert view.urls == URLS
    text = view.converted.text
    assert (
        'class JobViewSet(viewsets.ViewSet):\n    """Jobs."""\n\n    def list(self, request):\n'
        in text
    )
    assert text.endswith(
        '\n\ndef job_nightly():\n    return {"sent": _send()}\n\n\n'
        "def _send():\n    return mail.send_all()\n"
    )
    assert view.converted.function == "job_nightly"


def test_a_method_that_others_call_too_holds_an_action_back(tmp_path: Path) -> None:
    others = LISTED.replace("Response([])", "Response(self._send())")
    with pytest.raises(NotCertainError, match="shares _send with other actions of its class"):
        converted(tmp_path, others)
