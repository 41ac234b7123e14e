"""What every request passes: an id, security headers, and the guard of unsafe methods."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from common.errors import (
    Code,
    Problem,
    as_problem,
    bad_request_view,
    not_found,
    problem_response,
)
from common.logs import new_request_id
from common.origins import is_same_origin

GetResponse = Callable[[HttpRequest], HttpResponseBase]

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Neither can be sent by a form of another site; the browser asks first.
BODY_TYPES = ("application/json", "application/octet-stream")

PAGE_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Mantine sets style attributes
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


class RequestContextMiddleware:
    """Gives the request an id and turns what no view caught into a problem."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = new_request_id()
        try:
            request.get_host()
        except DisallowedHost:
            # Also for reading: a page whose host name was bound to our address must get nothing.
            return bad_request_view(request)
        if "\0" in request.path_info:  # names nothing, and the database would fail on it
            return problem_response(not_found())
        response = self.get_response(request)
        if response.status_code == 405 and request.path_info.startswith("/api/"):
            response = _method_not_allowed(request, response.headers.get("Allow", ""))
        response["X-Request-Id"] = request_id
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse:
        """Outside of the API too, a person gets cause and next step."""
        del request
        return problem_response(as_problem(exception))


def _method_not_allowed(request: HttpRequest, allowed: str) -> HttpResponse:
    problem = Problem(
        Code.METHOD_NOT_ALLOWED,
        f"{request.path_info} does not take {request.method}.",
        f"It takes {allowed}.",
    )
    response = problem_response(problem)
    response["Allow"] = allowed
    return response


class SecurityHeadersMiddleware:
    """What Django's own middleware does not send; a file response sets a stricter policy itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        if request.path_info.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
        return response


class SafeRequestMiddleware(CsrfViewMiddleware):
    """Unsafe requests come from our own pages and carry JSON, whatever view answers them.

    A request with a bearer token is exempt: a browser never adds one by itself. Django's own
    exemption, which ninja puts on every view, is not honoured.
    """

    def process_view(  # pyright: ignore[reportIncompatibleMethodOverride] - any response will do
        self,
        request: HttpRequest,
        callback: object,
        callback_args: object,
        callback_kwargs: object,
    ) -> HttpResponseBase | None:
        del callback, callback_args, callback_kwargs
        if request.method in SAFE_METHODS or getattr(request, "has_bearer_token", False):
            return None
        refusal = _body_refusal(request) or _origin_refusal(request)
        if refusal is not None:
            return problem_response(refusal)
        return super().process_view(request, _never_exempt, (), {})

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        del request
        return problem_response(
            Problem(
                Code.CROSS_SITE,
                f"The request did not prove that it comes from this page ({reason.rstrip('.')}).",
                "Reload the page and try again.",
            )
        )


def _never_exempt() -> None:
    """Stands for a view without Django's csrf_exempt mark."""


def _body_refusal(request: HttpRequest) -> Problem | None:
    has_body = request.headers.get("Content-Length", "0") not in ("", "0") or (
        "Transfer-Encoding" in request.headers
    )
    content_type = (request.content_type or "").lower()
    if content_type in BODY_TYPES or (not has_body and not content_type):
        return None
    return Problem(
        Code.JSON_REQUIRED,
        f"The request carries {content_type or 'a body without a type'}.",
        "Send JSON (application/json).",
    )


def _origin_refusal(request: HttpRequest) -> Problem | None:
    origin = request.headers.get("Origin")
    if origin is None:
        return None  # the CSRF token decides; old browsers leave it out on their own pages
    if is_same_origin(
        origin,
        request.scheme or "http",
        request.get_host(),
        settings.CSRF_TRUSTED_ORIGINS,
    ):
        return None
    return Problem(
        Code.CROSS_SITE,
        "The request comes from another site.",
        "Use the studio's own pages.",
    )
