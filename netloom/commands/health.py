"""`doctor`: what this machine offers."""

from __future__ import annotations

from argparse import Namespace

from netloom.commands.output import say, say_json
from netloom.doctor import report

_MARKS = {"ok": "ok     ", "warning": "WARNING", "error": "ERROR  "}


def show_report(options: Namespace) -> int:
    """Print every finding; 1 when something that the studio needs is missing."""
    found = report()
    if options.json:
        say_json(found.model_dump(mode="json"))
    else:
        say(f"Netloom {found.netloom_version}")
        width = max(len(finding.name) for finding in found.findings)
        for finding in found.findings:
            say(f"  {_MARKS[finding.status]}  {finding.name:<{width}}  {finding.found}")
            if finding.advice:
                say(f"           {'':<{width}}  {finding.advice}")
    return 0 if found.is_usable else 1
