"""Layers as Caffe wrote them first: a layer within a layer, its settings side by side."""

from __future__ import annotations

from netloom.formats.caffe.message import Message

_KINDS = {
    "conv": ("CONVOLUTION", "convolution_param"),
    "innerproduct": ("INNER_PRODUCT", "inner_product_param"),
    "pool": ("POOLING", "pooling_param"),
    "lrn": ("LRN", "lrn_param"),
    "dropout": ("DROPOUT", "dropout_param"),
    "concat": ("CONCAT", "concat_param"),
    "data": ("DATA", "data_param"),
    "images": ("IMAGE_DATA", "data_param"),
    "window_data": ("WINDOW_DATA", "data_param"),
    "hdf5_data": ("HDF5_DATA", ""),
    "hdf5_output": ("HDF5_OUTPUT", ""),
    "relu": ("RELU", ""),
    "sigmoid": ("SIGMOID", ""),
    "tanh": ("TANH", ""),
    "bnll": ("BNLL", ""),
    "softmax": ("SOFTMAX", ""),
    "softmax_loss": ("SOFTMAX_LOSS", ""),
    "flatten": ("FLATTEN", ""),
    "split": ("SPLIT", ""),
    "im2col": ("IM2COL", ""),
    "accuracy": ("ACCURACY", ""),
    "euclidean_loss": ("EUCLIDEAN_LOSS", ""),
    "hinge_loss": ("HINGE_LOSS", ""),
    "infogain_loss": ("INFOGAIN_LOSS", ""),
    "multinomial_logistic_loss": ("MULTINOMIAL_LOGISTIC_LOSS", ""),
}
_RENAMED = {"kernelsize": "kernel_size", "biasterm": "bias_term", "cropsize": "crop_size"}
_OWN = ("name", "type", "blobs", "blobs_lr", "include", "exclude")


def renewed_oldest(message: Message) -> Message:
    """Return a layer of the first spelling in the second one."""
    inner = message.inner("layer")
    kind, settings = _KINDS.get(inner.text("type"), (inner.text("type"), ""))
    found = Message({key: values for key, values in message.fields.items() if key != "layer"})
    for name in _OWN:
        if inner.has(name):
            found.fields[name] = inner.fields[name]
    found.fields["type"] = [kind]
    if settings:
        kept = {
            _RENAMED.get(key, key): values
            for key, values in inner.fields.items()
            if key not in _OWN
        }
        found.fields[settings] = [Message(kept)]
    return found
