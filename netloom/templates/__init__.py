"""Networks to begin with, fitted to the data at hand."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from netloom.graph.document import Document
from netloom.templates.networks import Fit, lenet5, mlp, small_cnn, small_resnet

__all__ = ["TemplateInfo", "make_template", "templates"]


class TemplateInfo(BaseModel):
    """What a person reads before choosing."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    summary: str


_TEMPLATES: dict[str, tuple[TemplateInfo, Callable[[Fit], Document]]] = {
    "small_cnn": (
        TemplateInfo(
            id="small_cnn",
            title="Small CNN",
            summary="Convolutions with batch normalization; fast on a CPU, a good first choice.",
        ),
        small_cnn,
    ),
    "small_resnet": (
        TemplateInfo(
            id="small_resnet",
            title="Small ResNet",
            summary="Residual blocks and global pooling; deeper, for harder images.",
        ),
        small_resnet,
    ),
    "lenet5": (
        TemplateInfo(
            id="lenet5",
            title="LeNet-5",
            summary="The classic of 1998 for handwritten digits, with tanh and average pooling.",
        ),
        lenet5,
    ),
    "mlp": (
        TemplateInfo(
            id="mlp",
            title="MLP",
            summary="Fully connected layers on the flattened image; the simplest baseline.",
        ),
        mlp,
    ),
}


def templates() -> list[TemplateInfo]:
    """Return the templates, the recommended one first."""
    return [info for info, _ in _TEMPLATES.values()]


def make_template(
    template_id: str, *, channels: int, height: int, width: int, num_classes: int
) -> Document:
    """Return a network that classifies images of this size into so many classes.

    Raises:
        KeyError: There is no such template.
        ValueError: A size is below 1.
    """
    if min(channels, height, width, num_classes) < 1:
        raise ValueError("channels, height, width and num_classes must be at least 1")
    return _TEMPLATES[template_id][1](Fit(channels, height, width, num_classes))
