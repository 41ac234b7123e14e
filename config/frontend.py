"""The built frontend: files of `frontend/dist`, and `index.html` for every page address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from whitenoise.middleware import WhiteNoiseMiddleware

NOT_BUILT = b"The pages are not built. Run `make setup`, or `npm ci && npm run build` in frontend/."


class FrontendMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise for built files, answered whole.

    Its own answer is a synchronous stream, which Django under ASGI warns about and collects
    anyway; built files are small.
    """

    @staticmethod
    def serve(  # pyright: ignore[reportIncompatibleMethodOverride] - any response will do
        static_file: Any, request: HttpRequest
    ) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        content = b""
        if answer.file is not None:
            with answer.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(answer.status))
        del response["Content-Type"]
        for key, value in answer.headers:
            response[key] = value
        return response


def _page() -> str:
    """The built page, told the path it is reached at: its links are relative to the root."""
    page = (Path(settings.WHITENOISE_ROOT) / "index.html").read_text(encoding="utf-8")
    base = escape(settings.FORCE_SCRIPT_NAME or "")
    told = page.replace('name="base-path" content=""', f'name="base-path" content="{base}"')
    return told.replace('="./', f'="{base}/')


def index(request: HttpRequest) -> HttpResponse:
    """The page that holds the app; the browser's router reads the rest of the address."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    try:
        content = _page().encode()
    except FileNotFoundError:
        return HttpResponse(NOT_BUILT, status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(content, headers={"Cache-Control": "no-cache"})
