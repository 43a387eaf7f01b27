"""NumPy arrays as Numba sees them: one type a kernel, however an array came about.

Numba compiles a kernel anew for an array that may be written and for one that may not: what comes
from Polars, from a pickle or from a mask differs in that alone. A kernel's callers settle it here.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


def read_only(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """Give a view that can't be written.

    Grain:   as given. Cost: none; the values are not copied, and who holds the array may write.
    """
    view = array.view()
    view.flags.writeable = False
    return view
