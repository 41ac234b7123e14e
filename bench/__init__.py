"""How fast Netloom is: ratios against named peers, measured in one run. `make bench`."""
