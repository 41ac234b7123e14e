"""Caffe: `.prototxt` and `.caffemodel`, read by a parser of our own; nothing in them is run."""
