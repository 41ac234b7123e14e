"""Signing in and out, one's own account, and API tokens."""

from __future__ import annotations

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest
from ninja import Router, Status

from accounts import selectors, services
from accounts.access import access_project
from accounts.answers import session_out
from accounts.auth import PersonRequest
from accounts.models import Person
from accounts.schemas import (
    ApiTokenIn,
    ApiTokenList,
    ApiTokenOut,
    SessionOut,
    SessionPatch,
    SigninByLink,
    SigninByPassword,
)
from accounts.throttle import guess
from common.errors import Code, Problem

router = Router()


@router.get(
    "/session",
    auth=None,
    response=SessionOut,
    operation_id="get_session",
    tags=["session"],
)
def get_session(request: HttpRequest) -> SessionOut:
    return session_out(request, getattr(request, "person", None))


@router.post(
    "/session/link",
    auth=None,
    response=SessionOut,
    operation_id="sign_in_by_link",
    tags=["session"],
)
def sign_in_by_link(request: HttpRequest, payload: SigninByLink) -> SessionOut:
    """The token travels in the fragment of the link, so that no log ever sees it."""
    with guess(request):
        person = services.redeem_signin_link(payload.token)
    login(request, person)
    return session_out(request, person)


@router.post(
    "/session/password",
    auth=None,
    response=SessionOut,
    operation_id="sign_in_by_password",
    tags=["session"],
)
def sign_in_by_password(request: HttpRequest, payload: SigninByPassword) -> SessionOut:
    with guess(request, payload.email):
        person = authenticate(request, username=payload.email.lower(), password=payload.password)
        if not isinstance(person, Person):
            raise Problem(
                Code.SIGN_IN_REFUSED,
                "E-mail address and password do not belong together.",
                "Check both, or ask for a sign-in link.",
            )
    login(request, person)
    return session_out(request, person)


@router.delete(
    "/session",
    auth=None,
    response={204: None},
    operation_id="sign_out",
    tags=["session"],
)
def sign_out(request: HttpRequest) -> Status[None]:
    person = getattr(request, "person", None)
    logout(request)
    if person is not None:
        services.close_sockets_of(person.id)
    return Status(204, None)


@router.patch("/session", response=SessionOut, operation_id="update_session", tags=["session"])
def update_session(request: PersonRequest, payload: SessionPatch) -> SessionOut:
    person = request.person
    if payload.last_project_id is not None:
        access_project(person, payload.last_project_id, "view")
    if payload.password is not None:
        _change_password(request, payload.current_password, payload.password)
    services.update_person(
        person,
        name=payload.name,
        theme=payload.theme,
        last_project_id=payload.last_project_id,
    )
    return session_out(request, person)


@router.get("/tokens", response=ApiTokenList, operation_id="list_tokens", tags=["tokens"])
def list_tokens(request: PersonRequest) -> dict[str, object]:
    items = list(selectors.tokens_of(request.person))
    return {"items": items, "total": len(items)}


@router.post("/tokens", response={201: ApiTokenOut}, operation_id="create_token", tags=["tokens"])
def create_token(request: PersonRequest, payload: ApiTokenIn) -> Status[ApiTokenOut]:
    _require_session(request, "API tokens are made")
    made, token = services.create_token(request.person, payload.name)
    out = ApiTokenOut(
        id=made.id,
        name=made.name,
        created_at=made.created_at,
        last_used_at=None,
        token=token,
    )
    return Status(201, out)


@router.delete(
    "/tokens/{token_id}",
    response={204: None},
    operation_id="delete_token",
    tags=["tokens"],
)
def delete_token(request: PersonRequest, token_id: str) -> Status[None]:
    services.delete_token(request.person, token_id)
    return Status(204, None)


def _change_password(request: PersonRequest, current: str | None, new: str) -> None:
    """Change it; wrong guesses at the present one count like failed sign-ins."""
    _require_session(request, "The password is changed")
    person = request.person
    with guess(request, person.email):
        services.change_password(person, current, new)
    login(request, person)


def _require_session(request: PersonRequest, what: str) -> None:
    """Refuse a program: a token that leaked must not be able to take the account over."""
    if request.has_bearer_token:
        raise Problem(
            Code.SIGN_IN_REFUSED,
            f"{what} by a person who has signed in, not with an API token.",
            "Sign in to the studio and do it under Account.",
        )
