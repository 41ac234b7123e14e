"""Networks in files of Python: read by their syntax, or recorded while they run."""
