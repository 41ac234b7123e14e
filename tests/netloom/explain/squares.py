"""A network whose answer is known: it looks for a bright square, and nothing else.

A convolution with a 5 x 5 kernel of ones and a high threshold answers only where a whole square of
that size is bright; the logit of class 1 is the sum of these answers.
"""

from __future__ import annotations

import torch
from torch import Tensor

from netloom.compile import Network, build_module
from netloom.graph.document import Document
from tests.netloom.compile.networks import chain, image, node

SIDE = 32
SQUARE = 5


def square_document(*, ends_in_softmax: bool = False) -> Document:
    head = [node("Softmax", "softmax")] if ends_in_softmax else []
    return chain(
        image(1, SIDE),
        node("Conv2d", "look", out_channels=1, kernel_size=SQUARE, padding=SQUARE // 2),
        node("ReLU", "relu"),
        node("AdaptiveAvgPool2d", "pool"),
        node("Flatten", "flatten"),
        node("Linear", "classes", out_features=2),
        *head,
        node("Output", "out"),
    )


def square_network(*, ends_in_softmax: bool = False) -> Network:
    network = build_module(square_document(ends_in_softmax=ends_in_softmax))
    with torch.no_grad():
        network.get_parameter("look.weight").fill_(1.0)
        network.get_parameter("look.bias").fill_(-(SQUARE**2) + 5.0)
        network.get_parameter("classes.weight").copy_(torch.tensor([[0.0], [100.0]]))
        network.get_parameter("classes.bias").zero_()
    return network


def square_image(top: int = 6, left: int = 20) -> Tensor:
    """Grey noise below the threshold, and one bright square; [1, 1, H, W]."""
    generator = torch.Generator().manual_seed(4)
    image_1CHW = torch.rand(1, 1, SIDE, SIDE, generator=generator) * 0.3
    image_1CHW[:, :, top : top + SQUARE, left : left + SQUARE] = 1.0
    return image_1CHW
