"""The report of a screening as a Word file: a template that its readers may edit, filled from what a run wrote.

The text says only what the tables hold. The bytes depend on them alone: no clock goes in.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table
from docxtpl import DocxTemplate, InlineImage
from msgspec import Struct

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.outputs import wording
from hmgeo.outputs.english import in_language
from hmgeo.reference.machine import kept
from hmgeo.results.text import distance_text, mu, radius_text
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import Basis, PositionKind, Status, Unassessed, Verdict, VisitGroup
from hmgeo.words import ENGLISH, Reason, groups_of, one_by_one, parts_of, say, table_rows

Row = dict[str, Any]
REPORT = "report.docx"
MOST_LISTED = 200
HITS = (Verdict.PROHIBITED.value, Verdict.CONDITIONAL.value, Verdict.LISTED.value)


class Told(Struct, frozen=True):
    """What a run folder tells.

    Parameters
    ----------
    manifest
        As it is written, its outputs aside.
    sources, findings, townships
        Rows of the run's tables; empty cells None or empty.
    picture
        The map as a picture; None where there is none.
    language
        Of the report; zh or en.
    """

    manifest: Mapping[str, Any]
    sources: Sequence[Row]
    findings: Sequence[Row]
    townships: Sequence[Row] = ()
    picture: Path | None = None
    language: str = "zh"


def write_report(record: Told, path: Path, template: Path | None = None) -> None:
    """Write the report of what `record` tells to `path`, a .docx.

    `template`: a Word file with the fields of `write_template`; the default one where nothing is given.
    `OutputError` where the template can't be read or filled.
    """
    buffer = io.BytesIO(default_template(record.language) if template is None else template.read_bytes())
    filled = io.BytesIO()
    try:
        page = DocxTemplate(buffer)
        picture = "" if record.picture is None else InlineImage(page, str(record.picture), width=Mm(165))
        page.render({**facts(record), "map": picture}, autoescape=True)
        page.save(filled)
    except Exception as error:
        if template is None:
            raise
        remedy = "用 hmgeo report --new-template 写出默认模板，从它改起"
        raise OutputError(Problem("报告模板不能填写", Place(file=template.name), str(error), remedy=remedy)) from error
    path.write_bytes(still(filled.getvalue()))


def still(content: bytes) -> bytes:
    """Return zip file `content` with the clock taken out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(archive.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            packing = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED  # it is squeezed already
            made.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), archive.read(name), packing)
    return out.getvalue()


def facts(record: Told) -> dict[str, Any]:
    """Return the fields of the template from what `record` tells."""
    manifest, language = record.manifest, record.language
    spoken = partial(in_language, language=language)
    screening = next((rule for rule in manifest["rules"] if rule["rule_id"] == manifest["screening_rule"]), None)
    cited = "" if screening is None or not screening["document"] else wording.cited_with_standing(screening)
    statuses = manifest["counts"]["sources_by_status"]
    listed = sorted((row for row in record.sources if row.get("list_number")), key=lambda row: int(row["list_number"]))
    verdicts = manifest["counts"]["findings_by_verdict"]
    unassessed = Unassessed.counted((row["verdict"], groups_of(row["reason_codes"] or "")) for row in record.findings)
    groups = Counter(row["visit_group"] for row in listed)
    return {
        "title": manifest["project"]["title"],
        "area": manifest["project"]["area"] or spoken("（未写区域）"),
        "as_of": manifest["as_of"] or spoken("未设基准日"),
        "radius": radius_text(manifest["radius_m"]),
        "rule": spoken(cited or "使用者设定的半径（非法定距离）"),
        "source_count": len(record.sources),
        "statuses": spoken(
            one_by_one(
                say("word_count", word=status, count=statuses[status.value])
                for status in Status
                if statuses.get(status.value)
            )
        ),
        "listed_count": len(listed),
        "groups": spoken(
            one_by_one(say("word_count", word=group.value, count=groups[group.value]) for group in VisitGroup)
        ),
        "verdicts": wording.verdict_header(
            {verdict: verdicts[verdict.value] for verdict in Verdict}, unassessed, language
        ),
        "is_own_radius": screening is not None and not cited,
        "basis": wording.basis_word(manifest["basis"], language),
        "banner": wording.basis_banner(Basis.of(manifest["basis"]), language),
        "warnings": list(map(spoken, manifest["warnings"])),
        "layers": [_spoken(_layer(layer), language) for layer in manifest["inputs"]],
        "visit_order": manifest["visit_order"]["text"],
        "listed": [_spoken(_listed(row), language, "name", "id") for row in listed[:MOST_LISTED]],
        "left": max(len(listed) - MOST_LISTED, 0),
        "townships": [_spoken(_township(row), language) for row in record.townships],
        "clauses": [_spoken(clause, language, "quote", "citation") for clause in _clauses(record)],
        "decisions": [_spoken(_decision(decision, record), language) for decision in manifest.get("decisions", ())],
        "gaps": [
            {"what": spoken(what), "alone": alone, "sources": sources, "findings": count}
            for what, alone, sources, count in wording.gaps_of(record.findings)
        ],
        "parameters": [
            _spoken({**one, "value": f"{one['value']} {one['unit']}".strip(), "by": one["by"] or "默认约定"}, language)
            for one in manifest["parameters"]
        ],
        "caption": spoken(manifest["caption"]),
        "disclaimer": wording.disclaimer(language),
    }


