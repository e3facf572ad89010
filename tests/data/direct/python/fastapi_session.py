"""A route with a session, which a generator opens and closes."""

import os
from typing import Annotated

import upstream
from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import JSONResponse

app = FastAPI()


class Session:
    """What is asked in it is sent when it is committed."""

    def __init__(self) -> None:
        self.pending: list[int] = []

    def rows(self) -> list[dict[str, object]]:
        return upstream.ask("rows")["rows"]

    def add(self, row: int) -> None:
        self.pending.append(row)

    def commit(self) -> None:
        for row in self.pending:
            upstream.ask(f"items/{row}")
        self.pending = []

    def close(self) -> None:
        if self.pending:
            upstream.ask("store")


class Service:
    def __init__(self, session: Session) -> None:
        self.session = session

    def sweep(self) -> int:
        rows = self.session.rows()
        for row in rows:
            self.session.add(row["id"])
        return len(rows)


def get_session():
    session = Session()
    try:
        yield session
    finally:
        session.close()


def get_service(session: Annotated[Session, Depends(get_session)]) -> Service:
    return Service(session)


def signed(authorization: str | None = None) -> None:
    if authorization and authorization != f"Bearer {os.environ['CRON_SECRET']}":
        raise HTTPException(401)


SessionDep = Annotated[Session, Depends(get_session)]


@app.get("/api/cron/x")
def x(
    session: SessionDep,
    service: Service = Depends(get_service),
    again: Session = Depends(get_session),
    _: None = Depends(signed),
):
    """Sweep.

    Rows are swept
      together.
    """
    # one after the other
    swept = service.sweep()
    if swept == 2:
        return JSONResponse({"error": "two"}, status_code=500)
    if not swept:
        raise HTTPException(status_code=404, detail="nothing to sweep")
    again.commit()
    return {
        "same": again is session,
        "swept": swept,
        "text": """of
several lines""",
    }
