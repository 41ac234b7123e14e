"""Perceptrons of scikit-learn give the same numbers as networks."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler

import netloom
from netloom.analyze import analyze
from netloom.compile import build_module, load_weights
from netloom.formats.bundle import read_bundle, write_bundle
from netloom.formats.imported import FormatError, ImportedNetwork

Features = NDArray[np.float64]


def fitted(model: Any, features: Features, targets: NDArray[Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(features, targets)


def made_up(num_features: int = 6) -> Features:
    return np.random.default_rng(0).normal(50, 4, (200, num_features))


def computed(network: ImportedNetwork, features: Features) -> torch.Tensor:
    module = build_module(network.document)
    load_weights(module, network.weights)
    with torch.no_grad():
        scores: torch.Tensor = module.eval()(torch.as_tensor(features).float())
    return scores.double()


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("scaler", [None, StandardScaler(), MinMaxScaler((-1, 1))])
def test_values_are_those_of_the_regressor(activation: str, scaler: Any) -> None:
    features = made_up()
    targets = features[:, :2] @ np.array([[1.0, 0.0], [2.0, -1.0]])
    perceptron = MLPRegressor(
        hidden_layer_sizes=(9, 5), activation=activation, max_iter=30, random_state=0
    )
    model = fitted(make_pipeline(scaler, perceptron) if scaler else perceptron, features, targets)
    network = netloom.from_estimator(model)
    expected = torch.as_tensor(model.predict(features))
    torch.testing.assert_close(computed(network, features), expected, rtol=1e-4, atol=1e-4)
    assert network.report.parity is not None
    assert network.report.parity.is_equal
    assert network.report.parity.max_abs_value > 0


def test_counts_are_those_of_a_regressor_with_logarithmic_link() -> None:
    features = made_up() - 50
    counts = np.random.default_rng(0).poisson(np.exp(features[:, 0] / 4))
    perceptron = MLPRegressor("poisson", (6,), max_iter=40, random_state=0)
    model = fitted(perceptron, features, counts)
    expected = torch.as_tensor(model.predict(features))[:, None]
    network = netloom.from_estimator(model)
    torch.testing.assert_close(computed(network, features), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("num_classes", [2, 4])
def test_scores_give_the_probabilities_of_the_classifier(num_classes: int) -> None:
    features = made_up()
    labels = np.array(["ash", "beech", "cedar", "deal"])[np.arange(len(features)) % num_classes]
    model = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=60, random_state=0))
    network = netloom.from_estimator(fitted(model, features, labels))
    expected = torch.as_tensor(model.predict_proba(features))
    scores = computed(network, features)
    assert scores.shape == (200, num_classes)
    torch.testing.assert_close(scores.softmax(dim=1), expected, rtol=1e-4, atol=1e-5)
    assert network.meta.classes == ["ash", "beech", "cedar", "deal"][:num_classes]
    assert all(each.severity != "error" for each in analyze(network.document).diagnostics)


def test_samples_of_several_labels_get_a_score_for_each() -> None:
    features = made_up() - 50
    labels = (features[:, :3] > 0).astype(int)
    model = fitted(MLPClassifier((8,), max_iter=60, random_state=0), features, labels)
    network = netloom.from_estimator(model)
    expected = torch.as_tensor(model.predict_proba(features))
    scores = computed(network, features)
    torch.testing.assert_close(scores.sigmoid(), expected, rtol=1e-4, atol=1e-5)


def test_measurements_of_tumours_are_told_apart_as_before(
    shared_data: Path, tmp_path: Path
) -> None:
    lines = (shared_data / "tabular" / "cancer.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    features = np.array([row[2:] for row in rows], dtype=float)
    labels = np.array([row[1] for row in rows])
    model = make_pipeline(StandardScaler(), MLPClassifier((16,), random_state=0))
    network = netloom.from_estimator(fitted(model, features, labels), name="Tumours")
    write_bundle(tmp_path / "tumours.netloom", network.document, network.weights, network.meta)
    bundle = read_bundle(tmp_path / "tumours.netloom")
    assert (bundle.document.graph.name, bundle.meta.classes) == ("Tumours", ["B", "M"])
    scores = computed(network, features)
    told = [bundle.meta.classes[number] for number in scores.argmax(dim=1)]
    assert told == model.predict(features).tolist()
    assert model.score(features, labels) > 0.95


@pytest.mark.parametrize(
    ("model", "cause"),
    [
        (MLPClassifier(), "MLPClassifier was not fitted"),
        (make_pipeline(StandardScaler(), MLPClassifier()), "MLPClassifier was not fitted"),
        (LogisticRegression(), "LogisticRegression is no multilayer perceptron"),
        (make_pipeline(Normalizer(), MLPRegressor(max_iter=2)), "Normalizer in the pipeline"),
    ],
)
def test_what_is_no_perceptron_is_refused(model: Any, cause: str) -> None:
    if "pipeline" in cause:
        fitted(model, made_up(), made_up()[:, 0])
    with pytest.raises(FormatError, match=cause):
        netloom.from_estimator(model)
