"""Django under ASGI with one thread a request.

Django's own handler passes every request back and forth between the event loop and a thread made
for it, once for each middleware and signal. All of our views are synchronous: measured with forty
people editing, that was half of the web process's work. Here a request is answered by one thread
of a pool from its first middleware to its last, and only the answer's bytes go over the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, cast

import django
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import (
    ASGIHandler,
    get_script_prefix,  # pyright: ignore[reportAttributeAccessIssue]
)
from django.core.handlers.base import BaseHandler
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import set_script_prefix

Answer = HttpResponse | StreamingHttpResponse
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Python computes one at a time anyway; the others wait for the disk or the database.
NUM_THREADS = 16


class ThreadHandler(ASGIHandler):
    """The HTTP application."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)  # pyright: ignore[reportCallIssue] - the stub is older
        self._threads = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            response = await self._in_thread(self._answer, scope, body)
            if isinstance(response, StreamingHttpResponse):
                await self._stream(response, receive, send)
            else:
                await self.send_response(response, send)
        finally:
            body.close()

    def _answer(self, scope: Scope, body: SpooledTemporaryFile[bytes]) -> Answer:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response = cast(Answer, refusal if request is None else self.get_response(request))
        if not response.streaming:
            response.close()  # lets go of the database in the thread that used it
        return response

    async def _stream(self, response: StreamingHttpResponse, receive: Receive, send: Send) -> None:
        """Send until the end, or until nobody reads any more."""
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(self._until_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._in_thread(response.close)

    @staticmethod
    async def _until_gone(receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        in_context = partial(copy_context().run, function, *arguments)
        return await loop.run_in_executor(self._threads, in_context)


def http_application() -> ThreadHandler:
    """What `django.core.asgi.get_asgi_application` returns otherwise."""
    django.setup(set_prefix=False)
    return ThreadHandler()
