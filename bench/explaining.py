"""What explanations cost: in forward passes, in rows, and against the lime package.

One ResNet-18 at 224 x 224, one thread; its random weights cost what trained ones do.

Legend: B batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from bench.registry import Declaration, Figure, NotMeasurable, at_least, at_most, gives
from bench.timing import Spent, in_turn, spent

if TYPE_CHECKING:
    import torch

    from netloom.compile import Network
    from netloom.explain import ExplainOptions, Method

_MODEL = "ResNet-18 at 224 px"
_GRADCAM_ROUNDS = 25
_SUPERPIXELS = 20
_LIME_ROUNDS = 2


def _network() -> tuple[Network, torch.Tensor]:
    """Return the network, ready to predict, and a photograph [1, C, H, W]."""
    import torch
    from skimage.data import astronaut
    from skimage.transform import resize

    from bench.networks import RESNET_18, resnet
    from netloom.compile import build_module

    torch.set_num_threads(1)
    network = build_module(resnet(RESNET_18)).eval()
    photo_HWC = resize(astronaut(), (224, 224), anti_aliasing=True)
    return network, torch.from_numpy(photo_HWC.transpose(2, 0, 1)).float()[None]


@gives(
    Declaration(
        "gradcam_forwards", "forwards", at_most(1.3),
        "Grad-CAM at the last convolution, in forward passes of the same network",
    )
)  # fmt: skip
def gradcam_forwards() -> Iterator[tuple[str, Figure]]:
    import torch

    from netloom.explain import default_gradcam_layer, explain

    network, image_1CHW = _network()
    layer = default_gradcam_layer(network.netloom_origins.document)

    def forward() -> None:
        with torch.inference_mode():
            network(image_1CHW)

    ratio = in_turn(
        lambda: spent(lambda: explain(network, image_1CHW, "gradcam", target_class=0, layer=layer)),
        lambda: spent(forward),
        _GRADCAM_ROUNDS,
        warm_up=3,
    )
    yield (
        "gradcam_forwards",
        Figure(ratio.cpu, "one forward pass, inference mode", _MODEL, 1, 1, note=ratio.note),
    )


@gives(
    Declaration(
        "occlusion_over_rows", "x", at_most(1.05),
        "Occlusion over as many plain forward passes as it takes rows",
    )
)  # fmt: skip
def occlusion_over_rows() -> Iterator[tuple[str, Figure]]:
    from netloom.explain import ExplainOptions

    yield "occlusion_over_rows", _over_rows("occlusion", ExplainOptions())


@gives(
    Declaration(
        "lime_over_rows", "x", at_most(1.05),
        "LIME over as many plain forward passes as it takes rows",
    )
)  # fmt: skip
def lime_over_rows() -> Iterator[tuple[str, Figure]]:
    from netloom.explain import ExplainOptions

    yield "lime_over_rows", _over_rows("lime", ExplainOptions(num_superpixels=_SUPERPIXELS))


def _over_rows(method: Method, options: ExplainOptions) -> Figure:
    """Explain, and after each chunk run as many rows one by one through a copy of the network.

    So both sides alternate chunk by chunk, and everything the method does beside the forward
    passes counts against it.
    """
    import torch

    from netloom.explain import explain

    network, image_1CHW = _network()
    plain = copy.deepcopy(network)
    waiting: list[int] = []
    chunks: list[int] = []
    peer: list[Spent] = []
    network.register_forward_pre_hook(lambda _module, inputs: waiting.append(len(inputs[0])))

    def one_by_one(rows: int) -> None:
        with torch.inference_mode():
            for _ in range(rows):
                plain(image_1CHW)

    def after_chunk(_share: float, _map: object) -> None:
        while waiting:
            rows = waiting.pop()
            chunks.append(rows)
            peer.append(spent(lambda rows=rows: one_by_one(rows)))

    one_by_one(3)
    both = spent(
        lambda: explain(
            network, image_1CHW, method, target_class=0, options=options, progress=after_chunk
        )
    )
    peer_wall, peer_cpu = sum(one.wall_s for one in peer), sum(one.cpu_s for one in peer)
    wall = (both.wall_s - peer_wall) / peer_wall
    cpu = (both.cpu_s - peer_cpu) / peer_cpu
    note = (
        f"{sum(chunks)} rows, up to {max(chunks)} at once; by processor time, alternating chunk "
        f"by chunk; on the wall {wall:.3f} ({both.wall_s - peer_wall:.3g} s to {peer_wall:.3g} s)"
    )
    return Figure(cpu, "one forward pass a row", _MODEL, max(chunks), 1, note=note)


@gives(
    Declaration(
        "lime_package_over_ours", "x", at_least(1.0),
        "The lime package over our LIME: same superpixels, as many samples, its batch of 10",
    )
)  # fmt: skip
def lime_package_over_ours() -> Iterator[tuple[str, Figure]]:
    try:
        from lime.lime_image import LimeImageExplainer
    except ImportError:
        raise NotMeasurable("The lime package is not installed; `make bench` does.") from None
    import numpy as np
    import torch

    from netloom.explain import ExplainOptions, explain

    network, image_1CHW = _network()
    options = ExplainOptions(num_superpixels=_SUPERPIXELS)
    first = explain(network, image_1CHW, "lime", target_class=0, options=options)
    segments_HW, num_samples = first.segments_HW, first.meta.num_samples
    if segments_HW is None or num_samples is None:
        raise RuntimeError("LIME named neither its superpixels nor its samples")
    photo_HWC = image_1CHW[0].permute(1, 2, 0).double().numpy()

    def probabilities(images_BHWC: np.ndarray) -> np.ndarray:
        images_BCHW = torch.from_numpy(images_BHWC.transpose(0, 3, 1, 2)).float()
        with torch.inference_mode():
            return network(images_BCHW).softmax(dim=1).numpy()

    def theirs() -> None:
        LimeImageExplainer(random_state=0).explain_instance(
            photo_HWC, probabilities, labels=(0,), top_labels=None, hide_color=None,
            num_samples=num_samples, batch_size=10,
            segmentation_fn=lambda _image: segments_HW,
        )  # fmt: skip

    ratio = in_turn(
        lambda: spent(theirs),
        lambda: spent(lambda: _explain_lime(explain, network, image_1CHW, options)),
        _LIME_ROUNDS,
        warm_up=0,
    )
    yield (
        "lime_package_over_ours",
        Figure(
            ratio.cpu, "lime 0.2, batch 10, given our superpixels", _MODEL, None, 1,
            note=f"{num_samples} samples; {ratio.note}; ours also finds the superpixels",
        ),
    )  # fmt: skip


def _explain_lime(
    explain: Callable[..., object], network: Network, image: torch.Tensor, options: ExplainOptions
) -> None:
    explain(network, image, "lime", target_class=0, options=options)
