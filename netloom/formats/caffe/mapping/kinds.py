"""What draws a kind of layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from netloom.formats.caffe.sheet import Use
from netloom.formats.onnx.values import Flow

Drawer: TypeAlias = Callable[[Use], Sequence[Flow]]
"""Returns what leaves the layer, in the order of its tops; raises CannotMap."""

Drawers: TypeAlias = Mapping[str, Drawer]
