"""Windows that slide: kernel, stride, borders and what follows from them, for all who have them."""

from __future__ import annotations

from dataclasses import dataclass

from netloom.formats.onnx.mapping.state import whole_size
from netloom.formats.onnx.node import Op
from netloom.formats.onnx.values import CannotMap, Flow


@dataclass(frozen=True, slots=True)
class Window:
    """A window over the positions of a tensor.

    Attributes:
        borders: Before and behind, for each direction.
    """

    kernel: list[int]
    stride: list[int]
    dilation: list[int]
    borders: list[tuple[int, int]]
    ceil: bool

    @property
    def count(self) -> int:
        """Number of directions."""
        return len(self.kernel)

    @property
    def is_symmetric(self) -> bool:
        """Whether as much lies before as behind, everywhere."""
        return all(before == behind for before, behind in self.borders)

    @property
    def padding(self) -> list[int]:
        """The borders of a symmetric window."""
        return [before for before, _ in self.borders]

    def reach(self, at: int) -> int:
        """Return how many positions a window covers in a direction, holes included."""
        return (self.kernel[at] - 1) * self.dilation[at] + 1

    def outputs(self, sizes: list[int]) -> list[int]:
        """Return how many windows there are in each direction."""
        found: list[int] = []
        for at, size in enumerate(sizes):
            before, behind = self.borders[at]
            room = size + before + behind - self.reach(at)
            steps = -(-room // self.stride[at]) if self.ceil else room // self.stride[at]
            if self.ceil and steps * self.stride[at] >= size + before:
                steps -= 1
            found.append(steps + 1)
        return found

    def whole_borders(self, sizes: list[int]) -> list[tuple[int, int]]:
        """Return the borders with what windows at the end need beyond them."""
        found: list[tuple[int, int]] = []
        for at, (size, count) in enumerate(zip(sizes, self.outputs(sizes), strict=True)):
            before, behind = self.borders[at]
            needed = (count - 1) * self.stride[at] + self.reach(at) - size - before
            found.append((before, max(behind, needed)))
        return found


def read_window(op: Op, flow: Flow, kernel: list[int]) -> Window:
    """Read a window.

    Raises:
        CannotMap: It does not fit what arrives.
    """
    count = len(kernel)
    if len(flow.sizes) != count + 2 or count not in (1, 2, 3) or min(kernel) < 1:
        raise CannotMap(f"a window of {count} directions does not fit {len(flow.sizes)} axes")
    stride = op.ints("strides") or [1] * count
    dilation = op.ints("dilations") or [1] * count
    if len(stride) != count or len(dilation) != count or min(*stride, *dilation) < 1:
        raise CannotMap("strides and dilations do not fit the window")
    how = op.text("auto_pad", "NOTSET") or "NOTSET"
    pads = op.ints("pads") or [0] * 2 * count
    if how == "NOTSET":
        if len(pads) != 2 * count:
            raise CannotMap("the borders do not fit the window")
        borders = list(zip(pads[:count], pads[count:], strict=True))
    elif how == "VALID":
        borders = [(0, 0)] * count
    else:
        borders = [
            same_border(
                whole_size(flow, 2 + at), (kernel[at] - 1) * dilation[at] + 1, stride[at], how
            )
            for at in range(count)
        ]
    return Window(kernel, stride, dilation, borders, bool(op.int("ceil_mode", 0)))


def same_border(size: int, reach: int, stride: int, how: str) -> tuple[int, int]:
    """Return the border that gives `size / stride` windows."""
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return shared_border(total, how)


def shared_border(total: int, how: str) -> tuple[int, int]:
    """Return a border before and behind; an odd one goes where the name says.

    Raises:
        CannotMap: The name is not known.
    """
    if how not in ("SAME_UPPER", "SAME_LOWER"):
        raise CannotMap(f"borders {how!r} are not known")
    small = total // 2
    return (small, total - small) if how == "SAME_UPPER" else (total - small, small)
