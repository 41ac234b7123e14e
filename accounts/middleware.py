"""Who sends this request: sets `request.person`, or None."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.models import Person
from accounts.services import person_of_token
from common.errors import Code, Problem, problem_response


class PersonMiddleware:
    """A bearer token decides alone; the cookie beside it does not count."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        has_bearer_token = scheme.lower() == "bearer"
        person: Person | None
        if has_bearer_token:
            person = person_of_token(token.strip())
            if person is None:
                return problem_response(
                    Problem(
                        Code.SIGNIN_REQUIRED,
                        "The API token is not known.",
                        "It may have been deleted; make a new one under Account.",
                    )
                )
        else:
            user = request.user
            person = user if isinstance(user, Person) and user.is_active else None
        request.has_bearer_token = has_bearer_token  # type: ignore[attr-defined]
        request.person = person  # type: ignore[attr-defined]
        return self.get_response(request)
