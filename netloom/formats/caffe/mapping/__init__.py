"""Which function draws which kind of layer. What is not here becomes a placeholder."""

from netloom.formats.caffe.mapping import (
    convolution,
    elementwise,
    normalisation,
    pooling,
    shaping,
)
from netloom.formats.caffe.mapping.kinds import Drawers

DRAWERS: Drawers = {
    **convolution.DRAWERS,
    **pooling.DRAWERS,
    **normalisation.DRAWERS,
    **elementwise.DRAWERS,
    **shaping.DRAWERS,
}
