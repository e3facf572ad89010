import os

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from upstream import ask

app = FastAPI()


def is_cron(request: Request) -> bool:
    expected = os.getenv("CRON_SECRET")
    return bool(expected) and request.headers.get("authorization") == f"Bearer {expected}"


@app.get("/api/cron/x")
async def report(request: Request):
    if not is_cron(request):
        return JSONResponse({"error": "no"}, status_code=401)
    day = request.query_params.get("day", "today")
    zone = request.query_params.get("zone") or "UTC"
    made = ask(f"reports/{day}")
    if made is None:
        return JSONResponse({"error": "no report"}, status_code=404)
    return JSONResponse({"day": day, "zone": zone, "made": made}, status_code=201)