def _spoken(row: Row, language: str, *data: str) -> Row:
    """Return a row of a table in a language; data (quotes, names) stay."""
    return {
        key: in_language(cell, language) if isinstance(cell, str) and key not in data else cell
        for key, cell in row.items()
    }


def _layer(layer: Mapping[str, Any]) -> Row:
    undeclared = {"unknown": "未申明"}
    return {
        "kind": layer["kind_zh"],
        "basis": Basis.of(layer["basis"]).zh,
        "vintage": undeclared.get(layer["vintage"], layer["vintage"]),
        "coverage": undeclared.get(layer["coverage"], layer["coverage"]),
        "completeness": {"complete": "完整", "partial": "不完整"}.get(layer["completeness"], "未申明"),
        "features": layer["features"],
        "source": layer["source"] or layer["credit"] or "未申明",
    }


def _number(cell: Any) -> float | None:  # noqa: ANN401 -- a cell of a table, a number or its text
    return None if cell in (None, "") else float(cell)


def _listed(row: Mapping[str, Any]) -> Row:
    near_m, far_m = _number(row["nearest_farmland_m"]), _number(row["nearest_farmland_max_m"])
    distance = distance_text(near_m, _number(row["position_uncertainty_m"]))
    if row["position_kind"] == PositionKind.PLACE.value and near_m is not None:
        distance = say("step_span", low=distance_text(near_m), high=distance_text(far_m))
    return {
        "number": row["list_number"],
        "id": row["source_id"],
        "name": row["name"] or row["source_id"],
        "township": row["township"] or row["county"],
        "group": row["visit_group"],
        "distance": distance or "未测算",
        "reason": row["visit_reason"],
    }


def _township(row: Mapping[str, Any]) -> Row:
    return {
        "name": row["township"],
        "sources": row["source_count"],
        "parcels": row["reached_count"],
        "area_mu": f"{mu(_number(row['reached_area_ha']) or 0.0):,.1f}",
        "strict_mu": f"{mu(_number(row['reached_strict_control_ha']) or 0.0):,.1f}",
        "safe_mu": f"{mu(_number(row['reached_safe_use_ha']) or 0.0):,.1f}",
    }


def _clauses(record: Told) -> Iterable[Row]:
    verified = {rule["rule_id"]: rule.get("verified", "") for rule in record.manifest["rules"]}
    by_clause: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for finding in record.findings:
        if finding["verdict"] in HITS:
            by_clause[finding["verdict"], finding["rule_id"]].append(finding)
    for (verdict, _), rows in sorted(by_clause.items(), key=lambda item: (HITS.index(item[0][0]), item[0][1])):
        first = rows[0]
        yield {
            "verdict": wording.verdict_word(verdict),
            "count": len({row["source_id"] for row in rows}),
            "citation": wording.citation(first),
            "quote": first["quote"] or "（使用者设定，无条文）",
            "standing": wording.standing_word(first["standing"], verified=verified.get(first["rule_id"], "")) or "—",
            "decider": first["decider"],
        }


