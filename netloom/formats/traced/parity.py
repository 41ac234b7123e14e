"""What was imported against the module itself, on random input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor, nn

from netloom.analyze import analyze
from netloom.compile import build_module, load_weights
from netloom.compile.order import natural_key
from netloom.formats.differences import worst_difference
from netloom.formats.imported import ImportedNetwork
from netloom.formats.traced.calls import Ref
from netloom.formats.traced.merging import Held, leaves
from netloom.graph.diagnostics import DiagnosticCode

_SEED = 0
_SUSPICIOUS = 1e-3
"""In shares of the largest number of the module."""


def checked(
    module: nn.Module,
    imported: ImportedNetwork,
    example: Sequence[Tensor],
    output_names: Sequence[str],
) -> ImportedNetwork:
    """Compare a network with the module it was drawn of, and write the difference in the report.

    Args:
        module: In evaluation mode.
        output_names: Names of the output nodes, in the order of what the module returns.
    """
    report = imported.report
    errors = [each for each in analyze(imported.document).diagnostics if each.severity == "error"]
    kept = {path.rpartition("/")[2] for path in imported.kept}
    if any(
        each.code is not DiagnosticCode.PLACEHOLDER or each.node_id not in kept for each in errors
    ):
        note = "It cannot run as it is, so it was not compared with the module."
        return replace(imported, report=report.model_copy(update={"notes": [*report.notes, note]}))
    generator = torch.Generator().manual_seed(_SEED)
    inputs = [
        torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for tensor in example
    ]
    network = build_module(imported.document, kept=imported.kept)
    load_weights(network, imported.weights)
    network.eval()
    with torch.no_grad():
        expected = [
            cast("Tensor", value)
            for _, value in named_results(module(*[tensor.clone() for tensor in inputs]))
        ]
        given = network(*inputs)
    results = cast("tuple[Tensor, ...]", given if isinstance(given, tuple) else (given,))
    by_name = dict(zip(sorted(output_names, key=natural_key), results, strict=True))
    pairs = [(one, by_name[name]) for one, name in zip(expected, output_names, strict=True)]
    parity, notes = None, list(report.notes)
    try:
        parity = worst_difference(
            *zip(*pairs, strict=True),
            oracle=f"torch {torch.__version__}",
            inputs=f"random, seed {_SEED}",
        )
    except ValueError:
        notes.append(
            "On random input there are numbers where the module gives none, or vice versa: do not "
            "trust it before the reason is found."
        )
    else:
        if parity is None:
            notes.append("It gives no numbers on random input, so it was not compared.")
        elif parity.max_abs_diff > _SUSPICIOUS * max(parity.max_abs_value, 1e-6):
            notes.append(
                "On random input the network differs from the module by "
                f"{parity.max_abs_diff:.3g}, of {parity.max_abs_value:.3g}: do not trust it before "
                "the reason is found."
            )
    return replace(imported, report=report.model_copy(update={"parity": parity, "notes": notes}))


def named_results(result: object) -> list[tuple[str, object]]:
    """Return what leaves with a name: keys of a dictionary, else numbers in order."""
    match result:
        case Ref() | Held() | Tensor():
            return [("output", result)]
        case dict():
            items = cast("dict[object, object]", result).items()
            return [
                (str(key), value) for key, value in items if isinstance(value, Ref | Held | Tensor)
            ]
        case list() | tuple():
            values = [
                item
                for item in leaves(cast("object", result))
                if isinstance(item, Ref | Held | Tensor)
            ]
            if len(values) == 1:
                return [("output", values[0])]
            return [(f"output_{index + 1}", value) for index, value in enumerate(values)]
        case _:
            fields = getattr(result, "__dict__", None)
            return named_results(cast("object", fields)) if isinstance(fields, dict) else []
