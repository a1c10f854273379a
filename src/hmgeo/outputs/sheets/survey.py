"""The workbook for the visit: 排查清单, 整治清单, 销号台账, and one 核查表 for each source.

The first columns say which row of 表1 a line speaks of. Closed lists and dates are checked by the sheet as they are
typed; a state is never set here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import shapely
from msgspec.structs import replace
from xlsxwriter.worksheet import Worksheet

from hmgeo.geo.datum import wgs84_to_gcj02
from hmgeo.outputs import wording
from hmgeo.outputs.book import (
    LINE_HEIGHT_PT,
    AtLeast,
    Book,
    Cell,
    Column,
    From,
    Measured,
    Section,
    Sheet,
    columns_of,
    cut,
    height_pt,
    open_book,
    table_sheet,
    write_table,
)
from hmgeo.outputs.english import in_language
from hmgeo.outputs.gis import placemark, write_kmz
from hmgeo.outputs.sheets.screening import distance, named_sources
from hmgeo.outputs.wording import compass
from hmgeo.reference.tables import find_header
from hmgeo.results.columns import REACHED, WORKS
from hmgeo.results.results import Presentation, Results, decided_words
from hmgeo.results.text import distance_text, mu, radius_text
from hmgeo.vocabulary import (
    POLLUTED_CLASSES,
    PathwayState,
    PositionKind,
    SoilQualityClass,
    Standing,
    Status,
    Verdict,
    VisitGroup,
)
from hmgeo.words import ENGLISH, Reason, one_by_one, render, say, say_with, sentences, table_rows

RECTIFICATION, CLOSURE = "表2 整治清单", "表3 销号台账"
KEYS = columns_of("对应表1")
RECTIFICATION_COLUMNS, CLOSURE_COLUMNS = columns_of(RECTIFICATION), columns_of(CLOSURE)
"""As offices keep them, in their order; a star marks what must be filled in."""
_DAYS = frozenset({"核查日期", "计划完成时限*", "完成日期", "销号日期"})
PATHWAYS = ("大气", "灌溉", "固废径流", "其他", "未发现")


def headers_of(columns: Sequence[Column]) -> list[str]:
    """Return the names of `columns` without the stars that say what must be filled in."""
    return [column.header.rstrip("*") for column in columns]


def rectification_sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    """Return 表2 with a blank line for each source of 表1, `rows`."""
    remark = "由责任部门在核查后填写，带 * 的必填；软件只预列表1的企业，不填写任何认定、措施和时限。"
    return _blank(RECTIFICATION, RECTIFICATION_COLUMNS, rows, remark)


def closure_sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    """Return 表3 with a blank line for each source of 表1, `rows`."""
    remark = "由责任部门填写；状态只能向前推进，须附日期、文号和责任人；软件不作销号判断。"
    return _blank(CLOSURE, CLOSURE_COLUMNS, rows, remark)


def _blank(name: str, columns: Sequence[Column], rows: Sequence[dict[str, Any]], remark: str) -> Sheet:
    blank: list[tuple[Cell, ...]] = [
        (number, row["source_id"], row["name"], *([None] * len(columns))) for number, row in enumerate(rows, start=1)
    ]
    return Sheet(name, (*KEYS, *columns), blank, (), (remark,))


HAZARDS, ASKED = "隐患问题清单", "调查表所问"


def _hazard_sheet(gathered: Listed) -> Sheet:
    """Return the frame of 隐患问题清单: what data tell of each source, what people fill in, and no grade."""
    sheet = _blank(HAZARDS, columns_of(HAZARDS), gathered.rows(), _HAZARD_REMARK)
    told = len(KEYS), len(KEYS) + _HAZARD_EVIDENCE
    rows = [
        (*cells[: told[0]], *gathered.hazard(row), *cells[told[1] :])
        for cells, row in zip(sheet.rows, gathered.rows(), strict=True)
    ]
    return replace(sheet, rows=rows)


_HAZARD_EVIDENCE = 3
"""Of its columns those that data fill."""
_HAZARD_REMARK = (
    "行动方案及其技术指南未收录，三列依据只摘录资料，不评高、中、低；等级由评估单位按技术指南填写。空白不等于没有。"
)


def _asked_sheet(results: Results, most: int) -> Sheet | None:
    """Return what forms ask of the `most` nearest parcels and of ponds, answered or blank; None without any."""
    bureau, terrain = results.bureau, results.terrain
    reached = [] if bureau is None else bureau.reached.drop_columns("geometry").to_pylist()
    parcels = [row for row in reached if row["class"] in POLLUTED_CLASSES and row["nearest_source_m"] is not None]
    parcels.sort(key=lambda row: row["nearest_source_m"])
    towns = [] if bureau is None else bureau.townships.select(["township_code", "township"]).to_pylist()
    named = {row["township_code"]: row["township"] for row in towns}
    parcels = [row | {"township": named.get(row["township"], row["township"])} for row in parcels]
    sources = results.sources.select(["source_id", "name"]).to_pylist()
    parcels = named_sources(parcels, {row["source_id"]: row["name"] for row in sources})
    ponds = [] if terrain is None else terrain.overhead.to_pylist()
    if not parcels and not ponds:
        return None
    shown = (From("receptor_id", 22), From("class", 12), From("township", 16), From("area_ha", 10, in_mu=True),
             From(WORKS, 16, "mark"), From("nearest_source_id", 20), From("nearest_source_m", 12))  # fmt: skip
    sheet = table_sheet(ASKED, REACHED.name, parcels[:most], shown)
    remarks = (
        say("asked_parcels_capped", count=len(parcels), shown=min(most, len(parcels))),
        say("all_parcels_at", file=REACHED.name),
        "「2公里范围内」一栏，位置误差全在 2 公里内才答「有」；空白为未见或临界，清单只有涉重金属企业，不答「无」。",
    )
    header = ("尾矿库", "下游1000米有无", "处数", "居民点和重要设施（按地形推算，人数未收录）", "留空的原因")
    answers = [
        (row["name"] or row["pond_id"], row["downstream_1km"], row["path_count"], row["by_path"],
         "" if row["downstream_1km"] else row["note"] or row["path_ends"])
        for row in ponds
    ]  # fmt: skip
    spans = ((0, 0), (1, 1), (2, 2), (3, 4), (5, 6))
    sections = (Section("下游1000米受影响人数或设施（尾矿库）", header, answers, (0,), spans),) if answers else ()
    return replace(sheet, remarks=remarks, sections=sections)


def _write_work_lists(book: Book, rows: Sequence[dict[str, Any]]) -> None:
    """Write both lists as sheets that check days and pathways as they are typed."""
    for sheet in (rectification_sheet(rows), closure_sheet(rows)):
        page = write_table(book, sheet, "A3")
        first = sheet.first_row
        last = first + max(len(sheet.rows), 1) - 1
        for index, column in enumerate(sheet.columns):
            if column.header in _DAYS:
                hint = book.say("填写日期，如 2026-06-30")
                check = {"validate": "length", "criteria": "between", "minimum": 5, "maximum": 10}
                page.data_validation(first, index, last, index, check | _warning(hint))
            elif column.header == "污染途径认定*":
                source = [book.say(pathway) for pathway in PATHWAYS]
                hint = book.say("大气、灌溉、固废径流、其他、未发现；多个途径以顿号分隔")
                page.data_validation(first, index, last, index, {"validate": "list", "source": source} | _warning(hint))


def _warning(text: str) -> dict[str, str]:
    return {"error_type": "warning", "error_message": text, "input_message": text}


WIDTHS = (13, 30, 13, 30)
WHOLE = sum(WIDTHS[1:])
_FORM = table_rows("hmgeo.outputs.sheets", "form.tsv")
PAIRS = tuple((left, right) for part, left, right, *_ in _FORM if part == "pair")
LINES = tuple((label, key) for part, label, key, *_ in _FORM if part == "line")
TO_FILL = tuple((label, hint, int(lines[0])) for part, label, hint, *lines in _FORM if part == "fill")
"""Lines of a form: two facts side by side, one across, and what is filled in: label, hint, room in lines."""
TITLES = {"严格管控类": "严格管控类耕地(亩)", "安全利用类": "安全利用类耕地(亩)"}


def _write_form(book: Book, number: int, cells: Mapping[str, Any]) -> None:
    """Write the form of `number` on the list, its row by header in `cells`, as a sheet that prints on one A4 page."""
    page = book.file.add_worksheet(book.say(say("form_number", number=number)))
    for index, width in enumerate(WIDTHS):
        page.set_column(index, index, width)
    title = book.style(bold=True, font_size=16, align="center")
    page.merge_range(0, 0, 0, 3, "", title)
    page.write_string(0, 0, book.say("涉镉等重金属污染源现场核查表"), title)
    page.set_row(0, 28)
    notice = (say("list_number", number=number), book.results.title, wording.basis_banner(book.results.basis))
    _across(book, page, 1, say("side_by_side", parts=tuple(filter(None, notice))), bold=True)
    row = _section(book, page, 2, "一、筛查资料（软件预填，待现场核实）")
    for left, right in PAIRS:
        _pair(book, page, row, (left, cells[left]), (right, cells[right]))
        row += 1
    for label, key in LINES:
        row = _line(book, page, row, label, cells.get(key) or "—", 1)
    for clause, decided in cells["人工决定"]:
        row = _line(book, page, row, "人工决定", f"{book.say(clause)}　{book.say(decided)}", 1)
    row = _section(book, page, row, "二、现场核查（核查人填写）")
    for label, hint, lines in TO_FILL:
        row = _line(book, page, row, label, hint, lines)
    _pair(book, page, row, ("核查人", ""), ("核查日期", "　　　　年　　月　　日"))
    _pair(book, page, row + 1, ("企业陪同人", ""), ("复核人", ""))
    order = wording.visit_order(book.results, book.presentation.language)
    _across(book, page, row + 2, order, font_size=8, font_color="#444444")
    _across(book, page, row + 3, wording.disclaimer(book.presentation.language), font_size=8, font_color="#444444")
    page.set_portrait()
    page.set_paper(9)
    page.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.5)
    page.fit_to_pages(1, 1)
    page.center_horizontally()
    page.hide_gridlines(2)
    classification = book.say(say("classified_as", mark=wording.classification_word(book.results)))
    form = book.say(say("form_number", number=number))
    page.set_footer(f"&L&9{classification}&R&9{form}")


def _section(book: Book, page: Worksheet, row: int, text: str) -> int:
    style = book.style(bold=True, bg_color="#E4E9EE", border=1, border_color="#9AA5B1")
    page.merge_range(row, 0, row, 3, "", style)
    page.write_string(row, 0, book.say(text), style)
    page.set_row(row, LINE_HEIGHT_PT + 4)
    return row + 1


def _pair(book: Book, page: Worksheet, row: int, left: tuple[str, Cell], right: tuple[str, Cell]) -> None:
    label = book.style(bold=True, text_wrap=True, border=1, border_color="#C9D0D6", bg_color="#F5F7F9")
    value = book.style(text_wrap=True, border=1, border_color="#C9D0D6", align="left")
    texts = []
    for column, (name, cell) in ((0, left), (2, right)):
        text, title = book.say(cell_text(name, cell)), book.say(TITLES.get(name, name))
        page.write_string(row, column, title, label)
        page.write_string(row, column + 1, cut(text), value)
        texts += [(title, WIDTHS[column]), (text, WIDTHS[column + 1])]
    page.set_row(row, height_pt(texts) + 2)


def _line(book: Book, page: Worksheet, row: int, label: str, text: str, lines: int) -> int:
    name = book.style(bold=True, text_wrap=True, border=1, border_color="#C9D0D6", bg_color="#F5F7F9")
    value = book.style(text_wrap=True, border=1, border_color="#C9D0D6", align="left")
    label, text = book.say(label), book.say(text)
    page.write_string(row, 0, label, name)
    page.merge_range(row, 1, row, 3, "", value)
    page.write_string(row, 1, cut(text), value)
    page.set_row(row, max(height_pt([(text, WHOLE), (label, WIDTHS[0])]), LINE_HEIGHT_PT * (lines + 0.4)))
    return row + 1


def _across(book: Book, page: Worksheet, row: int, text: str, **properties: str | float | bool) -> None:
    style, text = book.style(text_wrap=True, **properties), book.say(text)
    page.merge_range(row, 0, row, 3, "", style)
    page.write_string(row, 0, cut(text), style)
    page.set_row(row, height_pt([(text, sum(WIDTHS) * 1.1)]))


def cell_text(name: str, cell: Any) -> str:  # noqa: ANN401 -- a cell is text, number or nothing
    """Return `cell` of column `name` of the list as the form prints it."""
    if cell is None or cell == "":
        return "" if name in {"核查人", "企业陪同人", "复核人"} else "—"
    if isinstance(cell, AtLeast):
        return f"≥ {cell.value:,.1f}"
    if isinstance(cell, Measured):
        return f"{cell.value:,.1f}" + (f"（±{cell.error_m:,.0f}）" if round(cell.error_m) >= 1 else "")
    if isinstance(cell, float):
        return f"{cell:.6f}" if name in {"经度", "纬度"} else f"{cell:,.1f}"
    return cell if isinstance(cell, str) else str(cell)


KMZ = "现场.kmz"


def write_field_kmz(results: Results, path: Path, language: str = "zh") -> None:
    """Write the list of `results` to `path` for a phone's map in `language`: a folder a group, sources by numbers.

    Coordinates are lon/lat on CGCS2000, which such maps read as WGS84; those without a point are named in the text.
    """
    gathered = Listed(results)
    rows = gathered.rows()
    speak = partial(in_language, language=language)
    folders = []
    for group in VisitGroup:
        members = [row for row in rows if row["visit_group"] == group.value and row["lon"] is not None]
        marks = [
            placemark(
                f"{row['list_number']} {row['name'] or row['source_id']}",
                shapely.Point(row["lon"], row["lat"]),
                ("; " if language == ENGLISH else "；").join(
                    filter(
                        None,
                        (speak(row["distance_class"] or ""), row["township"], speak(row["visit_reason"] or "")),
                    )
                ),
            )
            for row in members
        ]
        if marks:
            named = f"{speak(group.value)}: {group.en}" if language == ENGLISH else f"{group.value}：{group.zh}"
            folders.append(f"<Folder><name>{named}</name>{''.join(marks)}</Folder>")
    unplaced = tuple(str(row["list_number"]) for row in rows if row["lon"] is None)
    lines = (
        wording.basis_banner(results.basis, language),
        wording.visit_order(results, language),
        say("numbers_unplaced", numbers=unplaced) if unplaced else "",
        wording.disclaimer(language),
    )
    write_kmz(path, results.title, render(sentences(*lines), language), folders)


SHEET_NAME = "表1 排查清单"
_STATES = ("air_state", "irrigation_state", "runoff_state")
_CLOSED = frozenset({"停产", "关闭", "搬迁", "历史遗留", "停用", "闭库", "销库", "无主"})

COLUMNS = columns_of(SHEET_NAME)
"""The columns of the list as offices keep it, in their order."""


def write_survey_list(results: Results, presentation: Presentation, path: Path) -> None:
    """Write the workbook of `results` to `path`: 表1 排查清单, 表2 and 表3 to fill in, then 核查表.

    `presentation`: `field_forms` caps the number of 核查表; the list says how many were left out.
    """
    gathered = Listed(results)
    chosen = gathered.rows()
    sheet = survey_sheet(results, presentation.field_forms)
    with open_book(results, presentation, path) as book:
        write_table(book, sheet, "A3")  # 26 columns can't be read on A4
        _write_work_lists(book, chosen)
        asked = _asked_sheet(results, presentation.field_forms)
        write_table(book, _hazard_sheet(gathered), "A3")
        if asked is not None:
            write_table(book, asked)
        for number, row in enumerate(chosen[: presentation.field_forms], start=1):
            _write_form(book, number, gathered.labelled(number, row))


def survey_sheet(results: Results, field_forms: int) -> Sheet:
    """Return the list of `results`: sources that meet the condition first, then those that couldn't be judged.

    Its remarks say how many have no form among the first `field_forms`.
    """
    gathered = Listed(results)
    chosen = gathered.rows()
    rows = [gathered.cells(number, row) for number, row in enumerate(chosen, start=1)]
    left = len(chosen) - field_forms
    more = say("forms_capped", count=field_forms, left=left) if left > 0 else ""
    order = wording.visit_order(results)
    cited = tuple(say("numbered_ground", number=number, text=text) for text, number in gathered.grounds.items())
    grounds = say("grounds_are", cited=cited) if cited else ""
    remarks = tuple(filter(None, (order, gathered.remark(len(chosen)), grounds, more, _decided(results))))
    return Sheet(SHEET_NAME, COLUMNS, rows, remarks=remarks)


def _decided(results: Results) -> str:
    """Return what people decided on sources by the rule that lists them; it changes neither list nor order."""
    items = tuple(
        say(
            "decided_item" if not decision.is_stale else "decided_item_stale" if decision.now else "decided_item_lost",
            name=decision.name or decision.finding_id.rpartition("|")[0],
            decision=decision.decision,
            by=decision.by,
            on=decision.on,
            document=decision.document,
        )
        for decision in results.decisions
        if decision.finding_id.endswith(f"|{results.screening_rule_id}")
    )
    return say("decided_of_list", told=items) if items else ""


class Listed:
    """The rows of the list, gathered from the tables of a run."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._sources: list[dict[str, Any]] = results.sources.to_pylist()
        self._findings: dict[str, list[dict[str, Any]]] = {}
        for finding in results.finding_rows():
            self._findings.setdefault(finding["source_id"], []).append(finding)
        self._decisions = _decisions_of(results)
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
        texts = [text for row in self.rows() for text in self._cited(row)]
        self.grounds = {text: number for number, text in enumerate(dict.fromkeys(texts), start=1)}
        self._place = {row["source_id"]: index for index, row in enumerate(self._sources)}

    def rows(self) -> list[dict[str, Any]]:
        """Return the sources on the list, in the order of visits; all of them where no rule was set."""
        listed = [row for row in self._sources if row["list_number"] is not None]
        return sorted(listed, key=lambda row: row["list_number"])

    def remark(self, shown: int) -> str:
        """Return who is on the list, `shown` in number, and who isn't."""
        total = len(self._sources)
        if not self._results.screening_rule_id:
            return say("no_screening_rule_set", total=total)
        counted = Counter(row["verdict"] for row in self._sources)
        off = {Verdict.CLEAR, Verdict.NOT_APPLICABLE}
        words = [
            (verdict not in off, say("verdict_sources", verdict=verdict, count=counted[verdict.value]))
            for verdict in Verdict
            if counted[verdict.value]
        ]
        inside, outside = (tuple(text for is_in, text in words if is_in is asked) for asked in (True, False))
        made = say("list_made", total=total, shown=shown, inside=inside or ("无",), outside=outside or ("无",))
        return sentences(made, "未评估者不得视为不需排查", "是否列入由生态环境部门会同农业农村等部门确定")

    def labelled(self, number: int, row: dict[str, Any]) -> dict[str, Any]:
        """Return the cells of source `row`, `number` on the list, by header, with what the form needs beside them."""
        evidence = self._evidence.get(row["source_id"], {})
        cells: dict[str, Any] = dict(zip((column.header for column in COLUMNS), self.cells(number, row), strict=True))
        asked = tuple(
            say("numbered_item", number=at, text=full)
            for at, (_, full) in enumerate(self._advice(row, evidence), start=1)
        )
        met, why = (evidence.get(f"receptors_1km_{name}") or "" for name in ("found", "open"))
        answer = evidence.get("receptors_1km") or "不能答「无」，留空"
        return cells | {
            "地址": self._text(row, "生产经营场所地址"),
            "列入依据(条款)": self._grounds(row),
            "大气途径": _air_text(row, evidence),
            "灌溉途径": _with(evidence, "water_pathway", "receiving_water_is", "water_receiving"),
            "固废径流途径": _with(evidence, "waste_pathway", "waste_stored_is", "waste_storage"),
            "导航坐标": _navigation(row),
            "周边 1 km 敏感受体": (
                say("around_answered", answer=answer, told=tuple(filter(None, (met, why)))) if met or why else ""
            ),
            "跨界情况": self._border_text(row["source_id"]),
            "建议核查重点": one_by_one(asked),
            "要问的": asked,
            "理由": say("group_since", group=row["visit_group"], why=row["visit_reason"]),
            "备注": row["note"],
            "人工决定": self._decisions.get(row["source_id"], ()),
        }

    def cells(self, number: int, row: dict[str, Any]) -> tuple[Cell, ...]:
        """Return the row of the list, its `number` first, of source `row`."""
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
            self._marked(row),
            row.get("survey_area") or "",
            distance(row),
            row["nearest_farmland_id"] or "",
            self._area_mu(source_id, SoilQualityClass.STRICT_CONTROL, floor=floor),
            self._area_mu(source_id, SoilQualityClass.SAFE_USE, floor=floor),
            *(evidence.get(name) or PathwayState.OPEN.value for name in _STATES),
            row["visit_group"],
            self._position_text(row),
            self._neighbours(source_id),
            self._open_text(source_id),
            "，".join(filter(None, (self._text(row, "数据来源"), self._text(row, "资料时点")))) or self._origin,
            one_by_one(short for short, _ in self._advice(row, evidence)),
        )

    def hazard(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Return what data tell of harm, spread and surroundings of source `row`, each with what isn't stated."""
        source_id = row["source_id"]
        evidence = self._evidence.get(source_id, {})
        emissions = (
            ("air_emissions_are", "air_emissions"),
            ("water_emissions_are", "water_emissions"),
            ("waste_stored_is", "waste_storage"),
        )
        harm = (
            say("cadmium_is", stated=row.get("cadmium") or "未判定"),
            *(say(code, stated=evidence.get(at) or "未填") for code, at in emissions),
        )
        ways = zip(("air_way_is", "irrigation_way_is", "runoff_way_is"), _STATES, strict=True)
        spread = (say(code, state=evidence.get(at) or PathwayState.OPEN.value) for code, at in ways)
        radius = radius_text(self._results.radius_m)
        land = (
            say("class_mu_within", radius=radius, word=word, area_mu=mu(area_ha))
            for word in (SoilQualityClass.STRICT_CONTROL, SoilQualityClass.SAFE_USE)
            if (area_ha := self._land.get((source_id, word.value)))
        )
        near = (
            say("farmland_nearest", distance=_distance_words(row))
            if row["nearest_farmland_m"] is not None
            else "未作距离测算"
        )
        receptors = say("found_within_1km", stated=evidence.get("receptors_1km_found") or "未见或不能答")
        around = (near, *land, receptors)
        return tuple(say("one_by_one", parts=tuple(parts)) for parts in (harm, spread, around))

    def _marked(self, row: dict[str, Any]) -> str:
        """Return the numbers of the clauses that bring the source onto the list; the remarks name them."""
        cited = [self.grounds[text] for text in self._cited(row)]
        return "".join(f"［{number}］" for number in cited) or self._grounds(row)

    def _text(self, row: dict[str, Any], name: str) -> str:
        cells = self._own[name]
        return (cells[self._place[row["source_id"]]] or "").strip() if cells else ""

    def _cited(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Return the clauses that bring the source onto the list, each once, with how they stand."""
        cited = (
            say("cited_as_adopted", cited=wording.citation(finding))
            if finding["standing"] == Standing.ADOPTED.value
            else wording.citation(finding)
            for finding in self._findings.get(row["source_id"], [])
            if finding["verdict"] == Verdict.LISTED.value
        )
        return tuple(dict.fromkeys(cited))

    def _grounds(self, row: dict[str, Any]) -> str:
        """Return the clauses that bring the source onto the list, or that there are none."""
        cited = self._cited(row)
        if cited:
            return one_by_one(cited)
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
            ranged = "" if row["nearest_farmland_m"] is None else "距离为范围"
            return one_by_one((say("place_only_known", known=known), ranged))
        if status != Status.ASSESSED.value:
            return wording.status_word(status)
        origin = self._text(row, "坐标来源") or "坐标来源未填"
        width_m = row["position_uncertainty_m"]
        if width_m is not None and width_m >= 1:
            origin = say("origin_within_error", origin=origin, error_m=width_m)
        return one_by_one((origin, "临界，待核实" if row["certainty"] == "ambiguous" else ""))

    def _border_text(self, source_id: str) -> str:
        leads = self._leads.get(source_id, [])
        if not leads:
            return ""
        names = tuple(
            say("bracketed", thing=lead["neighbour"], more=distance_text(lead["distance_m"])) for lead in leads
        )
        missing = "界外数据缺失" if any(lead["farmland_count"] is None for lead in leads) else ""
        return one_by_one((say("reaches_into", radius=radius_text(self._results.radius_m), names=names), missing))

    def _neighbours(self, source_id: str) -> str:
        """Return the counties that the search reaches into; the form says how near they are."""
        leads = self._leads.get(source_id, [])
        names = tuple(lead["neighbour"] for lead in leads)
        if any(lead["farmland_count"] is None for lead in leads):
            return say("neighbours_without_data", names=names)
        return "、".join(names)

    def _open_text(self, source_id: str) -> str:
        """Return how many clauses weren't judged, and which pathways nobody measured."""
        findings = self._findings.get(source_id, [])
        count = sum(finding["verdict"] == Verdict.NOT_ASSESSED.value for finding in findings)
        clauses = say("clauses_open", count=count) if count else ""
        evidence = self._evidence.get(source_id, {})
        pairs = zip(("大气途径", "灌溉途径", "径流途径"), _STATES, strict=True)
        untraced = [word for word, name in pairs if evidence.get(name, PathwayState.OPEN.value) == PathwayState.OPEN]
        return one_by_one((clauses, *untraced, "风频" if evidence.get("air_downwind_percent") is None else ""))

    def _advice(self, row: dict[str, Any], evidence: dict[str, Any]) -> list[tuple[str, str]]:
        """Return what a visit should settle, from what is missing or doubtful: in a word, and in full."""
        is_closed = row.get("production_state") in _CLOSED
        is_unplaced = row["position_kind"] == PositionKind.PLACE.value or row["status"] != Status.ASSESSED.value
        asked = (
            (is_unplaced, "坐标", "实测厂区坐标"),
            (not is_unplaced and row["certainty"] == "ambiguous", "坐标（临界）", "复测坐标（临界）"),
            (row.get("cadmium") in {"行业推定", "矛盾待核实", "", None}, "是否涉镉", "核实是否涉镉"),
            (not evidence.get("air_emissions"), "废气", "废气重金属排放量、排气筒高度"),
            (not evidence.get("water_receiving"), "废水", "废水去向、受纳水体及与灌溉取水的关系"),
            (not evidence.get("waste_storage"), "固废", "固废堆存及径流去向"),
            (is_closed, "遗留渣堆", "遗留渣堆、历史排放"),
            (bool(self._land.get((row["source_id"], SoilQualityClass.STRICT_CONTROL.value))), "协同监测",
             "与严格管控类耕地的协同监测"),
            (bool(self._leads.get(row["source_id"])), "界外", "与相邻县核对界外受体"),
        )  # fmt: skip
        return [(short, full) for is_wanted, short, full in asked if is_wanted]


def _decisions_of(results: Results) -> dict[str, list[tuple[str, Reason]]]:
    """Return by source what people decided on its findings, each with its clause; what stands beside none is left."""
    by_source: dict[str, list[tuple[str, Reason]]] = {}
    decided = {decision.finding_id: decision for decision in results.decisions if decision.now}
    for finding in results.finding_rows() if decided else ():
        decision = decided.get(finding["finding_id"])
        if decision is not None:
            clause = wording.citation(finding) if finding["document"] else finding["rule_id"]
            by_source.setdefault(finding["source_id"], []).append((clause, decided_words(decision)))
    return by_source


def _trade_text(row: dict[str, Any]) -> str:
    new, old = row.get("trade_code_2017") or "", row.get("trade_code_2011") or ""
    if new and new == old:
        codes: str = say("trade_code_of_both", new=new)
    else:
        both = (("2017", new), ("2011", old))
        codes = one_by_one(say("code_of_edition", edition=year, code=code) for year, code in both if code)
    codes = codes or row["trade_code"] or ""
    name = row.get("trade_name") or ""
    return say("bracketed", thing=name, more=codes) if name and codes else name or codes


def _navigation(row: Mapping[str, Any]) -> str:
    """Return where phone maps of the country show a source; marked, so that nobody takes it for a position."""
    if row["lon"] is None or row["lat"] is None:
        return ""
    lon, lat = wgs84_to_gcj02(row["lon"], row["lat"])
    more = "GCJ-02 近似，只供手机地图导航，不作位置依据，不得回填"
    return say("bracketed", thing=f"{float(lon):.5f}, {float(lat):.5f}", more=more)


def _air_text(row: dict[str, Any], evidence: dict[str, Any]) -> str:
    if row["nearest_farmland_m"] is None:
        return "未作距离测算"
    bearing = row.get("nearest_farmland_bearing_deg")
    values = {"distance": _distance_words(row), "way": "" if bearing is None else compass(bearing)}
    downwind = evidence.get("air_downwind_percent")
    parts = (
        say_with("farmland_nearest" if bearing is None else "farmland_nearest_towards", values),
        say("air_emitted", masses=evidence["air_emissions"]) if evidence.get("air_emissions") else "废气排放量未填",
        evidence.get("air_downwind_note") or "没有可用的风频表"
        if downwind is None
        else say("downwind_share", downwind=downwind),
    )
    return say("one_by_one", parts=parts)


def _distance_words(row: dict[str, Any]) -> str:
    near_m, far_m = row["nearest_farmland_m"], row["nearest_farmland_max_m"]
    if row["position_kind"] == PositionKind.PLACE.value:
        return say("step_span", low=distance_text(near_m), high=distance_text(far_m))
    return distance_text(near_m, row["position_uncertainty_m"])


def _with(evidence: Mapping[str, Any], way: str, code: str, cell: str) -> str:
    told, stated = evidence.get(way), evidence.get(cell)
    named = say(code, stated=stated or "未填") if stated or not told else ""  # what wasn't filled in is asked on site
    return one_by_one((named, told or "未测算"))


def headers() -> Sequence[str]:
    """Return the headers of the list in order, classes of farmland under their common header."""
    return [f"{column.header}{column.group}" if column.group else column.header for column in COLUMNS]
