"""`verify`: whether Netloom computes what a file computes."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from netloom.commands.convert import parity_text
from netloom.commands.output import say, say_json
from netloom.commands.problem import CommandError
from netloom.formats.imported import FormatError
from netloom.formats.verify import verify_file


def verify(options: Namespace) -> int:
    """Compare a file with an independent runtime; the exit status is 1 where they differ."""
    path: Path = options.file
    try:
        found = verify_file(path, options.input)
    except FormatError as error:
        raise CommandError(str(error)) from error
    if options.json:
        say_json({**found.model_dump(mode="json"), "is_equal": found.is_equal})
    else:
        say(f"{'Equal' if found.is_equal else 'DIFFERENT'}: {parity_text(found)}")
        if found.first_above is not None:
            say(f"The first to differ: {found.first_above}")
    return 0 if found.is_equal else 1
