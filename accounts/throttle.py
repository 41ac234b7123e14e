"""Guessing is slow: failed sign-ins count against the account and the address they came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import SigninAttempt
from accounts.services import hash_token
from common.errors import Code, Problem

WINDOW = timedelta(minutes=15)
MAX_PER_ACCOUNT = 10
MAX_PER_ADDRESS = 50
FAILURES = {Code.SIGN_IN_REFUSED, Code.LINK_EXPIRED, Code.NAME_TAKEN}


@contextmanager
def guess(request: HttpRequest, account: str = "") -> Iterator[None]:
    """Count what is tried inside as a failure until it is known to be none.

    It counts from before it is tried, so that guesses made at once are not more than others.

    Raises:
        Problem: `too_many_attempts` when there have been too many failures.
    """
    since = timezone.now() - WINDOW
    SigninAttempt.objects.filter(created_at__lt=since).delete()
    keys = _keys(request, account)
    attempts = SigninAttempt.objects.bulk_create(SigninAttempt(key=key) for key, _ in keys)
    is_failure = False
    try:
        for key, most in keys:
            if SigninAttempt.objects.filter(key=key, created_at__gte=since).count() > most:
                raise _too_many()
        yield
    except Problem as problem:
        is_failure = problem.code in FAILURES
        raise
    finally:
        if not is_failure:
            SigninAttempt.objects.filter(pk__in=[attempt.pk for attempt in attempts]).delete()


def _too_many() -> Problem:
    return Problem(
        Code.TOO_MANY_ATTEMPTS,
        "There were too many failed attempts to sign in.",
        f"Wait {int(WINDOW.total_seconds() // 60)} minutes, or use a sign-in link.",
        retry_after_s=int(WINDOW.total_seconds()),
    )


def _keys(request: HttpRequest, account: str) -> list[tuple[str, int]]:
    """Who is signed in answers with the account, and not for others at the same address."""
    person = getattr(request, "person", None)
    accounts = {name.lower() for name in (account, person.email if person else "") if name}
    keys = [(f"account:{hash_token(name)}"[:80], MAX_PER_ACCOUNT) for name in sorted(accounts)]
    if person is None:
        keys.append((f"address:{_address(request)}"[:80], MAX_PER_ADDRESS))
    return keys


def _address(request: HttpRequest) -> str:
    if settings.ENVIRONMENT.behind_proxy:
        # The last entry is the one our own proxy wrote; earlier ones are whatever was sent.
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return request.META.get("REMOTE_ADDR", "")
