"""The patterns of Einsum, Rearrange and Reshape: what they mean, and what is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netloom.layers.patterns import read_einsum, read_rearrangement, read_sizes
from netloom.layers.reshape import read_axes


def test_patterns_are_read() -> None:
    found = read_rearrangement("b c (h p) w->b (c p) h w")
    assert found.before == (("b",), ("c",), ("h", "p"), ("w",))
    assert found.after == (("b",), ("c", "p"), ("h",), ("w",))
    assert read_sizes("p = 2, q=16") == {"p": 2, "q": 16}
    assert read_einsum("btf, bsf -> bts") == (["btf", "bsf"], "bts")
    assert read_axes("C=4, H = ? W=8") == [("C", 4), ("H", None), ("W", 8)]


@pytest.mark.parametrize(
    "text",
    [
        "", "b c h w", "b c -> b d", "b c c -> b c", "c b -> b c", "b (c -> b c",
        "b ((c d)) -> b c d",
        "b ... -> b", "b c -> b", "b 1 c -> b c", "b c -> b c -> b c", "b " + "c" * 300 + " -> b c",
        "__import__('os') -> b",
    ],
)  # fmt: skip
def test_refused_rearrangements(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[a-z].*[^.]$"):
        read_rearrangement(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "bij", "bii->bi", "ij,bjk->bik", "bi->bj", "bi,bj->b", "bi;bj->bij",
        'b"->b"', "b" * 300,
    ],
)  # fmt: skip
def test_refused_sums(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[a-z].*[^.]$"):
        read_einsum(text)


@pytest.mark.parametrize("text", ["", "C", "C=0", "X=3", "C=?, H=?", "C=2, C=3", "T=?", "C=-1"])
def test_refused_shapes(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[a-z].*[^.]$"):
        read_axes(text)


@given(st.text(alphabet="bchw()-> ,=?0129Cé_.", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (read_rearrangement, read_einsum, read_sizes, read_axes):
        with contextlib.suppress(ValueError):
            assert read(text) is not None
