"""`blocks` and `templates`: what a network can be begun with and built from. No torch."""

from __future__ import annotations

from argparse import Namespace

from netloom.blocks import library_blocks
from netloom.commands.output import say, say_json
from netloom.templates import templates


def list_blocks(options: Namespace) -> int:
    """Print every block of the library with the parameters an instance can set."""
    blocks = library_blocks()
    if options.json:
        say_json([block.model_dump(mode="json") for block in blocks])
        return 0
    for block in blocks:
        exposed = ", ".join(block.blocks[block.block_id].exposed)
        say(f"{block.id:<20} {block.summary}")
        say(f"{'':<20} {exposed}")
    return 0


def list_templates(options: Namespace) -> int:
    """Print every template, and what cannot be trained yet."""
    infos = templates()
    if options.json:
        say_json([info.model_dump(mode="json") for info in infos])
        return 0
    family = ""
    for info in infos:
        if info.family != family:
            family = info.family
            say(f"\n{family}")
        say(f"  {info.id:<20} {info.summary}")
        if info.note:
            say(f"  {'':<20} {info.note}")
    return 0
