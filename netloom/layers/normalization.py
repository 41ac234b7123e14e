"""Layers that keep activations in a range that trains well."""

from __future__ import annotations

from netloom.layers.base import Argument, Constructor, Inference, Inputs, LayerType, ShapeProblem
from netloom.layers.expect import expect_image, fixed_size
from netloom.layers.params import LayerParams, param
from netloom.layers.shapes import Shape, elements_per_sample, named_shape_text


class BatchNorm2dParams(LayerParams):
    """Statistics over the batch."""

    eps: float = param(
        1e-5,
        "Epsilon",
        "Added to the variance against division by zero.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )
    momentum: float = param(
        0.1,
        "Momentum",
        "Share of the newest batch in the running statistics.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )
    affine: bool = param(
        True, "Scale and shift", "Learns a factor and an offset per channel.", is_advanced=True
    )


class BatchNorm2d(LayerType[BatchNorm2dParams]):
    type_name = "BatchNorm2d"
    name_stem = "bn"
    title = "BatchNorm2d"
    category = "Normalization"
    summary = "Normalises each channel over the batch; makes deep networks train faster."
    docs = (
        "In training it uses the mean and variance of the batch, afterwards running averages "
        "(Ioffe and Szegedy, 2015). Needs batches of more than a few samples."
    )
    aliases = ("batch normalization", "normalisation", "bn")
    icon = "adjustments-horizontal"
    inferred = {"num_features": "Channels"}
    Params = BatchNorm2dParams

    def infer(self, params: BatchNorm2dParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        if problem := expect_image(self.title, shape):
            return problem
        channels = fixed_size(shape, "C")
        scale: dict[str, tuple[int, ...]] = {"weight": (channels,), "bias": (channels,)}
        return Inference(
            outputs={"output": shape},
            inferred={"num_features": channels},
            parameters=scale if params.affine else {},
            buffers={
                "running_mean": (channels,),
                "running_var": (channels,),
                "num_batches_tracked": (),
            },
            flops=elements_per_sample(shape) * (4 if params.affine else 2),
        )

    def constructor(self, params: BatchNorm2dParams, inputs: Inputs) -> Constructor:
        kwargs = _changed(params, BatchNorm2dParams(), ("eps", "momentum", "affine"))
        return Constructor("nn.BatchNorm2d", (fixed_size(inputs["input"], "C"),), kwargs)


class LayerNormParams(LayerParams):
    """Statistics over one sample."""

    eps: float = param(
        1e-5,
        "Epsilon",
        "Added to the variance against division by zero.",
        minimum=0,
        maximum=1,
        is_advanced=True,
    )
    elementwise_affine: bool = param(
        True, "Scale and shift", "Learns a factor and an offset per number.", is_advanced=True
    )


def normalized_shape(shape: Shape) -> tuple[int, ...] | None:
    """Return the trailing sizes one sample (or one time step) is normalised over.

    None where a size among them is symbolic.
    """
    sizes = [dim.size for dim in shape if dim.axis not in ("B", "T")]
    numbers = tuple(size for size in sizes if isinstance(size, int))
    return numbers if len(numbers) == len(sizes) else None


class LayerNorm(LayerType[LayerNormParams]):
    type_name = "LayerNorm"
    name_stem = "norm"
    title = "LayerNorm"
    category = "Normalization"
    summary = "Normalises each sample on its own; does not depend on the batch."
    docs = (
        "Mean and variance are taken over everything but batch and time (Ba, Kiros and Hinton, "
        "2016). Usual in transformers. What it normalises over is taken from the connection."
    )
    aliases = ("layer normalization", "normalisation", "ln", "transformer")
    icon = "adjustments-horizontal"
    inferred = {"normalized_shape": "Normalised shape"}
    Params = LayerNormParams

    def infer(self, params: LayerNormParams, inputs: Inputs) -> Inference | ShapeProblem:
        shape = inputs["input"]
        sizes = normalized_shape(shape)
        if sizes is None:
            return ShapeProblem(
                f"LayerNorm needs fixed sizes but receives {named_shape_text(shape)}.",
                port="input",
            )
        scale = {"weight": sizes, "bias": sizes}
        return Inference(
            outputs={"output": shape},
            inferred={"normalized_shape": list(sizes)},
            parameters=scale if params.elementwise_affine else {},
            flops=elements_per_sample(shape) * (8 if params.elementwise_affine else 6),
        )

    def constructor(self, params: LayerNormParams, inputs: Inputs) -> Constructor:
        sizes = normalized_shape(inputs["input"]) or ()
        kwargs = _changed(params, LayerNormParams(), ("eps", "elementwise_affine"))
        # As a list, because a tuple of two equal sizes would be written as one number.
        return Constructor("nn.LayerNorm", (sizes[0] if len(sizes) == 1 else list(sizes),), kwargs)


def _changed(
    params: LayerParams, defaults: LayerParams, names: tuple[str, ...]
) -> dict[str, Argument]:
    """Return the arguments that differ from torch's defaults, which are also ours."""
    return {
        name: getattr(params, name)
        for name in names
        if getattr(params, name) != getattr(defaults, name)
    }


LAYERS = (BatchNorm2d(), LayerNorm())
