"""A client that speaks JSON with the API, as the pages do."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client


class ApiClient:
    """Signed in as `person`, or anonymous.

    Args:
        person: Who; None is nobody.
        checks_csrf: Enforce the guard that Django's test client otherwise switches off.
    """

    def __init__(self, person: Any = None, *, checks_csrf: bool = False) -> None:
        self.client = Client(enforce_csrf_checks=checks_csrf)
        if person is not None:
            self.client.force_login(person)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request; the answer has `status_code` and `json()`."""
        return self.client.generic(
            method,
            path,
            json.dumps(body) if body is not None else b"",
            content_type="application/json",
            headers=headers,
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.request("DELETE", path, None, **headers)

    def put_bytes(self, path: str, data: bytes, **headers: str) -> Any:
        """Send raw bytes, for upload chunks."""
        return self.client.generic(
            "PUT", path, data, content_type="application/octet-stream", headers=headers
        )

    def upload(self, project: Any, file_name: str, data: bytes, chunk_bytes: int = 1 << 20) -> str:
        """Upload a whole file; returns the id of the upload."""
        created = self.post(
            "/api/uploads",
            {"project_id": project.id, "file_name": file_name, "size_bytes": len(data)},
        ).json()
        for offset in range(0, len(data), chunk_bytes):
            answer = self.put_bytes(
                f"/api/uploads/{created['id']}?offset={offset}", data[offset : offset + chunk_bytes]
            )
            assert answer.status_code == 200, answer.content
        return created["id"]
