"""What a layer sees as a table of numbers, and classical models that learn from it.

>>> data, folder = read_folder(Path("photos"))
>>> tables = layer_tables(network, data, folder, cache=Path("features"))
>>> fitted = fit_classical(tables["train"], tables["test"], ClassicalSettings(model="logistic"))
>>> print(fitted.result.accuracy, fitted.result.macro_f1)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from netloom.features.results import ClassicalModel, ClassicalResult, ClassicalSettings, Pooling

if TYPE_CHECKING:
    from netloom.features.classical import LinearModel, fit_classical
    from netloom.features.extract import layer_tables
    from netloom.features.handmade import HandMade, handmade_tables
    from netloom.features.layers import FeatureLayer, default_feature_layer, feature_layers
    from netloom.features.table import FeatureTable

__all__ = [
    "ClassicalModel",
    "ClassicalResult",
    "ClassicalSettings",
    "FeatureLayer",
    "FeatureTable",
    "HandMade",
    "LinearModel",
    "Pooling",
    "default_feature_layer",
    "feature_layers",
    "fit_classical",
    "handmade_tables",
    "layer_tables",
]

_PLACES = {
    "FeatureLayer": "layers",
    "FeatureTable": "table",
    "HandMade": "handmade",
    "LinearModel": "classical",
    "default_feature_layer": "layers",
    "feature_layers": "layers",
    "fit_classical": "classical",
    "handmade_tables": "handmade",
    "layer_tables": "extract",
}


def __getattr__(name: str) -> object:
    """Load what needs torch or scikit-learn when it is first asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
