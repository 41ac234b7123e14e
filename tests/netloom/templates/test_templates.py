"""Templates fit the data at hand, read from left to right, and learn.

B batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from netloom.analyze import Binding, analyze
from netloom.blocks.layout import CARD_HEIGHT_PX, CARD_WIDTH_PX, GAP_PX
from netloom.compile import build_module
from netloom.graph.document import Document
from netloom.templates import make_template, templates

IDS = [info.id for info in templates()]
CLASSIFIERS = [info.id for info in templates() if info.can_train]
SIZES = [(1, 1), (2, 3), (8, 8), (28, 28), (32, 32), (40, 200), (96, 96), (224, 224)]


def template(template_id: str, channels: int, size: tuple[int, int], num_classes: int) -> Document:
    height, width = size
    return make_template(
        template_id, channels=channels, height=height, width=width, num_classes=num_classes
    )


@pytest.mark.parametrize("template_id", CLASSIFIERS)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("channels", [1, 3])
def test_fits_the_data_without_a_problem(
    template_id: str, channels: int, size: tuple[int, int]
) -> None:
    made = template(template_id, channels, size, 7)
    binding = Binding(num_classes=7, channels=channels, typical_size=size)
    analysis = analyze(made, binding)
    assert analysis.diagnostics == []
    assert Document.model_validate(made.model_dump(by_alias=True)) == made


@pytest.mark.parametrize("template_id", IDS)
@pytest.mark.parametrize("size", [(8, 8), (96, 96)], ids=str)
def test_reads_from_left_to_right_without_overlap(template_id: str, size: tuple[int, int]) -> None:
    made = template(template_id, 3, size, 10)
    positions = made.view.positions
    for scope in (made.graph, *made.graph.blocks.values()):
        assert scope.nodes.keys() <= positions.keys()
        for one, other in itertools.combinations(scope.nodes, 2):
            across = abs(positions[one].x - positions[other].x)
            down = abs(positions[one].y - positions[other].y)
            assert across >= CARD_WIDTH_PX + GAP_PX or down >= CARD_HEIGHT_PX + GAP_PX
        for edge in scope.edges.values():
            start, end = positions[edge.source.node], positions[edge.target.node]
            assert end.x > start.x or end.y > start.y
        assert max(positions[node_id].x for node_id in scope.nodes) < 10 * 224


def test_the_resnet_is_made_of_two_blocks() -> None:
    made = template("small_resnet", 3, (32, 32), 10)
    uses = [node.block for node in made.graph.nodes.values() if node.block]
    assert (len(uses), len(set(uses)), len(made.graph.blocks)) == (5, 2, 2)
    assert len(template("small_resnet", 1, (3, 3), 10).graph.blocks) == 1


def test_each_use_has_ids_of_its_own() -> None:
    first, second = (template("small_resnet", 3, (32, 32), 10) for _ in range(2))
    assert not first.graph.nodes.keys() & second.graph.nodes.keys()
    assert not first.graph.blocks.keys() & second.graph.blocks.keys()


def test_unknown_templates_and_sizes_are_refused() -> None:
    with pytest.raises(KeyError):
        template("resnet9000", 3, (32, 32), 10)
    with pytest.raises(ValueError, match="at least 1"):
        template("mlp", 3, (32, 32), 0)


def _read_digits(folder: Path) -> tuple[Tensor, Tensor]:
    """Return float images in -1..1 (B, 1, 28, 28) and labels (B,)."""
    images = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())
    image_BCHW = torch.from_numpy(np.frombuffer(images, np.uint8, offset=16).copy())
    label_B = torch.from_numpy(np.frombuffer(labels, np.uint8, offset=8).copy())
    return (image_BCHW.view(-1, 1, 28, 28).float() / 255 - 0.5) / 0.5, label_B.long()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small layers gain nothing from threads, and lose much when other tests want them too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_the_small_cnn_learns_digits_in_five_epochs(shared_data: Path) -> None:
    """97.5 % of 2,000 unseen digits within 5 epochs on 8,000, with AdamW at 1e-3."""
    image_BCHW, label_B = _read_digits(shared_data / "mnist-t10k")
    module = build_module(template("small_cnn", 1, (28, 28), 10), seed=0)
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3)
    shuffle = torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    reached: list[float] = []
    while len(reached) < 5 and max(reached, default=0) < 0.975:
        module.train()
        for chosen_B in torch.randperm(8000, generator=shuffle).split(64):
            loss = nn.functional.cross_entropy(module(image_BCHW[chosen_B]), label_B[chosen_B])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        reached.append(_accuracy(module, image_BCHW[8000:], label_B[8000:]))
    assert reached[-1] >= 0.975, reached


def _accuracy(module: nn.Module, image_BCHW: Tensor, label_B: Tensor) -> float:
    module.eval()
    with torch.no_grad():
        found_B = torch.cat([module(part).argmax(dim=1) for part in image_BCHW.split(500)])
    return (found_B == label_B).float().mean().item()
