"""What layers and settings were called in Keras 1, in today's words."""

from __future__ import annotations

from netloom.formats.keras.settings import JsonObject

_KINDS = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SeparableConvolution1D": "SeparableConv1D",
    "Deconvolution2D": "Conv2DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose",
    "Convolution1DTranspose": "Conv1DTranspose",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization",
    "CuDNNLSTM": "LSTM",
    "CuDNNGRU": "GRU",
    "LSTMV1": "LSTM",
    "LSTMV2": "LSTM",
    "GRUV1": "GRU",
    "GRUV2": "GRU",
    "AdditiveSum": "Add",
}
_MERGES = {
    "sum": "Add",
    "concat": "Concatenate",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
}
_SETTINGS = {
    "nb_filter": "filters",
    "nb_kernel": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
    "p": "rate",
    "sigma": "stddev",
    "pool_length": "pool_size",
    "stride": "strides",
    "inner_activation": "recurrent_activation",
    "concat_axis": "axis",
    "length": "size",
}
_ORDERS = {"th": "channels_first", "tf": "channels_last"}


def in_todays_words(kind: str, config: JsonObject) -> tuple[str, JsonObject]:
    """Return class and settings of a layer as Keras 3 calls them."""
    today = _KINDS.get(kind, kind)
    if kind == "Merge":
        today = _MERGES.get(str(config.get("mode")), kind)
    renamed = dict(config)
    for old, new in _SETTINGS.items():
        if old in renamed and new not in renamed and _is_of_keras_1(old, today):
            renamed[new] = renamed.pop(old)
    if "nb_row" in renamed and "nb_col" in renamed:
        renamed["kernel_size"] = [renamed["nb_row"], renamed["nb_col"]]
    if "output_dim" in renamed and "units" not in renamed and today != "Embedding":
        renamed["units"] = renamed["output_dim"]
    order = renamed.get("data_format")
    if isinstance(order, str) and order in _ORDERS:
        renamed["data_format"] = _ORDERS[order]
    if kind.startswith("CuDNN"):
        renamed.setdefault("recurrent_activation", "sigmoid")
        renamed.setdefault("reset_after", True)
    return today, renamed


def _is_of_keras_1(setting: str, kind: str) -> bool:
    """Short names that mean something else in other layers are renamed where they are meant."""
    meant = {
        "p": ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout"),
        "sigma": ("GaussianNoise",),
        "length": ("UpSampling1D",),
        "stride": ("MaxPooling1D", "AveragePooling1D"),
        "bias": ("Dense", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D"),
    }
    return setting not in meant or kind in meant[setting]
