"""Loss and metrics of classification against scikit-learn and against hand-made numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from netloom.graph.document import Document
from netloom.tasks.classification import (
    ClassificationLoss,
    ClassificationMeter,
    class_weights,
    pick_samples,
    to_logits,
)
from netloom.tasks.config import TaskConfig
from netloom.tasks.output import find_final_softmax

CPU = torch.device("cpu")


@settings(deadline=None, max_examples=30)
@given(num_classes=st.integers(2, 6), num_items=st.integers(1, 60), seed=st.integers(0, 999))
def test_metrics_agree_with_scikit_learn(num_classes: int, num_items: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(num_items, num_classes, generator=generator)
    labels = torch.randint(0, num_classes, (num_items,), generator=generator)
    meter = ClassificationMeter(num_classes, CPU)
    for start in range(0, num_items, 7):
        meter.update(logits[start : start + 7], labels[start : start + 7])
    found = meter.compute()

    truth, predicted = labels.numpy(), logits.argmax(1).numpy()
    all_classes = np.arange(num_classes)
    np.testing.assert_array_equal(found.predicted, predicted)
    np.testing.assert_array_equal(
        found.confusion_KK, metrics.confusion_matrix(truth, predicted, labels=all_classes)
    )
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, predicted))
    recall = metrics.recall_score(
        truth, predicted, labels=all_classes, average=None, zero_division=np.nan
    )
    assert found.recall_K == pytest.approx([None if np.isnan(r) else r for r in recall])
    assert found.balanced_accuracy == pytest.approx(np.nanmean(recall))
    probabilities = logits.softmax(1).numpy()
    expected_loss = -np.log(probabilities[np.arange(num_items), truth]).mean()
    assert found.loss == pytest.approx(expected_loss, rel=1e-5)
    np.testing.assert_allclose(found.confidence, probabilities.max(1), rtol=1e-5)


def test_balanced_weights_make_classes_count_alike() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    weights = class_weights(labels, 3)
    np.testing.assert_allclose(weights, [100 / 180, 100 / 20, 0])
    assert weights[0] * 90 == pytest.approx(weights[1] * 10)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weighting", ["none", "balanced"])
def test_loss_of_probabilities_is_the_loss_of_logits(smoothing: float, weighting: str) -> None:
    config = TaskConfig.model_validate({"class_weights": weighting, "label_smoothing": smoothing})
    train_labels = np.array([0, 0, 0, 1, 2, 2])
    loss = ClassificationLoss(config, train_labels, 3, CPU)
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    labels = torch.from_numpy(train_labels)
    plain = loss(to_logits(logits, is_probability=False), labels)
    (gradient,) = torch.autograd.grad(plain, logits)
    other = loss(to_logits(logits.softmax(1), is_probability=True), labels)
    (other_gradient,) = torch.autograd.grad(other, logits)
    torch.testing.assert_close(other, plain)
    torch.testing.assert_close(other_gradient, gradient)


def test_certain_wrong_probabilities_stay_finite() -> None:
    loss = ClassificationLoss(TaskConfig(), np.array([0, 1]), 2, CPU)
    certain = torch.tensor([[0.0, 1.0]])
    assert torch.isfinite(loss(to_logits(certain, is_probability=True), torch.tensor([0])))


def test_samples_take_turns_over_the_classes() -> None:
    labels = np.array([0] * 50 + [1] * 50 + [2])
    picked = pick_samples(labels, 5)
    assert [int(labels[row]) for row in picked] == [0, 1, 2, 0, 1]
    assert picked == pick_samples(labels, 5)
    assert pick_samples(np.array([], dtype=np.int64), 5) == []


def document(*types: str) -> Document:
    nodes = {f"n{i}": {"type": t, "name": f"node_{i}"} for i, t in enumerate(types)}
    edges = {
        f"e{i}": {
            "source": {"node": f"n{i}", "port": "output"},
            "target": {"node": f"n{i + 1}", "port": "input"},
        }
        for i in range(len(types) - 1)
    }
    return Document.model_validate({"graph": {"nodes": nodes, "edges": edges}})


def test_final_softmax_is_found_only_where_it_ends_the_network() -> None:
    assert find_final_softmax(document("FeatureInput", "Linear", "Softmax", "Output")) == "n2"
    assert find_final_softmax(document("FeatureInput", "Softmax", "Dropout", "Output")) == "n1"
    assert find_final_softmax(document("FeatureInput", "Softmax", "Linear", "Output")) is None
    assert find_final_softmax(Document()) is None


def test_final_softmax_inside_a_block() -> None:
    inner = {
        "in": {"type": "BlockInput", "name": "x"},
        "soft": {"type": "Softmax", "name": "soft"},
        "out": {"type": "BlockOutput", "name": "y"},
    }

    def edge(source: str, port: str, target: str, to: str) -> dict[str, dict[str, str]]:
        return {
            "source": {"node": source, "port": port},
            "target": {"node": target, "port": to},
        }

    block = {
        "name": "Head",
        "nodes": inner,
        "edges": {
            "a": edge("in", "output", "soft", "input"),
            "b": edge("soft", "output", "out", "input"),
        },
        "inputs": ["in"],
        "outputs": ["out"],
    }
    network = Document.model_validate(
        {
            "graph": {
                "nodes": {
                    "f": {"type": "FeatureInput", "name": "features"},
                    "h": {"type": "Block", "name": "head", "block": "b1"},
                    "o": {"type": "Output", "name": "result"},
                },
                "edges": {
                    "x": edge("f", "output", "h", "x"),
                    "y": edge("h", "y", "o", "input"),
                },
                "blocks": {"b1": block},
            }
        }
    )
    assert find_final_softmax(network) == "h/soft"
