"""Names are identifiers that mean nothing else."""

from __future__ import annotations

import keyword

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netloom.compile.module import Network
from netloom.graph.names import (
    GRAPH_MODULE_NAMES,
    MAX_LENGTH,
    name_problem,
    repaired_name,
    unique_name,
)


def test_the_frozen_list_is_what_torch_has() -> None:
    module = torch.fx.GraphModule(torch.nn.Module(), torch.fx.Graph())
    names = {*dir(torch.fx.GraphModule), *dir(module)}
    public = {name for name in names if not name.startswith("_")}
    assert public <= GRAPH_MODULE_NAMES, f"add {sorted(public - GRAPH_MODULE_NAMES)}"


def test_no_public_name_of_a_compiled_network_is_left_to_a_node() -> None:
    public = {name for name in dir(Network) if not name.startswith("_")}
    assert not {name for name in public if name_problem(name) is None}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1conv",
        "conv 1",
        "conv-1",
        "größe",
        "ｃonv",
        "conv\n",
        "_conv",
        "__class__",
        "x;import os",
        "class",
        "match",
        "forward",
        "training",
        "self",
        "torch",
        "a" * (MAX_LENGTH + 1),
    ],
)
def test_refused_names(name: str) -> None:
    assert name_problem(name)


@pytest.mark.parametrize("name", ["conv", "conv_2", "Conv2d", "a" * MAX_LENGTH, "output", "input"])
def test_accepted_names(name: str) -> None:
    assert name_problem(name) is None


def test_unique_names_count_up() -> None:
    assert unique_name("conv", set()) == "conv"
    assert unique_name("conv", {"conv", "conv_2"}) == "conv_3"
    assert unique_name("train", set()) == "train_2"
    longest = "a" * MAX_LENGTH
    assert unique_name(longest, {longest}) == "a" * (MAX_LENGTH - 2) + "_2"


@given(st.text(max_size=80), st.sets(st.sampled_from(["layer", "conv", "layer_2", "class_layer"])))
def test_repaired_names_are_usable_and_free(name: str, taken: set[str]) -> None:
    repaired = repaired_name(name, taken)
    assert name_problem(repaired) is None
    assert repaired not in taken


@pytest.mark.parametrize("name", keyword.kwlist)
def test_keywords_are_repaired(name: str) -> None:
    assert name_problem(repaired_name(name, set())) is None
