"""What clients, probes and Prometheus see."""

from uuid import uuid4

import pytest

from tests.support import Service


@pytest.fixture(name="service")
def _service() -> Service:
    return Service()


def test_an_item_is_created_found_and_listed(service: Service) -> None:
    created = service.client.post("/v1/items", json={"name": " first "})
    assert created.status_code == 201
    assert created.json()["name"] == "first"
    assert set(created.json()) == {"id", "name", "createdAt"}
    assert created.headers["location"] == f"/v1/items/{created.json()['id']}"
    assert service.client.get(created.headers["location"]).json() == created.json()
    assert service.client.get("/v1/items", params={"limit": 1}).json() == [created.json()]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"name": " "}, "name", "Value error, must not be blank"),
        ({}, "name", "Field required"),
        ({"name": 1}, "name", "Input should be a valid string"),
        ({"name": "x" * 101}, "name", "String should have at most 100 characters"),
        ({"name": "x", "nmae": "y"}, "nmae", "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_refused_with_the_field(service: Service, body: object, field: str, message: str) -> None:
    response = service.client.post("/v1/items", json=body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:problem:invalid-request"
    assert problem["instance"] == "/v1/items"
    assert problem["errors"] == [{"field": field, "message": message}]
    assert service.store.items == []


def test_what_is_not_json_is_refused(service: Service) -> None:
    text = {"content-type": "text/plain"}
    assert service.client.post("/v1/items", content="first", headers=text).status_code == 415
    json = {"content-type": "application/json"}
    assert service.client.post("/v1/items", content="{", headers=json).status_code == 400
    assert service.client.post("/v1/items", content="x" * 200_000, headers=json).status_code == 413


def test_ids_and_limits_are_checked(service: Service) -> None:
    assert service.client.get("/v1/items/none").status_code == 400
    assert service.client.get("/v1/items?limit=0").status_code == 400
    assert service.client.get("/v1/items?limit=x").status_code == 400
    missing = service.client.get(f"/v1/items/{uuid4()}")
    assert missing.status_code == 404
    assert missing.json()["type"] == "urn:problem:item-not-found"
    assert service.client.get("/v2").json()["detail"] == "There is nothing here."
    assert service.client.delete("/v1/items").status_code == 405


def test_an_unexpected_error_says_nothing_about_the_inside_and_is_logged(service: Service) -> None:
    service.store.error = RuntimeError("the password is hunter2")
    response = service.client.get("/v1/items")
    assert response.status_code == 500
    assert response.json()["detail"] == "The service failed unexpectedly."
    assert "hunter2" not in response.text
    failed = service.logs()[0]
    assert failed["log.level"] == "ERROR"
    assert "hunter2" in failed["error"]["stack_trace"]


def test_probes_follow_the_state_of_the_pod(service: Service) -> None:
    assert service.client.get("/health/live").json() == {"status": "UP"}
    assert service.client.get("/health/ready").status_code == 200
    service.ready = False
    assert service.client.get("/health/ready").status_code == 503
    assert service.client.get("/health/live").status_code == 200


def test_requests_are_counted_by_route_and_logged(service: Service) -> None:
    path = f"/v1/items/{uuid4()}"
    service.client.post("/v1/items", json={"name": "first"})
    service.client.get(path)
    metrics = service.client.get("/metrics").text
    labels = 'method="GET",outcome="CLIENT_ERROR",status="404",uri="/v1/items/{id}"'
    assert f"http_server_requests_seconds_count{{{labels}}} 1.0" in metrics
    assert "items_added_total 1.0" in metrics
    assert "process_resident_memory_bytes" in metrics
    assert 'uri="/health' not in metrics
    lines = [(line["url.path"], line["http.response.status_code"], line["service.version"]) for line in service.logs()]
    assert lines == [("/v1/items", 201, "1.2.3"), (path, 404, "1.2.3")]
