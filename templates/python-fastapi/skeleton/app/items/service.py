"""The rules about items, and the metrics that say how they are doing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry, Counter, Histogram

from app.items.models import Item, NewItem


class ItemStore(Protocol):
    """Where items are kept."""

    async def save(self, item: Item) -> None:
        """Keeps it."""

    async def find(self, item_id: UUID) -> Item | None:
        """None if there is no such item."""

    async def newest(self, limit: int) -> list[Item]:
        """The newest items first, at most `limit` of them."""


def _now() -> datetime:
    return datetime.now(UTC)


class ItemService:
    """Creates and reads items."""

    def __init__(self, store: ItemStore, registry: CollectorRegistry, now: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._now = now
        self._added = Counter("items_added", "Items added", registry=registry)
        self._spent = Histogram("items_store_seconds", "Time that the store takes", ["operation"], registry=registry)

    async def create(self, request: NewItem) -> Item:
        """A new item."""
        item = Item(id=uuid4(), name=request.name.strip(), created_at=self._now())
        with self._spent.labels("write").time():
            await self._store.save(item)
        self._added.inc()
        return item

    async def get(self, item_id: UUID) -> Item | None:
        """None if there is no such item."""
        with self._spent.labels("read").time():
            return await self._store.find(item_id)

    async def newest(self, limit: int) -> list[Item]:
        """The newest items first, at most `limit` of them."""
        with self._spent.labels("read").time():
            return await self._store.newest(limit)
