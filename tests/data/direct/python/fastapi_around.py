import logging
import time

from callers import cron_only
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from upstream import ask

logger = logging.getLogger(__name__)
api = FastAPI()
router = APIRouter(prefix="/api/cron", tags=["cron"])


@api.middleware("http")
async def timed(request: Request, call_next):
    start = time.perf_counter()
    response = await call_next(request)
    response.headers["X-Time"] = str(round(time.perf_counter() - start, 3))
    return response


@api.exception_handler(Exception)
async def faulty(request: Request, error: Exception):
    logger.error("failed")
    return JSONResponse(status_code=500, content={"detail": "failed"})


@api.exception_handler(RequestValidationError)
async def invalid(request: Request, error: RequestValidationError):
    return JSONResponse(status_code=422, content={"detail": "invalid"})


@router.post("/x", dependencies=[Depends(cron_only)])
@router.get("/x", dependencies=[Depends(cron_only)])
def sweep():
    rows = ask("rows")["rows"]
    if not rows:
        raise HTTPException(status_code=404, detail="no rows")
    ask("store", rows)
    return {"swept": len(rows)}


api.include_router(router)
app = api
