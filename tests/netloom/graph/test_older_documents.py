"""Networks that were saved once open for ever: samples of every schema, kept as they were written.

A change of the schema adds a folder of samples of the schema it leaves behind, and never touches
the ones that are there.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netloom.analyze import analyze
from netloom.graph.document import SCHEMA
from netloom.graph.migrations import STEPS, load_document

FOLDER = Path(__file__).parents[2] / "fixtures" / "documents"
EXPECTED = "expected.json"
SAMPLES = sorted(path for path in FOLDER.glob("schema_*/*.json") if path.name != EXPECTED)


def test_every_schema_has_samples_and_a_step_to_the_next() -> None:
    assert set(STEPS) == set(range(1, SCHEMA))
    schemas = {path.parent.name for path in SAMPLES}
    assert schemas == {f"schema_{number}" for number in range(1, SCHEMA + 1)}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_sample_opens_and_computes_what_it_did(path: Path) -> None:
    written = json.loads(path.read_text())
    assert f"schema_{written['schema']}" == path.parent.name
    document = load_document(written)
    expected = json.loads((path.parent / EXPECTED).read_text())[path.stem]
    analysis = analyze(document)
    errors = [each for each in analysis.diagnostics if each.severity == "error"]
    assert (analysis.totals.parameters, len(errors)) == (
        expected["parameters"],
        expected["problems"],
    )
    saved = document.model_dump(mode="json", by_alias=True)
    assert load_document(saved) == document
    if written["schema"] == SCHEMA:
        assert _missing(written, saved) == []


def _missing(before: object, after: object, place: str = "") -> list[str]:
    """Return the places of what is in `before` and not, or not the same, in `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            lost
            for key, value in before.items()
            for lost in (
                _missing(value, after[key], f"{place}/{key}")
                if key in after
                else [f"{place}/{key}"]
            )
        ]
    return [] if before == after else [place]
