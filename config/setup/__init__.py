"""Getting from a clone to something that runs: `python -m config.setup STEP`.

Needs nothing but the standard library: it is what installs everything else.
"""
