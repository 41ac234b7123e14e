"""Networks of torchvision by name: facts without a download, and bundles that run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from netloom.cli import main
from netloom.compile import build_module, load_weights
from netloom.formats.bundle import read_bundle
from netloom.formats.zoo import TorchvisionZoo, ZooError
from netloom.formats.zoo.torchvision_zoo import build


def test_the_list_tells_what_each_network_costs_and_reaches(capsys) -> None:
    assert main(["zoo", "list", "resnet18", "--json"]) == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    [weights] = found["resnet18"]["weights"]
    assert weights["parameters"] == 11_689_512
    assert weights["metrics"]["ImageNet-1K acc@1"] == 69.758
    assert weights["input"]["mean"] == [0.485, 0.456, 0.406]
    assert not found["quantized_resnet18"]["can_open"]


def test_a_network_becomes_a_bundle_with_the_weights_of_a_file(tmp_path: Path, capsys) -> None:
    torch.manual_seed(4)
    original = build("squeezenet1_1").eval()
    torch.save(original.state_dict(), tmp_path / "weights.pth")
    out = tmp_path / "squeezenet.netloom"
    arguments = ["zoo", "get", "squeezenet1_1", "-o", str(out)]
    assert main([*arguments, "--weights", str(tmp_path / "weights.pth")]) == 0
    bundle = read_bundle(out)
    assert bundle.meta.preprocessing["mean"] == [0.485, 0.456, 0.406]
    network = build_module(bundle.document)
    assert load_weights(network, bundle.weights).initialised == ()
    image = torch.randn(1, 3, 224, 224)
    torch.testing.assert_close(network.eval()(image), original(image))


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save(nn.Linear(3, 3).state_dict(), path)
    with pytest.raises(ZooError, match="not of this network"):
        TorchvisionZoo().open("squeezenet1_1", weights=path)


def test_weights_of_another_library_are_sent_elsewhere(shared_data: Path) -> None:
    [path] = sorted((shared_data / "models-squeezenet11").glob("*.h5"))
    with pytest.raises(ZooError, match=r"Keras HDF5.*“Load weights”"):
        TorchvisionZoo().open("squeezenet1_1", weights=path)


def test_vision_transformers_have_a_position_for_each_patch_of_their_image() -> None:
    for entry in TorchvisionZoo().entries():
        if not entry.name.startswith("vit_"):
            continue
        for weights in entry.weights:
            with torch.device("meta"):
                module = build(entry.name, given=weights.input)
            patches = (weights.input.height // module.patch_size) ** 2
            assert module.encoder.pos_embedding.shape[1] == patches + 1, (entry.name, weights.name)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("this must never be printed",)

    path = tmp_path / "weights.pth"
    torch.save({"weight": Payload()}, path)
    with pytest.raises(ZooError, match="cannot be read as weights"):
        TorchvisionZoo().open("squeezenet1_1", weights=path)


def test_nothing_is_downloaded_unless_that_was_asked(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(ZooError, match="downloading was not allowed"):
        TorchvisionZoo().open("squeezenet1_1", weights="DEFAULT")


def test_names_that_are_not_there_are_refused(capsys) -> None:
    assert main(["zoo", "get", "resnet19", "-o", "nowhere"]) == 1
    assert "no network 'resnet19'" in capsys.readouterr().err


def test_what_was_got_says_whether_its_weights_are_random(capsys, tmp_path: Path) -> None:
    path = tmp_path / "net.netloom"
    assert main(["zoo", "get", "squeezenet1_1", "-o", str(path)]) == 0
    told = capsys.readouterr().out
    assert "squeezenet1_1 is in" in told
    assert " layers" in told
    assert "Its weights are random: --pretrained downloads trained ones" in told
    weights = ["--weights", str(tmp_path / "own.pth")]
    torch.save(build("squeezenet1_1").state_dict(), tmp_path / "own.pth")
    assert main(["zoo", "get", "squeezenet1_1", "-o", str(path), *weights]) == 0
    assert "random" not in capsys.readouterr().out
