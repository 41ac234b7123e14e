"""Cells of tables never become formulas."""

from __future__ import annotations

import pytest

from netloom.explain.prediction_table import safe_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain; and simple - or not", "plain; and simple - or not"),
        ("=1+1", "'=1+1"),
        ("x;=HYPERLINK(1)", "x;'=HYPERLINK(1)"),
        ("x;  @cmd", "x;'  @cmd"),
        ("x\t-2", "x\t'-2"),
        ("\n=1", "'\n'=1"),
    ],
)
def test_a_quote_stands_before_what_a_spreadsheet_would_compute(text: str, cell: str) -> None:
    assert safe_cell(text) == cell
