"""Guessing is slow: failed sign-ins count against the account and the address they came from."""

from __future__ import annotations

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


def refuse_guessing(request: HttpRequest, account: str) -> None:
    """Raise Problem too_many_attempts when there have been too many failures."""
    since = timezone.now() - WINDOW
    SigninAttempt.objects.filter(created_at__lt=since).delete()
    for key, most in _keys(request, account):
        recent = SigninAttempt.objects.filter(key=key, created_at__gte=since)
        if recent.count() >= most:
            raise Problem(
                Code.TOO_MANY_ATTEMPTS,
                "There were too many failed attempts to sign in.",
                f"Wait {int(WINDOW.total_seconds() // 60)} minutes, or use a sign-in link.",
                retry_after_s=int(WINDOW.total_seconds()),
            )


def note_failure(request: HttpRequest, account: str) -> None:
    """Remember a failed attempt."""
    SigninAttempt.objects.bulk_create(SigninAttempt(key=key) for key, _ in _keys(request, account))


def _keys(request: HttpRequest, account: str) -> list[tuple[str, int]]:
    keys = [(f"address:{_address(request)}"[:80], MAX_PER_ADDRESS)]
    if account:
        keys.append((f"account:{hash_token(account.lower())}"[:80], MAX_PER_ACCOUNT))
    return keys


def _address(request: HttpRequest) -> str:
    if settings.ENVIRONMENT.behind_proxy:
        # The last entry is the one our own proxy wrote; earlier ones are whatever was sent.
        forwarded = request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    return request.META.get("REMOTE_ADDR", "")
