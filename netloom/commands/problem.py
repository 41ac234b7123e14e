"""A command that cannot do what was asked."""

from __future__ import annotations


class CommandError(Exception):
    """Printed as it is: what happened, why, and what to do next. The exit status is 1."""
