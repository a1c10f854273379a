"""The workbook's tables: rows of plain values, ready to be written, in the order of the input."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from hmgeo.findings.columns import AREA_CLIPPED, AREA_UNION, FARMLAND_CLIPPED
from hmgeo.findings.text import mu, radius_text
from hmgeo.outputs import wording
from hmgeo.outputs.cells import CRITICAL, INSIDE, OUTSIDE, UNKNOWN, AtLeast, Cell, Column, Sheet
from hmgeo.vocabulary import ALL_CLASSES, SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from hmgeo.findings.results import Results

LAND_HEADERS = ("去重面积(ha)", "圆内面积(ha)")
LAND_REMARKS = (
    "去重面积：同一批地块按所绘图形计，重叠处只计一次；各类别之间也有重叠时，合计小于各类之和。",
    "圆内面积：按所绘图形只计圆内部分，重叠处只计一次；只对点位计算。",
    "按图形计与按图斑面积字段计可能略有出入。",
)


def screening_sheet(results: Results) -> Sheet:
    """Return one row per input row, whatever became of it, with the screening rule's verdict."""
    within = f"{radius_text(results.radius_m)}内耕地"
    clipped = {FARMLAND_CLIPPED} & set(results.sources.column_names)
    columns = (
        Column("序号", 4.5, "count"),
        Column("编号", 9, "wrap"),
        Column("名称", 16, "wrap"),
        Column("县 (市、区)", 7.5, "wrap"),
        Column("乡镇 (街道)", 7.5, "wrap"),
        Column("行业代码", 6, "wrap"),
        Column("排查结论", 9.5, "badge"),
        Column("确定性", 10.5, "wrap"),
        Column("状态", 7.5, "wrap"),
        Column("距离(m)", 8.5, "distance_m", "最近耕地"),
        Column("最远可能(m)", 8.5, "distance_m", "最近耕地"),
        Column("图斑号", 9, "wrap", "最近耕地"),
        Column("类别", 8, "wrap", "最近耕地"),
        Column("方位(°)", 5.5, "degree", "最近耕地"),
        Column("地块数", 6.5, "count", within),
        Column("最多可能", 6, "count", within),
        Column("面积(ha)", 8.5, "area_ha", within),
        Column("面积(亩)", 9, "area_mu", within),
        *(Column(LAND_HEADERS[1], 8.5, "area_ha", within) for _ in clipped),
        Column("所在重点区域", 9, "wrap"),
        Column("经度", 9.5, "coordinate", "点位"),
        Column("纬度", 8.5, "coordinate", "点位"),
        Column("误差(m)", 6.5, "distance_m", "点位"),
        Column("数据性质", 11, "wrap"),
        Column("备注", 21, "wrap"),
    )
    areas = key_area_names(results)
    example = wording.is_example(results)
    rows = [
        _screening_row(number, row, areas, example=example)
        for number, row in enumerate(_records(results.sources), start=1)
    ]
    return Sheet(
        "排查结果", columns, rows, remarks=(f"各条款结论：{wording.verdict_header(results.verdict_counts())}",)
    )


def _screening_row(number: int, row: dict[str, Any], areas: dict[str, str], *, example: bool) -> tuple[Cell, ...]:
    area_ha = row["farmland_area_ha"]
    floor = bool(row["counts_are_lower_bounds"])
    key_area = row["key_area_id"] or ""
    return (
        number,
        row["source_id"],
        row["name"],
        row["county"],
        row["township"],
        row["trade_code"],
        wording.badge(row, example=example),
        wording.certainty_word(row["certainty"]),
        wording.status_word(row["status"]),
        row["nearest_farmland_m"],
        row["nearest_farmland_max_m"],
        row["nearest_farmland_id"],
        row["nearest_farmland_class"],
        row["nearest_farmland_bearing_deg"],
        _bounded(row["farmland_count"], floor=floor),
        _bounded(row["farmland_count_max"], floor=floor),
        _bounded(area_ha, floor=floor),
        _bounded(None if area_ha is None else mu(area_ha), floor=floor),
        *((_bounded(row[FARMLAND_CLIPPED], floor=floor),) if FARMLAND_CLIPPED in row else ()),
        areas.get(key_area, key_area),
        row["lon"],
        row["lat"],
        row["position_uncertainty_m"],
        wording.basis_word(row["basis"]),
        row["note"],
    )


