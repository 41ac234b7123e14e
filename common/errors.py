"""What goes wrong and how the API says so: RFC 9457 problem responses.

Raise `Problem` with a code of the one enum, a text that tells cause and next step, and data
fields the page can use. Clients branch on the code, never on the text.
"""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from common.logs import current_request_id

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
BUSY_RETRY_S = 2


class Code(StrEnum):
    """Every code a problem can carry."""

    # requests and people
    BAD_REQUEST = "bad_request"
    INVALID = "invalid"
    SIGNIN_REQUIRED = "signin_required"
    SIGN_IN_REFUSED = "sign_in_refused"
    LINK_EXPIRED = "link_expired"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    CROSS_SITE = "cross_site"
    JSON_REQUIRED = "json_required"
    BODY_TOO_LARGE = "body_too_large"
    NOT_FOUND = "not_found"
    IN_BIN = "in_bin"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    IN_USE = "in_use"
    NAME_TAKEN = "name_taken"
    LAST_OWNER = "last_owner"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    # files
    QUOTA_EXCEEDED = "quota_exceeded"
    UPLOADS_FULL = "uploads_full"
    DISK_FULL = "disk_full"
    UPLOAD_OFFSET = "upload_offset"
    UPLOAD_INCOMPLETE = "upload_incomplete"
    UPLOAD_TOO_LARGE = "upload_too_large"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    FILE_MISSING = "file_missing"
    ARCHIVE_REFUSED = "archive_refused"
    NOT_AN_IMAGE = "not_an_image"
    FOLDER_NOT_ALLOWED = "folder_not_allowed"
    RANGE_NOT_SATISFIABLE = "range_not_satisfiable"
    # background work
    QUEUE_FULL = "queue_full"
    RUN_HOURS_USED = "run_hours_used"
    JOB_LOST = "job_lost"
    JOB_CRASHED = "job_crashed"
    CANCELLED = "cancelled"
    OUT_OF_MEMORY = "out_of_memory"
    # networks
    REVISION_CONFLICT = "revision_conflict"
    DOCUMENT_INVALID = "document_invalid"
    OPERATION_REFUSED = "operation_refused"
    TOO_LARGE = "too_large"
    IMPORT_FAILED = "import_failed"
    EXPORT_FAILED = "export_failed"
    # data
    IMPORT_EMPTY = "import_empty"
    CLASS_IN_USE = "class_in_use"
    # runs and inspection
    RUN_CANNOT_START = "run_cannot_start"
    RUN_STATE = "run_state"
    NO_CHECKPOINT = "no_checkpoint"
    EXPLAIN_FAILED = "explain_failed"
    PREVIEW_FAILED = "preview_failed"


STATUS: dict[Code, int] = {
    Code.SIGNIN_REQUIRED: 401,
    Code.SIGN_IN_REFUSED: 403,
    Code.LINK_EXPIRED: 403,
    Code.TOO_MANY_ATTEMPTS: 429,
    Code.CROSS_SITE: 403,
    Code.JSON_REQUIRED: 415,
    Code.BODY_TOO_LARGE: 413,
    Code.INVALID: 422,
    Code.NOT_FOUND: 404,
    Code.IN_BIN: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.CONFLICT: 409,
    Code.NAME_TAKEN: 409,
    Code.LAST_OWNER: 409,
    Code.SERVER_ERROR: 500,
    Code.UNAVAILABLE: 503,
    Code.IN_USE: 409,
    Code.QUOTA_EXCEEDED: 413,
    Code.UPLOADS_FULL: 429,
    Code.DISK_FULL: 507,
    Code.UPLOAD_OFFSET: 409,
    Code.UPLOAD_INCOMPLETE: 409,
    Code.UPLOAD_TOO_LARGE: 413,
    Code.CHECKSUM_MISMATCH: 422,
    Code.FILE_MISSING: 410,
    Code.ARCHIVE_REFUSED: 422,
    Code.NOT_AN_IMAGE: 422,
    Code.FOLDER_NOT_ALLOWED: 422,
    Code.RANGE_NOT_SATISFIABLE: 416,
    Code.QUEUE_FULL: 429,
    Code.RUN_HOURS_USED: 429,
    Code.JOB_LOST: 500,
    Code.JOB_CRASHED: 500,
    Code.OUT_OF_MEMORY: 500,
    Code.CANCELLED: 409,
    Code.REVISION_CONFLICT: 409,
    Code.DOCUMENT_INVALID: 422,
    Code.OPERATION_REFUSED: 422,
    Code.TOO_LARGE: 422,
    Code.IMPORT_FAILED: 422,
    Code.EXPORT_FAILED: 422,
    Code.IMPORT_EMPTY: 422,
    Code.CLASS_IN_USE: 409,
    Code.RUN_CANNOT_START: 422,
    Code.RUN_STATE: 409,
    Code.NO_CHECKPOINT: 409,
    Code.EXPLAIN_FAILED: 422,
    Code.PREVIEW_FAILED: 422,
}


class Problem(Exception):
    """An expected refusal.

    Args:
        code: What happened, for programs.
        detail: What happened and why, for people.
        next_step: What they can do about it.
        data: Fields that belong to the code.
    """

    def __init__(self, code: Code, detail: str, next_step: str = "", **data: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.next_step = next_step
        self.data = data

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)

    def as_dict(self) -> dict[str, Any]:
        """The problem as it is stored with a job and sent to the page."""
        body: dict[str, Any] = {
            "type": f"urn:netloom:problem:{self.code.value}",
            "title": self.code.value.replace("_", " ").capitalize(),
            "status": self.status,
            "code": self.code.value,
            "detail": self.detail,
            "next_step": self.next_step,
            "data": self.data,
        }
        if self.code is Code.SERVER_ERROR:
            body["error_id"] = current_request_id()
        return body


