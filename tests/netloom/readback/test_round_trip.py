"""What is generated is read back as the same network, for every layer and every template."""

from __future__ import annotations

import pytest

from netloom.compile import CompileError, generate_source
from netloom.graph.document import Document
from netloom.layer_checks.surroundings import network_around
from netloom.layers.registry import get_layer
from netloom.readback import read_source
from netloom.templates import make_template, templates
from tests.netloom.compile.networks import nested_network, rich_network
from tests.netloom.compile.test_architectures import (
    generator,
    patch_attention,
    scan_classifier,
    seg_net,
    sound_classifier,
    u_net,
)
from tests.netloom.layers.cases import CASES, Case


def assert_round_trip(document: Document) -> None:
    """No operations on the network itself; the same source from nothing."""
    source = generate_source(document)
    again = read_source(source, document)
    assert (again.operations, again.problems) == ((), ())
    opened = read_source(source, Document())
    assert opened.problems == ()
    assert generate_source(opened.document) == source
    assert len(opened.document.graph.nodes) == len(document.graph.nodes)


def around(type_name: str, case: Case) -> Document:
    """A network around one layer, with the inputs of one of its cases."""
    layer = get_layer(type_name)
    assert layer is not None
    params = layer.Params.model_validate(case.params)
    return network_around(layer, params, case.params, case.inputs(layer, params))


@pytest.mark.parametrize("type_name", sorted(CASES))
def test_every_layer_is_read_back(type_name: str) -> None:
    checked = 0
    for case in CASES[type_name]:
        document = around(type_name, case)
        try:
            generate_source(document)
        except CompileError:
            continue  # Shapes that the layer refuses are cases too.
        assert_round_trip(document)
        checked += 1
    assert checked


@pytest.mark.parametrize("template", [info.id for info in templates()])
@pytest.mark.parametrize("side_px", [28, 96])
def test_every_template_is_read_back(template: str, side_px: int) -> None:
    document = make_template(template, channels=3, height=side_px, width=side_px, num_classes=10)
    assert_round_trip(document)


@pytest.mark.parametrize(
    "make",
    [rich_network, u_net, seg_net, generator, sound_classifier, patch_attention, scan_classifier],
)
def test_blocks_repeats_and_several_outputs_are_read_back(make) -> None:
    assert_round_trip(make())


def test_nested_blocks_are_read_back() -> None:
    assert_round_trip(nested_network(3))
