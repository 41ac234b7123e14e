"""The ten-minute tour, driven in a real browser: the smoke test of an installation."""
