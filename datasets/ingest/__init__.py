"""Bringing images in: sources, their layout, decoding, writing, the report."""
