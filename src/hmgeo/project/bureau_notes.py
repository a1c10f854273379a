"""What a list without coordinates can't tell: sentences, and hatched places for the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.bureau import CANNOT_TELL
from hmgeo.analysis.hatching import hatched_places
from hmgeo.findings.results import ContextLayer
from hmgeo.vocabulary import Basis, PositionKind

if TYPE_CHECKING:
    import pyarrow as pa


PLACE_ROLE = "source_place"


def place_layers(places: pa.Table) -> tuple[ContextLayer, ...]:
    """Return the hatched places of sources known by place only, as a layer for orientation; none where there are none.

    Parameters
    ----------
    places
        `hmgeo.analysis.place_sources.PLACES_SCHEMA`.
    """
    if not places.num_rows:
        return ()
    basis = Basis.APPROXIMATE if any(places["is_approximate"].to_pylist()) else Basis.REAL
    return (ContextLayer(PLACE_ROLE, "仅知所在行政区的污染源（斜线范围）", basis, "", hatched_places(places)),)


def place_warnings(sources: pa.Table) -> tuple[str, ...]:
    """Return how many sources are known by place only, and how many no one can place in a key area's towns."""
    found = []
    places = sources["position_kind"].to_pylist().count(PositionKind.PLACE.value)
    if places:
        found.append(f"{places} 行没有可用坐标，仅知所在县或乡镇，按范围估算，不落点。")
    unknown = sources["key_area_towns"].to_pylist().count(CANNOT_TELL)
    if unknown:
        found.append(f"{unknown} 行未写明乡镇（或乡镇只由示意范围推断），无法判断是否位于重点区域所列乡镇。")
    return tuple(found)
