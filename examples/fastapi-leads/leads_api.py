"""Leads over HTTP: every request is one transaction of the application's, and leadflow takes part in it.

Run it: uvicorn leads_api:app   (DATABASE_URL names the database, sqlite:///leads_api.db if it is not set)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import FastAPI, Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, String, Table, create_engine, func, insert, select

import leadflow
from leadflow.errors import InvalidInputError, LeadflowError, NotFoundError

ATTEMPTS = 5
Answer = TypeVar("Answer")

metadata = MetaData()
enquiries = Table(
    "enquiry", metadata, Column("id", Integer, primary_key=True), Column("form", String), Column("lead", String)
)


def prepare(engine: Engine) -> None:
    """The application's migration: its own table and leadflow's, in one transaction."""
    with engine.begin() as connection:
        metadata.create_all(connection)
        leadflow.make_tables(connection)


def in_transaction(engine: Engine, work: Callable[[Connection, leadflow.JoinedFlow], Answer]) -> Answer:
    """Do the work in one transaction; all of it again when somebody else was faster.

    The commit comes before the answer: who was told that a form is in can rely on it.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with engine.begin() as connection:
                return work(connection, leadflow.join(connection))
        except LeadflowError as error:
            if not error.retryable or attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def create_app(url: str) -> FastAPI:
    """The application on a database."""
    engine = create_engine(url)
    prepare(engine)
    app = FastAPI(title="Leads")

    @app.exception_handler(LeadflowError)
    def refuse(request: Request, error: LeadflowError) -> JSONResponse:
        status = 503 if error.retryable else 500
        if isinstance(error, NotFoundError):
            status = 404
        elif isinstance(error, InvalidInputError):
            status = 422
        return JSONResponse({"code": error.code, "message": str(error)}, status)

    @app.post("/forms/{form}", status_code=201)
    def submit(form: str, fields: dict[str, Any], idempotency_key: str | None = Header(None)) -> dict[str, Any]:
        """A filled form: the application's own row and the lead, or neither."""

        def work(connection: Connection, flow: leadflow.JoinedFlow) -> dict[str, Any]:
            result = flow.submit(form, fields, key=idempotency_key).one()
            if result.status == "accepted":
                connection.execute(insert(enquiries).values(form=form, lead=result.lead))
            return {"status": result.status, "lead": result.lead}

        return in_transaction(engine, work)

    @app.get("/leads")
    def leads(where: str | None = None, order_by: str = "-updated_at", limit: int = 50) -> list[dict[str, Any]]:
        """Leads for which a condition holds, e.g. /leads?where=score("interest")>50"""

        def work(connection: Connection, flow: leadflow.JoinedFlow) -> list[dict[str, Any]]:
            found = flow.leads(where, order_by=order_by, limit=limit)
            return [
                {"id": each.lead.id, "stage": each.lead.stage, "owner": each.lead.owner_id, "scores": dict(each.scores)}
                for each in found
            ]

        return in_transaction(engine, work)

    @app.get("/leads/{lead}")
    def explain(lead: str) -> dict[str, Any]:
        """Why a lead is as it is, with evidence."""
        return in_transaction(engine, lambda connection, flow: flow.explain(lead).to_plain())

    @app.get("/enquiries/count")
    def count() -> int:
        """How many forms the application itself has noted."""
        with engine.begin() as connection:
            return connection.execute(select(func.count()).select_from(enquiries)).scalar_one()

    return app


def __getattr__(name: str) -> Any:
    """`app` is made when a server asks for it, not when somebody imports this module."""
    if name == "app":
        return create_app(os.environ.get("DATABASE_URL", "sqlite:///leads_api.db"))
    raise AttributeError(name)
