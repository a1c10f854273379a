"""Sheets on water: ways downhill, who drains to intakes, irrigation chains, closed basins, where to sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.outputs import wording
from hmgeo.outputs.cells import Column, Sheet
from hmgeo.vocabulary import LayerKind, SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hmgeo.findings.results import Results
    from hmgeo.findings.water import WaterTables
    from hmgeo.outputs.cells import Cell

KINDS = {kind.value: kind.zh for kind in LayerKind}
STATUSES = {"established": "成链", "broken": "断链", "not_assessed": "未评估"}
TARGET_STATUSES = {
    "snapped": "已落到水流",
    "on_shape": "按范围",
    "no_stream": "未落到水流",
    "cannot_tell": "无法判断",
    "not_assessed": "未评估",
}
AGREEMENTS = {
    "agree": "一致",
    "only_heights": "仅高程可判",
    "only_network": "仅河网可判",
    "cannot_tell": "无法判断",
}
SAMPLING_KINDS = {
    "section": "河流出入乡镇界断面",
    "below_risk": "园区、尾矿库下游",
    "cluster": "涉铊涉锑企业密集区下游",
    "air": "园区、重点企业周边敏感区（空气）",
    "double_source": "地下水双源",
}
_FARMLAND, _BORDERS = LayerKind.FARMLAND.value, ("townships", "counties")
_CLASSES = (SoilQualityClass.STRICT_CONTROL.value, SoilQualityClass.SAFE_USE.value)
_MOST_NAMED = 12


def water_sheets(results: Results) -> Iterator[Sheet]:
    """Yield the sheets that a run on water adds; those that would be empty are left out, but for what wasn't asked."""
    water = results.water
    if water is None:
        return
    if water.chains.num_rows:
        yield irrigation_sheet(water)
    if water.paths.num_rows or water.notes:
        yield paths_sheet(water)
    if water.catchments.num_rows:
        yield catchments_sheet(water)
    if water.agreement.num_rows:
        yield agreement_sheet(water)
    if water.basins.num_rows:
        yield basins_sheet(water)
    if water.sampling.num_rows:
        yield sampling_sheet(water)


def paths_sheet(water: WaterTables) -> Sheet:
    """Return one row per source: its way downhill and what it meets, first met first."""
    columns = (
        Column("编号", 14, "wrap"),
        Column("名称", 16, "wrap"),
        Column("类别", 10, "wrap"),
        Column("流程(m)", 9, "distance_m"),
        Column("落差(m)", 8, "distance_m"),
        Column("终点", 22, "wrap"),
        Column("地块数", 7, "count", "沿途耕地"),
        Column("最近流程(m)", 9, "distance_m", "沿途耕地"),
        Column("严格管控(块)", 8, "count", "沿途耕地"),
        Column("安全利用(块)", 8, "count", "沿途耕地"),
        Column("水源、取水口、灌区（流程）", 34, "wrap"),
        Column("其他对象（流程）", 34, "wrap"),
        Column("流经界线（流程）", 30, "wrap"),
    )
    met: dict[str, list[dict[str, Any]]] = {}
    for row in water.met.to_pylist():
        met.setdefault(row["source_id"], []).append(row)
    rows = [_path_row(row, met.get(row["source_id"], [])) for row in water.paths.drop_columns("geometry").to_pylist()]
    return Sheet("水流", columns, rows, remarks=water.notes)


_WATER_KINDS = frozenset(
    {
        LayerKind.INTAKES.value,
        LayerKind.WATER_SOURCE_ZONES.value,
        LayerKind.IRRIGATION_INTAKES.value,
        LayerKind.IRRIGATION_DISTRICTS.value,
        LayerKind.WATER_STATIONS.value,
    }
)


