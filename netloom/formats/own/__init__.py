"""Netloom's own kinds of file, as writers."""
