"""A database that somebody else holds: said with when to come again, never a 500."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection

from tests.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_goes_away_before_any_view_is_told(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def gone(*_arguments: object, **_named: object) -> None:
        raise kind("the connection is lost")

    monkeypatch.setattr("django.contrib.sessions.backends.base.SessionBase.get", gone)
    api.client.raise_request_exception = False
    told = api.get("/api/session")
    assert (told.status_code, told.json()["code"]) == (503, "unavailable")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not files.")
def test_a_write_while_the_database_is_locked_is_told_when_to_come_again(
    api: ApiClient, project: Any
) -> None:
    path = Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 100")
    holder = sqlite3.connect(path, isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        refused = api.post("/api/projects", {"name": "Now"})
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["Retry-After"] == "2"
        assert "busy" in refused.json()["detail"]
        assert "Try again" in refused.json()["next_step"]
        assert api.get(f"/api/projects/{project.id}").status_code == 200  # reading goes on
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert api.post("/api/projects", {"name": "Now"}).status_code == 201
