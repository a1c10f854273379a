"""Sheets of a bureau's screening: evidence, key areas, and the view from the land with who reaches it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hmgeo.outputs.book import CRITICAL, INSIDE, OUTSIDE, UNKNOWN, Column, Sheet, with_columns_of
from hmgeo.outputs.sheets.screening import radius_sheet
from hmgeo.results.columns import EVIDENCE
from hmgeo.results.text import METRES_PER_KM, mu, radius_text
from hmgeo.vocabulary import EVIDENCE_RADII_M, POLLUTED_CLASSES, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from hmgeo.outputs.book import Book, Cell
    from hmgeo.results.results import BureauTables, Results


def land_sheets(bureau: BureauTables) -> Iterator[Sheet]:
    """Yield the sheets of a run's receptors; those that would be empty are left out."""
    kinds = set(bureau.reached["receptor_kind"].to_pylist())
    yield township_sheet(bureau)
    if LayerKind.FARMLAND.value in kinds:
        yield reached_sheet(bureau)
    if kinds - {LayerKind.FARMLAND.value}:
        yield sites_sheet(bureau)


def township_sheet(bureau: BureauTables) -> Sheet:
    """Return one row per township: its sources, its parcels, those under influence, and by whom."""
    columns = (
        Column("乡镇代码", 11, "wrap"),
        Column("乡镇", 12, "wrap"),
        Column("县(市、区)", 10, "wrap"),
        Column("辖内污染源", 7, "count"),
        Column("地块数", 8, "count", "辖内耕地"),
        Column("面积(亩)", 10, "area_mu", "辖内耕地"),
        Column("地块数", 8, "count", "受影响范围内耕地"),
        Column("面积(亩)", 10, "area_mu", "受影响范围内耕地"),
        Column("其中严格管控(亩)", 10, "area_mu", "受影响范围内耕地"),
        Column("其中安全利用(亩)", 10, "area_mu", "受影响范围内耕地"),
        Column("涉及污染源", 7, "count"),
        Column("最近污染源", 11, "wrap"),
        Column("最近距离(m)", 9, "distance_m"),
        Column("涉及的污染源及最近距离", 60, "wrap"),
        Column("辖内(处)", 7, "count", "村庄和敏感目标"),
        Column("受影响(处)", 7, "count", "村庄和敏感目标"),
    )
    table = bureau.townships.to_pylist()
    rows = [_township_row(row) for row in table]
    radius = radius_text(table[0]["radius_m"]) if table else ""
    total: tuple[Cell, ...] = (
        None, "合计", None, *(_sum(rows, index) for index in range(3, 10)), None, None, None,
        "「涉及污染源」按乡镇分别计，不可相加", _sum(rows, 14), _sum(rows, 15),
    )  # fmt: skip
    remark = (
        f"受影响范围：{radius}内有污染源的地块，一块只计一次，整块计入；只表示距离，不表示污染。"
        "仅知所在行政区的污染源未计入。"
    )
    return Sheet("乡镇视角", columns, rows, (total,), (remark,))


def _township_row(row: dict[str, Any]) -> tuple[Cell, ...]:
    return (
        row["township_code"],
        row["township"],
        row["county"],
        row["source_count"],
        row["farmland_count"],
        mu(row["farmland_area_ha"]),
        row["reached_count"],
        mu(row["reached_area_ha"]),
        mu(row["reached_strict_control_ha"]),
        mu(row["reached_safe_use_ha"]),
        row["reaching_count"],
        row["nearest_source_id"],
        row["nearest_source_m"],
        row["sources"],
        row["site_count"],
        row["reached_site_count"],
    )


def _sum(rows: list[tuple[Cell, ...]], index: int) -> Cell:
    values = [row[index] for row in rows]
    return sum(value for value in values if isinstance(value, int | float))


SHOWN_RECEPTORS = 2000


