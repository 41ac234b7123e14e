"""What one live preview costs, in exact counts."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from bench.networks import small_cnn
from netloom.compile.plan import plan_network
from netloom.explain.activation_results import ActivationOptions
from netloom.graph.apply import apply_operation
from netloom.graph.document import Document
from netloom.graph.operations import SetParam
from netloom.serve.preview import Previewer
from netloom.serve.requests import PreviewRequest


class Waiting:
    """Somebody who waits for the answer."""

    def progress(
        self, fraction: float | None, message: str = "", data: dict[str, Any] | None = None
    ) -> None: ...

    def is_cancelled(self) -> bool:
        return False


@pytest.fixture
def previewer() -> Previewer:
    return Previewer()


def _num_plans(previewer: Previewer, document: Document, folder: Path) -> int:
    path = folder / "network.json"
    path.write_text(document.model_dump_json(by_alias=True))
    request = PreviewRequest(
        document=path,
        image=None,
        trained=None,
        weights_seed=0,
        sample_seed=0,
        classes=[],
        only=None,
        options=ActivationOptions(),
        output=folder / "preview.json",
    )
    calls: list[CodeType] = []

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code is plan_network.__code__:
            calls.append(frame.f_code)

    sys.setprofile(watch)
    try:
        previewer.preview(request, Waiting())
    finally:
        sys.setprofile(None)
    return len(calls)


def test_a_network_is_planned_once_for_each_change(previewer: Previewer, tmp_path: Path) -> None:
    document = small_cnn()
    assert _num_plans(previewer, document, tmp_path) == 1
    # Another look at the same network.
    assert _num_plans(previewer, document, tmp_path) == 0
    convolution = next(
        node_id for node_id, node in document.graph.nodes.items() if node.type == "Conv2d"
    )
    changed, _ = apply_operation(document, SetParam(node_id=convolution, param="bias", value=False))
    assert _num_plans(previewer, changed, tmp_path) == 1
