"""Every error leaves as problem details (RFC 9457), and says nothing about the inside of the service."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

logger = logging.getLogger("app")


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 gives it
    """An error that a client may see."""

    def __init__(self, status: int, detail: str, kind: str = "about:blank", title: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.body: dict[str, Any] = {
            "type": kind,
            "title": title or HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        }


class ProblemResponse(JSONResponse):
    """A body of problem details."""

    media_type = "application/problem+json"


def install(app: FastAPI) -> None:
    """Answers all errors of the application."""

    def answer(request: Request, problem: Problem) -> ProblemResponse:
        return ProblemResponse(problem.body | {"instance": request.url.path}, problem.status)

    @app.exception_handler(Problem)
    async def known(request: Request, problem: Problem) -> ProblemResponse:
        return answer(request, problem)

    @app.exception_handler(RequestValidationError)
    async def refused(request: Request, error: RequestValidationError) -> ProblemResponse:
        problem = Problem(400, "Invalid request content.", "urn:problem:invalid-request")
        problem.body["errors"] = [
            # The first part says where it stood: body, query, path.
            {"field": ".".join(str(part) for part in each["loc"][1:]), "message": each["msg"]}
            for each in error.errors()
        ]
        return answer(request, problem)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> ProblemResponse:
        details = {404: "There is nothing here.", 405: "This method is not served here."}
        return answer(request, Problem(error.status_code, details.get(error.status_code, "The request was refused.")))


def unexpected(request: Request, error: Exception) -> ProblemResponse:
    """What clients see of a mistake of ours; the logs see all of it."""
    logger.error("unexpected error", exc_info=error)
    problem = Problem(500, "The service failed unexpectedly.")
    return ProblemResponse(problem.body | {"instance": request.url.path}, 500)
