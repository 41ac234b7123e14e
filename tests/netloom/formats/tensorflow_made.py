"""Runs where TensorFlow is: `tensorflow_made.py NAME FOLDER SECRET` writes one SavedModel."""

# pyright: basic, reportMissingModuleSource=false
from __future__ import annotations

import sys
from typing import Any

import tensorflow as tf  # pyright: ignore[reportMissingImports]
from tensorflow.python.trackable import resource  # pyright: ignore[reportMissingImports]

NAME, FOLDER, SECRET = sys.argv[1:]
GIVEN = [tf.TensorSpec([None, 4], tf.float32, name="x")]


class Network(tf.Module):
    """Computes, and what its name says."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = tf.Variable(tf.reshape(tf.range(64.0), [4, 16]) / 64)
        self.held: Any = None

    @tf.function(input_signature=GIVEN)
    def serve(self, x: Any) -> dict[str, Any]:
        if NAME == "write":
            with tf.control_dependencies([tf.io.write_file(SECRET, "written")]):
                x = tf.identity(x)
        found = tf.matmul(x, self.weight)
        if NAME == "table":
            found += tf.cast(self.held.size(), tf.float32)
        return {"y": tf.nn.relu(found)}


class ReadsWhenLoaded(resource.TrackableResource):
    """Reads a file into a weight while it is loaded."""

    def __init__(self, weight: Any) -> None:
        super().__init__()
        self.weight = weight

    def _create_resource(self) -> Any:
        return tf.raw_ops.MutableHashTableV2(key_dtype=tf.string, value_dtype=tf.int64)

    @tf.function(input_signature=[])
    def _initialize(self) -> int:
        content = tf.io.decode_raw(tf.io.read_file(SECRET), tf.uint8)
        self.weight.assign(tf.reshape(tf.cast(content, tf.float32), [4, 16]))
        return 1


def first_version() -> None:
    """Write as TensorFlow 1 did."""
    old = tf.compat.v1
    with tf.Graph().as_default(), old.Session() as session:
        x = old.placeholder(tf.float32, [None, 4], "x")
        weight = old.get_variable("weight", [4, 2], use_resource=True)
        session.run(old.global_variables_initializer())
        old.saved_model.simple_save(session, FOLDER, {"x": x}, {"y": tf.nn.relu(x @ weight)})


def main() -> None:
    """Write it."""
    if NAME == "first_version":
        first_version()
        return
    network = Network()
    if NAME == "read_when_loaded":
        network.held = ReadsWhenLoaded(network.weight)
        assert network.held.resource_handle is not None
    elif NAME == "table":
        lines = tf.lookup.TextFileIndex
        read = tf.lookup.TextFileInitializer(
            SECRET, tf.string, lines.WHOLE_LINE, tf.int64, lines.LINE_NUMBER
        )
        network.held = tf.lookup.StaticHashTable(read, -1)
    tf.saved_model.save(network, FOLDER, signatures={"serving_default": network.serve})


main()
