"""ONNX: an importer of our own, from the file to layers, operators and placeholders."""