def _decision(decision: Mapping[str, Any], record: Told) -> Row:
    """Return what a person decided on a finding, beside what is found now."""
    source_id, _, rule_id = decision["finding_id"].rpartition("|")
    rule = next((rule for rule in record.manifest["rules"] if rule["rule_id"] == rule_id), None)
    name = next(
        (row["name"] for row in record.sources if decision["now"] and row["source_id"] == source_id), decision["name"]
    )
    then = f"决定时为「{wording.verdict_word(decision['then'])}」，待复核"
    state = wording.verdict_word(decision["now"]) if decision["now"] else "现在的清单中没有对应的一条"
    return {
        "source": f"{name}（{source_id}）" if name else source_id,
        "clause": rule_id if rule is None or not rule["document"] else wording.citation(rule),
        "found": f"{state}；{then}" if decision["is_stale"] else state,
        **{key: decision[key] for key in ("decision", "by", "on", "document", "reason")},
    }


_BODY, _HEAD = "仿宋", "黑体"
_SUBTITLE = wording.Text(
    "涉镉等重金属污染源排查报告（软件生成，供核查和会商）",
    "Screening of sources of cadmium and other heavy metals (made by software, for visits and consultation)",
)
TEMPLATES = {"zh": "report.md", ENGLISH: "report.en.md"}
"""Words of the default template by language: # a heading, @ a table, ^ in the middle, else a paragraph."""
_CAPTIONS: dict[str, str] = {}
_TABLES: dict[str, list[tuple[str, str, float]]] = {}
for _name, _header, *_cell in table_rows("hmgeo.outputs.sheets", "report.tsv"):
    if _cell:
        _TABLES.setdefault(_name, []).append((_header, _cell[0], float(_cell[1])))
    else:
        _CAPTIONS[_name] = _header


def default_template(language: str = "zh") -> bytes:
    """Return the default template, as an earlier process kept it: Word's library takes its time over styles."""

    def made() -> bytes:
        out = io.BytesIO()
        write_template(out, language)
        return out.getvalue()

    room = Path(__file__).parent
    texts = [room.parent / name for name in ("wording.py", "wording.tsv", "english.py", "english.tsv")]
    decides = [Path(__file__), room / "report.tsv", room / TEMPLATES[language], *texts, Path(docx.__file__)]
    return kept(f"report-{language}", room, decides, made)


