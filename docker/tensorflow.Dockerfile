# syntax=docker/dockerfile:1
# The studio's image with an environment that reads and writes files of TensorFlow.
#   docker build --file docker/tensorflow.Dockerfile --tag netloom-tensorflow docker

ARG PYTHON_VERSION=3.12
ARG STUDIO=netloom

FROM python:${PYTHON_VERSION}-slim-bookworm AS tensorflow
RUN python -m venv /opt/tensorflow \
    && /opt/tensorflow/bin/pip install --no-cache-dir \
        tensorflow-cpu==2.21.0 keras==3.15.1 tf2onnx==1.17.0

FROM ${STUDIO}
COPY --from=tensorflow /opt/tensorflow /opt/tensorflow
ENV NETLOOM_TENSORFLOW_PYTHON=/opt/tensorflow/bin/python
