"""The process that lists what installed packages offer: `python -m netloom.formats.zoo.listing`.

Looking into torchvision loads torch, which a process that answers people must not do; it reads
what this one prints.
"""

from __future__ import annotations

import sys

from pydantic import BaseModel, Field

from netloom.formats.zoo.provider import ZooEntry, ZooError


class Listing(BaseModel):
    """What installed packages offer.

    Attributes:
        notes: What could not be listed, and why.
    """

    entries: list[ZooEntry] = Field(default_factory=list[ZooEntry])
    notes: list[str] = Field(default_factory=list[str])


def list_packages() -> Listing:
    """Ask every provider that is a package; one that is not installed leaves a note."""
    from netloom.formats.zoo import providers

    found = Listing()
    for provider in providers():
        try:
            found.entries.extend(provider.entries())
        except ZooError as error:
            found.notes.append(str(error))
    return found


if __name__ == "__main__":
    sys.stdout.write(list_packages().model_dump_json())
