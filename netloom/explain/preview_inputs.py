"""One sample for every input of a network: a real image where it fits, made-up numbers elsewhere.

Legend: B batch, C channels, H height, W width, T time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netloom.compile.initialise import derive_seed
from netloom.compile.plan import Scope, plan_network
from netloom.data.preprocess import Preprocessing, PreprocessingError
from netloom.explain.activation_results import PreviewError
from netloom.graph.document import Document
from netloom.layers.input_output import ImageInput, ImageInputParams
from netloom.layers.shapes import Shape, holds_integers
from netloom.layers.sizes import Expr

LENGTH = 32
"""Steps of a made-up sequence whose length the network leaves open."""
_VOCABULARY = 2


@dataclass(frozen=True, slots=True)
class PreviewInputs:
    """What goes in, and what was made up.

    Attributes:
        tensors: One per input node, in the order of their names.
        pixels: uint8 (C, H, W) of the image inputs that got a real image, by node id.
        notes: Which inputs carry made-up numbers, as sentences.
    """

    tensors: list[Tensor]
    pixels: dict[str, NDArray[np.uint8]]
    notes: list[str]


def preview_inputs(
    document: Document,
    image_HWC: NDArray[np.uint8] | None,
    *,
    seed: int = 0,
    plan: Scope | None = None,
) -> PreviewInputs:
    """Make the inputs of one sample; the same seed makes the same numbers.

    Args:
        image_HWC: A decoded image for the image inputs of 1 or 3 channels; None makes one up.
        plan: Of this document, where the caller has planned it.

    Raises:
        CompileError: The network has errors.
        PreviewError: It has no inputs.
    """
    made = PreviewInputs([], {}, [])
    for port in (plan or plan_network(document)).inputs:
        node = document.graph.nodes[port.value.node_id]
        preprocessing = _preprocessing(document, port.value.node_id)
        if image_HWC is not None and preprocessing is not None:
            pixels_CHW = preprocessing.to_uint8_CHW(image_HWC)
            made.pixels[port.value.node_id] = pixels_CHW
            made.tensors.append(preprocessing.normalise(torch.tensor(pixels_CHW)[None]))
            continue
        tensor, what = _made_up(port.shape, seed, node.name)
        made.tensors.append(tensor)
        made.notes.append(f"{node.name} receives {what}.")
    if not made.tensors:
        raise PreviewError("The network has no input: there is nowhere for a sample to go in.")
    return made


def _preprocessing(document: Document, node_id: str) -> Preprocessing | None:
    node = document.graph.nodes[node_id]
    if node.type != ImageInput.type_name:
        return None
    try:
        return Preprocessing.from_params(ImageInputParams.model_validate(node.params))
    except PreprocessingError:
        return None  # neither grey nor in colour: no image fits


def _made_up(shape: Shape, seed: int, name: str) -> tuple[Tensor, str]:
    sizes: list[int] = []
    has_open_length = False
    for dim in shape:
        if dim.axis == "B":
            sizes.append(1)
        elif isinstance(dim.size, Expr):
            sizes.append(LENGTH)
            has_open_length = True
        else:
            sizes.append(dim.size)
    generator = torch.Generator().manual_seed(derive_seed(seed, name))
    length = f" of {LENGTH} steps" if has_open_length else ""
    if holds_integers(shape):
        vocabulary = max((dim.vocabulary or 0 for dim in shape), default=0) or _VOCABULARY
        tokens = torch.randint(0, vocabulary, sizes, generator=generator)
        return tokens, f"random tokens{length}"
    return torch.randn(sizes, generator=generator), f"random numbers{length}"
