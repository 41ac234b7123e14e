"""Numbers of single precision, as files hold them."""

from __future__ import annotations

import numpy as np


def shortest(value: float) -> float:
    """Return the number that people wrote where a file says 9.999999747378752e-06: 1e-05.

    It is the one of the fewest digits that single precision takes for the same number.
    """
    return float(str(np.float32(value)))