def write_template(out: IO[bytes], language: str = "zh") -> None:
    """Write the default template to `out`, to be edited in Word: text and order are free, fields in braces."""
    page = docx.Document()
    set_styles(page)
    title = page.add_paragraph(style="Title")
    title.add_run("{{ title }}")
    page.add_paragraph(_SUBTITLE.say(language)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    for line in (
        resources.files("hmgeo.outputs.sheets").joinpath(TEMPLATES[language]).read_text(encoding="utf-8").splitlines()
    ):
        text = line.lstrip("#@^ ")
        if line.startswith("#"):
            page.add_heading(text, level=1)
        elif line.startswith("@"):
            _add_table(page, text, language)
        else:
            style = "Caption" if line.startswith("^") else "Normal" if line.startswith("{%") else "Body Text"
            page.add_paragraph(text, style=style)
    finish_page(page, "", out)


_NOT_OURS = "/stylesWithEffects", "/customXml", "/thumbnail"
"""Of what Word's library begins a page with: its styles once more, a bibliography, a view of a blank page."""


def _leave_out(page: Document) -> None:
    """Leave out what Word's library brings along and no page of ours uses: some 25 kB a file."""
    for style in [style for style in page.styles if style.type == WD_STYLE_TYPE.TABLE]:
        if style.name not in {"Normal Table", "Table Grid"}:
            style.delete()
    for rels in (page.part.rels, page.part.package.rels):
        for name in [name for name, rel in rels.items() if rel.reltype.endswith(_NOT_OURS)]:
            del rels[name]


def set_styles(page: Document) -> None:
    """Give a page the fonts and margins of an office's paper."""
    _leave_out(page)
    section = page.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(22)
    wanted = (("Normal", _BODY, 10.5), ("Body Text", _BODY, 12), ("Heading 1", _HEAD, 15), ("Title", _HEAD, 20),
              ("Caption", _HEAD, 10.5))  # fmt: skip
    for name, font, size_pt in wanted:
        style = page.styles[name]
        style.font.name, style.font.size = "Times New Roman", Pt(size_pt)
        style.font.color.rgb, style.font.bold, style.font.italic = RGBColor(0, 0, 0), False, False
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "eastAsiaTheme", "hAnsiTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), font)
    tongue = page.styles["Normal"].element.get_or_add_rPr()
    tongue.append(_mark("w:lang", {"w:val": "en-US", "w:eastAsia": "zh-CN"}))  # else signs may be Japanese ones
    page.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    page.styles["Body Text"].paragraph_format.first_line_indent = Pt(24)
    page.styles["Body Text"].paragraph_format.line_spacing = 1.4
    page.styles["Caption"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    page.styles["Caption"].paragraph_format.keep_with_next = True


def _add_table(page: Document, name: str, language: str) -> None:
    """Add a table that repeats a row for each record, its header on every page."""
    columns = _TABLES[name]
    page.add_paragraph(in_language(_CAPTIONS[name], language), style="Caption")
    table = page.add_table(rows=4, cols=len(columns), style="Table Grid")
    table.autofit = False
    head = table.rows[0]
    _hold(table)
    table.rows[1].cells[0].text = f"{{%tr for row in {name} %}}"
    table.rows[3].cells[0].text = "{%tr endfor %}"
    for index, (header, key, width_mm) in enumerate(columns):
        head.cells[index].text = in_language(header, language)
        table.rows[2].cells[index].text = f"{{{{ row.{key} }}}}"
        table.columns[index].width = Mm(width_mm)
        for row in table.rows:
            row.cells[index].width = Mm(width_mm)
    for row in (head, table.rows[2]):
        for cell in row.cells:
            for run in cell.paragraphs[0].runs:
                run.font.size = Pt(9)
                run.font.bold = row is head
    page.add_paragraph()


_LONGEST_PROPERTY = 255


def fitting(text: str) -> str:
    """Return what of `text` a property of a Word file holds; the page itself says it whole."""
    return text if len(text) <= _LONGEST_PROPERTY else f"{text[: _LONGEST_PROPERTY - 1]}…"


def finish_page(page: Document, title: str, out: IO[bytes]) -> None:
    """Set the number of each page at the foot of `page`, call it `title`, and save it to `out` without a clock."""
    line = page.sections[0].footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = line.add_run()
        mark = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark.text = text
        run._r.append(mark)  # noqa: SLF001 -- python-docx has no other door to it
    page.core_properties.author, page.core_properties.title = "hmgeo", fitting(title)
    for name in ("created", "modified", "last_printed"):
        setattr(page.core_properties, name, datetime.fromisoformat("1980-01-01"))
    page.save(out)


def word_table(
    page: Document, rows: Sequence[Sequence[str]], widths_mm: Sequence[float], *, has_header: bool = True
) -> None:
    """Add to `page` a table of texts, columns of `widths_mm`, the first of `rows` on every page if `has_header`."""
    table = page.add_table(rows=len(rows), cols=len(widths_mm), style="Table Grid")
    table.autofit = False
    _hold(table, has_header=has_header)
    for column, width_mm in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width_mm)
    for line, row in zip(table.rows, rows, strict=True):
        for cell, text, width_mm in zip(line.cells, row, widths_mm, strict=True):
            cell.width = Mm(width_mm)
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.font.bold = Pt(8.5), has_header and row is rows[0]
    page.add_paragraph()


def _hold(table: Table, *, has_header: bool = True) -> None:
    """Let no row break over a page, and the header stand on each."""
    for row in table.rows:
        row._tr.get_or_add_trPr().append(_mark("w:cantSplit"))  # noqa: SLF001 -- python-docx has no other door to it
    if has_header:
        table.rows[0]._tr.get_or_add_trPr().append(_mark("w:tblHeader"))  # noqa: SLF001 -- as above


def _mark(name: str, values: Mapping[str, str] = MappingProxyType({"w:val": "true"})) -> BaseOxmlElement:
    mark = OxmlElement(name)
    for key, value in values.items():
        mark.set(qn(key), value)
    return mark


class Wanted(NamedTuple):
    """One layer that a department is asked for, and the findings that wait for it."""

    layer: str
    is_absent: bool
    findings: tuple[Row, ...]


def wanted_of(findings: Iterable[Row]) -> dict[str, list[Wanted]]:
    """Return by department the layers that findings wait for: those nobody gave, and those of undeclared extent."""
    departments = {kind.zh: kind.department for kind in LAYERS.values()}
    waiting: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in findings:
        if row["verdict"] != Verdict.NOT_ASSESSED.value:
            continue
        reasons = [
            reason for reason in parts_of(row["note"] or "") if isinstance(reason, Reason) and reason.code in _OF_LAYERS
        ]
        for reason in reasons:
            layer = str(reason.values["layer"])
            whom = (
                reason.values.get("department")
                or departments.get(layer)
                or departments.get(layer.partition("（")[0], "")
            )
            if whom:
                lacking = waiting.setdefault((whom, layer), {"absent": [], "open": []})
                lacking["absent" if reason.code == "layer_absent" else "open"].append(row)
    made: dict[str, list[Wanted]] = {}
    for (whom, layer), lacking in waiting.items():
        made.setdefault(whom, []).append(Wanted(layer, bool(lacking["absent"]), (*lacking["absent"], *lacking["open"])))
    return {whom: sorted(wanted, key=lambda item: -len(item.findings)) for whom, wanted in sorted(made.items())}


def write_letter(record: Told, department: str, wanted: Sequence[Wanted], path: Path) -> None:
    """Write to `path` a letter that asks one `department` for the layers `wanted`, by what `record` tells."""
    page = docx.Document()
    set_styles(page)
    names = "、".join(f"「{layer.layer}」" for layer in wanted[:3]) + ("等" if len(wanted) > len(wanted[:3]) else "")
    page.add_paragraph("查询函", style="Title")
    page.add_paragraph(f"关于商请提供或核实{names}资料的函（草稿，文号、日期、署名由使用单位填写）", style="Caption")
    page.add_paragraph(f"{department}：")
    project, manifest = record.manifest["project"], record.manifest
    title = project["title"] if isinstance(project, dict) else str(project)
    sources = {row["source_id"]: row for row in record.sources}
    asked = list(dict.fromkeys(row["source_id"] for layer in wanted for row in layer.findings))
    clauses = {row["rule_id"] for layer in wanted for row in layer.findings}
    page.add_paragraph(
        f"「{title}」（评估基准日 {manifest['as_of'] or '未设'}）按现行条文逐条研判污染源，"
        f"因缺下列资料，{len(asked)} 家的 {len(clauses)} 条条款未能判断。请提供所列图层，或就附表各点位逐一回复。"
        "未评估不等于符合要求；回复只用于排查，不作权属、审批依据。",
        style="Body Text",
    )
    rows = [("图层", "请提供什么", "可判断的条款", "涉及（家）")]
    for layer in wanted:
        cited = dict.fromkeys(wording.citation(row) or row["rule_id"] for row in layer.findings)
        ask = "图层及其范围、时点、完整性" if layer.is_absent else "已有图层：申明或补全范围、时点、完整性"
        rows.append((layer.layer, ask, "；".join(cited), str(len({row["source_id"] for row in layer.findings}))))
    page.add_paragraph("表 1　图层和条款", style="Caption")
    word_table(page, rows, (32, 38, 84, 16))
    page.add_paragraph("表 2　点位（经纬度为 2000 国家大地坐标系）", style="Caption")
    order = sorted(
        asked, key=lambda source_id: (_number(sources[source_id].get("list_number")) or len(sources) + 1, source_id)
    )
    points: list[tuple[str, ...]] = [
        ("清单序号", "编号", "名称", "县、乡镇", "经度", "纬度", "误差（m）", "回复：是否在内、距离")
    ]
    points += [_point(sources[source_id]) for source_id in order]
    word_table(page, points, (11, 24, 30, 28, 24, 23, 13, 17))
    page.add_paragraph("联系人：　　　　　　　电话：　　　　　　　　（单位印章）　　　　年　　月　　日")
    for line in (wording.basis_banner(Basis.of(manifest["basis"])), manifest["caption"], wording.DISCLAIMER):
        page.add_paragraph().add_run(line).font.size = Pt(8)
    written = io.BytesIO()
    finish_page(page, f"查询函 {department}", written)
    path.write_bytes(still(written.getvalue()))


def _point(row: Row) -> tuple[str, ...]:
    at = [_number(row.get(name)) for name in ("lon", "lat")]
    lon, lat = ("无坐标" if degrees is None else f"{degrees:.6f}" for degrees in at)
    error_m = _number(row.get("position_uncertainty_m"))
    where = "".join(filter(None, (row.get("county"), row.get("township"))))
    number = _number(row.get("list_number"))
    return (
        "" if number is None else f"{number:.0f}", row["source_id"], row["name"] or "", where, lon, lat,
        "" if error_m is None else f"±{error_m:,.0f}", "",
    )  # fmt: skip


_OF_LAYERS = frozenset(
    {
        "layer_absent",
        "coverage_undeclared",
        "coverage_left",
        "layer_incomplete",
        "banks_approximate",
        "banks_are_centrelines",
    }
)
"""Reasons that a department's layer would settle; each names the layer."""
