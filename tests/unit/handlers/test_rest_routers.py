"""Django's urls as they are written in practice: lists that are put together, routers of REST framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Plan

FILES = {
    "vercel.json": '{"crons": [{"path": "/api/jobs/nightly/", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
    "requirements.txt": "django\ndjangorestframework\n",
    "api/index.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
    "site/settings.py": 'ROOT_URLCONF = "site.urls"\nMIDDLEWARE = []\n',
}
VIEWS = """import os
from acme import mail
from rest_framework import permissions, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response


class HasKey(permissions.BasePermission):
    def has_permission(self, request, view):
        return request.headers.get("Authorization") == "Bearer " + os.environ["CRON_SECRET"]


class Counting(viewsets.GenericViewSet):
    @action(detail=False)
    def count(self, request): ...


class Jobs(Counting):
    permission_classes = [permissions.IsAuthenticated]

    def list(self, request): ...

    @action(detail=False, methods=["get"]{permissions})
    def nightly(self, request):
        try:
            self._send()
        except Exception as error:
            print(error)
        return Response({{}})

    @action(detail=True, methods=["post"], url_path="again")
    def repeat(self, request, pk): ...

    def _send(self):
        mail.send_all()


class Pages(viewsets.ReadOnlyModelViewSet): ...
"""
HEAD = "from django.urls import include, path, re_path\nfrom rest_framework.routers import DefaultRouter\nfrom jobs import views\n"
ROUTER = f"{HEAD}router = DefaultRouter()\nrouter.register(r'jobs', views.Jobs, basename='jobs')\nrouter.register('pages', views.Pages)\n"


def verdict(root: Path, urls: str, path: str, **others: str) -> Verdict:
    files = {**FILES, "site/urls.py": urls, "jobs/views.py": VIEWS.format(permissions=""), **others}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    document = {"rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}
    return Resolver(root, document).resolve(path).verdict


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/jobs/", Verdict.ANSWERED),
        ("/api/jobs/nightly/", Verdict.ANSWERED),
        ("/api/jobs/count/", Verdict.ANSWERED),  # of the class it is based on
        ("/api/pages/3/", Verdict.ANSWERED),
        ("/api/jobs/7/again/", Verdict.WRONG_METHOD),
        ("/api/jobs/nightly", Verdict.REDIRECTED),
        ("/api/jobs/nothing/here/", Verdict.DEAD),
        ("/api/others/", Verdict.DEAD),
    ],
)
def test_a_router_makes_routes_of_actions(tmp_path: Path, path: str, expected: Verdict) -> None:
    urls = f"{ROUTER}urlpatterns = [path('api/', include(router.urls))]\n"
    assert verdict(tmp_path, urls, path) is expected


@pytest.mark.parametrize(
    "urls",
    [
        f"{ROUTER}urlpatterns = router.urls\n",
        f"{HEAD}urlpatterns = [path('', include([path('jobs/', views.Jobs.as_view({{'get': 'list'}}))]))]\n",
        f"{HEAD}more = [path('jobs/', views.Jobs.as_view({{'get': 'list'}}))]\nurlpatterns = []\nurlpatterns += more\n",
        f"{HEAD}urlpatterns = [path('x', views.x)]\nif True:\n    urlpatterns = [path('jobs/', views.y)] + urlpatterns\n",
        f"{HEAD}urlpatterns = [re_path(r'^jobs/$', views.y)]\n",
        f"{HEAD}urlpatterns = []\nurlpatterns.append(path('jobs/', views.y))\n",
    ],
)
def test_lists_of_patterns_are_put_together(tmp_path: Path, urls: str) -> None:
    assert verdict(tmp_path, urls, "/jobs/") is Verdict.ANSWERED
    assert verdict(tmp_path, urls, "/job/") is Verdict.DEAD


@pytest.mark.parametrize(
    ("urls", "others"),
    [
        (f"{HEAD}urlpatterns = [path('a', views.a), *made_elsewhere()]\n", {}),
        (f"{ROUTER}router.registry.extend(views.more)\nurlpatterns = router.urls\n", {}),
        (
            f"{HEAD}from acme import Foreign\nrouter = DefaultRouter()\nrouter.register('run', Foreign)\nurlpatterns = router.urls\n",
            {},
        ),
        (
            f"{HEAD}urlpatterns = [path('', include('jobs.urls')), path('a', views.a)]\n",
            {"jobs/urls.py": "urlpatterns = [\n"},
        ),
        (f"{HEAD}urlpatterns = [path('a', views.a)]\n", {"site/settings.py": "ROOT_URLCONF = (\n"}),
    ],
)
def test_what_is_not_read_makes_no_path_dead(
    tmp_path: Path, urls: str, others: dict[str, str]
) -> None:
    assert verdict(tmp_path, urls, "/run/", **others) is Verdict.UNKNOWN


def test_settings_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    urls = f"{HEAD}urlpatterns = [path('run/', views.a)]\n"
    settings = {"site/settings.py": '\ufeffROOT_URLCONF = "site.urls"\n', "a/urls.py": ""}
    assert verdict(tmp_path, urls, "/run/", **settings) is Verdict.ANSWERED


@pytest.mark.parametrize(
    ("permissions", "auth"),
    [
        ("", "wrong-credential"),
        (", permission_classes=[permissions.AllowAny]", "none"),
        (", permission_classes=[HasKey]", "cron-secret"),
    ],
)
def test_an_action_is_asked_for_by_its_own_permissions(
    audited: Callable[..., Plan], permissions: str, auth: str
) -> None:
    urls = f"{ROUTER}urlpatterns = [path('api/', include(router.urls))]\n"
    views = VIEWS.format(permissions=permissions)
    plan = audited({**FILES, "site/urls.py": urls, "jobs/views.py": views})
    (job,) = plan.jobs
    assert job.handler is not None
    assert job.handler.auth == auth
    codes = {finding.code for finding in plan.findings}
    assert ("CS204" in codes) is (auth != "wrong-credential")  # what it does is followed
