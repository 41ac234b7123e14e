"""Whether layer types do what they declare: one body for Netloom's own and for those of packages.

A *trial* is one use of a layer; `trial.check_trial` says what is wrong with it. Netloom's tests run
it over tables of trials, `netloom layers --check` over trials made up from the declaration.
"""
