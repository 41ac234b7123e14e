"""The id that ties an answer to its lines in the log."""

from __future__ import annotations

import logging
import secrets
from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="-")


def new_request_id() -> str:
    """Start a request: its id is random and short enough to read out."""
    request_id = secrets.token_hex(5)
    _request_id.set(request_id)
    return request_id


def current_request_id() -> str:
    """Id of the request or job being worked on, `-` outside of one."""
    return _request_id.get()


def set_request_id(request_id: str) -> None:
    """Work on behalf of `request_id`, for example a job's id."""
    _request_id.set(request_id)


class RequestIdFilter(logging.Filter):
    """Gives every record the attribute `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True
