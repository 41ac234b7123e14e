"""Multilayer perceptrons of scikit-learn as networks, with their weights.

An estimator is an object in memory: files of scikit-learn are pickles, which run what they say, so
none is read.

>>> model = make_pipeline(StandardScaler(), MLPClassifier(hidden_layer_sizes=(64, 32))).fit(x, y)
>>> netloom.push(netloom.from_estimator(model), "https://netloom.example.org", token=TOKEN)
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from netloom.compile import build_module, load_weights
from netloom.formats.differences import compare_arrays
from netloom.formats.imported import FormatError, ImportedNetwork, ParityCheck
from netloom.formats.traced import from_module

_ACTIVATIONS: dict[str, type[nn.Module] | None] = {
    "identity": None,
    "logistic": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
}
_NUM_COMPARED = 256
_SEED = 0
_NEXT_STEP = (
    "Give a fitted MLPClassifier or MLPRegressor, alone or behind a StandardScaler or MinMaxScaler "
    "in a pipeline."
)


def from_estimator(model: Any, *, name: str = "") -> ImportedNetwork:
    """Open a fitted multilayer perceptron of scikit-learn as an editable network.

    The network takes features (B, F) as the estimator does, in float32. A classifier's network
    gives scores before softmax (B, classes), for two classes too, and before the sigmoid where a
    sample may have several labels; a regressor's gives the values (B, targets). The report compares
    both sides on made-up features.

    Args:
        model: `MLPClassifier` or `MLPRegressor`, or a pipeline of scalers that ends with one.
        name: Of the network; the estimator's class without it.

    Raises:
        FormatError: It is something else, or was not fitted.
    """
    scalers, perceptron = _parts(model)
    layers = _Perceptron(scalers, perceptron)
    example = torch.zeros(2, perceptron.n_features_in_)
    found = from_module(layers, example, name=name or type(perceptron).__name__, check=False)
    classes = [] if layers.is_regressor else [str(each) for each in perceptron.classes_]
    report = found.report.model_copy(
        update={
            "format": f"scikit-learn {type(perceptron).__name__}",
            "producer": f"scikit-learn {version('scikit-learn')}",
            "parity": _compared(model, perceptron, found, layers),
        }
    )
    meta = found.meta.model_copy(update={"classes": classes})
    return replace(found, report=report, meta=meta)


def _parts(model: Any) -> tuple[list[tuple[Tensor, Tensor]], Any]:
    """Return what each scaler subtracts and multiplies by, and the perceptron.

    Raises:
        FormatError: It is something else, or was not fitted.
    """
    steps: list[Any] = [step for _, step in getattr(model, "steps", [("", model)])]
    *before, last = [step for step in steps if step != "passthrough"]
    kind = type(last).__name__
    if not _is_of(last, "neural_network", "MLPClassifier", "MLPRegressor"):
        raise FormatError(f"{kind} is no multilayer perceptron. {_NEXT_STEP}")
    if not hasattr(last, "coefs_"):
        raise FormatError(f"{kind} was not fitted. {_NEXT_STEP}")
    return [_scaling(step, last.n_features_in_) for step in before], last


def _is_of(step: object, package: str, *names: str) -> bool:
    """Tell whether something is of a class of scikit-learn, without loading that for it."""
    places = {(kind.__module__, kind.__name__) for kind in type(step).__mro__}
    return any(
        module.startswith(f"sklearn.{package}.") and name in names for module, name in places
    )


def _scaling(step: Any, num_features: int) -> tuple[Tensor, Tensor]:
    """Return what a scaler subtracts, and what it multiplies by afterwards, of (F)."""
    if _is_of(step, "preprocessing", "StandardScaler"):
        mean = np.zeros(num_features) if step.mean_ is None else step.mean_
        scale = np.ones(num_features) if step.scale_ is None else step.scale_
        return torch.as_tensor(mean), torch.as_tensor(1 / scale)
    if _is_of(step, "preprocessing", "MinMaxScaler") and not step.clip:
        return torch.as_tensor(-step.min_ / step.scale_), torch.as_tensor(step.scale_)
    raise FormatError(f"{type(step).__name__} in the pipeline has no layer. {_NEXT_STEP}")


class _Perceptron(nn.Module):
    """The estimator's arithmetic; scores before the last softmax or sigmoid."""

    def __init__(self, scalers: list[tuple[Tensor, Tensor]], perceptron: Any) -> None:
        super().__init__()
        self.is_regressor = not hasattr(perceptron, "classes_")
        self.num_scalers = len(scalers)
        for number, (offset, factor) in enumerate(scalers):
            self.register_buffer(f"offset_{number}", offset.float())
            self.register_buffer(f"factor_{number}", factor.float())
        weights = [torch.as_tensor(each).T for each in perceptron.coefs_]
        biases = [torch.as_tensor(each) for each in perceptron.intercepts_]
        self.is_exponential = perceptron.out_activation_ == "exp"
        self.is_binary = not self.is_regressor and len(perceptron.classes_) == 2
        self.is_binary &= perceptron.out_activation_ == "logistic" and len(biases[-1]) == 1
        if self.is_binary:
            # sigmoid(z) = softmax((0, z)): one score for each class, as for more of them.
            weights[-1] = torch.cat([torch.zeros_like(weights[-1]), weights[-1]])
            biases[-1] = torch.cat([torch.zeros_like(biases[-1]), biases[-1]])
        for name, layer in _layers(weights, biases, _ACTIVATIONS[perceptron.activation]).items():
            self.add_module(name, layer)

    def forward(self, features: Tensor) -> Tensor:
        for number in range(self.num_scalers):
            features = features - self.get_buffer(f"offset_{number}")
            features = features * self.get_buffer(f"factor_{number}")
        for layer in self.children():
            features = layer(features)
        return features.exp() if self.is_exponential else features


def _layers(
    weights: list[Tensor], biases: list[Tensor], activation: type[nn.Module] | None
) -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {}
    for number, (weight, bias) in enumerate(zip(weights, biases, strict=True), start=1):
        is_last = number == len(weights)
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
        layers["scores" if is_last else f"hidden_{number}"] = linear
        if not is_last and activation is not None:
            layers[f"activation_{number}"] = activation()
    return layers


def _compared(
    model: Any, perceptron: Any, found: ImportedNetwork, layers: _Perceptron
) -> ParityCheck:
    """Compare probabilities, or values, on made-up features like those of the training."""
    features = torch.randn(
        _NUM_COMPARED, perceptron.n_features_in_, generator=torch.Generator().manual_seed(_SEED)
    )
    with torch.no_grad():
        for number in reversed(range(layers.num_scalers)):
            features = features / layers.get_buffer(f"factor_{number}")
            features = features + layers.get_buffer(f"offset_{number}")
        network = build_module(found.document).eval()
        load_weights(network, found.weights)
        given = cast("Tensor", network(features)).double()
    if layers.is_regressor:
        expected = torch.as_tensor(model.predict(features.double().numpy()))
        expected = expected.reshape(given.shape)
    else:
        expected = torch.as_tensor(model.predict_proba(features.double().numpy()))
        is_multi_label = perceptron.out_activation_ == "logistic" and not layers.is_binary
        given = given.sigmoid() if is_multi_label else given.softmax(dim=1)
    return compare_arrays(
        {"output": expected.numpy()},
        {"output": given.numpy()},
        oracle=f"scikit-learn {version('scikit-learn')}",
        inputs=f"random, seed {_SEED}",
    )
