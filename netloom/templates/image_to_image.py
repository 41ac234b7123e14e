"""Networks that give an image: segmentation, autoencoders, a generator and its opponent."""

from __future__ import annotations

from netloom.blocks.convolution import conv_norm
from netloom.blocks.layout import (
    BlockShelf,
    BuiltBlock,
    ScopeBuilder,
    finish_block,
    finish_document,
)
from netloom.blocks.unet import double_conv, unet_down, unet_up
from netloom.graph.document import Document
from netloom.templates.fit import Fit, start_image

_UNET_LEVELS = 4
_UNET_FILTERS = 32
_LATENT = 32
_NOISE = 100


def unet(fit: Fit, note: str) -> Document:
    """Down, across and up again: one logit per class for every pixel."""
    levels = fit.halvings(smallest=4, at_most=_UNET_LEVELS)
    shelf = BlockShelf()
    scope = start_image(fit.in_steps_of(2**levels), columns_per_row=None)
    downs: list[str] = []
    for level in range(levels):
        scope.branch(scope.last, row=level, column=1)
        overrides = {"filters": _UNET_FILTERS << level}
        downs.append(scope.add_block(shelf.take(unet_down), f"down{level + 1}", overrides))
    scope.branch(scope.last, row=levels, column=2)
    bottom = {"filters": _UNET_FILTERS << levels}
    scope.add_block(shelf.take(double_conv), "bottom", bottom)
    for level in reversed(range(levels)):
        scope.branch(scope.last, row=level, column=2 + levels - level)
        overrides = {"filters": _UNET_FILTERS << level}
        up = scope.add_block(shelf.take(unet_up), f"up{level + 1}", overrides)
        scope.connect(downs[level], up, "skip", source_port="skip")
    scope.add("Conv2d", "classifier", out_channels=fit.num_classes, kernel_size=1)
    scope.add("Output")
    # The lowest row is the one a note has to go around.
    scope.row = levels
    return finish_document(scope, "UNet", shelf, note)


def _encode(scope: ScopeBuilder, shelf: BlockShelf, halvings: int, filters: int = 32) -> None:
    for step in range(halvings):
        overrides = {"filters": filters << step, "stride": 2}
        scope.add_block(shelf.take(conv_norm), "encode", overrides)


def _decode(scope: ScopeBuilder, shelf: BlockShelf, halvings: int, channels: int) -> None:
    """Append the way back to the size of the image, with numbers in -1..1."""
    for step in reversed(range(halvings)):
        scope.start_row()
        scope.add("Upsample", scale_factor=2)
        scope.add_block(shelf.take(conv_norm), "decode", {"filters": 32 << max(0, step - 1)})
    scope.add("Conv2d", "to_image", out_channels=channels, kernel_size=3)
    scope.add("Tanh")


def autoencoder(fit: Fit, note: str) -> Document:
    """Squeezes an image through few numbers and draws it again."""
    halvings = fit.halvings(smallest=4, at_most=3)
    fit = fit.in_steps_of(2**halvings)
    shelf = BlockShelf()
    scope = start_image(fit)
    _encode(scope, shelf, halvings)
    scope.add("Conv2d", "code", out_channels=16, kernel_size=1)
    _decode(scope, shelf, halvings, fit.channels)
    scope.add("Output", "reconstruction")
    return finish_document(scope, "Autoencoder", shelf, note)


def _sampling(shelf: BlockShelf) -> BuiltBlock:
    """Draw from a normal distribution: the mean, plus noise times the spread (Kingma, 2013)."""
    del shelf
    scope = ScopeBuilder()
    mean = scope.add("BlockInput", "mean")
    scope.branch(mean, row=1, column=1)
    zero = scope.add("Subtract", "zero")
    scope.connect(mean, zero, "input_2")
    scope.add("GaussianNoise", "noise", std=1.0)
    scaled = scope.add("Multiply")
    scope.branch(mean, row=0, column=4)
    drawn = scope.add("Add")
    scope.connect(scaled, drawn, "input_2")
    scope.add("BlockOutput")
    scope.branch(None, row=2, column=0)
    spread = scope.add("BlockInput", "spread")
    scope.connect(spread, scaled, "input_2")
    return finish_block(scope, "Sampling", {})