def reached_sheet(bureau: BureauTables) -> Sheet:
    """Return the parcels that sources reach, those of the gravest class first; the rest stand in receptors.parquet."""
    columns = (
        Column("图斑号", 18, "wrap"),
        Column("类别", 10, "wrap"),
        Column("乡镇", 12, "wrap"),
        Column("面积(亩)", 9, "area_mu"),
        Column("涉及污染源", 7, "count"),
        Column("最近污染源", 11, "wrap"),
        Column("距离(m)", 9, "distance_m"),
        Column("涉及的污染源（由近到远）", 70, "wrap"),
    )
    order = {"严格管控类": 0, "安全利用类": 1}
    table = bureau.reached.drop_columns("geometry").to_pylist()
    reached = [row for row in table if row["source_count"] and row["receptor_kind"] == LayerKind.FARMLAND]
    reached.sort(key=lambda row: order.get(row["class"], 2))
    rows: list[tuple[Cell, ...]] = [
        (
            row["receptor_id"],
            row["class"],
            row["township"],
            mu(row["area_ha"]),
            row["source_count"],
            row["nearest_source_id"],
            row["nearest_source_m"],
            row["sources"],
        )
        for row in reached[:SHOWN_RECEPTORS]
    ]
    remark = f"共 {len(reached)} 块，列 {len(rows)} 块，严格管控类、安全利用类在前；全部见 receptors.parquet。"
    return Sheet("地块视角", columns, rows, remarks=(remark,))


def sites_sheet(bureau: BureauTables) -> Sheet:
    """Return villages and sensitive sites with the sources that reach them, nearest first."""
    columns = (
        Column("编号", 14, "wrap"),
        Column("名称", 24, "wrap"),
        Column("图层", 12, "wrap"),
        Column("类别", 10, "wrap"),
        Column("乡镇", 12, "wrap"),
        Column("涉及污染源", 7, "count"),
        Column("最近污染源", 11, "wrap"),
        Column("距离(m)", 9, "distance_m"),
        Column("涉及的污染源（由近到远）", 70, "wrap"),
    )
    names = ("class", "township", "source_count", "nearest_source_id", "nearest_source_m", "sources")
    table = [row for row in bureau.reached.drop_columns("geometry").to_pylist() if _is_site(row)]
    table.sort(key=lambda row: (row["nearest_source_m"] is None, row["nearest_source_m"] or 0.0))
    rows: list[tuple[Cell, ...]] = [
        (row["receptor_id"], row["name"], LayerKind.of(row["receptor_kind"]).zh, *(row[name] for name in names))
        for row in table
    ]
    near = sum(bool(row["source_count"]) for row in table)
    remark = f"共 {len(rows)} 处，{near} 处在查询范围内有污染源。查询范围内现有数据无污染源，不等于实地不存在。"
    return Sheet("村庄和敏感目标视角", columns, rows, remarks=(remark,))


def _is_site(row: dict[str, Any]) -> bool:
    return bool(row["receptor_kind"] != LayerKind.FARMLAND)


SENSITIVITY = "各半径敏感性"
_FIRST_ANSWER = 4
_RADII_KM = tuple(round(radius_m / METRES_PER_KM) for radius_m in EVIDENCE_RADII_M)


def bureau_sheets(results: Results) -> Iterator[Sheet]:
    """Yield the sheets that a run with a bureau's tables adds; those that would be empty are left out."""
    bureau = results.bureau
    if bureau is None:
        return
    if bureau.outlets is not None:
        yield outlets_sheet(bureau.outlets)
    if any(results.sources["key_area_district"].to_pylist()):
        yield key_area_sheet(results)
    if bureau.reached.num_rows:
        yield evidence_sheet(bureau)
        yield from land_sheets(bureau)
        yield leads_sheet(bureau)