def _path_row(path: Mapping[str, Any], met: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    land = [row for row in met if row["layer"] == _FARMLAND]
    borders = [row for row in met if row["layer"] in _BORDERS]
    waters = [row for row in met if row["layer"] in _WATER_KINDS]
    others = [row for row in met if row not in land and row not in borders and row not in waters]
    return (
        path["source_id"],
        path["name"],
        KINDS.get(path["source_kind"], path["source_kind"]),
        path["length_m"],
        path["drop_m"],
        path["note"],
        len(land) if path["length_m"] is not None else None,
        min((row["flow_distance_m"] for row in land), default=None),
        *(sum(row["class"] == word for row in land) if path["length_m"] is not None else None for word in _CLASSES),
        _listed(waters),
        _listed(others),
        _listed(borders),
    )


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    named = [f"{_called(row)}{row['flow_distance_m'] / 1000:.2f} km）" for row in rows]
    return "；".join(named[:_MOST_NAMED]) + (f"；等 {len(named)} 处" if len(named) > _MOST_NAMED else "")


def _called(row: Mapping[str, Any]) -> str:
    """Return kind and name with an open bracket; a zone's grade stands in it."""
    kind = "" if row["layer"] in _BORDERS else KINDS.get(row["layer"], row["layer"])
    grade = f"{row['class']}，" if row["layer"] == LayerKind.WATER_SOURCE_ZONES.value else ""
    return f"{kind}{row['receptor_name'] or row['receptor_id']}（{grade}"


def catchments_sheet(water: WaterTables) -> Sheet:
    """Return who drains to each intake and zone, nearest along the water first."""
    columns = (
        Column("目标编号", 16, "wrap"),
        Column("取水口、保护区", 20, "wrap"),
        Column("落点", 11, "wrap"),
        Column("落点距离(m)", 9, "distance_m"),
        Column("追踪距离内集水(ha)", 12, "area_ha"),
        Column("次序", 6, "count"),
        Column("上游污染源", 18, "wrap"),
        Column("流程(m)", 10, "distance_m"),
        Column("说明", 60, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row["target_id"],
            row["target_name"],
            TARGET_STATUSES.get(row["target_status"], row["target_status"]),
            row["snap_distance_m"],
            row["catchment_area_ha"],
            row["order"],
            row["source_id"] or ("现有数据中没有" if row["catchment_area_ha"] is not None else "未评估"),
            row["flow_distance_m"],
            row["note"],
        )
        for row in water.catchments.to_pylist()
    ]
    remark = "集水范围内现有数据没有污染源，不等于实地没有；「无法判断」「未落到水流」的取水口未作判断，须核对坐标。"
    return Sheet("集水范围", columns, rows, remarks=(remark,))


def irrigation_sheet(water: WaterTables) -> Sheet:
    """Return every chain from outlet to parcels, with the link that is missing."""
    columns = (
        Column("编号", 14, "wrap"),
        Column("名称", 16, "wrap"),
        Column("是否成链", 8, "mark"),
        Column("断于", 9, "wrap"),
        Column("受纳水体", 12, "wrap"),
        Column("取水口", 16, "wrap"),
        Column("灌区", 14, "wrap"),
        Column("地块数", 7, "count", "灌溉所及耕地"),
        Column("面积(ha)", 9, "area_ha", "灌溉所及耕地"),
        Column("严格管控(ha)", 9, "area_ha", "灌溉所及耕地"),
        Column("安全利用(ha)", 9, "area_ha", "灌溉所及耕地"),
        Column("链条（每一环及其出处）", 90, "wrap"),
    )
    names = ("parcel_count", "area_ha", "strict_control_ha", "safe_use_ha", "chain")
    rows: list[tuple[Cell, ...]] = [
        (
            row["source_id"],
            row["name"],
            STATUSES[row["status"]],
            row["broken_at"],
            row["water"],
            row["intake_name"] or row["intake_id"],
            row["district_name"] or row["district_id"],
            *(row[name] for name in names),
        )
        for row in water.chains.to_pylist()
    ]
    remark = "按台账逐环核对。断链只说明台账接不上，不等于没有影响；成链不表示污染已经发生。"
    return Sheet("灌溉途径", columns, rows, remarks=(remark,))


def agreement_sheet(water: WaterTables) -> Sheet:
    """Return where heights and drawn rivers agree, and where nobody can tell."""
    columns = (
        Column("污染源", 18, "wrap"),
        Column("取水口", 22, "wrap"),
        Column("按高程流程(m)", 11, "distance_m"),
        Column("按河网流程(m)", 11, "distance_m"),
        Column("结论", 11, "wrap"),
        Column("说明", 90, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row["source_id"],
            row["target_name"] or row["target_id"],
            row["by_heights_m"],
            row["by_network_m"],
            AGREEMENTS[row["status"]],
            row["note"],
        )
        for row in water.agreement.to_pylist()
    ]
    return Sheet("高程与河网对照", columns, rows, remarks=("两者结论不一的一律「无法判断」，须现场核实。",))


def basins_sheet(water: WaterTables) -> Sheet:
    """Return the closed basins, deepest first, with who lies in them."""
    columns = (
        Column("洼地", 9, "wrap"),
        Column("洼底经度", 10, "coordinate"),
        Column("洼底纬度", 10, "coordinate"),
        Column("深度(m)", 8, "distance_m"),
        Column("面积(ha)", 10, "area_ha"),
        Column("汇入面积(ha)", 11, "area_ha"),
        Column("处理", 8, "wrap"),
        Column("洼地内污染源", 24, "wrap"),
        Column("汇入的污染源", 36, "wrap"),
        Column("洼地内地块", 8, "count"),
        Column("洼地内其他对象", 30, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row["basin_id"],
            row["lon"],
            row["lat"],
            row["depth_m"],
            row["area_ha"],
            row["drained_ha"],
            "保留" if row["is_kept"] else "填平",
            row["sources_within"],
            row["sources_draining"],
            row["farmland_count"],
            row["others_within"],
        )
        for row in water.basins.drop_columns("geometry").to_pylist()
    ]
    remark = (
        "封闭洼地可能是岩溶洼地、矿坑，也可能是高程误差；填平或保留由使用单位选定，岩溶区地下水去向不能由高程得到。"
    )
    return Sheet("封闭洼地", columns, rows, remarks=(remark,))


def sampling_sheet(water: WaterTables) -> Sheet:
    """Return the places proposed for sampling, each with why and the clause."""
    columns = (
        Column("编号", 9, "wrap"),
        Column("类别", 16, "wrap"),
        Column("名称", 26, "wrap"),
        Column("经度", 10, "coordinate"),
        Column("纬度", 10, "coordinate"),
        Column("理由", 44, "wrap"),
        Column("依据条款", 30, "wrap"),
        Column("原文", 44, "wrap"),
        Column("说明", 30, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row["point_id"],
            SAMPLING_KINDS[row["kind"]],
            row["name"],
            row["lon"],
            row["lat"],
            row["why"],
            wording.citation(row) if row["document"] else "",
            row["quote"],
            row["note"],
        )
        for row in water.sampling.drop_columns("geometry").to_pylist()
    ]
    return Sheet("建议布点", columns, rows, remarks=("供布点会商参考，实际点位由监测部门现场确定。",))
