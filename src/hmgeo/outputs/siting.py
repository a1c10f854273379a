"""选址条款研判表: the workbook of a siting answer, one sheet per site, every line with its clause and datum."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import xlsxwriter

from hmgeo.outputs import siting_words as words
from hmgeo.outputs import wording
from hmgeo.outputs.siting_labels import word
from hmgeo.outputs.siting_page import WIDTHS, Book, Page, new_page, notice, write_flat
from hmgeo.outputs.style import BASES, VERDICTS
from hmgeo.outputs.workbook import CREATED
from hmgeo.vocabulary import LegalRank, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from hmgeo.findings.results import Presentation
    from hmgeo.findings.siting import Clause, Dossier, SitingResults, TargetTable
    from hmgeo.outputs.siting_page import Cell

CLAUSE_HEADER = (
    "序号", "结论", "位阶／机关", "文件、条款", "原文", "量测", "判断与原因", "可改变结论的因素",
    "所用数据（时点）", "认定部门／效力",
)  # fmt: skip
DOSSIER_SHEETS = 30
"""Sites that get a sheet of their own; the others stand in 汇总 and 全部条款."""
LISTED_ROWS = 50_000
_LAWS = frozenset(
    {
        LegalRank.LAW,
        LegalRank.ADMINISTRATIVE_REGULATION,
        LegalRank.LOCAL_REGULATION,
        LegalRank.DEPARTMENTAL_RULE,
        LegalRank.MANDATORY_STANDARD,
    }
)
_NOT_JUDGED = frozenset({Verdict.NOT_ASSESSED, Verdict.NOT_APPLICABLE})
_TARGETS_SHOWN = 40


def write_siting_workbook(results: SitingResults, presentation: Presentation, path: Path) -> None:
    """Write the workbook: 汇总 for several sites, a sheet for each of the first `DOSSIER_SHEETS`, then 全部条款.

    Every text is a string, so that no cell is a formula; the bytes depend on the results alone.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as file:
        file.set_properties(
            {
                "title": results.title,
                "author": presentation.maker or "hmgeo",
                "comments": wording.DISCLAIMER,
                "created": CREATED,
            }
        )
        book = Book(file, results, presentation)
        several = len(results.dossiers) > 1
        if several:
            _write_summary(book)
        for number, dossier in enumerate(results.dossiers[:DOSSIER_SHEETS], start=1):
            name = book.say("研判表{number}", number=str(number)) if several else book.say("选址条款研判表")
            _write_dossier(book, dossier, name)
        _write_all_clauses(book)


def _write_dossier(book: Book, dossier: Dossier, name: str) -> None:
    page = new_page(book, name)
    answer, results = dossier.answer, book.results
    page.across(book.say("选址条款研判表：{name}", name=answer.name), bold=True, font_size=15)
    tint = BASES[words.shell(results).basis]
    page.across(
        "｜".join(filter(None, (book.say("评估基准日：{day}", day=results.as_of), *results.warnings, notice(book)))),
        bold=True,
        bg_color=tint.tint,
        font_color=tint.text,
    )
    page.across(words.header(answer, book.language), bold=True, font_size=11)
    page.title("一、项目概况")
    for label, text in _project_lines(dossier, book):
        page.cells([(book.say(label), 2), (book.say(text), 8)])
    _write_zoning(page, dossier)
    judged = [clause for clause in answer.clauses if clause.verdict not in _NOT_JUDGED]
    laws = [clause for clause in judged if clause.citation.legal_rank in _LAWS]
    others = [clause for clause in judged if clause.citation.legal_rank not in _LAWS]
    _write_clauses(page, "四、法律、法规、规章和强制性标准", laws)
    _write_clauses(page, "五、规范性文件、规划计划和技术指南", others)
    _write_targets(page, dossier.targets)
    _write_offsets(page, dossier)
    _write_not_judged(page, dossier)
    _write_sources(page)
    page.row += 1
    page.across(words.caption(results, book.presentation), font_color="#444444")
    page.across(wording.disclaimer(book.language), font_color="#444444")


def _project_lines(dossier: Dossier, book: Book) -> list[tuple[str, str]]:
    answer = dossier.answer
    called = answer.name if answer.name == answer.site_id else f"{answer.site_id}　{answer.name}"
    lines = [("编号／名称", called), ("位置", words.position_text(answer, book.language))]
    lines += [("所在行政区", answer.place or "未知"), ("所在重点区域", words.key_area_text(answer, book.language))]
    lines += [(fact.name, fact.value) for fact in answer.facts]
    return lines + ([("备注", "".join(answer.notes))] if answer.notes else [])


def _write_zoning(page: Page, dossier: Dossier) -> None:
    for title, zones in (
        ("二、环境管控单元及准入清单", dossier.zoning[:1]),
        ("三、三区三线", dossier.zoning[1:]),
    ):
        page.title(title)
        for zone in zones:
            state = "" if zone.note.startswith(zone.state) else f"{zone.state}。"
            page.cells([(zone.title, 2), (f"{state}{zone.note}", 8)])
            for name, text in zone.details:
                page.cells([(f"　{name}", 2), (text, 8)])
        if not zones:
            page.cells([(page.book.say("未评估"), 2), (page.book.say("没有可用的位置。"), 8)])


