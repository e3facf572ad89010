"""Express as it is written in CommonJS: wrappers of other files, chains of one path, an app that is exported again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.handlers import Resolver, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cronshift.model import Plan

VERCEL = json.dumps(
    {
        "crons": [{"path": "/api/cron/x", "schedule": "0 3 * * *"}],
        "rewrites": [{"source": "/(.*)", "destination": "/api/index"}],
    }
)
CHECK = "  if (!process.env.CRON_SECRET || req.headers.authorization !== `Bearer ${process.env.CRON_SECRET}`) return res.status(401).json({});\n"
ROUTES = f"""const express = require('express');
const {{ store }} = require('@acme/store');
HEAD
const router = express.Router();
const guard = (req, res, next) => {{
{CHECK}  next();
}};
const run = async (req, res) => {{
  await store.insertAll([1]);
  return res.json({{ ok: true }});
}};
BODY
module.exports = router;
"""
APP = "const express = require('express');\nconst app = express();\napp.use('/api/cron', require('./routes'));\nmodule.exports = app;\n"


def files(routes: str, head: str = "", **others: str) -> dict[str, str]:
    return {
        "vercel.json": VERCEL,
        "package.json": '{"dependencies": {"express": "4.0.0"}}',
        "api/index.js": "module.exports = require('../src/app');\n",
        "src/app.js": APP,
        "src/routes.js": ROUTES.replace("HEAD", head).replace("BODY", routes),
        **others,
    }


WRAPS = {
    "a function": "module.exports = (fn) => (req, res, next) => { Promise.resolve(fn(req, res, next)).catch(next); };\n",
    "a name": "const wrap = (fn) => (req, res, next) => fn(req, res, next).catch(next);\nmodule.exports = wrap;\n",
}
OPEN, CHECKED, MEMBER = "wrap(run)", "guard, wrap(run)", "tools.wrap(run)"


@pytest.mark.parametrize("wrapping", WRAPS)
@pytest.mark.parametrize(("passed", "auth"), [(OPEN, "none"), (CHECKED, "cron-secret")])
def test_a_wrapper_of_another_file_is_followed(
    audited: Callable[..., Plan], wrapping: str, passed: str, auth: str
) -> None:
    head = "const wrap = require('./wrap');"
    project = files(f"router.get('/x', {passed});", head, **{"src/wrap.js": WRAPS[wrapping]})
    (job,) = audited(project).jobs
    assert job.handler is not None
    assert job.handler.auth == auth


def test_a_member_of_what_a_module_is_is_followed(audited: Callable[..., Plan]) -> None:
    tools = "class Tools {\n  wrap(fn) { return (req, res, next) => fn(req, res, next).catch(next); }\n}\nmodule.exports = new Tools();\n"
    head = "const tools = require('./tools');"
    project = files(f"router.get('/x', guard, {MEMBER});", head, **{"src/tools.js": tools})
    (job,) = audited(project).jobs
    assert job.handler is not None
    assert job.handler.auth == "cron-secret"


@pytest.mark.parametrize(
    ("routes", "path", "expected"),
    [
        ("router.route('/x').get(run);", "/api/cron/x", Verdict.ANSWERED),
        ("router.route('/x').post(run).get(guard, run);", "/api/cron/x", Verdict.ANSWERED),
        ("router.route('/x').post(run);", "/api/cron/x", Verdict.WRONG_METHOD),
        ("router.route('/x').get(run);", "/api/cron/y", Verdict.DEAD),
        ("router.get('/x', run);", "/api/cron/x", Verdict.ANSWERED),
    ],
)
def test_a_route_of_a_path_is_read(
    tmp_path: Path, routes: str, path: str, expected: Verdict
) -> None:
    for name, text in files(routes).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert Resolver(tmp_path, json.loads(VERCEL)).resolve(path).verdict is expected


@pytest.mark.parametrize(
    ("routes", "auth"),
    [
        ("router.route('/x').get(run);", "none"),
        ("router.route('/x').get(guard, run);", "cron-secret"),
        ("router.route('/x').get(guard, run).post(run);", "cron-secret"),
        ("router.route('/x').post(guard, run).get(run);", "none"),
    ],
)
def test_what_stands_before_a_handler_of_a_path(
    audited: Callable[..., Plan], routes: str, auth: str
) -> None:
    (job,) = audited(files(routes)).jobs
    assert job.handler is not None
    assert job.handler.auth == auth
