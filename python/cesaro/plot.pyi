# SPDX-FileCopyrightText: 2026 The cesaro authors
# SPDX-License-Identifier: MIT

from typing import Any, Protocol

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from . import DiscreteInfluence, Prediction, ProfileEstimate

class _HasMatrix(Protocol):
    def matrix(self) -> ArrayLike: ...

_Profile = Prediction | DiscreteInfluence | ProfileEstimate | ArrayLike

def profile(what: _Profile, *, ax: Axes | None = None, log: bool = True, label: str | None = None, **line: Any) -> Axes: ...
def compare(profiles: dict[str, _Profile], *, ax: Axes | None = None, log: bool = True, **line: Any) -> Axes: ...
def heatmap(matrix: ArrayLike | _HasMatrix, *, ax: Axes | None = None, log: bool = True, **image: Any) -> Axes: ...
