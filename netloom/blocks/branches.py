"""Blocks that keep what earlier layers found: DenseNet and Inception."""

from __future__ import annotations

from functools import cache

from netloom.blocks.layout import (
    BlockBuilder,
    BlockShelf,
    BuiltBlock,
    ScopeBuilder,
    finish_block,
)

DENSE_LAYERS = 4


def dense_layer(shelf: BlockShelf) -> BuiltBlock:
    """A few new channels behind those that came in (Huang et al., 2016)."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    inner = scope.add("Conv2d", out_channels=128, kernel_size=1, bias=False)
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    new = scope.add("Conv2d", out_channels=32, kernel_size=3, bias=False)
    found = scope.last or new
    scope.branch(entry, row=0, column=7)
    joined = scope.add("Concatenate")
    scope.connect(found, joined, "input_2")
    scope.add("BlockOutput")
    exposed = {
        "new_filters": [(new, "out_channels")],
        "inner_filters": [(inner, "out_channels")],
    }
    return finish_block(scope, "DenseLayer", exposed)


@cache
def dense_of(num_layers: int) -> BlockBuilder:
    """Return the builder of a dense block with so many layers; each sees all before it."""

    def build(shelf: BlockShelf) -> BuiltBlock:
        layer_id = shelf.take(dense_layer)
        scope = ScopeBuilder(columns_per_row=6)
        scope.add("BlockInput")
        layers = [scope.add_block(layer_id, "layer", {}) for _ in range(num_layers)]
        scope.add("BlockOutput")
        exposed = {
            name: [(layer, name) for layer in layers] for name in ("new_filters", "inner_filters")
        }
        return finish_block(scope, f"Dense{num_layers}", exposed)

    return build


def inception(shelf: BlockShelf) -> BuiltBlock:
    """Four ways of looking at once, side by side in the result (Szegedy et al., 2014)."""
    del shelf
    scope = ScopeBuilder()
    entry = scope.add("BlockInput")
    exposed: dict[str, list[tuple[str, str]]] = {}
    ends = [_branch(scope, entry, 0, [("filters_1x1", 1, 64)], exposed)]
    for row, (kernel_size, reduced, filters) in enumerate(((3, 96, 128), (5, 16, 32)), start=1):
        size = f"{kernel_size}x{kernel_size}"
        steps = [(f"reduced_{size}", 1, reduced), (f"filters_{size}", kernel_size, filters)]
        ends.append(_branch(scope, entry, row, steps, exposed))
    scope.branch(entry, row=3, column=1)
    pool = scope.add("MaxPool2d", "pool", kernel_size=3, stride=1, padding=1)
    ends.append(_branch(scope, pool, 3, [("filters_pool", 1, 32)], exposed))
    scope.branch(ends[0], row=0, column=7)
    joined = scope.add("Concatenate", num_inputs=4)
    for number, end in enumerate(ends[1:], start=2):
        scope.connect(end, joined, f"input_{number}")
    scope.add("BlockOutput")
    return finish_block(scope, "Inception", exposed)


def _branch(
    scope: ScopeBuilder,
    source: str,
    row: int,
    steps: list[tuple[str, int, int]],
    exposed: dict[str, list[tuple[str, str]]],
) -> str:
    """Append convolutions in a row of their own, expose their widths, and return the last."""
    scope.branch(source, row=row, column=7 - 3 * len(steps))
    for name, kernel_size, filters in steps:
        conv = scope.add("Conv2d", name, out_channels=filters, kernel_size=kernel_size, bias=False)
        exposed[name] = [(conv, "out_channels")]
        scope.add("BatchNorm2d")
        scope.add("ReLU")
    return scope.last or source
