"""Someone to sign in as: the operator, made on the first start."""

from __future__ import annotations

import getpass

from accounts.models import Person
from accounts.services import create_person, make_signin_link


def operator() -> Person:
    """Who the launcher's link signs in: the first operator."""
    found = Person.objects.filter(is_operator=True, is_active=True).order_by("created_at").first()
    return found or create_person("operator@netloom.local", _login_name(), is_operator=True)


def signin_url(base_url: str, person: Person) -> str:
    """A one-time link; the token is in the fragment, which browsers do not send or log."""
    return f"{base_url}/signin#token={make_signin_link(person)}"


def _login_name() -> str:
    try:
        return getpass.getuser().capitalize()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "Operator"
