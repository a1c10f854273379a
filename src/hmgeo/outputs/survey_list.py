"""表1 排查清单 as bureaus send it on, and an A4 核查表 for every source on it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hmgeo.findings.text import distance_text, mu, radius_text
from hmgeo.outputs import wording
from hmgeo.outputs.cells import AtLeast, Column, Sheet
from hmgeo.outputs.field_form import write_form
from hmgeo.outputs.map.labels import compass
from hmgeo.outputs.work_lists import write_work_lists
from hmgeo.outputs.workbook import open_book, write_table
from hmgeo.reference.templates import find_header
from hmgeo.vocabulary import PositionKind, SoilQualityClass, Standing, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hmgeo.findings.results import Presentation, Results
    from hmgeo.outputs.cells import Cell

SHEET_NAME = "表1 排查清单"
AREA_GROUP = "耕地面积(亩)"
_UNTRACED = ("未作", "未评估")
_CLOSED = frozenset({"停产", "关闭", "搬迁", "历史遗留", "停用", "闭库", "销库", "无主"})

COLUMNS = (
    Column("序号", 4.5, "count"),
    Column("企业编号", 9, "wrap"),
    Column("名称", 15, "wrap"),
    Column("统一社会信用代码", 11, "wrap"),
    Column("县", 7, "wrap"),
    Column("乡镇", 7, "wrap"),
    Column("经度", 9.5, "coordinate"),
    Column("纬度", 8.5, "coordinate"),
    Column("行业", 13, "wrap"),
    Column("涉镉情况", 7.5, "wrap"),
    Column("生产状态", 5.5, "wrap"),
    Column("列入依据(条款)", 24, "wrap"),
    Column("所在排查重点区域", 9, "wrap"),
    Column("距最近耕地(m)", 9.5, "distance_m"),
    Column("最近图斑号", 10, "wrap"),
    Column("严格管控类", 8.5, "area_mu", AREA_GROUP),
    Column("安全利用类", 8.5, "area_mu", AREA_GROUP),
    Column("大气途径", 17, "wrap"),
    Column("灌溉途径", 12, "wrap"),
    Column("固废径流途径", 12, "wrap"),
    Column("证据层级(A/B/C)", 6, "mark"),
    Column("位置可靠性", 12, "wrap"),
    Column("跨界情况", 18, "wrap"),
    Column("未评估事项", 16, "wrap"),
    Column("数据来源", 11, "wrap"),
    Column("建议核查重点", 34, "wrap"),
)
"""The columns of the list as offices keep it, in their order."""


def write_survey_list(results: Results, presentation: Presentation, path: Path) -> None:
    """Write the workbook: 表1 排查清单, 表2 and 表3 to fill in, then one 核查表 for each of the first sources.

    Parameters
    ----------
    presentation
        `field_forms` caps the number of 核查表; the list says how many were left out.
    """
    gathered = Listed(results)
    chosen = gathered.rows()
    sheet = survey_sheet(results, presentation.field_forms)
    with open_book(results, presentation, path) as book:
        page = write_table(book, sheet)
        page.set_paper(8)  # A3: 26 columns can't be read on A4
        write_work_lists(book, chosen)
        for number, row in enumerate(chosen[: presentation.field_forms], start=1):
            write_form(book, number, gathered.labelled(number, row))


def survey_sheet(results: Results, field_forms: int) -> Sheet:
    """Return the list: sources that meet the condition first, then those that could not be judged."""
    gathered = Listed(results)
    chosen = gathered.rows()
    rows = [gathered.cells(number, row) for number, row in enumerate(chosen, start=1)]
    left = len(chosen) - field_forms
    more = f"核查表附前 {field_forms} 家，其余 {left} 家可提高份数上限后重新生成。" if left > 0 else ""
    return Sheet(SHEET_NAME, COLUMNS, rows, remarks=tuple(filter(None, (gathered.remark(len(chosen)), more))))


class Listed:
    """The rows of the list, gathered from the tables of a run."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._sources: list[dict[str, Any]] = results.sources.to_pylist()
        self._findings: dict[str, list[dict[str, Any]]] = {}
        for finding in results.findings.drop_columns("geometry").to_pylist():
            self._findings.setdefault(finding["source_id"], []).append(finding)
        wanted = {SoilQualityClass.STRICT_CONTROL.value, SoilQualityClass.SAFE_USE.value}
        self._land = {
            (row["source_id"], row["class"]): row["area_ha"]
            for row in results.counts.to_pylist()
            if row["radius_m"] == results.radius_m and row["class"] in wanted
        }
        listed = results.layers[0] if results.layers else None
        self._origin = (listed.provenance.source or listed.provenance.credit if listed else "") or "未申明"
        bureau = results.bureau
        self._evidence = {row["source_id"]: row for row in bureau.evidence.to_pylist()} if bureau else {}
        self._leads: dict[str, list[dict[str, Any]]] = {}
        for lead in bureau.leads.to_pylist() if bureau else []:
            self._leads.setdefault(lead["source_id"], []).append(lead)
        self._own: dict[str, list[str]] = {}
        for name in ("统一社会信用代码", "数据来源", "资料时点", "坐标来源", "生产经营场所地址"):
            header = find_header(bureau.attributes.column_names, name) if bureau else ""
            self._own[name] = bureau.attributes[header].to_pylist() if bureau and header else []
        self._place = {row["source_id"]: index for index, row in enumerate(self._sources)}

    def rows(self) -> list[dict[str, Any]]:
        """Return the sources on the list; all of them where no rule was set."""
        if not self._results.screening_rule_id:
            return self._sources
        listed = [row for row in self._sources if row["verdict"] == Verdict.LISTED.value]
        open_ = [row for row in self._sources if row["verdict"] == Verdict.NOT_ASSESSED.value]
        return [*listed, *open_]

    def remark(self, shown: int) -> str:
        """Return who is on the list and who isn't."""
        total = len(self._sources)
        if not self._results.screening_rule_id:
            return f"本项目未设排查规则，{total} 行全部列示，仅供核对，不表示建议列入。"
        counted = Counter(row["verdict"] for row in self._sources)
        on_list = {Verdict.LISTED, Verdict.NOT_ASSESSED}
        words = [(one in on_list, f"{one.zh} {counted[one.value]} 家") for one in Verdict if counted[one.value]]
        inside = "，".join(text for is_in, text in words if is_in)
        outside = "，".join(text for is_in, text in words if not is_in)
        text = f"输入 {total} 行，本清单 {shown} 行（{inside or '无'}）；未列入：{outside or '无'}。"
        return f"{text}未评估者列于后，不得视为不需排查。是否列入由生态环境部门会同农业农村等部门确定。"

    def labelled(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """Return the cells by header, with what the field form needs beside them."""
        cells: dict[str, Any] = dict(zip((column.header for column in COLUMNS), self.cells(number, row), strict=True))
        return cells | {
            "地址": self._text(row, "生产经营场所地址"),
            "证据": self._evidence.get(row["source_id"], {}).get("tier_text", ""),
            "备注": row["note"],
        }

    def cells(self, number: int, row: dict[str, Any]) -> tuple[Cell, ...]:
        """Return one row of the list."""
        source_id = row["source_id"]
        evidence = self._evidence.get(source_id, {})
        floor = bool(row["counts_are_lower_bounds"])
        return (
            number,
            source_id,
            row["name"],
            self._text(row, "统一社会信用代码"),
            row["county"],
            row["township"],
            row["lon"],
            row["lat"],
            _trade_text(row),
            row.get("cadmium") or "未判定",
            row.get("production_state") or "未填",
            self._grounds(row),
            row.get("survey_area") or "",
            _distance_cell(row),
            row["nearest_farmland_id"] or "",
            self._area_mu(source_id, SoilQualityClass.STRICT_CONTROL, floor=floor),
            self._area_mu(source_id, SoilQualityClass.SAFE_USE, floor=floor),
            _air_text(row, evidence),
            _with(evidence.get("water_pathway"), "受纳水体", evidence.get("water_receiving")),
            _with(evidence.get("waste_pathway"), "固废堆存", evidence.get("waste_storage")),
            row.get("tier") or "—",
            self._position_text(row),
            self._border_text(source_id),
            self._open_text(source_id),
            "，".join(filter(None, (self._text(row, "数据来源"), self._text(row, "资料时点")))) or self._origin,
            self._advice(row, evidence),
        )

    def _text(self, row: dict[str, Any], name: str) -> str:
        cells = self._own[name]
        return (cells[self._place[row["source_id"]]] or "").strip() if cells else ""

    def _grounds(self, row: dict[str, Any]) -> str:
        """Return the clauses that bring the source onto the list, with how they stand."""
        cited = [
            wording.citation(finding)
            + (f"，{Standing.ADOPTED.zh}" if finding["standing"] == Standing.ADOPTED.value else "")
            for finding in self._findings.get(row["source_id"], [])
            if finding["verdict"] == Verdict.LISTED.value
        ]
        if cited:
            return "；".join(dict.fromkeys(cited))
        if not self._results.screening_rule_id:
            return "未设排查规则"
        return "未评估，待补充资料后判断"

    def _area_mu(self, source_id: str, word: SoilQualityClass, *, floor: bool) -> Cell:
        area_ha = self._land.get((source_id, word.value))
        if area_ha is None:
            return None
        return AtLeast(mu(area_ha)) if floor else mu(area_ha)

    def _position_text(self, row: dict[str, Any]) -> str:
        kind, status = row["position_kind"], row["status"]
        if kind == PositionKind.PLACE.value and status == Status.ASSESSED.value:
            known = row["township"] or row["county"]
            return f"仅知位于{known}，无坐标" + ("" if row["nearest_farmland_m"] is None else "；距离为范围")
        if status != Status.ASSESSED.value:
            return wording.status_word(status)
        origin = self._text(row, "坐标来源") or "坐标来源未填"
        width_m = row["position_uncertainty_m"]
        error = f"，误差 ±{width_m:,.0f} m" if width_m is not None and width_m >= 1 else ""
        return f"{origin}{error}" + ("；临界，待核实" if row["certainty"] == "ambiguous" else "")

    def _border_text(self, source_id: str) -> str:
        leads = self._leads.get(source_id, [])
        if not leads:
            return ""
        names = "、".join(f"{lead['neighbour']}（{distance_text(lead['distance_m'])}）" for lead in leads)
        missing = "；界外数据缺失" if any(lead["farmland_count"] is None for lead in leads) else ""
        return f"{radius_text(self._results.radius_m)}内涉及{names}{missing}"

    def _open_text(self, source_id: str) -> str:
        """Return how many clauses weren't judged, and which pathways nobody measured."""
        findings = self._findings.get(source_id, [])
        count = sum(one["verdict"] == Verdict.NOT_ASSESSED.value for one in findings)
        clauses = f"条款 {count} 条（逐条见筛查结果「依据条款」）" if count else ""
        missing = (clauses, *self._untraced(source_id), "" if self._has_wind(source_id) else "风频")
        return "；".join(filter(None, missing))

    def _untraced(self, source_id: str) -> list[str]:
        evidence = self._evidence.get(source_id, {})
        pairs = (("灌溉途径", "water_pathway"), ("径流途径", "waste_pathway"))
        return [word for word, name in pairs if any(mark in (evidence.get(name) or "未作") for mark in _UNTRACED)]

    def _has_wind(self, source_id: str) -> bool:
        return self._evidence.get(source_id, {}).get("air_downwind_percent") is not None

    def _advice(self, row: dict[str, Any], evidence: dict[str, Any]) -> str:
        """Return what a visit should settle, from what is missing or doubtful."""
        wanted = []
        if row["position_kind"] == PositionKind.PLACE.value or row["status"] != Status.ASSESSED.value:
            wanted.append("实测厂区坐标")
        elif row["certainty"] == "ambiguous":
            wanted.append("复测坐标（临界）")
        if row.get("cadmium") in {"行业推定", "矛盾待核实", "", None}:
            wanted.append("核实是否涉镉")
        if not evidence.get("air_emissions"):
            wanted.append("废气重金属排放量、排气筒高度")
        if not evidence.get("water_receiving"):
            wanted.append("废水去向、受纳水体及与灌溉取水的关系")
        if not evidence.get("waste_storage"):
            wanted.append("固废堆存及径流去向")
        if row.get("production_state") in _CLOSED:
            wanted.append("遗留渣堆、历史排放")
        if self._land.get((row["source_id"], SoilQualityClass.STRICT_CONTROL.value)):
            wanted.append("与严格管控类耕地的协同监测")
        if self._leads.get(row["source_id"]):
            wanted.append("与相邻县核对界外受体")
        return "；".join(f"{index}.{one}" for index, one in enumerate(wanted, start=1))


def _trade_text(row: dict[str, Any]) -> str:
    new, old = row.get("trade_code_2017") or "", row.get("trade_code_2011") or ""
    if new and new == old:
        codes = f"{new}，两版同"
    else:
        codes = "；".join(f"{year} 版 {code}" for year, code in ((2017, new), (2011, old)) if code)
    codes = codes or row["trade_code"] or ""
    name = row.get("trade_name") or ""
    return f"{name}（{codes}）" if name and codes else name or codes


def _distance_cell(row: dict[str, Any]) -> Cell:
    near_m: float | None = row["nearest_farmland_m"]
    far_m: float | None = row["nearest_farmland_max_m"]
    if row["position_kind"] == PositionKind.PLACE.value and near_m is not None and far_m is not None:
        return f"{near_m:,.0f} 至 {far_m:,.0f}"
    return near_m


def _air_text(row: dict[str, Any], evidence: dict[str, Any]) -> str:
    if row["nearest_farmland_m"] is None:
        return "未作距离测算"
    bearing = row.get("nearest_farmland_bearing_deg")
    where = f"，{compass(bearing)}" if bearing is not None else ""
    downwind = evidence.get("air_downwind_percent")
    parts = (
        f"最近耕地 {_distance_words(row)}{where}",
        f"废气{evidence['air_emissions']}" if evidence.get("air_emissions") else "废气排放量未填",
        evidence.get("air_downwind_note") or "未提供风频表" if downwind is None else f"下风向占 {downwind:g}%",
    )
    return "；".join(parts)


def _distance_words(row: dict[str, Any]) -> str:
    near_m, far_m = row["nearest_farmland_m"], row["nearest_farmland_max_m"]
    if row["position_kind"] == PositionKind.PLACE.value:
        return f"{distance_text(near_m)} 至 {distance_text(far_m)}"
    return distance_text(near_m, row["position_uncertainty_m"])


def _with(text: str | None, title: str, given: str | None) -> str:
    return f"{text or '未测算'}；{title}：{given or '未填'}"


def headers() -> Sequence[str]:
    """Return the headers of the list in order, classes of farmland under their common header."""
    return [f"{column.header}{column.group}" if column.group else column.header for column in COLUMNS]
