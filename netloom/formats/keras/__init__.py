"""Keras files, read as data: configuration and HDF5. No name of a file is imported or called."""
