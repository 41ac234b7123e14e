"""Inputs of a Keras model, with the scaling of pixels as a layer where that is wanted."""

from __future__ import annotations

from netloom.compile.steps import ScopePort
from netloom.formats.keras.writing.board import Board
from netloom.formats.keras.writing.tensor import Tensor
from netloom.graph.document import Node
from netloom.layers.input_output import ImageInput, ImageInputParams

PIXELS = 255.0


def draw_input(
    board: Board, port: ScopePort, node: Node, *, takes_pixels: bool
) -> tuple[Tensor, Tensor]:
    """Add an input.

    Returns:
        The input itself, and what the network takes: the same, or pixels that are normalised.
    """
    given = board.input(port.name, port.shape)
    if not takes_pixels or node.type != ImageInput.type_name:
        return given, given
    mean, std = normalisation(node)
    scale = [1.0 / (PIXELS * each) for each in std]
    offset = [-middle / each for middle, each in zip(mean, std, strict=True)]
    is_one = len(set(scale)) == len(set(offset)) == 1
    used = board.add(
        "Rescaling",
        f"{port.name}_rescaling",
        [given],
        port.shape,
        config={
            "scale": scale[0] if is_one else scale,
            "offset": offset[0] if is_one else offset,
        },
    )
    return given, used


def normalisation(node: Node) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel of an image input."""
    params = ImageInputParams.model_validate(node.params)
    count = max(len(params.mean), len(params.std))
    mean, std = list(params.mean), list(params.std)
    return mean * (count // len(mean)), std * (count // len(std))
