"""Small networks with weights of their own, and one torch thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from netloom.compile import build_module, state_weights
from netloom.formats.bundle import make_meta
from netloom.formats.imported import ImportedNetwork, ImportReport
from netloom.graph.document import Document
from netloom.templates import make_template

Make = Callable[..., ImportedNetwork]


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def with_weights(document: Document, classes: list[str] | None = None) -> ImportedNetwork:
    """Return a network whose weights nobody could guess: statistics of batches among them."""
    weights = {key: tensor.clone() for key, tensor in state_weights(build_module(document)).items()}
    generator = torch.Generator().manual_seed(5)
    for key, tensor in weights.items():
        if key.endswith(("running_mean", "bias")):
            tensor.normal_(0, 0.1, generator=generator)
        elif key.endswith("running_var"):
            tensor.uniform_(0.5, 1.5, generator=generator)
    made = ImportedNetwork(document, ImportReport(format="test"), weights)
    return replace(made, meta=make_meta(document, classes=classes, licence="CC0"))


@pytest.fixture(scope="session")
def template() -> Make:
    def make(name: str, *, side: int = 16, classes: list[str] | None = None) -> ImportedNetwork:
        count = len(classes) if classes else 4
        document = make_template(name, channels=3, height=side, width=side, num_classes=count)
        return with_weights(document, classes)

    return make