def _write_clauses(page: Page, title: str, clauses: Sequence[Clause]) -> None:
    page.title(page.book.say("{title}（{count} 条有结论）", title=page.book.say(title), count=str(len(clauses))))
    if not clauses:
        page.cells([(page.book.say("没有得出结论的条款；未评估和不适用的条款见后。"), len(WIDTHS))])
        return
    page.header([(text, 1) for text in CLAUSE_HEADER])
    for number, clause in enumerate(clauses, start=1):
        _write_clause(page, number, clause)


def _write_clause(page: Page, number: int, clause: Clause) -> None:
    book, cited = page.book, clause.citation
    results, language = book.results, book.language
    other = book.say("\n另一可能：{other}", other=word(clause.other, language)) if clause.other else ""
    certainty = f"\n{word(clause.certainty, language)}" if clause.certainty else ""
    row = page.row
    texts = (
        str(number),
        f"{words.badge(clause, language)}{other}{certainty}",
        f"{word(cited.legal_rank, language)}\n{cited.authority}",
        f"{words.citation_text(cited, language)}\n{cited.rule_id}",
        cited.quote,
        "".join(clause.evidence) or "—",
        "\n".join(words.saying(clause, results, language)),
        "\n".join(clause.changes) or "—",
        words.data_text(clause, results, language),
        f"{cited.decider}\n{words.standing_text(clause, language)}",
    )
    page.cells([(text, 1) for text in texts])
    style = VERDICTS[clause.verdict]
    tint = page.book.style(
        border=1, border_color="#C9D0D6", text_wrap=True, bold=True, bg_color=style.tint, font_color=style.text
    )
    page.sheet.write_string(row, 1, texts[1], tint)


def _write_targets(page: Page, tables: Sequence[TargetTable]) -> None:
    page.title("六、环境保护目标（按要素）")
    if not tables:
        page.cells([(page.book.say("未评估"), 2), (page.book.say("没有可用的位置。"), 8)])
    for table in tables:
        page.cells([(table.element, 2), (words.target_note(table), 8)], bg_color="#F3F5F7")
        if not table.targets:
            continue
        page.header([("序号", 1), ("编号", 2), ("名称", 1), ("类别", 1), ("距离", 1), ("方位", 2), ("人口（人）", 2)])
        for number, target in enumerate(table.targets[:_TARGETS_SHOWN], start=1):
            people = page.book.say("未载明") if target.population is None else str(target.population)
            away = wording.distance_text(target.distance_m)
            way = words.direction_text(target.bearing_deg)
            texts = ((str(number), 1), (target.receptor_id, 2), (target.name, 1), (target.kind, 1), (away, 1))
            page.cells([*texts, (way, 2), (people, 2)])
        if len(table.targets) > _TARGETS_SHOWN:
            rest = len(table.targets) - _TARGETS_SHOWN
            page.cells([(f"另有 {rest} 个未列，全部见 siting.json。", len(WIDTHS))])


def _write_offsets(page: Page, dossier: Dossier) -> None:
    page.title("七、重点重金属总量替代")
    for note in dossier.offset_notes:
        page.cells([(note, len(WIDTHS))])
    if dossier.offsets:
        page.header(
            [
                ("规则", 3),
                ("金属", 1),
                ("新增（kg/a）", 1),
                ("比例", 1),
                ("须替代（kg/a）", 1),
                ("填报替代量（kg/a）", 3),
            ]
        )
        for line in dossier.offsets:
            named = page.book.say("未填报") if line.named_kg is None else f"{line.named_kg:g}"
            numbers = ((f"{line.added_kg:g}", 1), (f"{line.ratio:g}:1", 1), (f"{line.required_kg:g}", 1))
            page.cells([(line.rule_id, 3), (line.metal, 1), *numbers, (named, 3)])
    elif not dossier.offset_notes:
        page.cells([(page.book.say("没有触及总量替代条款的结论；未评估的见后。"), len(WIDTHS))])


