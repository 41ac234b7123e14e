"""What an id looks like that a client sends."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,32}$")]
"""An identifier as `netloom.graph.document.new_id` makes them; anything else names nothing."""
