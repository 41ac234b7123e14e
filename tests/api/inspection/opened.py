"""A network that was trained elsewhere and opened here: weights without a run."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Any

import numpy as np
import torch
from django.utils import timezone
from PIL import Image
from safetensors.torch import save

from designer.models import Network, WeightSet
from netloom.compile import build_module, state_weights
from netloom.data.preprocess import Preprocessing
from netloom.graph.migrations import load_document
from storage.services import store_bytes
from tests.api.studio import digits_zip, tiny_network


def open_network(project: Any) -> WeightSet:
    """What an import leaves of a file that held the tiny network, trained."""
    network = Network.objects.create(
        project=project, name="Opened digits", document=tiny_network(), updated_at=timezone.now()
    )
    weights = trained_weights()
    return WeightSet.objects.create(
        network=network,
        blob=store_bytes(project, weights),
        document=tiny_network(),
        source="digits.keras",
        format="Keras 3",
        classes=[str(digit) for digit in range(10)],
        num_tensors=4,
    )


@cache
def trained_weights() -> bytes:
    """Weights of the tiny network that tell the digits of `digits_zip` apart, as safetensors."""
    document = load_document(tiny_network())
    network = build_module(document, seed=3)
    images_BCHW, labels_B = _digits("train")
    inputs_BCHW = Preprocessing.from_document(document).normalise(images_BCHW)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.02)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(inputs_BCHW), labels_B).backward()
        optimizer.step()
    torch.set_num_threads(before)
    return save({key: tensor.contiguous() for key, tensor in state_weights(network).items()})


def _digits(split: str) -> tuple[torch.Tensor, torch.Tensor]:
    pixels: list[Any] = []
    labels: list[int] = []
    with zipfile.ZipFile(io.BytesIO(digits_zip())) as archive:
        for name in archive.namelist():
            if name.startswith(split):
                pixels.append(np.asarray(Image.open(io.BytesIO(archive.read(name))))[None])
                labels.append(int(name.split("/")[1]))
    return torch.as_tensor(np.stack(pixels)), torch.tensor(labels)
