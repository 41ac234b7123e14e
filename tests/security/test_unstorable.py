"""Text that no database can hold and numbers too large for one: refused, no error of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.services import create_project
from config.api import api as studio_api
from tests.client import ApiClient
from tests.security.routes import World, all_objects, all_routes

pytestmark = pytest.mark.django_db
LONE_SURROGATE, NUL = "\ud800", "a\0b"
SCHEMA: dict[str, Any] = studio_api.get_openapi_schema()
BODIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (
        method.upper(),
        path,
        operation["requestBody"]["content"]["application/json"]["schema"],
    )
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
}


@pytest.fixture
def world(make_person: Callable[..., Any], join: Callable[..., Any]) -> World:
    owner = make_person("Owner")
    project = create_project(owner, "Guarded")
    return World(project, {"owner": owner, "member": join(project, "viewer")})


def _poisoned(
    schema: dict[str, Any], text: str, seen: tuple[str, ...] = ()
) -> Iterator[tuple[str, Any]]:
    """A value for each text that a schema has, with nothing else in it, and where it stands."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from _poisoned(SCHEMA["components"]["schemas"][name], text, (*seen, name))
        return
    for union in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(union, []):
            yield from _poisoned(choice, text, seen)
    if schema.get("type") == "string":
        yield "", text
    if isinstance(schema.get("items"), dict):
        for place, value in _poisoned(schema["items"], text, seen):
            yield f"[]{place}", [value]
    if isinstance(schema.get("additionalProperties"), dict | bool):
        yield "{key}", {text: "x"}
        yield "{value}", {"x": text}
    for name, below in schema.get("properties", {}).items():
        for place, value in _poisoned(below, text, seen):
            yield f".{name}{place}", {name: value}


@pytest.mark.parametrize("operation_id", sorted(BODIES))
def test_no_text_of_any_body_breaks_the_server(
    world: World, operation_id: str, clean_files: None
) -> None:
    method, template, schema = BODIES[operation_id]
    route, objects = all_routes()[operation_id], all_objects()
    usual = route.body(world) if callable(route.body) else route.body

    def made(match: re.Match[str]) -> str:
        return (objects.get(f"{operation_id}.{match[1]}") or objects[match[1]])(world)

    path = re.sub(r"\{(\w+)\}", made, template)
    client = ApiClient(world.people["owner"])
    places = list(_poisoned(schema, LONE_SURROGATE)) + list(_poisoned(schema, NUL))
    for place, value in places:
        body = {**usual, **value} if isinstance(usual, dict) and isinstance(value, dict) else value
        answer = client.request(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), (place, value)


def test_the_walk_finds_the_fields_that_matter() -> None:
    places = {place for place, _ in _poisoned(BODIES["create_import"][2], LONE_SURROGATE)}
    assert {".source.upload_ids[]", ".source.path", ".source.files_upload_id"} <= places


@pytest.mark.parametrize(
    "body",
    [b'{"name": "\xed\xa0\x80"}', b'{"name": "x", "more": NaN}', b"\xff\xfe{\0}\0"],
    ids=["surrogate bytes", "NaN", "UTF-16"],
)
def test_a_body_that_is_no_json_in_utf_8(api: ApiClient, body: bytes) -> None:
    answer = api.client.post("/api/projects", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_what_only_looks_suspect_is_kept(api: ApiClient) -> None:
    name = r"\u0000 😀 \ud800"  # backslashes, and a pair that JSON writes as two escapes
    answer = api.post("/api/projects", {"name": name})
    assert (answer.status_code, answer.json()["name"]) == (201, name)


def test_the_refusal_names_the_place(api: ApiClient) -> None:
    answer = api.post("/api/projects", {"name": NUL})
    assert answer.json()["detail"].startswith("name: ")


def test_addresses_with_nul(api: ApiClient) -> None:
    assert api.get("/api/projects/a%00b").status_code == 404
    answer = api.get("/api/jobs?subject_type=a&subject_id=%00")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.parametrize("event_id", [0, -1, 2**63, 10**40])
def test_label_events_out_of_range(world: World, event_id: int, clean_files: None) -> None:
    dataset_id = all_objects()["dataset_id"](world)
    client = ApiClient(world.people["owner"])
    answer = client.post(f"/api/datasets/{dataset_id}/labels/undo", {"event_ids": [event_id]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["detail"].startswith("event_ids.0")


def test_numbers_of_addresses_out_of_range(world: World, clean_files: None) -> None:
    network_id = all_objects()["network_id"](world)
    client = ApiClient(world.people["owner"])
    answer = client.get(f"/api/networks/{network_id}/operations?since={10**40}")
    assert answer.status_code < 500
