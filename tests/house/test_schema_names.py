"""Two schemas of one name would stand for each other in the API's description."""

from __future__ import annotations

from typing import Any

import pytest
from ninja.openapi.schema import OpenAPISchema

from config.api import api


def test_every_schema_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    differing: set[str] = set()

    def collect(self: OpenAPISchema, definitions: dict[str, Any]) -> None:
        for name, schema in definitions.items():
            if seen.setdefault(name, schema) != schema:
                differing.add(name)
        self.schemas.update(definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", collect)
    api.get_openapi_schema(path_prefix="/api/")
    assert seen
    assert not differing
