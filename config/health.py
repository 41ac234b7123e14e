"""Whether this web process can serve: for proxies, containers and monitoring."""

from __future__ import annotations

from typing import Literal

from django.db import DatabaseError, connection
from django.http import HttpRequest
from ninja import Router, Schema

from common.errors import Code, Problem

router = Router(tags=["installation"])


class Health(Schema):
    """Nothing about the installation that a stranger should not know."""

    status: Literal["ok"]


@router.get("/health", auth=None, response=Health, operation_id="get_health")
def get_health(request: HttpRequest) -> Health:
    """200 while this process reaches its database, 503 otherwise.

    Redis is not asked: without it the pages poll, and taking every web process out of the proxy
    would make that worse.
    """
    del request
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        raise Problem(
            Code.UNAVAILABLE,
            "The studio does not reach its database.",
            "Wait a moment and try again; the operator's log tells more.",
        ) from None
    return Health(status="ok")
