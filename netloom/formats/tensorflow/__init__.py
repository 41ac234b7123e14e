"""Networks of TensorFlow, in an environment of its own.

TensorFlow is no part of Netloom. Whoever runs an installation can give it a Python that has
`tensorflow-cpu` and `tf2onnx` (`NETLOOM_TENSORFLOW_PYTHON`): then SavedModels and files of
TensorFlow Lite are read through an ONNX, and written through a Keras file. Without one, both say
what to do.
"""