def counts_sheet(results: Results) -> Sheet:
    """Return one row per source and radius: count, hectares and 亩 of each class and of all."""
    counted = counts_by_source(results)
    floors = results.lower_bounds()
    classes = classes_counted(results)
    land = land_by_source(results)
    titles = [*classes[:-1], "合计"]
    columns = (
        Column("编号", 11),
        Column("名称", 20),
        Column("半径", 7.5),
        *(
            column
            for title in titles
            for column in (
                Column("地块数", 6.5, "count", title),
                Column("面积(ha)", 8.5, "area_ha", title),
                Column("面积(亩)", 9, "area_mu", title),
                *(Column(header, 8.5, "area_ha", title) for header in (LAND_HEADERS if land else ())),
            )
        ),
        Column("备注", 26, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = []
    for row in _records(results.sources):
        start = (row["source_id"], row["name"])
        by_radius = counted.get(row["source_id"])
        if not by_radius:
            rows.append((*start, UNKNOWN, *([None] * (len(columns) - 4)), row["note"]))
            continue
        for radius_m, found in sorted(by_radius.items()):
            floor = (row["source_id"], radius_m) in floors
            remark = "超出数据覆盖，为下限。" if floor else ""
            numbers = [
                cell
                for word in classes
                for cell in (
                    *_count_cells(found.get(word), floor=floor),
                    *(_bounded(one, floor=floor) for one in land.get((row["source_id"], radius_m, word), ())),
                )
            ]
            rows.append((*start, radius_text(radius_m), *numbers, remark))
    remarks = ("整块计入：地块与查询范围相接即计整块面积。", *(LAND_REMARKS if land else ()))
    return Sheet("各半径统计", columns, rows, remarks=remarks)


def _count_cells(found: tuple[int, float] | None, *, floor: bool) -> tuple[Cell, Cell, Cell]:
    if found is None:
        return None, None, None
    count, area_ha = found
    return _bounded(count, floor=floor), _bounded(area_ha, floor=floor), _bounded(mu(area_ha), floor=floor)


def radius_sheet(results: Results) -> Sheet:
    """Return who has farmland within each radius: 是, 否 or 未评估, with a total per radius.

    Where the position's uncertainty could turn the answer, it says 临界. No farmland found where the search leaves the
    declared coverage is 未评估, not 否.
    """
    columns = (
        Column("序号", 4.5, "count"),
        Column("编号", 11),
        Column("名称", 26, "wrap"),
        Column("最近耕地距离(m)", 11, "distance_m"),
        *(Column(radius_text(radius_m), 11, "mark", "半径内是否有耕地") for radius_m in results.radii_m),
        Column("备注", 36, "wrap"),
    )
    counted = counts_by_source(results)
    floors = results.lower_bounds()
    rows: list[tuple[Cell, ...]] = []
    answers: list[list[str]] = []
    for number, row in enumerate(_records(results.sources), start=1):
        by_radius = counted.get(row["source_id"], {})
        answer = [
            _holds_farmland(row, by_radius.get(one), one, floor=(row["source_id"], one) in floors)
            for one in results.radii_m
        ]
        answers.append(answer)
        rows.append((number, row["source_id"], row["name"], row["nearest_farmland_m"], *answer, row["note"]))
    remark = "「否」指现有数据在该半径内无记录，不等于实地不存在。「临界」指位置误差内结论可能改变。"
    return Sheet("各半径纳入情况", columns, rows, _radius_totals(answers, len(results.radii_m)), (remark,))


def _radius_totals(answers: list[list[str]], radii: int) -> tuple[tuple[Cell, ...], ...]:
    per_radius = [Counter(answer[index] for answer in answers) for index in range(radii)]

    def line(title: str, words: Iterable[str]) -> tuple[Cell, ...]:
        known = tuple(words)
        return (None, None, title, None, *(sum(found[word] for word in known) for found in per_radius), None)

    return (
        line("合计：是（家）", (INSIDE, INSIDE + CRITICAL)),
        line("合计：否（家）", (OUTSIDE, OUTSIDE + CRITICAL)),
        line("合计：未评估（家）", (UNKNOWN,)),
        line("其中临界（家）", (INSIDE + CRITICAL, OUTSIDE + CRITICAL)),
    )


def _holds_farmland(
    row: dict[str, Any], found: dict[str, tuple[int, float]] | None, radius_m: float, *, floor: bool
) -> str:
    if found is None or ALL_CLASSES not in found:
        return UNKNOWN
    nearest_m, farthest_m = row["nearest_farmland_m"], row["nearest_farmland_max_m"]
    if found[ALL_CLASSES][0] > 0:
        return INSIDE + (CRITICAL if farthest_m is not None and farthest_m > radius_m else "")
    if floor:
        return UNKNOWN
    reach_m = None if nearest_m is None else nearest_m - (row["position_uncertainty_m"] or 0.0)
    return OUTSIDE + (CRITICAL if reach_m is not None and reach_m <= radius_m else "")


def counts_by_source(results: Results) -> dict[str, dict[float, dict[str, tuple[int, float]]]]:
    """Return (count, hectares) by source, radius (m) and class."""
    found: dict[str, dict[float, dict[str, tuple[int, float]]]] = defaultdict(lambda: defaultdict(dict))
    for row in _records(results.counts):
        if row["count"] is not None:
            found[row["source_id"]][row["radius_m"]][row["class"]] = (row["count"], row["area_ha"] or 0.0)
    return found


def land_by_source(results: Results) -> dict[tuple[str, float, str], tuple[float | None, float | None]]:
    """Return hectares under whole parcels and inside the circle, common ground once; empty where nobody asked."""
    if AREA_UNION not in results.counts.column_names:
        return {}
    return {
        (row["source_id"], row["radius_m"], row["class"]): (row[AREA_UNION], row[AREA_CLIPPED])
        for row in _records(results.counts)
    }


def classes_counted(results: Results) -> list[str]:
    """Return the classes in the counts, official ones first in their order, `all` last."""
    present = dict.fromkeys(results.counts["class"].to_pylist())
    official = [word.value for word in SoilQualityClass if word.value in present]
    others = [word for word in present if word not in {*official, ALL_CLASSES}]
    return [*official, *others, ALL_CLASSES]


def key_area_names(results: Results) -> dict[str, str]:
    """Return the name of each key area that the context layers hold, by id."""
    names: dict[str, str] = {}
    for layer in results.context:
        if layer.role == "key_area":
            for row in layer.table.select(["id", "name"]).to_pylist():
                names[row["id"]] = row["name"] or row["id"]
    return names


def _records(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _bounded(number: float | None, *, floor: bool) -> Cell:
    return AtLeast(number) if floor and number is not None else number