def not_found(what: str = "page") -> Problem:
    """The answer for what does not exist and for what one may not see: the same."""
    return Problem(
        Code.NOT_FOUND,
        f"There is no such {what}, or it is not shared with you.",
        "Check the address, or ask the owner of the project.",
    )


def problem_response(problem: Problem) -> HttpResponse:
    """The HTTP answer of a problem."""
    response = JsonResponse(problem.as_dict(), status=problem.status, content_type=CONTENT_TYPE)
    if "retry_after_s" in problem.data:
        response["Retry-After"] = str(problem.data["retry_after_s"])
    return response


def server_problem(exception: BaseException | None = None) -> Problem:
    """A bug: the log gets the traceback, the person an id that finds it there."""
    if exception is not None:
        logger.error("Unexpected error", exc_info=exception)
    return Problem(
        Code.SERVER_ERROR,
        "Something went wrong on the server.",
        f"Try again; if it stays, tell the operator the id {current_request_id()}, which is also"
        " in the log.",
    )


def _no_database(exception: BaseException) -> Problem:
    """Nobody's mistake, and mostly over soon: the database restarts, or was locked for too long."""
    logger.error("The database cannot be used", exc_info=exception)
    return Problem(
        Code.UNAVAILABLE,
        "The studio's database cannot be used at present.",
        "Try again in a minute; if it stays, tell the operator.",
    )


def as_problem(exception: BaseException) -> Problem:
    """The problem that tells of any exception raised while answering a request."""
    if isinstance(exception, Problem):
        return exception
    if is_database_busy(exception):
        return database_busy()
    if isinstance(exception, (OperationalError, InterfaceError)):
        return _no_database(exception)
    if isinstance(exception, (Http404, ObjectDoesNotExist)):
        return not_found("object")
    if isinstance(exception, ValidationError):
        return _invalid(exception.errors)
    if isinstance(exception, AuthenticationError):
        return Problem(Code.SIGNIN_REQUIRED, "You are not signed in.", "Sign in and try again.")
    if isinstance(exception, RequestDataTooBig):
        return Problem(
            Code.BODY_TOO_LARGE,
            "The request is too large.",
            "Send files as an upload in chunks.",
        )
    if isinstance(exception, HttpError):
        if isinstance(exception.__cause__, Problem):  # ninja wraps what its parser raises
            return exception.__cause__
        code = Code.METHOD_NOT_ALLOWED if exception.status_code == 405 else Code.BAD_REQUEST
        return Problem(code, f"The request could not be read: {exception.message}.")
    return server_problem(exception)


def is_database_busy(error: BaseException) -> bool:
    """Whether somebody else held the database, or rows of it, for longer than one waits."""
    told = str(error)
    is_locked = "database is locked" in told or "database table is locked" in told
    return isinstance(error, OperationalError) and (is_locked or "deadlock detected" in told)


def database_busy() -> Problem:
    """Nothing was changed, and asking again soon helps."""
    return Problem(
        Code.UNAVAILABLE,
        "The database is busy: other work has been writing to it for too long.",
        "Nothing was changed. Try again in a few seconds.",
        retry_after_s=BUSY_RETRY_S,
    )


def install_problem_handlers(api: NinjaAPI) -> None:
    """Make every exception below `api` a problem response."""

    def handle(_request: HttpRequest, exception: Exception | type[Exception]) -> HttpResponse:
        error = exception() if isinstance(exception, type) else exception
        if _is_unfit_for_database(error):
            return problem_response(_unfit_for_database(error))
        return problem_response(as_problem(error))

    for kind in (
        Problem,
        Http404,
        ObjectDoesNotExist,
        ValidationError,
        AuthenticationError,
    ):
        api.add_exception_handler(kind, handle)
    api.add_exception_handler(HttpError, handle)
    api.add_exception_handler(Exception, handle)


def _is_unfit_for_database(error: Exception) -> bool:
    """Whether a value of the request was refused by the database or its driver."""
    if isinstance(error, DataError | UnicodeEncodeError):
        return True
    return isinstance(error, OverflowError) and "SQLite" in str(error)


def _unfit_for_database(error: Exception) -> Problem:
    """The schemas should have refused the value first, so that the log tells where it went."""
    logger.warning("A value of the request cannot be stored or looked up", exc_info=error)
    return Problem(
        Code.INVALID,
        "The request holds a number or a text that is too large or cannot be stored.",
        "Correct it and send it again.",
    )


def _invalid(errors: list[dict[str, Any]]) -> Problem:
    first = errors[0] if errors else {"loc": (), "msg": "unreadable"}
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "payload"))
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    told = [{"loc": list(error["loc"]), "msg": error["msg"]} for error in errors]
    return Problem(
        Code.INVALID,
        f"{where or 'The request'}: {first['msg']}{more}.",
        "Correct it and send it again.",
        errors=told,
    )


def not_found_view(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    del request, exception
    return problem_response(not_found())


def bad_request_view(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400: a wrong Host header, a malformed request."""
    del request, exception
    return problem_response(
        Problem(
            Code.BAD_REQUEST,
            "The request was refused, most likely because of the host name in the address.",
            "The operator can add a host name with NETLOOM_ALLOWED_HOSTS.",
        )
    )


def server_error_view(request: HttpRequest) -> HttpResponse:
    """Django's handler500; Django itself has logged the exception."""
    del request
    error = sys.exc_info()[1]
    if isinstance(error, (OperationalError, InterfaceError)):  # in a middleware
        return problem_response(as_problem(error))
    return problem_response(server_problem())
