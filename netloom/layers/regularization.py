"""Layers that only act in training, against learning by heart."""

from __future__ import annotations

from typing import ClassVar

from netloom.layers.base import Constructor, Inference, Inputs, LayerType, ShapeProblem
from netloom.layers.expect import expect_axes
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import elements_per_sample
from netloom.layers.sizes import Size


class DropoutParams(LayerParams):
    """How much is dropped."""

    p: float = param(
        0.5,
        "Probability",
        "Share of numbers set to zero in training.",
        minimum=0,
        maximum=1,
        on_card=True,
    )


class RandomOmission(LayerType[DropoutParams]):
    """Something random in training that does nothing in prediction; the shape stays.

    Attributes:
        accepted: Orders of axes it works on; empty for all.
    """

    category = "Regularization"
    name_stem = "dropout"
    aliases = ("dropout", "regularization", "overfitting", "noise", "dropoutLayer")
    icon = "grain"
    Params = DropoutParams
    accepted: ClassVar[tuple[str, ...]] = ()
    keeps_for_backward = "nothing"

    def infer(self, params: DropoutParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        problem = expect_axes(self.title, shape, self.accepted) if self.accepted else None
        return problem or Inference({"output": shape}, flops=elements_per_sample(shape))

    def kept_inside(self, params: DropoutParams, inputs: Inputs) -> Size:
        # What was drawn for each number, as large as what arrives.
        return elements_per_sample(inputs["input"])

    def constructor(self, params: DropoutParams, inputs: Inputs) -> Constructor:
        return Constructor(f"nn.{self.type_name}", (), {"p": params.p})


class Dropout(RandomOmission):
    type_name = "Dropout"
    title = "Dropout"
    summary = "Sets random numbers to zero in training, against overfitting."
    docs = (
        "The rest is scaled up so that the sum stays. Does nothing in prediction "
        "(Srivastava et al., 2014)."
    )


class Dropout1d(RandomOmission):
    type_name = "Dropout1d"
    title = "Dropout1d"
    summary = "Sets whole channels of a signal to zero in training."
    docs = "Neighbouring samples say nearly the same, so dropping single ones would do little."
    accepted = ("BCT",)


class Dropout2d(RandomOmission):
    type_name = "Dropout2d"
    title = "Dropout2d"
    summary = "Sets whole channels of an image to zero in training."
    docs = (
        "Neighbouring pixels say nearly the same, so dropping single ones would do little "
        "(Tompson et al., 2014)."
    )
    aliases = (*RandomOmission.aliases, "spatial dropout", "spatialDropoutLayer")
    accepted = ("BCHW",)


class Dropout3d(RandomOmission):
    type_name = "Dropout3d"
    title = "Dropout3d"
    summary = "Sets whole channels of a volume to zero in training."
    docs = "As Dropout2d, for (B, C, D, H, W)."
    accepted = ("BCDHW",)


class AlphaDropout(RandomOmission):
    type_name = "AlphaDropout"
    title = "AlphaDropout"
    summary = "A dropout that keeps mean and variance, for networks with SELU."
    docs = "Drops to the value SELU tends to, and rescales (Klambauer et al., 2017)."
    aliases = (*RandomOmission.aliases, "selu", "self normalizing")


class FeatureAlphaDropout(RandomOmission):
    type_name = "FeatureAlphaDropout"
    title = "FeatureAlphaDropout"
    summary = "An AlphaDropout of whole channels."
    docs = "Whole channels are set to the value SELU tends to."
    aliases = (*RandomOmission.aliases, "selu", "self normalizing")
    accepted = ("BCT", "BCHW", "BCDHW")


class StochasticDepthParams(DropoutParams):
    """How often a sample skips the branch."""

    p: float = param(
        0.1,
        "Probability",
        "Share of samples that skip the branch in training.",
        minimum=0,
        maximum=1,
        on_card=True,
    )


class StochasticDepth(RandomOmission):
    type_name = "StochasticDepth"
    name_stem = "drop_path"
    title = "Stochastic depth"
    summary = "Lets random samples skip a residual branch in training."
    docs = (
        "Stands at the end of a residual branch, before the addition: whole samples are set to "
        "zero and the others scaled up (Huang et al., 2016). Does nothing in prediction."
    )
    aliases = ("drop path", "droppath", "drop connect", "regularization", "skip")
    Params = StochasticDepthParams

    def constructor(self, params: DropoutParams, inputs: Inputs) -> Constructor:
        return Constructor("StochasticDepth", (), {"p": params.p})


class GaussianNoiseParams(LayerParams):
    """How loud the noise is."""

    std: float = param(
        0.1,
        "Standard deviation",
        "Of the noise that is added in training.",
        minimum=0,
        maximum=1_000_000,
        on_card=True,
    )


class GaussianNoise(LayerType[GaussianNoiseParams]):
    type_name = "GaussianNoise"
    name_stem = "noise"
    title = "Gaussian noise"
    category = "Regularization"
    summary = "Adds random numbers in training, so that small changes do not matter."
    docs = "Denoising autoencoders learn to take it off again. Does nothing in prediction."
    aliases = ("noise", "denoising", "regularization", "augmentation")
    icon = "grain"
    Params = GaussianNoiseParams

    def infer(self, params: GaussianNoiseParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        return Inference({"output": shape}, flops=elements_per_sample(shape) * 2)

    def constructor(self, params: GaussianNoiseParams, inputs: Inputs) -> Constructor:
        return Constructor("GaussianNoise", (), {"std": params.std})


LAYERS = (
    Dropout(),
    Dropout2d(),
    StochasticDepth(),
    Dropout1d(),
    Dropout3d(),
    AlphaDropout(),
    FeatureAlphaDropout(),
    GaussianNoise(),
)
