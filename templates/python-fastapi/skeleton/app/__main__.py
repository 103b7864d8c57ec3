"""The process around the application: `python -m app`."""

import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from app import logs, tracing
from app.application import create_app
from app.config import ConfigError, read_config
{% if values.database %}
from app.database import Database
{% endif %}
from app.items.service import ItemService
{% if values.database %}
from app.items.store import PostgresStore
{% else %}
from app.items.store import MemoryStore
{% endif %}
from app.metrics import Metrics


def main() -> None:
    """Serves until it is told to stop, then finishes what is under way."""
    try:
        config = read_config(os.environ)
    except ConfigError as error:
        sys.exit(f"{error}")
    logs.start(config, sys.stdout)
    stop_tracing = tracing.start(config.tracing)
    metrics = Metrics()
{% if values.database %}
    database = Database(config.database, metrics.registry)
    items = ItemService(PostgresStore(database.pool), metrics.registry)
{% else %}
    items = ItemService(MemoryStore(), metrics.registry)
{% endif %}

    # Uvicorn ends the process with the signal that it got: what is to be done last is done here.
    @asynccontextmanager
    async def lifespan({% if values.database %}app{% else %}_app{% endif %}: FastAPI) -> AsyncIterator[None]:
{% if values.database %}
        async with database.lifespan(app):
            yield
{% else %}
        yield
{% endif %}
        stop_tracing()

{% if values.database %}
    app = create_app(items, metrics, lifespan=lifespan, is_ready=database.is_reachable)
{% else %}
    app = create_app(items, metrics, lifespan=lifespan)
{% endif %}
    logging.getLogger("app").info("listening", extra={"fields": {"server.port": config.port}})
    uvicorn.run(
        app,
        host="0.0.0.0",  # noqa: S104 - a pod is reached on its own address
        port=config.port,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        forwarded_allow_ips="*",
        server_header=False,
        timeout_graceful_shutdown=config.shutdown_ms // 1000,
    )


if __name__ == "__main__":
    main()
