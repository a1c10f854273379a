"""Sheets of the view from the land: townships, parcels, villages and sensitive sites, with who reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.findings.text import mu, radius_text
from hmgeo.outputs.cells import Column, Sheet
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.findings.results import BureauTables
    from hmgeo.outputs.cells import Cell


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
