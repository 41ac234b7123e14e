"""The signed-in person of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.models import Person


class PersonRequest(HttpRequest):
    """What a view behind `signed_in` receives: `person` is there."""

    person: Person
    has_bearer_token: bool


def signed_in(request: HttpRequest) -> Person | None:
    """Ninja's auth of every route that does not say otherwise."""
    return getattr(request, "person", None)
