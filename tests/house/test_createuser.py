"""Accounts made on the command line, with a terminal and without one."""

from __future__ import annotations

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
GRACE = ("createuser", "grace@example.org", "Grace Hopper")
PASSWORD = "compilers and moths"


def _piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_without_a_terminal_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _piped(monkeypatch, "")
    with pytest.raises(CommandError) as refused:
        call_command(*GRACE)
    assert "no terminal" in str(refused.value)
    assert "--no-password" in str(refused.value)
    assert not Person.objects.exists()


def test_a_password_may_come_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    _piped(monkeypatch, f"{PASSWORD}\n")
    call_command(*GRACE, stdout=io.StringIO())
    assert Person.objects.get(email="grace@example.org").check_password(PASSWORD)


def test_no_password_leads_to_a_sign_in_link(monkeypatch: pytest.MonkeyPatch) -> None:
    _piped(monkeypatch, "")
    said = io.StringIO()
    call_command(*GRACE, no_password=True, stdout=said)
    assert "manage.py signin grace@example.org" in said.getvalue()
    assert not Person.objects.get(email="grace@example.org").has_usable_password()
