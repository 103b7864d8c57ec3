"""The code offers what `api/openapi.yaml` promises, and nothing beyond it."""

from pathlib import Path

import yaml
from fastapi.routing import APIRoute

from app.items.routes import router

METHODS = {"get", "put", "post", "delete", "patch"}


def test_operations_are_those_of_the_contract() -> None:
    contract = yaml.safe_load(Path("api/openapi.yaml").read_text(encoding="utf-8"))
    promised = {
        (method.upper(), path) for path, methods in contract["paths"].items() for method in METHODS & methods.keys()
    }
    routes = [route for route in router.routes if isinstance(route, APIRoute)]
    offered = {(method, route.path) for route in routes for method in route.methods or set()}
    assert offered == promised
