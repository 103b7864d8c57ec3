"""The application without a server, so that tests need no port."""

import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from app import problems
from app.items.routes import router
from app.items.service import ItemService
from app.metrics import Metrics

logger = logging.getLogger("app")

MAX_BODY = 100 * 1024
# Probes and Prometheus: neither logged, traced nor counted.
UNOBSERVED = {"/health/live", "/health/ready", "/metrics"}

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


async def always() -> bool:
    """Ready without conditions."""
    return True


def create_app(
    items: ItemService,
    metrics: Metrics,
    lifespan: Lifespan | None = None,
    is_ready: Callable[[], Awaitable[bool]] = always,
) -> FastAPI:
    """Serves `api/openapi.yaml`, the probes and the metrics."""
    # The contract is a file: nothing is generated from the code.
    app = FastAPI(
        openapi_url=None,
        lifespan=lifespan,
        # FastAPI makes the spans; metrics and logs are our own, and `app.tracing` decides where spans go.
        telemetry={
            "metrics": False,
            "logs": False,
            "auto_configure": False,
            "exclude": lambda scope: scope["path"] in UNOBSERVED,
        },
    )
    app.state.items = items
    app.include_router(router)
    problems.install(app)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "UP"}

    @app.get("/health/ready")
    async def ready() -> JSONResponse:
        up = await is_ready()
        return JSONResponse({"status": "UP" if up else "DOWN"}, 200 if up else 503)

    @app.get("/metrics")
    async def prometheus() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.middleware("http")
    async def limit_body(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        if int(request.headers.get("content-length") or 0) > MAX_BODY:
            problem = problems.Problem(413, "The body is too large.")
            return problems.ProblemResponse(problem.body | {"instance": request.url.path}, 413)
        return await answer(request)

    app.add_middleware(Observed, metrics=metrics)
    return app


class Observed:
    """A line in the logs and a count for each request, and an answer to what nobody expected."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http" or scope["path"] in UNOBSERVED:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        status = 0

        async def noted(message: dict[str, object]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(str(message["status"]))
            await send(message)

        began = time.perf_counter()
        try:
            await self._app(scope, receive, noted)  # type: ignore[arg-type]
        except Exception as error:
            if status:
                raise
            await problems.unexpected(request, error)(scope, receive, noted)  # type: ignore[arg-type]
        seconds = time.perf_counter() - began
        uri = getattr(scope.get("route"), "path", "UNKNOWN")
        self._metrics.observe(request.method, uri, status, seconds)
        fields = {
            "http.request.method": request.method,
            "url.path": request.url.path,
            "http.response.status_code": status,
            "event.duration": int(seconds * 1e9),
        }
        logger.log(logging.ERROR if status >= 500 else logging.INFO, "request", extra={"fields": fields})
