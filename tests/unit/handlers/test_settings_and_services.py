"""What frameworks put into a handler from elsewhere: Django's settings, Nest's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cronshift.model import Finding, Plan

HEAD = """import hmac
from acme import mail
from django.conf import settings
from django.http import JsonResponse
from rest_framework import status, views
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.response import Response


class HasSecret(BasePermission):
    def has_permission(self, request, view):
        if not settings.CRON_SECRET:
            return False
        header = request.headers.get("Authorization", "")
        if not header.startswith("Bearer "):
            return False
        return hmac.compare_digest(header[len("Bearer "):], settings.CRON_SECRET)


"""
SETTINGS = 'import os\nROOT_URLCONF = "site.urls"\nMIDDLEWARE = []\nCRON_SECRET = os.environ.get("CRON_SECRET", "")\n'
SIGNED_IN = 'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}\n'
OWN = 'REST_FRAMEWORK = {"DEFAULT_PERMISSION_CLASSES": ["site.views.HasSecret"]}\n'
CLASS = """class Run(views.APIView):
    {}

    def get(self, request):
        return self._run()

    def _run(self):
        mail.send_all()
        return Response({{"ok": True}}, status=status.HTTP_200_OK)


run = Run.as_view()
"""
CHECKED = """def run(request):
    if request.headers.get("Authorization") != f"Bearer {{{}}}":
        return JsonResponse({{}}, status=401)
    mail.send_all()
    return JsonResponse({{"ok": True}})
"""


def django(view: str, settings: str = SETTINGS) -> dict[str, str]:
    return {
        "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
        "requirements.txt": "django\ndjangorestframework\n",
        "api/index.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
        "site/settings.py": settings,
        "site/urls.py": 'from django.urls import path\nfrom site.views import run\n\nurlpatterns = [path("api/cron/x", run)]\n',
        "site/views.py": HEAD + view,
    }


@pytest.mark.parametrize(
    ("view", "settings", "auth"),
    [
        # a permission of the project that reads the settings
        (CLASS.format("permission_classes = [HasSecret]"), SETTINGS, "cron-secret-constant-time"),
        (CLASS.format("permission_classes = [AllowAny]"), SETTINGS, "none"),
        # the permissions of the settings hold where the view has none of its own
        (CLASS.format("name = 'run'"), SETTINGS, "none"),
        (CLASS.format("name = 'run'"), SETTINGS + OWN, "cron-secret-constant-time"),
        (CLASS.format("name = 'run'"), SETTINGS + SIGNED_IN, "wrong-credential"),
        (CLASS.format("permission_classes = [AllowAny]"), SETTINGS + SIGNED_IN, "none"),
        ('@api_view(["GET"])\ndef run(request):\n    mail.send_all()\n    return Response({})\n', SETTINGS + SIGNED_IN, "wrong-credential"),
        ('@api_view(["GET"])\n@permission_classes([HasSecret])\ndef run(request):\n    mail.send_all()\n    return Response({})\n', SETTINGS + SIGNED_IN, "cron-secret-constant-time"),
        ("def run(request):\n    mail.send_all()\n    return JsonResponse({})\n", SETTINGS + SIGNED_IN, "none"),
        # the settings themselves
        (CHECKED.format("settings.CRON_SECRET"), SETTINGS, "cron-secret"),
        (CHECKED.format("settings.CRON_SECRET"), SETTINGS.replace(', ""', ""), "bearer-undefined"),
        (CHECKED.format("getattr(settings, 'CRON_SECRET', None)"), SETTINGS, "cron-secret"),
        (CHECKED.format("settings.CRON_SECRET"), SETTINGS.replace("os.environ.get", "environ.Env()").replace("import os", "import environ"), "cron-secret"),
        (CHECKED.format("settings.OF_ANOTHER_PACKAGE"), SETTINGS, None),
    ],
)  # fmt: skip
def test_the_settings_of_django_tell_who_may_call(
    audited: Callable[..., Plan], view: str, settings: str, auth: str | None
) -> None:
    [job] = audited(django(view, settings)).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


def test_a_status_is_known_by_its_name(told: Callable[..., list[Finding]]) -> None:
    body = CLASS.format("permission_classes = [HasSecret]").replace("mail.send_all()", "try:\n            mail.send_all()\n        except Exception:\n            return Response({}, status=status.{})")  # fmt: skip
    swallowed = django(body.replace("{}, status=status.{}", "{}, status=status.HTTP_202_ACCEPTED"))
    thrown = django(body.replace("{}, status=status.{}", "{}, status=status.HTTP_502_BAD_GATEWAY"))
    assert {finding.code for finding in told(swallowed)} == {"CS205"}
    assert told(thrown) == []


MAIN = "import { NestFactory } from '@nestjs/core';\nimport { AppModule } from './app.module';\nasync function bootstrap() { const app = await NestFactory.create(AppModule); await app.listen(3000); }\nbootstrap();\n"
MODULE = "import { Module } from '@nestjs/common';\nimport { CronController } from './cron.controller';\n@Module({ controllers: [CronController] })\nexport class AppModule {}\n"
CONTROLLER = """import { Controller, Get, Headers, UnauthorizedException } from '@nestjs/common';
import { Jobs } from './jobs.service';

@Controller('api/cron')
export class CronController {
  constructor(private readonly jobs: Jobs, private readonly config: ConfigService) {}

  @Get('x')
  async run(@Headers('authorization') authorization: string) {
    const secret = this.config.get('CRON_SECRET');
    if (!secret || authorization !== `Bearer ${secret}`) throw new UnauthorizedException();
    return await this.jobs.runAll();
  }
}
"""
MAILS = "import { Injectable } from '@nestjs/common';\nimport { client } from '@acme/mail';\n@Injectable()\nexport class Mails { async send(row) { await client.sendMail(row); } }\n"
JOBS = """import {{ Injectable }} from '@nestjs/common';
import {{ Mails }} from './mails.service';
import {{ Rows }} from './rows';

@Injectable()
export class Jobs extends Rows {{
  {}

  async runAll() {{
    for (const row of await this.due()) {{
      {}
    }}
    return {{ ok: true }};
  }}
}}
"""
ROWS = "import { store } from '@acme/store';\nexport class Rows { async due() { return await store.list(); } }\n"
INJECTED = "constructor(private readonly mails: Mails) { super(); }"
TRYING = "try { await this.mails.send(row); } catch (error) { console.error(error); }"


@pytest.mark.parametrize(
    ("made", "turn", "codes"),
    [
        (INJECTED, TRYING, {"CS204"}),
        (INJECTED, "await this.mails.send(row);", set()),
        # what is injected by a name that is no class of the project is not followed
        ("constructor(@Inject('MAILS') private readonly mails: MailPort) { super(); }", "await this.mails.send(row);", set()),
    ],
)  # fmt: skip
def test_an_injected_service_of_nest_is_followed(
    told: Callable[..., list[Finding]], made: str, turn: str, codes: set[str]
) -> None:
    files = {
        "package.json": '{"dependencies": {"@nestjs/core": "11", "@nestjs/common": "11"}}',
        "vercel.json": '{"crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}], "builds": [{"src": "src/main.ts", "use": "@vercel/node"}], "routes": [{"src": "/(.*)", "dest": "src/main.ts"}]}',
        "src/main.ts": MAIN,
        "src/app.module.ts": MODULE,
        "src/cron.controller.ts": CONTROLLER,
        "src/jobs.service.ts": JOBS.format(made, turn),
        "src/mails.service.ts": MAILS,
        "src/rows.ts": ROWS,
    }
    assert {finding.code for finding in told(files)} == codes