def vae(fit: Fit, note: str) -> Document:
    """An autoencoder whose code is drawn from a distribution; gives its mean and spread too."""
    halvings = fit.halvings(smallest=4, at_most=3)
    fit = fit.in_steps_of(2**halvings)
    shelf = BlockShelf()
    scope = start_image(fit)
    _encode(scope, shelf, halvings)
    scope.start_row()
    flat = scope.add("Flatten")
    mean = scope.add("Linear", "mean", out_features=_LATENT)
    scope.branch(mean, row=scope.row, column=4)
    scope.add("Output", "code_mean")
    scope.branch(flat, row=scope.row + 1, column=1)
    scope.add("Linear", "spread", out_features=_LATENT)
    spread = scope.add("Softplus")
    scope.branch(spread, row=scope.row, column=4)
    scope.add("Output", "code_spread")
    scope.branch(None, row=scope.row + 1, column=0)
    drawn = scope.add_block(shelf.take(_sampling), "sampling", {})
    scope.connect(mean, drawn, "mean")
    scope.connect(spread, drawn, "spread")
    filters = 32 << max(0, halvings - 1)
    height, width = fit.height >> halvings, fit.width >> halvings
    scope.add("Linear", "from_code", out_features=filters * height * width)
    scope.add("Reshape", shape=f"C={filters}, H={height}, W={width}")
    _decode(scope, shelf, halvings, fit.channels)
    scope.add("Output", "reconstruction")
    return finish_document(scope, "VAE", shelf, note)


def dcgan_generator(fit: Fit, note: str) -> Document:
    """Makes an image of noise by transposed convolutions (Radford et al., 2015)."""
    doublings = fit.halvings(smallest=4, at_most=6)
    height, width = (-(-side // 2**doublings) for side in (fit.height, fit.width))
    filters = 64 << max(0, min(doublings, 4) - 1)
    scope = ScopeBuilder(columns_per_row=5)
    scope.add("FeatureInput", "noise", num_features=_NOISE)
    scope.add("Linear", out_features=filters * height * width)
    scope.add("Reshape", shape=f"C={filters}, H={height}, W={width}")
    scope.add("BatchNorm2d")
    scope.add("ReLU")
    for step in range(doublings):
        scope.start_row()
        is_last = step == doublings - 1
        filters = max(32, filters // 2)
        width_out = fit.channels if is_last else filters
        scope.add("ConvTranspose2d", out_channels=width_out, kernel_size=4, stride=2, padding=1)
        if not is_last:
            scope.add("BatchNorm2d")
            scope.add("ReLU")
    if doublings == 0:
        scope.add("Conv2d", out_channels=fit.channels, kernel_size=1)
    if (height << doublings, width << doublings) != (fit.height, fit.width):
        scope.add("Crop2d", height=fit.height, width=fit.width)
    scope.add("Tanh")
    scope.add("Output", "image")
    return finish_document(scope, "DCGANGenerator", note=note)


def dcgan_discriminator(fit: Fit, note: str) -> Document:
    """Tells real images from made ones: one logit, high for real."""
    scope = start_image(fit)
    halvings = fit.halvings(smallest=4, at_most=4)
    for step in range(halvings):
        scope.start_row()
        scope.add("Conv2d", out_channels=64 << step, kernel_size=4, stride=2, padding=1)
        if step:
            scope.add("BatchNorm2d")
        scope.add("LeakyReLU", negative_slope=0.2)
    scope.start_row()
    scope.add("Flatten")
    scope.add("Linear", "score", out_features=1)
    scope.add("Output")
    return finish_document(scope, "DCGANDiscriminator", note=note)