def key_area_sheet(results: Results) -> Sheet:
    """Return for every source whether the key area holds it, read as the whole district and as its towns."""
    columns = (
        Column("序号", 4.5, "count"),
        Column("编号", 9, "wrap"),
        Column("名称", 30, "wrap"),
        Column("县(市、区)", 12, "wrap"),
        Column("乡镇", 10, "wrap"),
        Column("按全区", 9, "mark", "是否在重点区域"),
        Column("按所列乡镇", 9, "mark", "是否在重点区域"),
        Column("行业", 22, "wrap"),
        Column("2017 版", 8, "wrap", "行业代码"),
        Column("2011 版", 8, "wrap", "行业代码"),
        Column("任务", 9, "wrap"),
        Column("时限(原文)", 12, "wrap"),
        Column("截止日", 11, "wrap"),
        Column("备注", 44, "wrap"),
    )
    names = (
        "source_id", "name", "county", "township", "key_area_district", "key_area_towns", "trade_name",
        "trade_code_2017", "trade_code_2011", "action_text", "deadline_text", "deadline", "note",
    )  # fmt: skip
    records = results.sources.select(names).to_pylist()
    rows = [(number, *(row[name] for name in names)) for number, row in enumerate(records, start=1)]
    remark = (
        "正文称清城区属重点防控区，附表3列龙塘镇、石角镇；两种口径分别列示，由使用单位确定。"
        "「无法判断」指名单未写明乡镇，须补充地址或坐标。"
    )
    return Sheet("重点区域归属", columns, rows, _tally(rows), (remark,))


