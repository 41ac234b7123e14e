"""Generated requests: no 500, no answer that the API's own description does not know.

`make fuzz` sends many more than `make test`; EXAMPLES says how many an operation and role get.
"""

from __future__ import annotations

import json
import os
import re
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.studio import content_of
from tests.client import ApiClient
from tests.security.calls import OPERATIONS, SCHEMA, address_of
from tests.security.routes import World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = int(os.environ.get("EXAMPLES", "3"))
PATIENT = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PATH_TEXT = st.text(st.characters(codec=None), min_size=1, max_size=80)
API = schemathesis.openapi.from_dict(json.loads(json.dumps(SCHEMA, default=str)))
FOUND = {
    operation.ok().definition.raw["operationId"]: operation.ok()
    for operation in API.get_all_operations()
}


def test_every_operation_is_fuzzed() -> None:
    assert set(FOUND) == set(OPERATIONS)


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
def test_no_request_breaks_it(world: World, clean_files: None, operation_id: str) -> None:
    address = address_of(world, operation_id).partition("?")[0]
    for role, mode in product(("editor", "stranger"), _modes(operation_id)):
        _attack(world.people[role], operation_id, address, mode)


def _modes(operation_id: str) -> list[GenerationMode]:
    """Without a query or a body there is nothing to ask wrongly."""
    operation = FOUND[operation_id]
    has_choice = bool(list(operation.query) or list(operation.body))
    return list(GenerationMode) if has_choice else [GenerationMode.POSITIVE]


def _attack(person: Any, operation_id: str, address: str, mode: GenerationMode) -> None:
    """Send requests that fit the description, or that do not; whatever they did is undone."""
    operation = FOUND[operation_id]
    names = {parameter.name: "x" for parameter in operation.path_parameters}
    template = OPERATIONS[operation_id][1]

    @seed(1)
    @PATIENT
    @given(
        case=operation.as_strategy(mode, path_parameters=names),
        path=st.just(address)
        | st.just(address)
        | PATH_TEXT.map(lambda text: _path(template, text)),
    )
    def attack(case: Any, path: str) -> None:
        with transaction.atomic():
            answer = _send(ApiClient(person), case, path)
            received = _received(answer, case)
            transaction.set_rollback(True)
        case.validate_response(received, checks=CHECKS)

    attack()


def _path(template: str, text: str) -> str:
    return re.sub(r"\{\w+\}", quote(text, safe="", errors="surrogatepass"), template)


def _send(client: ApiClient, case: Any, path: str) -> Any:
    query = urlencode(case.query or {}, doseq=True, errors="surrogatepass")
    body, kind = case.body, case.media_type or ""
    if isinstance(body, bytes):
        data = body
    elif kind:
        data = json.dumps(body, default=str).encode()
    else:
        data = b""
    return client.client.generic(
        case.method, f"{path}?{query}" if query else path, data, content_type=kind
    )


def _received(answer: Any, case: Any) -> Response:
    content = content_of(answer) if answer.streaming else answer.content
    sent = requests.Request(case.method, "http://testserver/").prepare()
    headers = {name: [value] for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, content, sent, elapsed=0.0, verify=False)