def _write_not_judged(page: Page, dossier: Dossier) -> None:
    answer, results, book = dossier.answer, page.book.results, page.book
    open_ = [clause for clause in answer.clauses if clause.verdict is Verdict.NOT_ASSESSED]
    page.title(book.say("八、未评估事项（{count} 条，不得视为符合要求）", count=str(len(open_))))
    for text in (
        *words.missing_sentences(answer, results, book.language),
        *words.open_sentences(answer, book.language),
    ):
        page.cells([(text, len(WIDTHS))], bg_color="#F3F5F7")
    if open_:
        page.header(
            [("序号", 1), ("规则", 2), ("文件、条款", 1), ("名称", 1), ("原因", 2), ("作出判断还需要", 2), ("效力", 1)]
        )
    for number, clause in enumerate(open_, start=1):
        cited = clause.citation
        why = clause.note or word(clause.standing, book.language)
        texts = ((words.citation_text(cited), 1), (cited.title, 1), (why, 2), ("\n".join(clause.changes) or "—", 2))
        page.cells([(str(number), 1), (cited.rule_id, 2), *texts, (words.standing_text(clause, book.language), 1)])
    out = [clause for clause in answer.clauses if clause.verdict is Verdict.NOT_APPLICABLE]
    page.title(book.say("九、不适用条款（{count} 条）", count=str(len(out))))
    for clause in out:
        cited = clause.citation
        page.cells([(cited.rule_id, 3), (words.citation_text(cited), 2), (cited.title, 2), (clause.note or "—", 3)])
    page.title(book.say("十、提示性条款（{count} 条，只引原文，不作结论）", count=str(len(answer.informs))))
    for cited in answer.informs:
        page.cells([(cited.rule_id, 3), (words.citation_text(cited), 2), (cited.quote or book.say("原文未收录"), 5)])


def _write_sources(page: Page) -> None:
    results = page.book.results
    page.title("十一、所用数据与参数")
    page.header([("图层", 3), ("性质／完整性", 1), ("时点／密级", 1), ("覆盖范围", 1), ("文件、sha256", 4)])
    for layer in results.layers.values():
        basis = word(layer.basis, "en") if page.book.language == "en" else wording.layer_basis_word(layer)
        quality = f"{basis}／{word(layer.gates.completeness, page.book.language)}"
        dated = f"{layer.gates.vintage or '时点未申明'}／{layer.gates.classification.value}"
        file = f"{layer.provenance.path}　{layer.provenance.sha256}"
        page.cells(
            [
                (word(layer.kind, page.book.language), 3),
                (quality, 1),
                (dated, 1),
                (layer.gates.coverage_name or "未申明", 1),
                (file, 4),
            ]
        )
    page.header([("参数", 4), ("取值", 2), ("确定单位、日期", 1), ("理由", 3)])
    for one in results.parameters:
        value = f"{one.value} {one.unit}".strip()
        by = f"{one.by or '系统默认约定'}　{one.on}".strip()
        page.cells([(one.name, 4), (value, 2), (by, 1), (one.reason, 3)])


def _write_summary(book: Book) -> None:
    widths = (6.0, 16.0, 24.0, 16.0, 28.0, *([10.0] * len(Verdict)), 40.0)
    page = new_page(book, book.say("汇总"), widths)
    titles = (
        "序号",
        "编号",
        "名称",
        "状态",
        "所在行政区",
        *(word(verdict, book.language) for verdict in Verdict),
        "备注",
    )
    rows: list[tuple[Cell, ...]] = []
    for number, dossier in enumerate(book.results.dossiers, start=1):
        answer = dossier.answer
        start = (number, answer.site_id, answer.name, wording.status_word(answer.status, book.language), answer.place)
        rows.append((*start, *answer.counts().values(), "".join(answer.notes)))
    write_flat(page, titles, rows)


def _write_all_clauses(book: Book) -> None:
    """List every clause in reading order; of very many sites only those that some clause touches."""
    widths = (14.0, 16.0, 18.0, 14.0, 10.0, 26.0, 34.0, 26.0, 40.0, 14.0)
    page = new_page(book, book.say("全部条款"), widths)
    titles = ("编号", "规则", "结论", "确定性", "位阶", "文件、条款", "量测", "所用数据", "说明", "认定部门")
    results, language = book.results, book.language
    total = sum(len(dossier.answer.clauses) for dossier in results.dossiers)
    wanted = _all_of(results) if total <= LISTED_ROWS else islice(_grave_of(results), LISTED_ROWS)
    rows: list[tuple[Cell, ...]] = [
        (
            site_id,
            clause.citation.rule_id,
            words.badge(clause, language),
            word(clause.certainty, language) if clause.certainty else "",
            word(clause.citation.legal_rank, language),
            words.citation_text(clause.citation, language),
            "".join(clause.evidence),
            words.data_text(clause, results, language),
            clause.note,
            clause.citation.decider,
        )
        for site_id, clause in wanted
    ]
    if total > LISTED_ROWS:
        rows.append(
            (
                f"共 {total} 条，此处只列触及的条款（至多 {LISTED_ROWS} 条），全部见 findings.parquet。",
                *[""] * (len(titles) - 1),
            )
        )
    write_flat(page, titles, rows)


def _all_of(results: SitingResults) -> Iterable[tuple[str, Clause]]:
    return ((dossier.answer.site_id, clause) for dossier in results.dossiers for clause in dossier.answer.clauses)


def _grave_of(results: SitingResults) -> Iterable[tuple[str, Clause]]:
    grave = {Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED}
    return (pair for pair in _all_of(results) if pair[1].verdict in grave)
