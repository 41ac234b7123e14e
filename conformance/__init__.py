"""Whole suites of other people's networks, run through Netloom: `make conformance`."""
