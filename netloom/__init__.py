"""Netloom's library: networks as documents, analysed, compiled, trained and explained.

Nothing in this package knows of Django; everything works from a notebook.
"""

__version__ = "0.1.0"
