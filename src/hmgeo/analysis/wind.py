"""How often what lies on a bearing is downwind, from a table of wind frequencies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hmgeo.vocabulary import PositionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.records import SideTable

NOT_GIVEN = "未提供风频表"
_WHOLE_TURN_DEG = 360.0


@dataclass(frozen=True, slots=True)
class Wind:
    """Share of the time (percent) that wind comes from each direction, degrees from north.

    Parameters
    ----------
    calm_percent
        Share of the time without wind, when nothing is downwind.
    """

    percent_from: Mapping[float, float]
    station: str = ""
    years: str = ""
    calm_percent: float = 0.0
    directions: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Count the directions."""
        object.__setattr__(self, "directions", len(self.percent_from))

    def downwind_percent(self, bearing_deg: float) -> float:
        """Return how often what lies on a bearing is downwind: the share of wind from the opposite direction.

        Examples
        --------
        >>> Wind({0.0: 40.0, 90.0: 30.0, 180.0: 20.0, 270.0: 10.0}).downwind_percent(180.0)
        40.0
        """
        came_from = (bearing_deg + 180) % _WHOLE_TURN_DEG
        nearest = min(self.percent_from, key=lambda one: (abs((one - came_from + 180) % _WHOLE_TURN_DEG - 180), one))
        return self.percent_from[nearest]

    def described(self) -> str:
        """Say which table this is, in Chinese."""
        named = "，".join(filter(None, (self.station, self.years)))
        return f"风频：{named or '气象站未注明'}，{self.directions} 方位，静风 {self.calm_percent:g}%"


def wind_of(table: SideTable | None) -> Wind | None:
    """Return the wind that a table of `hmgeo.records.WIND_SCHEMA` tells; None where there is none."""
    if table is None:
        return None
    rows = table.table.to_pylist()
    shares = {row["from_deg"]: row["percent"] for row in rows if row["from_deg"] is not None}
    calm = sum(row["percent"] for row in rows if row["from_deg"] is None)
    return Wind(shares, rows[0]["station"], rows[0]["years"], calm)


def downwind(wind: Wind | None, source: Mapping[str, Any]) -> tuple[float | None, str]:
    """Return the share of the time (percent) that a source's nearest parcel is downwind, and what it rests on.

    Parameters
    ----------
    source
        A row of the table of sources.
    """
    if wind is None:
        return None, NOT_GIVEN
    bearing_deg = source["nearest_farmland_bearing_deg"]
    if bearing_deg is not None:
        return wind.downwind_percent(bearing_deg), wind.described()
    if source["position_kind"] == PositionKind.PLACE.value:
        return None, "仅知所在行政区，没有方位"
    if source["nearest_farmland_m"] is None:
        return None, "未作距离测算，没有方位"
    return None, "位于地块内或与地块相接，没有方位"
