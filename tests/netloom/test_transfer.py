"""Transfer learning from Python and the command line: what is kept, what learns, what it gains."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import netloom
from netloom.cli import main
from netloom.compile import build_module, load_weights
from netloom.data.decode import decode_image
from netloom.data.folder import FolderError, training_manifest
from netloom.data.preprocess import Preprocessing
from netloom.formats.bundle import read_bundle
from netloom.formats.imported import ImportedNetwork
from netloom.formats.loading import load_weight_file
from netloom.formats.read import read_network
from netloom.formats.zoo import TorchvisionZoo
from netloom.graph.document import Document
from netloom.surgery.adapting import adapt_network
from netloom.transfer_learning import TransferError, Transferred

SQUEEZENET = "models-squeezenet11/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"
CLASSES = ["airplane", "frog", "ship"]


@pytest.fixture(scope="module")
def squeezenet(shared_data: Path) -> ImportedNetwork:
    """Trained on ImageNet, its classifier missing in the file."""
    drawn = TorchvisionZoo().open("squeezenet1_1")
    file = shared_data / SQUEEZENET
    return load_weight_file(drawn.document, file, normalisation="caffe").network


def frozen_modules(ready: Transferred) -> set[str]:
    module = build_module(ready.document)
    return {name for name, each in module.named_parameters() if not each.requires_grad}


def test_a_head_inside_a_block_is_replaced_and_the_rest_frozen(
    squeezenet: ImportedNetwork,
) -> None:
    ready = netloom.transfer(squeezenet, CLASSES)
    assert ready.adapted.survival.kept == 722_496
    assert ready.adapted.survival.new == 512 * 3 + 3
    assert ready.adapted.frozen == ["features"]
    learning = {
        n for n, each in build_module(ready.document).named_parameters() if each.requires_grad
    }
    assert len(learning) == 2
    assert ready.meta.classes == CLASSES
    assert ready.meta.preprocessing["std"] == [1 / 255] * 3
    module = build_module(ready.document)
    load_weights(module, ready.weights)
    assert module.eval()(torch.zeros(2, 3, 224, 224)).shape == (2, 3)


def test_earlier_layers_learn_slower_up_to_a_frozen_one(squeezenet: ImportedNetwork) -> None:
    ready = netloom.transfer(
        squeezenet,
        CLASSES,
        head="pooled",
        freeze="features.fire6",
        backbone_rate=0.01,
        is_graded=True,
        unfreeze_every_epochs=3,
        input_size_px=(64, 64),
    )
    module = build_module(ready.document)
    assert module.eval()(torch.zeros(2, 3, 64, 64)).shape == (2, 3)
    factors = {
        name: learning.learning_rate_factor
        for name, learning in module.netloom_origins.learning.items()
    }
    values = [factors[name] for name in sorted(factors, key=_numbers)]
    assert 0.01 < values[0] < values[-1] < 1
    assert any("fire5" in name or "fire4" in name for name in frozen_modules(ready))
    assert not any("fire7" in name for name in frozen_modules(ready))
    assert ready.config.unfreeze.is_enabled
    assert ready.config.unfreeze.every_epochs == 3


def _numbers(name: str) -> list[int]:
    return [int(part) for part in "".join(c if c.isdigit() else " " for c in name).split()]


def test_what_cannot_be_done_is_said(squeezenet: ImportedNetwork) -> None:
    with pytest.raises(TransferError, match=r"no layer 'fire99'.*features\.conv_0"):
        netloom.transfer(squeezenet, CLASSES, freeze="fire99")
    untrained = netloom.from_module(nn.Linear(3, 2), torch.zeros(1, 3))
    bare = ImportedNetwork(untrained.document, untrained.report)
    with pytest.raises(TransferError, match="no weights"):
        netloom.transfer(bare, CLASSES)


def images(document: Document, folder: Path, per_class: int) -> tuple[Tensor, Tensor]:
    preprocessing = Preprocessing.from_document(document)
    pixels: list[Tensor] = []
    labels: list[int] = []
    for number, each in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for path in sorted(each.iterdir())[:per_class]:
            pixels.append(torch.tensor(preprocessing.to_uint8_CHW(decode_image(path))))
            labels.append(number)
    return torch.stack(pixels), torch.tensor(labels)


def probe(ready: Transferred, folder: Path) -> float:
    """Train the head alone on features of the frozen backbone, and return its accuracy."""
    module = build_module(ready.document, seed=1)
    load_weights(module, ready.weights)
    head = next(name for name, each in module.named_parameters() if each.requires_grad)
    linear = module.get_submodule(head.rpartition(".")[0])
    assert isinstance(linear, nn.Linear)
    seen: list[Tensor] = []
    handle = linear.register_forward_hook(lambda _module, given, _out: seen.append(given[0]))
    module.eval()
    normalise = Preprocessing.from_document(ready.document).normalise
    features: list[tuple[Tensor, Tensor]] = []
    with torch.no_grad():
        for split in ("train", "test"):
            pixels_BCHW, label_B = images(ready.document, folder / split, 250)
            for part_BCHW in pixels_BCHW.split(50):
                module(normalise(part_BCHW))
            features.append((torch.cat(seen), label_B))
            seen.clear()
    handle.remove()
    (train_BF, label_B), (test_BF, expected_B) = features
    # Each feature by itself: in an untrained network photos differ in the last digits alone.
    mean_F, std_F = train_BF.mean(dim=0), train_BF.std(dim=0)
    std_F[std_F == 0] = 1
    train_BF, test_BF = (train_BF - mean_F) / std_F, (test_BF - mean_F) / std_F
    optimizer = torch.optim.AdamW(linear.parameters(), lr=3e-3, weight_decay=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(linear(train_BF), label_B).backward()
        optimizer.step()
    return float((linear(test_BF).argmax(1) == expected_B).float().mean())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_features_of_a_trained_network_beat_random_ones(
    squeezenet: ImportedNetwork, shared_data: Path
) -> None:
    """Ten classes, 250 photos of each to learn from, 100 to test."""
    folder = shared_data / "cifar10-jpg"
    torch.manual_seed(0)
    untrained = TorchvisionZoo().open("squeezenet1_1")
    classes = sorted(path.name for path in (folder / "test").iterdir() if path.is_dir())
    size = (128, 128)
    trained, random = (
        probe(netloom.transfer(each, classes, head="pooled", input_size_px=size), folder)
        for each in (squeezenet, untrained)
    )
    assert trained >= 0.66
    assert 0.25 <= random <= trained - 0.25


def test_the_command_writes_a_bundle_and_a_run(
    squeezenet: ImportedNetwork, shared_data: Path, tmp_path: Path, capsys
) -> None:
    data = tmp_path / "photos"
    for name in CLASSES:
        (data / name).mkdir(parents=True)
        for path in sorted((shared_data / "cifar10-jpg" / "train" / name).iterdir())[:4]:
            (data / name / path.name).write_bytes(path.read_bytes())
    ready = netloom.transfer(squeezenet, ["old"], input_size_px=(32, 32))
    start = ready.save(tmp_path / "start.netloom")
    out, run = tmp_path / "ready.netloom", tmp_path / "run"
    arguments = ["transfer", str(start), "--data", str(data), "-o", str(out), "--run", str(run)]
    assert main([*arguments, "--epochs", "1", "--head", "pooled", "--json", "--no-start"]) == 0
    answer = json.loads(capsys.readouterr().out.split("\n}\n")[0] + "\n}")
    assert (answer["classes"], answer["new"]) == (CLASSES, 512 * 3 + 3)
    assert read_bundle(out).meta.classes == CLASSES
    assert main(["train", str(run / "spec.json"), "--bundle", str(run / "done.netloom")]) == 0
    told = capsys.readouterr().out
    assert "Training 724,035 parameters" in told
    assert "50 of 52 tensors fit" in told
    trained = read_bundle(run / "done.netloom")
    for key, tensor in ready.weights.items():
        torch.testing.assert_close(trained.weights[key], tensor, rtol=0, atol=0)


def test_a_folder_without_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="images in class folders"):
        training_manifest(tmp_path)
    for name in ("train/cat/a.png", "train/dog/b.png", "test/cat/c.png"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    manifest = training_manifest(tmp_path)
    assert manifest.classes == ["cat", "dog"]
    assert sorted(item.split for item in manifest.items) == ["train", "train", "validation"]


def test_a_caffe_network_that_ends_in_a_convolution_is_adapted(shared_data: Path) -> None:
    """Its scores leave as one row and column for each class, which no loss takes."""
    path = shared_data / "models-squeezenet11" / "SqueezeNet_v1.1" / "deploy.prototxt"
    document = read_network(path).document
    adapted = adapt_network(document, len(CLASSES))
    assert adapted.problems == []
    nodes = adapted.document.graph.nodes.values()
    assert [node.type for node in nodes].count("Flatten") == 1
