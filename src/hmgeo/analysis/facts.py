"""What tests may ask about one source. A run answers from layers, a worked case from its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DistanceFact:
    """How far a source is from the nearest feature of a layer.

    Parameters
    ----------
    low_m, high_m
        Nearest and farthest possible; infinite where nothing is within the search.
    measured_m
        At the position as given; None where nothing is within the search or the position is a place.
    uncertainty_m
        Of the position.
    covered_m
        How far around the source the layer's declared coverage reaches, less the uncertainty; negative where the
        source lies outside it, None where no coverage is declared.
    is_complete
        Whether the layer holds everything of its kind within its coverage.
    undeclared_may_clear
        Whether the user asked for a bare comparison by distance, where undeclared coverage clears with a note.
    is_approximate
        Whether approximate geometry went in.
    """

    low_m: float
    high_m: float
    measured_m: float | None
    uncertainty_m: float = 0.0
    receptor_id: str = ""
    receptor_name: str = ""
    bearing_deg: float | None = None
    covered_m: float | None = None
    is_complete: bool = False
    undeclared_may_clear: bool = False
    is_approximate: bool = False

    def coverage_gap(self, layer_zh: str, limit_m: float) -> str:
        """Return why finding nothing within the limit would prove nothing; empty where it does."""
        if self.undeclared_may_clear and self.covered_m is None:
            return ""
        if self.covered_m is None:
            return f"「{layer_zh}」未申明数据范围，结果为下限。"
        if self.covered_m < 0:
            return f"该点或其误差范围超出「{layer_zh}」数据范围，结果为下限。"
        if self.covered_m < limit_m:
            return f"该点距数据边界 {self.covered_m:.0f} 米，小于查询半径 {limit_m:.0f} 米，结果为下限。"
        if not self.is_complete:
            return f"「{layer_zh}」未申明完整，结果为下限。"
        return ""


class Facts(Protocol):
    """Answers about one source."""

    def distance(self, layer: str, classes: tuple[str, ...]) -> DistanceFact | None:
        """Return the distance to the layer's features of these classes (all where empty); None without the layer."""
