"""What stands around a view of Django: the methods that it takes, a sign-in, permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

HEAD = """from acme import mail
from django.contrib.auth.decorators import login_required, user_passes_test
from django.http import JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, BasePermission, IsAuthenticated
from rest_framework.views import APIView
import os


class HasKey(BasePermission):
    def has_permission(self, request, view):
        return request.headers.get("Authorization") == "Bearer " + os.environ["CRON_SECRET"]


"""
VIEW = """def run(request):
    mail.send_all()
    return JsonResponse({"ok": True})
"""
CLASS = """class Run(APIView):
    permission_classes = [{}]

    def get(self, request):
        mail.send_all()
        return JsonResponse({"ok": True})


run = Run.as_view()
"""


def django(view: str, route: str = "run") -> dict[str, str]:
    return {
        "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
        "requirements.txt": "django\ndjangorestframework\n",
        "api/index.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
        "site/settings.py": 'ROOT_URLCONF = "site.urls"\nMIDDLEWARE = []\n',
        "site/urls.py": f'from django.urls import path\nfrom site.views import *\nfrom site.views import run, Run\n\nurlpatterns = [path("api/cron/x", {route})]\n',
        "site/views.py": HEAD + view,
    }


@pytest.mark.parametrize(
    ("decorators", "codes"),
    [
        ("@require_POST\n", {"CS302"}),
        ("@csrf_exempt\n@require_POST\n", {"CS302"}),
        ('@require_http_methods(["POST"])\n', {"CS302"}),
        ('@api_view(["POST"])\n', {"CS302"}),
        ("@require_GET\n", {"CS206"}),
        ('@require_http_methods(["GET", "POST"])\n', {"CS206"}),
        ("@api_view()\n", {"CS206"}),
        ('@api_view(["GET"])\n@permission_classes([AllowAny])\n', {"CS206"}),
        ('@api_view(["GET"])\n@permission_classes([IsAuthenticated])\n', {"CS217"}),
        ("@login_required\n", {"CS217"}),
        ('@login_required(login_url="/in")\n', {"CS217"}),
        ("@user_passes_test(lambda user: user.is_staff)\n", {"CS217"}),
        ('@api_view(["GET"])\n@permission_classes([HasKey])\n', set()),
    ],
)
def test_a_decorator_of_a_view(
    audited: Callable[..., Plan], decorators: str, codes: set[str]
) -> None:
    plan = audited(django(decorators + VIEW))
    assert {
        finding.code for finding in plan.findings if finding.code in {"CS302", "CS206", "CS217"}
    } == codes


@pytest.mark.parametrize(
    ("permission", "auth"),
    [("AllowAny", "none"), ("IsAuthenticated", "wrong-credential"), ("HasKey", "cron-secret")],
)
def test_a_permission_of_a_class(audited: Callable[..., Plan], permission: str, auth: str) -> None:
    (job,) = audited(django(CLASS.replace("{}", permission), "Run.as_view()")).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


def test_the_work_of_a_decorated_view_is_read(told: Callable[..., list[Finding]]) -> None:
    view = "@require_GET\ndef run(request):\n    try:\n        mail.send_all()\n    except Exception as error:\n        print(error)\n    return JsonResponse({})\n"
    assert {finding.code for finding in told(django(view))} == {"CS204", "CS206"}
