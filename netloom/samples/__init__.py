"""Small real and generated datasets that need no download."""

from netloom.samples.digits import digits
from netloom.samples.inspection import inspection
from netloom.samples.sample import Sample, SampleImage, write_samples

__all__ = ["Sample", "SampleImage", "digits", "inspection", "write_samples"]
