"""`push`: a network into a studio that runs elsewhere."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from netloom.commands.output import complain, say, say_json
from netloom.commands.problem import CommandError
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.pushing import PushError, push

_TOKEN = "NETLOOM_TOKEN"  # noqa: S105 - the name of a variable


def push_network(options: Namespace) -> int:
    """Bring a file into a project, and say where it can be opened."""
    file: Path = options.file
    token = _token(options.token_file)
    if not file.is_file():
        raise CommandError(f"{file} is no file. A bundle as a folder goes as a zip.")
    try:
        network = _run(file) if options.run_code else file
        pushed = push(
            network,
            options.to,
            token=token,
            project=options.project,
            name=options.name or file.name,
            tell=(lambda _text: None) if options.json else complain,
        )
    except (PushError, FormatError) as error:
        raise CommandError(str(error)) from error
    if options.json:
        say_json({"network_id": pushed.network_id, "url": pushed.url})
    else:
        say(pushed.url)
    return 0


def _run(file: Path) -> ImportedNetwork:
    from netloom.formats.python.run import run_python_file

    return run_python_file(file)


def _token(file: Path | None) -> str:
    """Never from the command line, where every process of the machine sees it."""
    if file is None:
        token = os.environ.get(_TOKEN, "")
    else:
        try:
            token = file.read_text()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror or error}.") from error
    if not token.strip():
        raise CommandError(
            f"A token is needed: make one on your account page of the studio, and give it in "
            f"{_TOKEN} or with --token-file."
        )
    return token.strip()
