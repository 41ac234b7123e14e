"""What differs between two runs."""

from __future__ import annotations

from typing import Any

from designer.documents import stored_document
from netloom.graph.diff import ScopeDiff, diff_documents
from netloom.graph.document import Document, Node
from training.models import Run
from training.schemas import (
    ConfigDifference,
    DataDifference,
    DatasetVersionRef,
    GraphDifference,
    ResultDifference,
    RunComparison,
)

RESULTS = ("loss", "accuracy", "val_loss", "val_accuracy")


def compare_runs(a: Run, b: Run) -> RunComparison:
    """Compare configuration, network, data and newest results."""
    return RunComparison(
        config=_config_differences(a.config, b.config),
        graph=_graph_differences(
            stored_document(a.network_version.document), stored_document(b.network_version.document)
        ),
        data=DataDifference(
            a=_version_ref(a),
            b=_version_ref(b),
            a_dataset=a.dataset_version.dataset.name,
            b_dataset=b.dataset_version.dataset.name,
            same=a.dataset_version.fingerprint == b.dataset_version.fingerprint,
        ),
        results=[*_best(a, b), *_latest(a, b)],
    )


def _config_differences(a: Any, b: Any, path: str = "") -> list[ConfigDifference]:
    if isinstance(a, dict) and isinstance(b, dict):
        return [
            difference
            for key in [*a, *(key for key in b if key not in a)]
            for difference in _config_differences(
                a.get(key), b.get(key), f"{path}.{key}" if path else key
            )
        ]
    return [] if a == b else [ConfigDifference(path=path, a=a, b=b)]


def _graph_differences(a: Document, b: Document) -> list[GraphDifference]:
    found: list[GraphDifference] = []
    for scope, diff in diff_documents(a, b).scopes.items():
        found += _scope_differences(_nodes(a, scope), _nodes(b, scope), diff)
    return found


def _nodes(document: Document, scope: str | None) -> dict[str, Node]:
    if scope is None:
        return document.graph.nodes
    block = document.graph.blocks.get(scope)
    return block.nodes if block else {}


def _scope_differences(
    a: dict[str, Node], b: dict[str, Node], diff: ScopeDiff
) -> list[GraphDifference]:
    removed = [_difference("removed", key, a[key], "") for key in diff.removed_nodes]
    added = [_difference("added", key, b[key], "") for key in diff.added_nodes]
    changed = [
        _difference(
            "changed",
            key,
            b[key],
            ", ".join(
                [
                    *(f"{name} {one.before} → {one.after}" for name, one in change.params.items()),
                    *(f"{name} changed" for name in change.attributes),
                ]
            ),
        )
        for key, change in diff.changed_nodes.items()
    ]
    return removed + added + changed


def _difference(kind: Any, node_id: str, node: Node, detail: str) -> GraphDifference:
    return GraphDifference(kind=kind, node=node_id, name=node.name, type=node.type, detail=detail)


def _version_ref(run: Run) -> DatasetVersionRef:
    version = run.dataset_version
    return DatasetVersionRef(id=version.id, number=version.number, name=version.name)


def _best(a: Run, b: Run) -> list[ResultDifference]:
    best = [run.best_metric for run in (a, b)]
    names = {one["name"] for one in best if one}
    values = [{one["name"]: one["value"]} if one else {} for one in best]
    return [
        ResultDifference(metric=f"best {name}", a=values[0].get(name), b=values[1].get(name))
        for name in sorted(names)
    ]


def _latest(a: Run, b: Run) -> list[ResultDifference]:
    return [
        ResultDifference(metric=name, a=a.latest.get(name), b=b.latest.get(name))
        for name in RESULTS
        if name in a.latest or name in b.latest
    ]
