"""The application over a store that behaves like the real one and can be told to fail."""

import io
import json
import logging
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient

from app.application import create_app
from app.items.models import Item
from app.items.service import ItemService
from app.logs import EcsFormatter
from app.metrics import Metrics


class FakeStore:
    """Items in a list."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.error: Exception | None = None

    async def save(self, item: Item) -> None:
        """Keeps it."""
        self.items.insert(0, item)

    async def find(self, item_id: UUID) -> Item | None:
        """None if there is no such item."""
        return next((item for item in self.items if item.id == item_id), None)

    async def newest(self, limit: int) -> list[Item]:
        """The newest items first."""
        if self.error:
            raise self.error
        return self.items[:limit]


class Service:
    """A client of the application, and what it logs."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.ready = True
        metrics = Metrics()
        items = ItemService(self.store, metrics.registry)
        self.client = TestClient(create_app(items, metrics, is_ready=self._is_ready))
        self._logs = io.StringIO()
        handler = logging.StreamHandler(self._logs)
        handler.setFormatter(EcsFormatter("1.2.3", "test"))
        logger = logging.getLogger("app")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False

    async def _is_ready(self) -> bool:
        return self.ready

    def logs(self) -> list[dict[str, Any]]:
        """The lines so far."""
        return [json.loads(line) for line in self._logs.getvalue().splitlines()]
