"""A route that a call registers, behind its function."""

import upstream
from fastapi import APIRouter, FastAPI


async def x(limit: int = 2):
    rows = upstream.ask("rows")["rows"]
    return {"rows": rows[:limit]}


router = APIRouter()
router.add_api_route("/x", x, methods=["GET"])
app = FastAPI()
app.include_router(router, prefix="/api/cron")
