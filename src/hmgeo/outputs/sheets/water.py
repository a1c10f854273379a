"""Sheets on water and on the ground: ways downhill, catchments, irrigation, sampling; slopes, radii, ponds, mines."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from hmgeo.outputs import wording
from hmgeo.outputs.book import Column, Sheet
from hmgeo.results.columns import AGREEMENT, BARRIERS, BASINS, FLIPS
from hmgeo.results.text import mu, radius_text
from hmgeo.vocabulary import LayerKind, SoilQualityClass, Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hmgeo.outputs.book import Cell
    from hmgeo.results.results import Results, TerrainTables, WaterTables


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


def water_sheets(results: Results, left_out: Collection[str] = ()) -> Iterator[Sheet]:
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
    if water.agreement.num_rows and AGREEMENT.name not in left_out:
        yield agreement_sheet(water)
    if water.basins.num_rows and BASINS.name not in left_out:
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


TERRAIN_WORDS = {"plain": "平原", "hill": "丘陵", "mountain": "山区", "": ""}
CHOICES = {
    "not_considered": "不考虑地形（一律按该半径）",
    "farmland": "以耕地一端为准",
    "source": "以企业一端为准",
    "worst": "两端取距离较长者",
    "path": "沿两端连线",
}
_LISTS = {"from_25": "25度以上坡耕地", "water_15_25": "重要水源地15—25度坡耕地"}
_STATUS = {"listed": "列入", "not_assessed": "未评估"}
_FROM = {"layer": "图斑坡度级（GDPDJB）", "elevation": "由高程推算", "": ""}
STEEP_RULE = "CLS-NAT-SLOPE"
_NAMED = 12
_MINES_REMARK = (
    "依据：《广西壮族自治区重金属污染防控工作方案》四（三）「优先整治周边及下游耕地土壤污染较重的矿区」。"
    "次序先看下游、再看周边的严格管控类面积，然后安全利用类，最后距离；不打总分，不表示污染来自该矿。"
)
OVERHEAD_REMARK = (
    "是否头顶库由应急管理部门认定，以认定为准；两种量法只作复核线索，不代替认定。"
    "路径自初期坝坝脚起，按高程推算；后出办法（应急〔2020〕15号）原文未收录，据转述。"
)
_NOTHING_STEEP = "坡度已知的地块中没有列入本表的，不等于实地不存在。"
_FLIPS_REMARK = (
    "条文只给出平原地区 10 公里，「山区、丘陵地区可适当缩减」没有数字；本表试算各档半径，不是结论。"
    "平原地区始终按 10 公里；「不考虑地形」一行为全部按该半径。"
)
_CLAUSE = "在具备条件的 25 度以上坡耕地、严重沙化耕地和重要水源地 15—25 度坡耕地实施退耕还林还草"


def terrain_sheets(results: Results, left_out: Collection[str] = ()) -> Iterator[Sheet]:
    """Yield the sheets on the ground that this run has something for."""
    terrain = results.terrain
    if terrain is None:
        return
    if terrain.slopes.num_rows:
        yield steep_sheet(results, terrain)
    if terrain.flips.num_rows and FLIPS.name not in left_out:
        yield flips_sheet(terrain)
    if terrain.barriers.num_rows and BARRIERS.name not in left_out:
        yield barrier_sheet(results, terrain)
    if terrain.overhead.num_rows:
        yield overhead_sheet(terrain)
    if terrain.mines.num_rows:
        yield mines_sheet(terrain)


def steep_sheet(results: Results, terrain: TerrainTables) -> Sheet:
    """Return the lists of steep farmland with areas; sums by grade stand under them."""
    towns = _town_names(results)
    columns = (
        Column("清单", 34, "wrap"),
        Column("状态", 8, "wrap"),
        Column("图斑号", 20, "wrap"),
        Column("乡镇", 12, "wrap"),
        Column("类别", 11, "wrap"),
        Column("面积(ha)", 9, "area_ha"),
        Column("面积(亩)", 10, "area_mu"),
        Column("坡度级", 7, "count"),
        Column("坡度级来源", 13, "wrap"),
        Column("高程推算坡度(°)", 9, "area_mu"),
        Column("重要水源地", 14, "wrap"),
        Column("备注", 40, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            _LISTS[row["list"]], _STATUS[row["status"]], row["receptor_id"],
            towns.get(row["township"], row["township"]), row["class"],
            row["area_ha"], mu(row["area_ha"]), row["slope_grade"], _FROM[row["slope_from"]], row["slope_deg"],
            row["water_source"], row["note"],
        )
        for row in terrain.steep.to_pylist()
    ]  # fmt: skip
    standing = next((Standing.of(rule.standing).zh for rule in results.rules if rule.rule_id == STEEP_RULE), "")
    basis = f"依据：“十三五”生态环境保护规划第七章第四节「{_CLAUSE}」（{standing or '本条效力未核对'}）；"
    none = () if rows else (_NOTHING_STEEP,)
    remarks = (f"{basis}「具备条件」由主管部门认定，本表只列坡度线索。", *none, *terrain.notes.get("slopes", ()))
    return Sheet("坡耕地清单", columns, rows, _steep_totals(results, terrain), remarks)


def _town_names(results: Results) -> dict[str, str]:
    if results.bureau is None:
        return {}
    codes, names = (results.bureau.townships[name].to_pylist() for name in ("township_code", "township"))
    return {code: name for code, name in zip(codes, names, strict=True) if code and name}


def _steep_totals(results: Results, terrain: TerrainTables) -> tuple[tuple[Cell, ...], ...]:
    sums: dict[str, list[float]] = defaultdict(list)
    for row in terrain.steep.to_pylist():
        sums[f"合计：{_LISTS[row['list']]}，{_STATUS[row['status']]}"].append(row["area_ha"] or 0.0)
    areas = dict(
        zip(results.receptors["receptor_id"].to_pylist(), results.receptors["area_ha"].to_pylist(), strict=True)
    )
    for row in sorted(terrain.slopes.to_pylist(), key=lambda one: one["slope_grade"] or 9):
        grade = row["slope_grade"]
        word = f"全部耕地：坡度 {grade} 级" if grade else "全部耕地：坡度未知"
        sums[word].append(areas.get(row["receptor_id"]) or 0.0)
    return tuple(
        (word, None, f"{len(one)} 块", None, None, sum(one), mu(sum(one)), *([None] * 5)) for word, one in sums.items()
    )


def flips_sheet(terrain: TerrainTables) -> Sheet:
    """Return for each terrain choice and radius how many sources stay in, and who flips."""
    table = terrain.flips.to_pylist()
    groups: dict[tuple[str, float], list[Mapping[str, Any]]] = defaultdict(list)
    for row in table:
        groups[row["terrain_at"], row["radius_m"]].append(row)
    columns = (
        Column("地形取法", 24, "wrap"),
        Column("丘陵、山区半径", 12, "wrap"),
        Column("纳入(家)", 8, "count"),
        Column("不纳入(家)", 8, "count"),
        Column("未评估(家)", 8, "count"),
        Column("与 10 km 相比翻转(家)", 10, "count"),
        Column("翻转的污染源", 70, "wrap"),
    )
    rows = [(CHOICES[choice], radius_text(radius_m), *_flipped(group)) for (choice, radius_m), group in groups.items()]
    remarks = (_FLIPS_REMARK, *terrain.notes.get("flips", ()))
    return Sheet("地形半径试算", columns, rows, (), remarks)


def _flipped(group: Sequence[Mapping[str, Any]]) -> tuple[Cell, ...]:
    listed = [row["is_listed"] for row in group]
    flipped = [
        row["source_id"]
        for row in group
        if row["is_listed"] is not None and row["is_listed"] != row["is_listed_if_plain"]
    ]
    named = "、".join(flipped[:_NAMED]) + (f" 等 {len(flipped)} 家" if len(flipped) > _NAMED else "")
    return listed.count(True), listed.count(False), listed.count(None), len(flipped), named


def barrier_sheet(results: Results, terrain: TerrainTables) -> Sheet:
    """Return one row per source: how rugged its place is, and what stands between it and its nearest parcel."""
    columns = (
        Column("编号", 10, "wrap"),
        Column("名称", 18, "wrap"),
        Column("地形", 7, "wrap", "企业一端"),
        Column("起伏度(m)", 8, "distance_m", "企业一端"),
        Column("高程(m)", 8, "distance_m", "企业一端"),
        Column("图斑号", 18, "wrap", "最近地块"),
        Column("距离(m)", 9, "distance_m", "最近地块"),
        Column("高程(m)", 8, "distance_m", "最近地块"),
        Column("最高处(m)", 8, "distance_m", "两者之间"),
        Column("距源(m)", 9, "distance_m", "两者之间"),
        Column("高出较高一端(m)", 9, "distance_m", "两者之间"),
        Column("有无山脊", 7, "mark", "两者之间"),
        Column("汇合处集水(ha)", 11, "area_ha", "两者之间"),
        Column("同一小流域", 7, "mark", "两者之间"),
        Column("说明", 50, "wrap"),
    )
    names = dict(zip(results.sources["source_id"].to_pylist(), results.sources["name"].to_pylist(), strict=True))
    words = {True: "是", False: "否", None: ""}
    rows: list[tuple[Cell, ...]] = [
        (
            row["source_id"], names.get(row["source_id"], ""), TERRAIN_WORDS[row["terrain"]], row["relief_m"],
            row["source_height_m"], row["receptor_id"], row["distance_m"], row["parcel_height_m"], row["divide_m"],
            row["divide_at_m"], row["above_higher_end_m"], words[row["has_ridge"]], row["common_catchment_ha"],
            words[row["is_same_small_catchment"]], row["barrier"],
        )
        for row in terrain.barriers.to_pylist()
    ]  # fmt: skip
    remarks = ("山脊和小流域只供核查参考，没有条文据此豁免。", *terrain.notes.get("barriers", ()))
    return Sheet("地形与山脊", columns, rows, (), remarks)


def overhead_sheet(terrain: TerrainTables) -> Sheet:
    """Return one row per pond: the designation first, then both readings of 1 km side by side."""
    columns = (
        Column("库编号", 12, "wrap"),
        Column("名称", 14, "wrap"),
        Column("是否头顶库(应急部门认定)", 10, "mark"),
        Column("处", 6, "count", "四周直线 1 公里（国家文本）"),
        Column("最近(m)", 9, "distance_m", "四周直线 1 公里（国家文本）"),
        Column("居民点和重要设施", 34, "wrap", "四周直线 1 公里（国家文本）"),
        Column("处", 6, "count", "沿下游流经路径 1 公里（后出办法）"),
        Column("最近(m)", 9, "distance_m", "沿下游流经路径 1 公里（后出办法）"),
        Column("居民点和重要设施", 34, "wrap", "沿下游流经路径 1 公里（后出办法）"),
        Column("路径", 11, "wrap", "沿下游流经路径 1 公里（后出办法）"),
        Column("仅直线有", 20, "wrap"),
        Column("仅路径有", 20, "wrap"),
        Column("备注", 34, "wrap"),
    )
    names = [
        "pond_id", "name", "designated", "circle_count", "circle_nearest_m", "by_circle", "path_count",
        "path_nearest_m", "by_path", "path_ends", "only_by_circle", "only_by_path", "note",
    ]  # fmt: skip
    rows: list[tuple[Cell, ...]] = [tuple(row[name] for name in names) for row in terrain.overhead.to_pylist()]
    remarks = (OVERHEAD_REMARK, *terrain.notes.get("overhead", ()))
    return Sheet("头顶库复核线索", columns, rows, (), remarks)


def mines_sheet(terrain: TerrainTables) -> Sheet:
    """Return the mines in the order of the polluted farmland downstream and around."""
    columns = (
        Column("次序", 6, "count"),
        Column("编号", 12, "wrap"),
        Column("名称", 16, "wrap"),
        Column("最近(m)", 10, "distance_m", "周边受污染耕地"),
        Column("严格管控(亩)", 11, "area_mu", "周边受污染耕地"),
        Column("安全利用(亩)", 11, "area_mu", "周边受污染耕地"),
        Column("流程最近(m)", 10, "distance_m", "下游受污染耕地"),
        Column("严格管控(亩)", 11, "area_mu", "下游受污染耕地"),
        Column("安全利用(亩)", 11, "area_mu", "下游受污染耕地"),
        Column("备注", 44, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            row["rank"], row["mine_id"], row["name"], row["nearest_m"], _mu(row["near_strict_control_ha"]),
            _mu(row["near_safe_use_ha"]), row["downstream_m"], _mu(row["downstream_strict_control_ha"]),
            _mu(row["downstream_safe_use_ha"]), row["note"],
        )
        for row in terrain.mines.to_pylist()
    ]  # fmt: skip
    remarks = (_MINES_REMARK, *terrain.notes.get("mines", ()))
    return Sheet("矿区排序", columns, rows, (), remarks)


def _mu(area_ha: float | None) -> float | None:
    return None if area_ha is None else mu(area_ha)
