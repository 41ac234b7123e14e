"""Small models of Keras, one for each way of saying something; all are compared with Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Build = Callable[[Any, Any], Any]
"""From `keras` and `keras.layers` to a model."""

MODELS: dict[str, Build] = {}


def model(build: Build) -> Build:
    MODELS[build.__name__] = build
    return build


def one(keras: Any, shape: tuple[int, ...], *layers: Any) -> Any:
    return keras.Sequential([keras.Input(shape), *layers])


@model
def conv_same_with_strides(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (13, 10, 3), l.Conv2D(5, (3, 4), strides=2, padding="same", activation="relu"))


@model
def conv_same_even_kernel(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (9, 8, 2), l.Conv2D(4, 4, padding="same"), l.Conv2D(3, 2, padding="same"))


@model
def conv_dilated_grouped(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k, (12, 12, 4), l.Conv2D(6, 3, dilation_rate=2, groups=2, padding="same", use_bias=False)
    )


@model
def conv_1d(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (17, 3), l.Conv1D(4, 5, strides=3, padding="same"), l.GlobalMaxPooling1D())


@model
def conv_causal(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (17, 3), l.Conv1D(4, 3, dilation_rate=2, padding="causal", activation="tanh"))


@model
def conv_3d(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (6, 7, 8, 2), l.Conv3D(3, 3, strides=2, padding="same"), l.MaxPooling3D(2))


@model
def depthwise(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (10, 9, 3), l.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2))


@model
def separable(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (11, 12, 3),
        l.SeparableConv2D(5, 3, padding="same", strides=2, activation="elu"),
        l.SeparableConv2D(4, 3, depth_multiplier=2),
    )


@model
def separable_1d(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (15, 3), l.SeparableConv1D(4, 3, padding="same"))


@model
def transposed(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (5, 6, 3),
        l.Conv2DTranspose(4, 3, strides=2, padding="same"),
        l.Conv2DTranspose(2, 4, strides=2, padding="same"),
        l.Conv2DTranspose(2, 2, strides=3, padding="valid"),
    )


@model
def pools(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (31, 30, 3),
        l.MaxPooling2D(3, strides=2, padding="same"),
        l.AveragePooling2D(2, padding="same"),
        l.AveragePooling2D(3, strides=1, padding="same"),
        l.MaxPooling2D((2, 3)),
    )


@model
def uneven_pools(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (16, 17, 2),
        l.MaxPooling2D(5, strides=2, padding="same"),
        l.AveragePooling2D(2, strides=1, padding="same"),
        l.MaxPooling2D(4, strides=1, padding="same"),
    )


@model
def flatten_then_dense(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (4, 5, 3),
        l.Conv2D(6, 2),
        l.Flatten(),
        l.Dropout(0.5),
        l.BatchNormalization(),
        l.Dense(7, activation="softmax"),
    )


@model
def flatten_and_join(k: Any, l: Any) -> Any:  # noqa: E741
    given = k.Input((4, 5, 3))
    left = l.Flatten()(l.Conv2D(2, 3)(given))
    right = l.Flatten()(l.MaxPooling2D(2)(given))
    return k.Model(given, l.Dense(3)(l.Concatenate()([left, right])))


@model
def flatten_at_the_end(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (4, 5, 3), l.Conv2D(2, 3), l.Flatten())


@model
def normalisations(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (6, 6, 4),
        l.BatchNormalization(epsilon=0.01, momentum=0.9),
        l.BatchNormalization(scale=False),
        l.BatchNormalization(center=False),
        l.LayerNormalization(epsilon=0.1),
        l.GlobalAveragePooling2D(),
        l.LayerNormalization(),
    )


@model
def dense_on_images(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (4, 5, 3), l.Dense(6, activation="gelu"), l.GlobalAveragePooling2D())


@model
def residual(k: Any, l: Any) -> Any:  # noqa: E741
    given = k.Input((8, 8, 3))
    first = l.Conv2D(4, 3, padding="same", activation="relu")(given)
    second = l.Conv2D(4, 3, padding="same")(first)
    joined = l.Activation("relu")(l.Add()([first, second]))
    both = l.Concatenate()([joined, first])
    return k.Model(given, l.Dense(2)(l.GlobalAveragePooling2D()(both)))


@model
def moving(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (5, 6, 2),
        l.ZeroPadding2D(((1, 2), (0, 3))),
        l.Cropping2D(((1, 0), (2, 1))),
        l.UpSampling2D(2, interpolation="bilinear"),
        l.UpSampling2D((2, 3)),
    )


@model
def lstm(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (7, 5), l.LSTM(6, return_sequences=True), l.LSTM(4), l.Dense(3))


@model
def gru(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (7, 5), l.GRU(6, return_sequences=True), l.SimpleRNN(4, activation="relu"))


@model
def gru_resets_before(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (7, 5),
        l.GRU(6, return_sequences=True, reset_after=False),
        l.Bidirectional(l.GRU(3, reset_after=False)),
    )


@model
def tokens_with_padding(k: Any, l: Any) -> Any:  # noqa: E741
    """Every kind of layer that passes over padding, wherever it stands."""
    given = k.Input((12,), dtype="int32")
    words = l.Dropout(0.1)(l.Embedding(20, 6, mask_zero=True)(given))
    twice = l.LSTM(4)(l.Bidirectional(l.LSTM(3, return_sequences=True))(words))
    before = l.GRU(3, reset_after=False)(l.Dense(5, activation="tanh")(words))
    mean = l.GlobalAveragePooling1D()(l.LayerNormalization()(words))
    return k.Model(given, [twice, before, mean, l.SimpleRNN(4)(words)])


@model
def both_ways(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (7, 5),
        l.Bidirectional(l.LSTM(4, return_sequences=True)),
        l.Bidirectional(l.GRU(3)),
        l.Dense(2),
    )


@model
def tokens(k: Any, l: Any) -> Any:  # noqa: E741
    return k.Sequential(
        [k.Input((9,), dtype="int32"), l.Embedding(20, 6), l.Conv1D(4, 3), l.GlobalMaxPooling1D()]
    )


@model
def attention(k: Any, l: Any) -> Any:  # noqa: E741
    given = k.Input((7, 8))
    seen = l.MultiHeadAttention(2, 4)(given, given)
    normed = l.LayerNormalization()(l.Add()([given, seen]))
    return k.Model(given, l.Dense(3)(l.GlobalAveragePooling1D()(normed)))


@model
def reshapes(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (6,),
        l.Dense(24, activation="relu"),
        l.Reshape((2, 3, 4)),
        l.Conv2D(5, 2),
        l.Reshape((2, 5)),
        l.LSTM(3),
        l.RepeatVector(4),
        l.Permute((2, 1)),
        l.Dense(2),
    )


@model
def activations(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (5,),
        l.Dense(6, activation="selu"),
        l.LeakyReLU(negative_slope=0.1),
        l.Dense(6, activation="silu"),
        l.ReLU(max_value=6),
        l.Dense(6, activation="hard_sigmoid"),
        l.PReLU(alpha_initializer="random_normal"),
        l.Dense(6, activation="softplus"),
        l.ELU(alpha=0.5),
        l.Softmax(),
    )


@model
def inner_models(k: Any, l: Any) -> Any:  # noqa: E741
    small = k.Sequential([k.Input((8, 8, 3)), l.Conv2D(4, 3), l.BatchNormalization()], name="small")
    given = k.Input((8, 8, 3))
    inner_in = k.Input((6, 6, 4))
    inner = k.Model(inner_in, l.Conv2D(2, 3)(l.BatchNormalization()(inner_in)), name="inner")
    return k.Model(given, l.Flatten()(inner(small(given))))


@model
def shared_layer(k: Any, l: Any) -> Any:  # noqa: E741
    left, right = k.Input((5,)), k.Input((5,))
    shared = l.Dense(4, activation="tanh")
    return k.Model([left, right], [l.Subtract()([shared(left), shared(right)]), shared(left)])


@model
def scaled_inside(k: Any, l: Any) -> Any:  # noqa: E741
    return one(
        k,
        (6, 6, 3),
        l.Rescaling(1 / 127.5, offset=-1),
        l.Normalization(mean=[0.1, 0.2, 0.3], variance=[0.5, 0.6, 0.7]),
        l.Conv2D(2, 3),
    )


@model
def softmax_on_maps(k: Any, l: Any) -> Any:  # noqa: E741
    return one(k, (6, 6, 3), l.Conv2D(4, 1, activation="softmax"))
