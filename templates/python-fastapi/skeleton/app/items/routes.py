"""The paths under `/v1/items` of `api/openapi.yaml`."""

from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from app.items.models import Item, NewItem
from app.items.service import ItemService
from app.problems import Problem


def _items(request: Request) -> ItemService:
    return cast(ItemService, request.app.state.items)


def _json_only(request: Request) -> None:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Problem(415, "The body must be application/json.")


Items = Annotated[ItemService, Depends(_items)]
router = APIRouter(prefix="/v1/items")


@router.get("")
async def list_items(items: Items, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> list[Item]:
    """The newest items."""
    return await items.newest(limit)


@router.post("", status_code=201, dependencies=[Depends(_json_only)])
async def create_item(request: NewItem, items: Items, response: Response) -> Item:
    """A new item."""
    item = await items.create(request)
    response.headers["Location"] = f"/v1/items/{item.id}"
    return item


@router.get("/{id}")
async def get_item(id: UUID, items: Items) -> Item:  # noqa: A002 - the name in the contract
    """One item."""
    item = await items.get(id)
    if item is None:
        raise Problem(404, "No such item.", "urn:problem:item-not-found", "Item not found")
    return item
