"""Every layer in every format: the same numbers in its own runtime, or a list that names it.

Layers are written many at a time, side by side, because most of an export is what each file takes.
`make test` tries each layer and each operation once; the campaign tries every case of the registry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from netloom.formats.exported import ExportError
from netloom.formats.write import find_gaps, get_writer, write_network
from tests.netloom.formats.keras.written import with_weights
from tests.netloom.formats.out.every_layer import (
    Trial,
    first_of_each,
    out_of_reach,
    side_by_side,
    trials,
)

FILES = {
    "bundle": "net.netloom",
    "pytorch": "net",
    "onnx": "net.onnx",
    "pt2": "net.pt2",
    "keras": "net.keras",
}
FIXED = {"batch": 2, "length": 9}
"""For layers that a format can say for one size alone."""
TOLERANCE = 2e-5
GROUP = 120


@dataclass(frozen=True, slots=True)
class Sorted:
    """Trials by what a format can say: for any size, for one size, not at all."""

    for_any: list[Trial] = field(default_factory=list[Trial])
    for_one: list[Trial] = field(default_factory=list[Trial])
    refused: list[Trial] = field(default_factory=list[Trial])


def sort(given: Sequence[Trial], format_name: str) -> Sorted:
    found = Sorted()
    can_fix = get_writer(format_name).options.model_fields.keys() >= FIXED.keys()
    for trial in given:
        if not find_gaps(trial.document, format_name):
            found.for_any.append(trial)
        elif can_fix and not find_gaps(trial.document, format_name, FIXED):
            found.for_one.append(trial)
        else:
            found.refused.append(trial)
    return found


def assert_refused(trial: Trial, format_name: str, folder: Path) -> None:
    """A list with nodes of the network comes before anything is written."""
    with pytest.raises(ExportError) as caught:
        write_network(with_weights(trial.document), folder / FILES[format_name], format_name)
    gaps = caught.value.gaps
    assert gaps, trial.name
    for gap in gaps:
        node = trial.document.graph.nodes[gap.path]
        assert (gap.name, gap.type) == (node.name, node.type), trial.name
        assert gap.reason, trial.name
        assert gap.next_step, trial.name
        assert str(gap) in str(caught.value), trial.name
    assert list(folder.iterdir()) == [], trial.name


def assert_equal(
    given: Sequence[Trial], format_name: str, folder: Path, options: Mapping[str, object]
) -> None:
    """What is written computes the same; where many do not, each is tried alone to tell which."""
    try:
        wrong = difference(given, format_name, folder, options)
    except ExportError as error:
        if len(given) == 1:
            raise
        wrong = str(error)
    if not wrong:
        return
    alone: list[str] = []
    for number, trial in enumerate(given if len(given) > 1 else ()):
        place = folder / str(number)
        place.mkdir()
        try:
            assert_equal([trial], format_name, place, options)
        except (AssertionError, ExportError) as error:
            alone.append(f"{trial.name}: {error}")
    names = ", ".join(trial.name for trial in given)
    raise AssertionError("\n".join(alone) or f"{names}: {wrong}")


def difference(
    given: Sequence[Trial], format_name: str, folder: Path, options: Mapping[str, object]
) -> str:
    """Write a network of trials; return what is wrong with the file, empty where nothing is."""
    network = with_weights(side_by_side(given))
    target = folder / FILES[format_name]
    report = write_network(network, target, format_name, options)
    if report.parity is None and not (format_name == "bundle" and not network.weights):
        return f"it was not compared: {report.notes}"
    if report.parity is not None and report.parity.relative > TOLERANCE:
        return f"it differs: {report.parity}"
    return ""


def check(given: Sequence[Trial], format_name: str, folder: Path) -> None:
    found = sort(given, format_name)
    for name, options, group in (("any", {}, found.for_any), ("one", FIXED, found.for_one)):
        for at in range(0, len(group), GROUP):
            place = folder / f"{name}{at}"
            place.mkdir()
            assert_equal(group[at : at + GROUP], format_name, place, options)
    place = folder / "refused"
    place.mkdir()
    for trial in found.refused:
        assert_refused(trial, format_name, place)


def test_hardly_a_layer_is_out_of_reach() -> None:
    """These take tensors without samples alone, which no input of a network gives."""
    assert out_of_reach() == {"Operator index_select", "Operator view"}


@pytest.mark.slow
@pytest.mark.parametrize("format_name", FILES)
def test_every_layer_computes_the_same_or_is_named(format_name: str, tmp_path: Path) -> None:
    if format_name == "keras" and find_spec("keras") is None:
        pytest.skip("Keras is not installed to compute its files.")
    check(first_of_each(), format_name, tmp_path)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("format_name", FILES)
def test_every_case_computes_the_same_or_is_named(format_name: str, tmp_path: Path) -> None:
    if format_name == "keras" and find_spec("keras") is None:
        pytest.skip("Keras is not installed to compute its files.")
    check(list(trials()), format_name, tmp_path)
