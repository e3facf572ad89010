"""What handlers in Python do: each rule where it must speak, and where it must not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cronshift.plan.planning import make_plan
from cronshift.project import load_project

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """import asyncio, contextlib, hmac, os, threading
from acme import rows
from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException

app = FastAPI()

async def work():
    await rows.purge()

def check(authorization: str = Header("")) -> None:
    secret = os.environ["CRON_SECRET"]
    if not hmac.compare_digest(authorization, f"Bearer {secret}"):
        raise HTTPException(401)

"""


def route(body: str, given: str = "", *, auth: str = ", dependencies=[Depends(check)]") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f'{HEAD}@app.get("/api/x"{auth})\nasync def x({given}):\n{lines}\n'


SECRET = "secret = os.environ.get('CRON_SECRET')\n"
REFUSE = "    raise HTTPException(401)\n"
CASES: dict[str, tuple[str, set[str]]] = {
    "awaited": (route("await work()\nreturn {}"), set()),
    "gathered": (route("await asyncio.gather(work(), work())\nreturn {}"), set()),
    "task awaited later": (
        route("task = asyncio.create_task(work())\nawait task\nreturn {}"),
        set(),
    ),
    "task": (route("asyncio.create_task(work())\nreturn {}"), {"CS201"}),
    "coroutine never awaited": (route("work()\nreturn {}"), {"CS201"}),
    "thread": (route("threading.Thread(target=work).start()\nreturn {}"), {"CS201"}),
    "thread in a variable": (
        route("t = threading.Thread(target=work)\nt.start()\nreturn {}"),
        {"CS201"},
    ),
    "thread joined": (
        route("t = threading.Thread(target=work)\nt.start()\nt.join()\nreturn {}"),
        {"CS204"},
    ),
    "background task": (
        route("tasks.add_task(work)\nreturn {}", "tasks: BackgroundTasks"),
        {"CS203"},
    ),
    "side work": (
        route("await work()\nasyncio.create_task(send_metrics())\nreturn {}"),
        {"CS202"},
    ),
    "swallowed": (
        route("try:\n    await work()\nexcept Exception as error:\n    print(error)\nreturn {}"),
        {"CS204"},
    ),
    "suppressed": (
        route("with contextlib.suppress(Exception):\n    await work()\nreturn {}"),
        {"CS204"},
    ),
    "suppressed narrowly": (
        route("with contextlib.suppress(KeyError):\n    await work()\nreturn {}"),
        set(),
    ),
    "a status in a tuple, as Flask takes it and FastAPI does not": (
        route(
            "try:\n    await work()\nexcept Exception as error:\n    return {'error': str(error)}, 500\nreturn {}"
        ),
        {"CS205"},
    ),
    "raised on": (
        route("try:\n    await work()\nexcept Exception:\n    print(1)\n    raise\nreturn {}"),
        set(),
    ),
    "narrow": (
        route("try:\n    await work()\nexcept KeyError:\n    pass\nreturn {}"),
        set(),
    ),
    "answered with 500": (
        route(
            "try:\n    await work()\nexcept Exception as e:\n    raise HTTPException(500) from e\nreturn {}"
        ),
        set(),
    ),
    "soft failure": (
        route("ok = await work()\nif not ok:\n    return {'success': False}\nreturn {}"),
        {"CS205"},
    ),
    "nobody is checked": (route("await work()\nreturn {}", auth=""), {"CS206"}),
    "fail open": (
        route(
            f"{SECRET}if secret and authorization != f'Bearer {{secret}}':\n{REFUSE}await work()\nreturn {{}}",
            "authorization: str = Header('')",
            auth="",
        ),
        {"CS207"},
    ),
    "bearer undefined": (
        route(
            f"{SECRET}if authorization != f'Bearer {{secret}}':\n{REFUSE}await work()\nreturn {{}}",
            "authorization: str = Header('')",
            auth="",
        ),
        {"CS208"},
    ),
    "fail closed": (
        route(
            f"{SECRET}if not secret or authorization != f'Bearer {{secret}}':\n{REFUSE}await work()\nreturn {{}}",
            "authorization: str = Header('')",
            auth="",
        ),
        set(),
    ),
    "spoofable": (
        route(
            "if not request.headers.get('x-vercel-cron'):\n" + REFUSE + "await work()\nreturn {}",
            "request",
            auth="",
        ),
        {"CS209", "CS541"},
    ),
    "streams": (route("await work()\nreturn StreamingResponse(rows())"), {"CS212"}),
    "reads the schedule": (
        route("await work()\nreturn {}", "x_vercel_cron_schedule: str = Header('')"),
        {"CS214"},
    ),
    "kept by a class till it is asked for": (
        route(
            "if not Store.made():\n    return {}\ntry:\n    await work()\nexcept Exception:\n    pass\nreturn {}"
        )
        + "\nclass Store:\n    client = None\n    @classmethod\n    def made(cls):\n        if cls.client is None:\n            cls.client = object()\n        return cls.client\n",
        {"CS204"},
    ),
    "runs when loaded": (route("await work()\nreturn {}") + "\nasyncio.run(work())\n", {"CS213"}),
    "runs as a script": (
        route("await work()\nreturn {}")
        + "\nif __name__ == '__main__':\n    asyncio.run(work())\n",
        set(),
    ),
    "post only": (
        route("await work()\nreturn {}").replace("@app.get", "@app.post"),
        {"CS302"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_exactly_what_is_wrong_is_told(tmp_path: Path, name: str) -> None:
    source, expected = CASES[name]
    crons = [{"path": "/api/x", "schedule": "0 3 * * *"}]
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}))
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "main.py").write_text(source)
    assert {finding.code for finding in make_plan(load_project(tmp_path)).findings} == expected


def test_a_comparison_in_constant_time_is_told(tmp_path: Path) -> None:
    body = (
        f"{SECRET}if not secret or not hmac.compare_digest(authorization, f'Bearer {{secret}}'):\n"
        f"{REFUSE}await work()\nreturn {{}}"
    )
    crons = [{"path": "/api/x", "schedule": "0 3 * * *"}]
    (tmp_path / "vercel.json").write_text(json.dumps({"crons": crons}))
    (tmp_path / "requirements.txt").write_text("fastapi\n")
    (tmp_path / "main.py").write_text(route(body, "authorization: str = Header('')", auth=""))
    (job,) = make_plan(load_project(tmp_path)).jobs
    assert job.handler
    assert job.handler.auth == "cron-secret-constant-time"


@pytest.mark.parametrize(
    "declared",
    ["app.route('/api/x')", "app.get('/api/x')", "blueprint.route('/x')"],
)
def test_a_decorator_of_flask_is_no_work_that_a_handler_does(tmp_path: Path, declared: str) -> None:
    source = f"""import threading
from flask import Blueprint, Flask, jsonify
from work import sync

app = Flask(__name__)
blueprint = Blueprint("api", __name__, url_prefix="/api")


@{declared}
def x():
    threading.Thread(target=sync).start()
    return jsonify(ok=True)


app.register_blueprint(blueprint)
"""
    crons = {"crons": [{"path": "/api/x", "schedule": "0 3 * * *"}]}
    files = {
        "vercel.json": json.dumps(crons),
        "requirements.txt": "flask\n",
        "api/index.py": source,
        "work.py": "import requests\n\n\ndef sync():\n    requests.post('https://x.dev').raise_for_status()\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    codes = {finding.code for finding in make_plan(load_project(tmp_path)).findings}
    assert "CS201" in codes
    assert "CS202" not in codes
