"""How fast a deep network is analysed: the first time, and after one edit."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.registry import Declaration, Figure, at_most, gives

_COLD_ROUNDS = 5
_EDITS = 20
_MODEL = "ResNet-152, every layer a node"
_COLD_CODE = """
import json, time
from bench.networks import RESNET_152, resnet
from netloom.analyze import analyze
document = resnet(RESNET_152)
started = time.perf_counter()
analysis = analyze(document)
seconds = time.perf_counter() - started
assert analysis.is_trainable and analysis.totals.parameters == 60_192_808
print(json.dumps([seconds, len(document.graph.nodes)]))
"""


@gives(
    Declaration(
        "analyze_resnet152_cold_s", "s", at_most(1.5),
        "First analysis of ResNet-152 in a fresh process, without loading the library",
    )
)  # fmt: skip
def cold() -> Iterator[tuple[str, Figure]]:
    """Analyse in fresh processes, so that nothing can be remembered."""
    answers: list[list[float]] = []
    for _ in range(_COLD_ROUNDS):
        told = subprocess.run(
            [sys.executable, "-c", _COLD_CODE], capture_output=True, text=True, check=True
        )
        answers.append(json.loads(told.stdout))
    seconds = statistics.median(answer[0] for answer in answers)
    note = f"{answers[0][1]:.0f} nodes; median of {_COLD_ROUNDS} fresh processes"
    yield "analyze_resnet152_cold_s", Figure(seconds, model=_MODEL, threads=1, note=note)


@gives(
    Declaration(
        "analyze_resnet152_edit_s", "s", at_most(0.15),
        "One edit of ResNet-152: apply the operation and analyse again",
    )
)  # fmt: skip
def edit() -> Iterator[tuple[str, Figure]]:
    """Change the width of one convolution after another, as somebody drawing does."""
    from bench.networks import RESNET_152, resnet
    from netloom.analyze import analyze
    from netloom.graph.apply import apply_operation
    from netloom.graph.operations import SetParam

    document = resnet(RESNET_152)
    convolutions = [key for key, node in document.graph.nodes.items() if node.type == "Conv2d"]
    analyze(document)
    times: list[float] = []
    for node_id in convolutions[:: len(convolutions) // _EDITS][:_EDITS]:
        change = SetParam(node_id=node_id, param="out_channels", value=96)
        started = time.perf_counter()
        document, undo = apply_operation(document, change)
        analyze(document)
        times.append(time.perf_counter() - started)
        document, _ = apply_operation(document, undo)
        analyze(document)
    note = f"median of {len(times)} edits spread over the depth; slowest {max(times):.3f} s"
    yield (
        "analyze_resnet152_edit_s",
        Figure(statistics.median(times), model=_MODEL, threads=1, note=note),
    )


@gives(
    Declaration(
        "edit_analysis_1000_ms", "ms", at_most(50),
        "One edit of a network of 1,000 nodes: apply the operation and analyse again",
    )
)  # fmt: skip
def edit_1000() -> Iterator[tuple[str, Figure]]:
    """Change one convolution after another in a chain, so that all behind it is reached anew."""
    from bench.networks import chain
    from netloom.analyze import analyze
    from netloom.graph.apply import apply_operation
    from netloom.graph.operations import SetParam

    document = chain(1000)
    convolutions = [key for key, node in document.graph.nodes.items() if node.type == "Conv2d"]
    analyze(document)
    times: list[float] = []
    for number, node_id in enumerate(convolutions[:: len(convolutions) // _EDITS][:_EDITS]):
        # Every width is a new one, so that nothing of the edit itself was seen before.
        change = SetParam(node_id=node_id, param="out_channels", value=17 + number)
        started = time.perf_counter()
        document, _ = apply_operation(document, change)
        analyze(document)
        times.append(1000 * (time.perf_counter() - started))
    note = f"median of {len(times)} edits spread over the depth; slowest {max(times):.0f} ms"
    yield (
        "edit_analysis_1000_ms",
        Figure(statistics.median(times), model="chain of 1,000", threads=1, note=note),
    )
