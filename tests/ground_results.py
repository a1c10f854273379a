"""A small finished run with slopes, lists of steep farmland and ways down from tailings ponds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import shapely
from msgspec.structs import replace
from small_results import HOSTILE, small_results

from hmgeo.project.run_files import ground_layers
from hmgeo.results.columns import OVERHEAD_SCHEMA, STEEP_SCHEMA
from hmgeo.results.results import TerrainTables, WaterTables

if TYPE_CHECKING:
    from hmgeo.results.results import Results

LISTS = {1: ("from_25", "listed"), 2: ("water_15_25", "listed"), 3: ("water_15_25", "not_assessed")}
NOTE = "未载明初期坝坝脚坐标，改从库区最低出水处起算。"


def overhead(number: int, name: str, **more: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("by_circle", "by_path", "only_by_circle", "only_by_path", "note"), "")
    lon = 113.02 + 0.02 * number
    path = shapely.LineString([(lon, 23.575), (lon, 23.57), (lon + 0.004, 23.566)])
    row |= {"pond_id": f"WK-{number}", "name": name, "designated": "未认定", "path_ends": "到达追踪距离"}
    return row | {"path": shapely.to_wkb(path)} | more


OVERHEAD = [
    overhead(
        0, HOSTILE, designated="是",
        circle_count=2, circle_nearest_m=100.0, by_circle=f"{HOSTILE}（100 m）；乙村（900 m）",
        path_count=1, path_nearest_m=492.4, by_path=f"{HOSTILE}（492 m）", only_by_circle="乙村",
    ),
    overhead(1, "二号库", circle_count=0, path_count=0, note=NOTE),
    overhead(2, "三号库", circle_count=0, note="下游流经路径未作判断：没有高程。", path=None, path_ends=""),
]  # fmt: skip


def ground_results(parcel_count: int = 40) -> Results:
    """Return the small run; of ten parcels each one is of every grade, three are in the lists, and five have no slope.

    Parcel n of ten: 0 grade 5 by the layer (30.04 degrees by heights), 1 grade 4 by heights (15.26), at an important
    water source, 2 grade 4 by the layer, not assessed, no heights, 3 grade 1 by heights (0.0), 4 no heights but grade
    3; the rest unknown.
    """
    results = small_results(parcel_count)
    told = {0: (5, "layer", 30.04), 1: (4, "elevation", 15.26), 2: (4, "layer", None), 3: (1, "elevation", 0.0)}
    told[4] = (3, "layer", None)
    rows = [told.get(number % 10, (None, "", None)) for number in range(parcel_count)]
    receptors = results.receptors
    for place, (name, kind) in enumerate(
        (("slope_grade", pa.int64()), ("slope_from", pa.string()), ("slope_deg", pa.float64()))
    ):
        receptors = receptors.append_column(name, pa.array([row[place] for row in rows], kind))
    steep = [
        {"list": which, "status": status, "receptor_id": f"P{number:05d}"}
        for number in range(parcel_count)
        for which, status in [LISTS.get(number % 10 + 1, ("", ""))]
        if which
    ]
    tables = TerrainTables(
        steep=pa.Table.from_pylist(steep, STEEP_SCHEMA), overhead=pa.Table.from_pylist(OVERHEAD, OVERHEAD_SCHEMA)
    )
    context = (*results.context, *ground_layers(WaterTables(), tables, results.layers))
    return replace(results, receptors=receptors, terrain=tables, context=context)
