"""Configurations made to be read without end: values of themselves, sums of sums, lists of lists.

Without their bounds the readers would go on for hours: that a test ends is what it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver
from cronshift.handlers.stand_ins import stand_in_of_path
from cronshift.handlers.verdict import Verdict
from cronshift.project.conventions.configurations import matches

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/api/cron/mail"
IMPORT = "import { route } from '@react-router/dev/routes';\n"
DJANGO = {
    "vercel.json": '{"rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]}',
    "requirements.txt": "django\ndjangorestframework\n",
    "api/index.py": "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n",
    "site/settings.py": 'ROOT_URLCONF = "site.urls"\n',
}


def doubled(form: str) -> str:
    return "".join(f"const a{at} = {form.replace('A', f'a{at - 1}')};\n" for at in range(1, 45))


def verdict(root: Path, files: dict[str, str]) -> Verdict:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Resolver(root, {}).resolve(PATH).verdict


@pytest.mark.parametrize(
    "config",
    [
        "const base = base + 'x';\nBASE(base)",
        "const live = !live;\nBASE(live ? '/a' : '/b')",
        f"const a0 = '/x';\n{doubled('A + A')}BASE(a44)",
        f"const a0 = process.env.X;\n{doubled('A && A')}BASE(a44 ? '/a' : '/b')",
        f"const a0 = ['x'];\n{doubled('[A, A]')}BASE(a44)",
        f"const a0 = ['x'];\n{doubled('[...A, ...A, ...A]')}BASE(a44)",
        f"const a0 = {{}};\n{doubled('{ ...A, ...A, ...A }')}BASE(a44)",
        f"const a0 = 'x';\n{doubled('`${A}${A}${A}`')}BASE(a44)",
        f"BASE({'!' * 5000}live ? '/a' : '/b')",
        f"BASE({'1 + ' * 5000}2)",
        f"BASE({'2 * ' * 5000}2)",
        f"BASE({'process.env.VERCEL ? ' * 3000}'/a'{' : 0' * 3000})",
    ],
)
def test_what_every_path_begins_with(tmp_path: Path, config: str) -> None:
    before, _, base = config.partition("BASE(")
    text = f"{before}module.exports = {{ basePath: {base[:-1]} }};\n"
    files = {"package.json": '{"dependencies": {"next": "15.0.0"}}', "next.config.js": text}
    assert verdict(tmp_path, files) in {Verdict.UNKNOWN, Verdict.DEAD}


def test_a_rule_behind_a_thousand_conditions(tmp_path: Path) -> None:
    rule = "rules.push({ source: '/x/:p*', destination: '/y' });\n"
    rules = f"if (process.env.OFF) return [];\n{rule}" * 1000
    text = f"module.exports = {{ async rewrites() {{ const rules = [];\n{rules}return rules; }} }};"
    files = {"package.json": '{"dependencies": {"next": "15.0.0"}}', "next.config.js": text}
    files["app/api/other/route.ts"] = "export function GET() {}\n"
    assert verdict(tmp_path, files) is Verdict.DEAD


@pytest.mark.parametrize(
    "routes",
    ["const a0 = [...a0, ...a0];\n", "const a0 = [];\n", "const a0 = [route('x', 'x')];\n"],
)
def test_a_list_of_routes_that_repeats_lists(tmp_path: Path, routes: str) -> None:
    text = f"{IMPORT}{routes}{doubled('[A, ...A, ...A, ...A]')}export default a9;\n"
    files = {"package.json": '{"dependencies": {"@react-router/node": "7.0.0"}}'}
    assert verdict(tmp_path, {**files, "app/routes.ts": text}) is Verdict.UNKNOWN


@pytest.mark.parametrize("based", ["A, " * 40, "B, " * 40])
def test_a_class_that_is_based_on_itself(tmp_path: Path, based: str) -> None:
    views = f"class B({'A, ' * 40}): ...\nclass A({based}): ...\n"
    urls = "from rest_framework.routers import DefaultRouter\nfrom site.views import A\n"
    urls += "router = DefaultRouter()\nrouter.register('api', A)\nurlpatterns = router.urls\n"
    files = {**DJANGO, "site/urls.py": urls, "site/views.py": views}
    assert verdict(tmp_path, files) is not Verdict.DEAD


def test_lists_of_urls_that_are_added_a_thousand_times(tmp_path: Path) -> None:
    urls = "from django.urls import path\nfrom site.views import mail\n"
    urls += f"urlpatterns = {'[] + ' * 1500}[path('api/cron/mail', mail)]\n"
    files = {**DJANGO, "site/urls.py": urls, "site/views.py": "def mail(request): ...\n"}
    assert verdict(tmp_path, files) is not Verdict.DEAD


def test_lists_of_urls_that_include_each_other(tmp_path: Path) -> None:
    lists = "from django.urls import include, path\na0 = []\n"
    for at in range(1, 12):
        part = f"path('', include(a{at - 1})), "
        lists += f"a{at} = [{part * 20}]\n"
    itself = "a12 = [path('', include(a12))]\n"
    urls = f"{lists}{itself}urlpatterns = a11 + a12\n"
    assert verdict(tmp_path, {**DJANGO, "site/urls.py": urls}) is Verdict.UNKNOWN


def test_a_module_with_an_expression_of_thousands(tmp_path: Path) -> None:
    app = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/api/cron/mail')\n"
    app += f"def mail():\n    return {'1 + ' * 1500}1\n"
    files = {**DJANGO, "requirements.txt": "fastapi\n", "api/index.py": app}
    assert verdict(tmp_path, files) is Verdict.ANSWERED


def test_a_glob_of_nothing_but_stars() -> None:
    assert not matches("*" * 60 + "z", "src/app/api/inngest/functions.ts")
    assert matches("**/*.ts", "src/app/api/inngest/functions.ts")


@pytest.mark.parametrize("value", ["${" * 200_000, "SECRET" * 50_000 + "!"])
def test_a_path_of_beginnings_of_stand_ins(value: str) -> None:
    assert stand_in_of_path(f"/api/mail?key={value}") is None