def _tally(rows: list[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    counted = [Counter(row[index] for row in rows) for index in (5, 6)]
    return tuple(
        (None, None, f"合计：{word}（行）", None, None, counted[0][word], counted[1][word], *([None] * 7))
        for word in ("是", "否", "无法判断")
    )


def evidence_sheet(bureau: BureauTables) -> Sheet:
    """Return one row per source: cells by pathway and receptor."""
    columns = (
        Column("编号", 9, "wrap"),
        Column("名称", 16, "wrap"),
        Column("最近耕地(m)", 9, "distance_m", "大气"),
        Column("方位(°)", 6, "degree", "大气"),
        Column("下风向(%)", 7, "area_mu", "大气"),
        Column("风频说明", 14, "wrap", "大气"),
        Column("排气筒最低(m)", 7, "area_mu", "大气"),
        Column("排气筒最高(m)", 7, "area_mu", "大气"),
        Column("排放量", 12, "wrap", "大气"),
        Column("排放量", 12, "wrap", "废水"),
        Column("受纳水体", 10, "wrap", "废水"),
        Column("途径", 12, "wrap", "废水"),
        Column("堆存", 10, "wrap", "固废径流"),
        Column("途径", 12, "wrap", "固废径流"),
        *(Column(f"{km} km", 8, "area_ha", f"{word}(ha)") for word in POLLUTED_CLASSES for km in _RADII_KM),
        Column("农产品超标", 14, "wrap", "受体"),
        Column("敏感目标(处)", 8, "count", "受体"),
        Column("最近敏感目标", 12, "wrap", "受体"),
        Column("距离(m)", 9, "distance_m", "受体"),
    )
    names = (
        "source_id", "name", "air_distance_m", "air_bearing_deg", "air_downwind_percent",
        "air_downwind_note", "air_stack_height_m", "air_stack_height_max_m", "air_emissions",
        "water_emissions", "water_receiving", "water_pathway",
        "waste_storage", "waste_pathway",
        *(f"{code}_{km}km_ha" for code in POLLUTED_CLASSES.values() for km in _RADII_KM), "exceedance",
        "site_count", "nearest_site_id", "nearest_site_m",
    )  # fmt: skip
    records = bureau.evidence.to_pylist()
    rows: list[tuple[Cell, ...]] = [tuple(row.get(name) for name in names) for row in records]
    remark = "仅知所在行政区者取最少值。"
    sheet = Sheet("证据", columns, rows, remarks=(remark,))
    return with_columns_of(sheet, EVIDENCE.name, records, last=0)


def outlets_sheet(table: pa.Table) -> Sheet:
    """Return every outlet given, with the source it belongs to or why it belongs to none."""
    columns = (
        Column("数据行", 6, "count"),
        Column("企业编号", 12, "wrap"),
        Column("排放口编号", 10, "wrap"),
        Column("类型", 6, "wrap"),
        Column("位置(原文)", 22, "wrap"),
        Column("排气筒高度(m)", 9, "area_mu"),
        Column("污染物", 16, "wrap"),
        Column("年排放量(kg)", 10, "area_ha"),
        Column("受纳水体", 14, "wrap"),
        Column("关联情况", 14, "wrap"),
        Column("归入企业", 12, "wrap"),
        Column("备注", 34, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = [tuple(row.values()) for row in table.to_pylist()]
    joined = sum(bool(row[10]) for row in rows)
    remark = (
        f"输入 {len(rows)} 行，归入企业 {joined} 行，其余 {len(rows) - joined} 行未计入任何企业，见处理台账。"
        "排放口位置只作列示，距离按企业位置测算。"
    )
    return Sheet("排放口", columns, rows, remarks=(remark,))


def leads_sheet(bureau: BureauTables) -> Sheet:
    """Return what one county should tell another."""
    columns = (
        Column("编号", 10, "wrap"),
        Column("名称", 22, "wrap"),
        Column("污染源所在县", 12, "wrap"),
        Column("相关县代码", 10, "wrap"),
        Column("相关县(市、区)", 12, "wrap"),
        Column("方向", 20, "wrap"),
        Column("距该县(m)", 10, "distance_m"),
        Column("该县受影响范围内地块", 11, "count"),
        Column("最近地块(m)", 10, "distance_m"),
        Column("备注", 36, "wrap"),
    )
    names = list(bureau.leads.column_names)
    rows: list[tuple[Cell, ...]] = [tuple(row[name] for name in names) for row in bureau.leads.to_pylist()]
    remark = "线索只表示查询范围跨越县界，供移送和会商，不表示污染已经发生。" + ("" if rows else "本次没有跨界线索。")
    return Sheet("跨界移送线索", columns, rows, remarks=(remark,))


def sensitivity_sheet(results: Results) -> Sheet:
    """Return how many sources have farmland within each radius, by certainty: what moving the limit would change."""
    columns = (
        Column("半径", 10),
        Column("是", 10, "count"),
        Column("临界", 10, "count"),
        Column("否", 10, "count"),
        Column("未评估", 10, "count"),
    )
    answers = [row[_FIRST_ANSWER : _FIRST_ANSWER + len(results.radii_m)] for row in radius_sheet(results).rows]
    rows: list[tuple[Cell, ...]] = []
    for index, radius_m in enumerate(results.radii_m):
        counted = Counter(answer[index] for answer in answers)
        critical = counted[INSIDE + CRITICAL] + counted[OUTSIDE + CRITICAL]
        rows.append((radius_text(radius_m), counted[INSIDE], critical, counted[OUTSIDE], counted[UNKNOWN]))
    remark = "各半径内有耕地的污染源数（家）。「临界」指位置误差或所在行政区范围内结论可能改变。"
    return Sheet(SENSITIVITY, columns, rows, remarks=(remark,))


def add_sensitivity_chart(book: Book, sheet: Sheet) -> None:
    """Put a small stacked chart beside the table that was written."""
    first_row = 3 + bool(book.results.warnings) + len(sheet.remarks)  # below title, facts, remarks and header
    name = book.say(sheet.name)
    page = book.file.get_worksheet_by_name(name)
    chart = book.file.add_chart({"type": "column", "subtype": "stacked"})
    last = first_row + len(sheet.rows) - 1
    colours = ("#D55E00", "#E69F00", "#8C8C8C", "#CC79A7")
    for column, colour in enumerate(colours, start=1):
        chart.add_series(
            {
                "name": book.say(sheet.columns[column].header),
                "categories": [name, first_row, 0, last, 0],
                "values": [name, first_row, column, last, column],
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    chart.set_title({"name": book.say("各半径内有耕地的污染源"), "name_font": {"size": 11}})
    chart.set_y_axis({"name": book.say("家"), "major_gridlines": {"visible": True, "line": {"color": "#D9D9D9"}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 520, "height": 300})
    page.insert_chart(
        first_row - 1, len(sheet.columns) + 1, chart, {"description": book.say("各半径内有耕地的污染源数")}
    )
