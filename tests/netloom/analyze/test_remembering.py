"""What is found again from earlier analyses equals what is found the first time."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

from bench.networks import RESNET_18, chain, resnet
from netloom.analyze import analyze
from netloom.graph.apply import apply_operation
from netloom.graph.document import Document
from netloom.graph.operations import RemoveEdge, SetAttribute, SetParam
from netloom.templates import make_template

FRESH = """
import hashlib, sys
from netloom.analyze import analyze
from netloom.graph.migrations import load_document
told = analyze(load_document(sys.stdin.buffer.read())).model_dump_json()
print(hashlib.sha256(told.encode()).hexdigest())
"""


def edited() -> list[Document]:
    """Networks as somebody edits them, each after the ones before it."""
    made: list[Document] = []
    for start in (resnet(RESNET_18), chain(60), make_template(
        "unet", channels=3, height=64, width=64, num_classes=5
    )):  # fmt: skip
        document = start
        convolutions = [key for key, node in document.graph.nodes.items() if node.type == "Conv2d"]
        for number, node_id in enumerate(convolutions[::4]):
            change = SetParam(node_id=node_id, param="out_channels", value=24 + number)
            document, _ = apply_operation(document, change)
        made.append(document)
        if convolutions:
            frozen = SetAttribute(node_id=convolutions[0], attribute="is_frozen", value=True)
            document, _ = apply_operation(document, frozen)
            made.append(document)
            document, _ = apply_operation(document, RemoveEdge(edge_id=min(document.graph.edges)))
        made.append(document)
    return made


def test_an_analysis_does_not_depend_on_what_was_analysed_before() -> None:
    documents = edited()
    assert len(documents) >= 7
    for document in documents:
        analyze(document)
    for document in documents[::-3]:
        remembered = hashlib.sha256(analyze(document).model_dump_json().encode()).hexdigest()
        text = json.dumps(document.model_dump(mode="json", by_alias=True)).encode()
        fresh = subprocess.run(
            [sys.executable, "-c", FRESH], input=text, capture_output=True, check=True
        )
        assert fresh.stdout.decode().strip() == remembered


def test_what_an_edit_leaves_alone_is_the_same_object() -> None:
    document = chain(60)
    before = analyze(document)
    convolutions = [key for key, node in document.graph.nodes.items() if node.type == "Conv2d"]
    change = SetParam(node_id=convolutions[5], param="out_channels", value=77)
    after = analyze(apply_operation(document, change)[0])
    new = [key for key in after.nodes if after.nodes[key] is not before.nodes[key]]
    assert convolutions[5] in new
    assert len(new) < 8
