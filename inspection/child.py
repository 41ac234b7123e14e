"""The handlers of the warm child (`jobs.warm_loop`): torch and Captum, no Django, no secrets.

Refusals that a person can act on become problems; everything else is a bug in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

from jobs.warm_loop import Call, RequestCancelled, RequestRefused
from netloom.compile import CompileError
from netloom.data.decode import DecodeError
from netloom.data.preprocess import PreprocessingError
from netloom.explain import Cancelled, ExplainError
from netloom.explain.activation_results import PreviewError
from netloom.features.results import FeatureError
from netloom.serve.answers import Answerer
from netloom.serve.classical import Comparer
from netloom.serve.preview import Previewer
from netloom.serve.requests import (
    BundleRequest,
    ClassicalRequest,
    EvaluateRequest,
    ExplainRequest,
    PredictManyRequest,
    PredictRequest,
    PreviewRequest,
)
from netloom.train.checkpoint import CheckpointError
from netloom.train.weights import WeightsError

RequestModel = TypeVar("RequestModel", bound=BaseModel)

_answerer = Answerer()
_comparer = Comparer(_answerer.models)
_previewer = Previewer()


def _handler(
    model: type[RequestModel], answer: Callable[[RequestModel, Call], BaseModel]
) -> Callable[[dict[str, Any], Call], dict[str, Any]]:
    read = TypeAdapter(model).validate_python

    def handle(payload: dict[str, Any], call: Call) -> dict[str, Any]:
        try:
            return answer(read(payload), call).model_dump(mode="json")
        except Cancelled as error:
            raise RequestCancelled from error
        except DecodeError as error:
            raise RequestRefused(
                "not_an_image", str(error), "Choose a PNG, JPEG, WebP, BMP, TIFF or GIF image."
            ) from error
        except ExplainError as error:
            next_step = error.next_step or "Choose another method or layer."
            raise RequestRefused("explain_failed", error.detail, next_step) from error
        except PreviewError as error:
            raise RequestRefused(
                "preview_failed", str(error), "Change the layer, or choose another sample."
            ) from error
        except FeatureError as error:
            raise RequestRefused(
                "explain_failed", str(error), "Choose another layer, or other features."
            ) from error
        except PreprocessingError as error:
            raise RequestRefused(
                "explain_failed", str(error), "Choose a network that takes images."
            ) from error
        except (CheckpointError, CompileError, WeightsError) as error:
            raise RequestRefused(
                "no_checkpoint", str(error), "Choose another checkpoint."
            ) from error

    return handle


HANDLERS = {
    "predict": _handler(PredictRequest, _answerer.predict),
    "predict_many": _handler(PredictManyRequest, _answerer.predict_many),
    "explain": _handler(ExplainRequest, _answerer.explain),
    "evaluate": _handler(EvaluateRequest, _answerer.evaluate),
    "bundle": _handler(BundleRequest, _answerer.bundle),
    "classical": _handler(ClassicalRequest, _comparer.classical),
    "preview": _handler(PreviewRequest, _previewer.preview),
}
