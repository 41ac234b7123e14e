"""Exported programs: what the module computes, the imported network computes; nothing is run."""

from __future__ import annotations

import json
import pickle  # noqa: TID251 - payloads that must not run
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from netloom.compile import build_module, load_weights
from netloom.compile.order import natural_key
from netloom.formats.imported import FormatError, ImportedNetwork
from netloom.formats.read import read_network
from netloom.formats.recognise import recognise
from netloom.formats.weight_report import with_weight_report
from tests.netloom.formats.pt2.programs import Mixed, Reader, exported, vision_transformer

NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], bool]] = {
    "resnet18": (models.resnet18, (1, 3, 64, 64), False),
    "mobilenet_v3_small": (models.mobilenet_v3_small, (2, 3, 64, 64), True),
    "vision transformer": (vision_transformer, (2, 3, 16, 16), True),
    "vision transformer of one sample": (vision_transformer, (1, 3, 16, 16), False),
    "reader": (Reader, (2, 6), True),
    "reader of one sample": (Reader, (1, 6), False),
    "mixed": (Mixed, (2, 3, 12, 12), True),
}


def compute(imported: ImportedNetwork, given: Tensor) -> list[Tensor]:
    """Return what leaves a network, in the order of its outputs."""
    module = build_module(imported.document)
    load_weights(module, imported.weights)
    module.eval()
    with torch.no_grad():
        found = module(given)
    return [found] if isinstance(found, Tensor) else list(found)


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_the_module(tmp_path: Path, name: str) -> None:
    make, sizes, is_open = NETWORKS[name]
    torch.manual_seed(0)
    example = torch.rand(sizes) if len(sizes) == 4 else torch.randint(0, 40, sizes)
    module = exported(make(), example, tmp_path / "net.pt2", is_open=is_open)
    imported = with_weight_report(read_network(tmp_path / "net.pt2"))
    report = imported.report
    assert report.count("placeholder") == 0
    assert (report.num_unused_weights, report.num_missing_weights) == (0, 0)
    assert report.parity is not None
    given = torch.rand(3, *sizes[1:]) if len(sizes) == 4 else torch.randint(0, 40, (3, *sizes[1:]))
    with torch.no_grad():
        told = module(given)
    expected = [told] if isinstance(told, Tensor) else list(told)
    names = sorted(n.name for n in imported.document.graph.nodes.values() if n.type == "Output")
    assert names == sorted(names, key=natural_key)
    for ours, theirs in zip(compute(imported, given), expected, strict=True):
        assert float(theirs.abs().max()) > 1e-3
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    if name == "resnet18":
        graph = imported.document.graph
        assert [node.name for node in graph.nodes.values()][1:9] == [
            "conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4",
        ]  # fmt: skip
        assert "BasicBlock" in {block.name for block in graph.blocks.values()}


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """Return a copy of a file whose members are changed."""
    target = path.with_name("changed.pt2")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(target, "w") as after:
        for name in before.namelist():
            after.writestr(name, change(name, before.read(name)))
    return target


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An exported program with a weight and a bias."""
    path = tmp_path / "small.pt2"
    exported(nn.Linear(4, 3), torch.rand(2, 4), path, is_open=True)
    return path


def changed_json(path: Path, member: str, change: Callable[[Any], object]) -> Path:
    """Return a copy of a file in which the JSON of a member is changed."""

    def apply(name: str, content: bytes) -> bytes:
        if not name.endswith(member):
            return content
        parsed = json.loads(content)
        change(parsed)
        return json.dumps(parsed).encode()

    return rewritten(path, apply)


class _Payload:
    """Leaves a file behind when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_a_pickle_among_the_weights_is_not_opened(small: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    payload = pickle.dumps(_Payload(mark))
    bad = rewritten(
        changed_json(
            small,
            "model_weights_config.json",
            lambda parsed: parsed["config"]["weight"].update(use_pickle=True),
        ).rename(tmp_path / "one.pt2"),
        lambda name, content: payload if "weight_" in name else content,
    )
    assert recognise(bad).name == "pt2"
    with pytest.raises(FormatError, match="is a pickle, which can hold a program"):
        read_network(bad)
    assert not mark.exists()


def test_pickled_examples_are_not_opened(small: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    payload = pickle.dumps(_Payload(mark))
    bad = rewritten(small, lambda name, content: payload if "sample_inputs" in name else content)
    assert read_network(bad).weights
    assert not mark.exists()


def test_objects_of_programs_are_refused(small: Path) -> None:
    def give_object(parsed: Any) -> None:
        parsed["graph_module"]["signature"]["input_specs"].insert(
            0, {"custom_obj": {"arg": {"name": "obj"}, "custom_obj_name": "obj"}}
        )

    with pytest.raises(FormatError, match="custom_obj"):
        read_network(changed_json(small, "models/model.json", give_object))


def test_an_operator_nobody_knows_is_a_placeholder_and_not_called(small: Path) -> None:
    def rename(parsed: Any) -> None:
        parsed["graph_module"]["graph"]["nodes"][0]["target"] = "torch.ops.os.system.default"

    imported = read_network(changed_json(small, "models/model.json", rename))
    assert imported.report.count("placeholder") == 1
    [node] = [n for n in imported.document.graph.nodes.values() if n.type == "Placeholder"]
    assert node.params["op"] == "system"


@pytest.mark.parametrize(
    ("member", "key", "words"),
    [
        ("model_weights_config.json", "sizes", "does not hold what it declares"),
        ("model_weights_config.json", "path_name", "is missing"),
    ],
)
def test_what_is_declared_must_be_there(small: Path, member: str, key: str, words: str) -> None:
    def lie(parsed: Any) -> None:
        weight = parsed["config"]["weight"]
        if key == "sizes":
            weight["tensor_meta"]["sizes"] = [{"as_int": 2**40}, {"as_int": 2**20}]
        else:
            weight["path_name"] = "../../../../etc/passwd"

    with pytest.raises(FormatError, match=words):
        read_network(changed_json(small, member, lie))


def test_a_type_of_numbers_that_is_no_number_is_unknown(small: Path) -> None:
    """A list where a number belongs is no key of a table."""

    def mistype(parsed: Any) -> None:
        parsed["config"]["weight"]["tensor_meta"]["dtype"] = [7]

    with pytest.raises(FormatError, match="is of an unknown kind"):
        read_network(changed_json(small, "model_weights_config.json", mistype))

    def mistype_value(parsed: Any) -> None:
        for value in parsed["graph_module"]["graph"]["tensor_values"].values():
            value["dtype"] = [7]

    assert read_network(changed_json(small, "models/model.json", mistype_value)).weights


def test_a_number_in_words_that_is_none_makes_a_placeholder(small: Path) -> None:
    def add(parsed: Any) -> None:
        extra = {"name": "alpha", "arg": {"as_float": "many"}, "kind": 1}
        parsed["graph_module"]["graph"]["nodes"][0]["inputs"].append(extra)

    imported = read_network(changed_json(small, "models/model.json", add))
    assert imported.report.count("placeholder") == 1


def test_a_program_for_so_many_samples_alone_says_how_to_export_it(tmp_path: Path) -> None:
    class AddsUp(nn.Module):
        def forward(self, given: Tensor) -> Tensor:
            return given - given.mean(0, keepdim=True)

    exported(AddsUp(), torch.rand(2, 4), tmp_path / "net.pt2", is_open=False)
    with pytest.raises(FormatError, match="dynamic_shapes"):
        read_network(tmp_path / "net.pt2")
