"""Networks to begin with, fitted to the data at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from netloom.graph.document import Document
from netloom.templates import (
    densenet,
    image_to_image,
    mobilenet,
    resnet,
    sequences,
    siamese,
    small,
    vgg,
)
from netloom.templates.fit import Fit

__all__ = ["TemplateInfo", "make_template", "templates"]

Task = Literal[
    "image classification",
    "image segmentation",
    "image reconstruction",
    "image generation",
    "image comparison",
    "sequence classification",
    "text classification",
    "sequence-to-sequence learning",
]
TRAINED_TASKS: frozenset[Task] = frozenset({"image classification"})
"""The tasks that the training loop knows."""

Family = Literal[
    "Image classification",
    "Image segmentation",
    "Image generation",
    "Image comparison",
    "Sequences",
    "Text",
]


class TemplateInfo(BaseModel):
    """What a person reads before choosing.

    Attributes:
        family: What it is for, as lists are headed.
        task: What it learns.
        can_train: Whether Netloom trains this task.
        note: What Netloom cannot do with it yet; empty where it trains.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    summary: str
    family: Family
    task: Task
    can_train: bool
    note: str


Known = Callable[[Fit], Document]
Unknown = Callable[[Fit, str], Document]


@dataclass(frozen=True, slots=True)
class _Entry:
    info: TemplateInfo
    make: Known


def _known(template_id: str, title: str, summary: str, make: Known) -> _Entry:
    """Declare a template that classifies images, which Netloom trains."""
    info = TemplateInfo(
        id=template_id,
        title=title,
        summary=summary,
        family="Image classification",
        task="image classification",
        can_train=True,
        note="",
    )
    return _Entry(info, make)


def _other(
    template_id: str, title: str, summary: str, family: Family, task: Task, make: Unknown
) -> _Entry:
    """Declare a template of another task, which says so where Netloom does not train it."""
    can_train = task in TRAINED_TASKS
    note = f"Netloom cannot train {task} yet; shapes, costs, code and export work."
    info = TemplateInfo(
        id=template_id,
        title=title,
        summary=summary,
        family=family,
        task=task,
        can_train=can_train,
        note="" if can_train else note,
    )
    return _Entry(info, lambda fit: make(fit, info.note))


_ENTRIES = (
    _known(
        "small_cnn",
        "Small CNN",
        "Convolutions with batch normalization; fast on a CPU, a good first choice.",
        small.small_cnn,
    ),
    _known(
        "small_resnet",
        "Small ResNet",
        "Residual blocks and global pooling; deeper, for harder images.",
        resnet.small_resnet,
    ),
    _known(
        "mlp",
        "MLP",
        "Fully connected layers on the flattened image; the simplest baseline.",
        small.mlp,
    ),
    _known(
        "lenet5",
        "LeNet-5",
        "The classic of 1998 for handwritten digits, with tanh and average pooling.",
        small.lenet5,
    ),
    _known(
        "mobilenet_v2",
        "MobileNet-v2",
        "Inverted residuals: accurate for its size, made for phones.",
        mobilenet.mobilenet_v2,
    ),
    _known(
        "resnet18",
        "ResNet-18",
        "Eight residual blocks in four widths; the usual starting point for photographs.",
        resnet.resnet18,
    ),
    _known(
        "resnet50",
        "ResNet-50",
        "Sixteen bottlenecks; more accurate than ResNet-18 and about twice as slow.",
        resnet.resnet50,
    ),
    _known(
        "densenet121",
        "DenseNet-121",
        "Every layer sees all before it; few parameters, much memory in training.",
        densenet.densenet121,
    ),
    _known(
        "vgg11",
        "VGG-11",
        "Plain 3 × 3 convolutions, with batch normalization; large but easy to follow.",
        vgg.vgg11,
    ),
    _known(
        "vit",
        "Vision transformer",
        "Cuts the image into patches and reads them as a sequence; wants much data.",
        sequences.vit,
    ),
    _other(
        "unet",
        "U-Net",
        "Down, across and up again: a class for every pixel.",
        "Image segmentation",
        "image segmentation",
        image_to_image.unet,
    ),
    _other(
        "autoencoder",
        "Autoencoder",
        "Squeezes an image through few numbers and draws it again.",
        "Image generation",
        "image reconstruction",
        image_to_image.autoencoder,
    ),
    _other(
        "vae",
        "Variational autoencoder",
        "Its code is drawn from a distribution, so that new images can be made.",
        "Image generation",
        "image generation",
        image_to_image.vae,
    ),
    _other(
        "dcgan_generator",
        "DCGAN generator",
        "Makes an image of noise; trained against the discriminator.",
        "Image generation",
        "image generation",
        image_to_image.dcgan_generator,
    ),
    _other(
        "dcgan_discriminator",
        "DCGAN discriminator",
        "Tells real images from made ones; the other half of the pair.",
        "Image generation",
        "image generation",
        image_to_image.dcgan_discriminator,
    ),
    _other(
        "siamese",
        "Siamese network",
        "Sends two images through the same weights and says whether they show the same.",
        "Image comparison",
        "image comparison",
        siamese.siamese,
    ),
    _other(
        "lstm_classifier",
        "LSTM classifier",
        "Reads a sequence in both directions and names its class.",
        "Sequences",
        "sequence classification",
        sequences.lstm_classifier,
    ),
    _other(
        "tcn",
        "Temporal convolutions (TCN)",
        "Convolutions over time with growing gaps; faster to train than an LSTM.",
        "Sequences",
        "sequence classification",
        sequences.tcn,
    ),
    _other(
        "text_transformer",
        "Text transformer",
        "Attention between all words of a text, then one logit per class.",
        "Text",
        "text classification",
        sequences.text_transformer,
    ),
    _other(
        "seq2seq",
        "Sequence to sequence",
        "One LSTM reads a text, another writes one: translation, summaries.",
        "Text",
        "sequence-to-sequence learning",
        sequences.seq2seq,
    ),
)
_BY_ID = {entry.info.id: entry for entry in _ENTRIES}


def templates() -> list[TemplateInfo]:
    """Return the templates, family by family, the recommended one first."""
    return [entry.info for entry in _ENTRIES]


def make_template(
    template_id: str, *, channels: int, height: int, width: int, num_classes: int
) -> Document:
    """Return a network fitted to images of this size and so many classes.

    Sequences and texts have no size to be fitted to: they take the number of classes.

    Raises:
        KeyError: There is no such template.
        ValueError: A size is below 1.
    """
    if min(channels, height, width, num_classes) < 1:
        raise ValueError("channels, height, width and num_classes must be at least 1")
    return _BY_ID[template_id].make(Fit(channels, height, width, num_classes))
