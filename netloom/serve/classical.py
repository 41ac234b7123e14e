"""Classical models on features, and the network beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from netloom.data.manifest import Manifest, Split
from netloom.explain.evaluation import evaluate
from netloom.explain.reports import macro_f1
from netloom.features.classical import fit_classical
from netloom.features.extract import layer_tables
from netloom.features.handmade import HandMade, handmade_tables
from netloom.features.results import ClassicalResult, ClassicalSettings
from netloom.features.table import FeatureTable
from netloom.serve.answers import Listener, num_outputs
from netloom.serve.models import LoadedModel, ModelCache
from netloom.serve.requests import ClassicalAnswer, ClassicalRequest, FeaturesKind, FittedModel

_TABLES_SHARE = 0.7
"""Of the whole: fitting takes the rest, mostly."""


class Comparer:
    """Fits classical models, keeping the networks it has loaded."""

    def __init__(self, models: ModelCache) -> None:
        self._models = models

    def classical(self, request: ClassicalRequest, listener: Listener) -> ClassicalAnswer:
        """Fit each model on each kind of features, and judge the network on the same images.

        Raises:
            FeatureError: Features that cannot be had, or learned from.
            Cancelled: The listener is gone.
        """
        listener.progress(None, "Loading the network" if request.model else "Reading the images")
        model = None if request.model is None else self._models.get(request.model)
        manifest = Manifest.read(request.manifest)
        fitted: list[FittedModel] = []
        for place, (kind, tables) in enumerate(self._tables(request, model, manifest, listener)):
            for name in request.models:
                share = (place + _TABLES_SHARE) / len(request.features)
                settings = ClassicalSettings(model=name, c=request.c, seed=request.seed)
                listener.progress(share, f"Fitting {name.replace('_', ' ')} on {kind}")
                found = fit_classical(tables["train"], tables[request.split], settings)
                file = None
                if found.linear is not None:
                    file = f"model-{len(fitted)}.npz"
                    found.linear.save(request.output / file)
                fitted.append(
                    FittedModel(features_kind=kind, model=name, result=found.result, file=file)
                )
        own = None if model is None else _own(model, manifest, request, listener)
        return ClassicalAnswer(fitted=fitted if own is None else [own, *fitted])

    def _tables(
        self,
        request: ClassicalRequest,
        model: LoadedModel | None,
        manifest: Manifest,
        listener: Listener,
    ) -> Iterator[tuple[FeaturesKind, dict[Split, FeatureTable]]]:
        splits: tuple[Split, ...] = ("train", request.split)
        folder = request.manifest.parent
        for place, kind in enumerate(request.features):
            tell = _teller(listener, place, len(request.features))
            if kind != "layer":
                chosen = HandMade.for_input(kind, model.preprocessing if model else None)
                yield (
                    kind,
                    handmade_tables(
                        chosen,
                        manifest,
                        folder,
                        cache=request.cache,
                        splits=splits,
                        progress=tell,
                        should_cancel=listener.is_cancelled,
                    ),
                )
            elif model is not None:
                yield (
                    kind,
                    layer_tables(
                        model.network,
                        manifest,
                        folder,
                        cache=request.cache,
                        splits=splits,
                        layer=request.layer,
                        pooling=request.pooling,
                        progress=tell,
                        should_cancel=listener.is_cancelled,
                    ),
                )


def _teller(listener: Listener, place: int, num_kinds: int) -> Callable[[float], None]:
    def tell(share: float) -> None:
        listener.progress((place + share * _TABLES_SHARE) / num_kinds, "Taking features")

    return tell


def _own(
    model: LoadedModel, manifest: Manifest, request: ClassicalRequest, listener: Listener
) -> FittedModel | None:
    """Judge the network itself, where its outputs are the classes of the dataset in their order."""
    names = [name.casefold() for name in model.classes]
    if num_outputs(model) != len(manifest.classes):
        return None
    if names and names != [name.casefold() for name in manifest.classes]:
        return None
    listener.progress(None, "Judging the network itself")
    found = evaluate(
        model.network,
        manifest,
        request.manifest.parent,
        request.split,
        should_cancel=listener.is_cancelled,
    )
    result = ClassicalResult(
        model="logistic",
        title="The network itself",
        features="Its own output",
        num_features=0,
        num_train=0,
        num_items=found.num_items,
        accuracy=found.accuracy,
        balanced_accuracy=found.balanced_accuracy,
        macro_f1=macro_f1(found.per_class),
        per_class=found.per_class,
        confusion_KK=found.confusion_KK,
        fit_seconds=0.0,
        predict_seconds=0.0,
        table_bytes=0,
    )
    return FittedModel(features_kind="layer", model="network", result=result, file=None)
