"""选址条款研判表: the workbook of a siting answer, on one grid, ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import ClassVar

from msgspec import Struct
from xlsxwriter.worksheet import Worksheet

from hmgeo.outputs import siting_words, wording
from hmgeo.outputs.book import (
    LINE_HEIGHT_PT,
    MAX_ROW_HEIGHT_PT,
    PAGE_COUNT,
    Column,
    Formats,
    columns_of,
    cut,
    lines_of,
    workbook_at,
)
from hmgeo.outputs.english import in_language
from hmgeo.outputs.sheets.answer import screen_lines, short_citation
from hmgeo.outputs.siting_words import say
from hmgeo.outputs.style import BASES, VERDICTS
from hmgeo.outputs.wording import worded as word
from hmgeo.results.results import Presentation
from hmgeo.results.siting import Clause, Dossier, SitingResults, TargetTable
from hmgeo.results.text import distance_text
from hmgeo.vocabulary import Certainty, Effect, LegalRank, Verdict
from hmgeo.words import ENGLISH

Cell = str | int

CLAUSES = columns_of("逐条研判")
WIDTHS = tuple(column.width for column in CLAUSES)
"""Columns of a site's sheet, in characters; every block uses the same grid."""


class Page(Struct):
    """A sheet being filled from the top."""

    sheet: Worksheet
    book: Book
    row: int = 0

    def across(self, text: str, **style: str | float | bool) -> None:
        """Write `text` over the whole grid in `style`, as xlsxwriter names it."""
        self.cells([(text, len(WIDTHS))], border=False, **style)

    def title(self, text: str) -> None:
        """Write `text` as a block's title."""
        self.row += 1
        self.across(self.book.say(text), bold=True, font_size=12, font_color="#1F3A5F")

    def header(self, cells: Sequence[tuple[str, int]]) -> None:
        """Write a block's header: `cells` of text and columns taken."""
        named = [(self.book.say(text), span) for text, span in cells]
        self.cells(named, bold=True, bg_color="#E4E9EE", align="center")

    def cells(self, cells: Sequence[tuple[str, int]], *, border: bool = True, **style: str | float | bool) -> None:
        """Write `cells`, texts and columns each takes, high enough for all; `border` lines, `style` as xlsxwriter."""
        frame: dict[str, str | float | bool] = {"border": 1, "border_color": "#C9D0D6"} if border else {}
        shape = self.book.style(**(frame | {"text_wrap": True} | style))
        column, lines = 0, 1
        for text, span in cells:
            if span > 1:
                self.sheet.merge_range(self.row, column, self.row, column + span - 1, "", shape)
            self.sheet.write_string(self.row, column, cut(text), shape)
            lines = max(lines, lines_of(text, sum(WIDTHS[column : column + span]), 9.0))
            column += span
        self.sheet.set_row(self.row, min(LINE_HEIGHT_PT * lines + 4, MAX_ROW_HEIGHT_PT))
        self.row += 1


class Book(Formats):
    """The workbook of a siting answer."""

    results: SitingResults
    size_pt: ClassVar[float] = 9

    @property
    def language(self) -> str:
        """In which labels, verdicts and sentences are written."""
        return self.presentation.language

    def say(self, text: str, /, **parts: str) -> str:
        """Return label `text` in the language of the book, its `parts` filled in."""
        return say(text, self.language, **parts)

    def speak(self, text: str) -> str:
        """Return a text of ours, a reason or a phrase, in the language of the book."""
        return in_language(text, self.language)


def new_page(book: Book, name: str, widths: Sequence[float] = WIDTHS) -> Page:
    """Add sheet `name` to `book` with columns of `widths` characters, ready to print on A4 landscape."""
    sheet = book.file.add_worksheet(name)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    level = book.say("classified_as", mark=book.speak(wording.classification_word(siting_words.shell(book.results))))
    sheet.set_header(f"&L&9{book.speak(book.results.title)[:80].replace('&', '&&')}　{name}&R&9{level}")
    review = book.say("地图审核：未送审")
    sheet.set_footer(f"&L&9{notice(book)}&C&9{PAGE_COUNT[book.language]}&R&9{review}")
    return Page(sheet, book)


def notice(book: Book) -> str:
    """Return what stands on every sheet of `book` for the basis of its data."""
    return wording.basis_banner(siting_words.shell(book.results).basis, book.language)


def _write_flat(book: Book, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    """Write a plain table as sheet `name` with a filter, caption and disclaimer below."""
    page = new_page(book, book.say(name), [column.width for column in columns])
    head = page.book.style(
        bold=True, bg_color="#E4E9EE", border=1, border_color="#9AA5B1", align="center", text_wrap=True
    )
    cell = page.book.style(border=1, border_color="#C9D0D6", text_wrap=True)
    for at, column in enumerate(columns):
        page.sheet.write_string(0, at, book.say(column.header), head)
    number = 0
    for number, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            if isinstance(value, int):
                page.sheet.write_number(number, at, value, cell)
            else:
                page.sheet.write_string(number, at, cut(value), cell)
    page.sheet.freeze_panes(1, 0)
    page.sheet.repeat_rows(0)
    if number:
        page.sheet.autofilter(0, 0, number, len(columns) - 1)
    foot = page.book.style(font_color="#444444")
    page.sheet.write_string(number + 2, 0, siting_words.caption(page.book.results, page.book.presentation), foot)
    page.sheet.write_string(number + 3, 0, wording.disclaimer(page.book.language), foot)


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
    """Write the workbook of `results` to `path`: sites by clauses, a block each, 汇总, then sheets.

    For one site its sheet and 全部条款 alone. The first `DOSSIER_SHEETS` sites get a sheet each; `presentation` has the
    language. Every text is a string, so that no cell is a formula; the bytes depend on the results alone.
    """
    properties = {
        "title": in_language(results.title, presentation.language),
        "author": presentation.maker or "hmgeo",
        "comments": wording.disclaimer(presentation.language),
    }
    with workbook_at(path, properties, constant_memory=len(results.briefs) > LISTED_ROWS) as file:
        book = Book(file, presentation, results)
        several = len(results.sites) > 1
        if several:
            _write_matrix(book)
            _write_screens(book)
            words = [word(verdict, book.language) for verdict in Verdict]
            words.insert(1, wording.TEXTS["unmet_word"].say(book.language))
            _write_flat(book, "汇总", columns_of("汇总", verdict=words), _summary_rows(book))
        for number, dossier in enumerate(results.dossiers[:DOSSIER_SHEETS], start=1):
            name = book.say("site.sheet", number=str(number)) if several else book.say("选址条款研判表")
            _write_dossier(book, dossier, name)
        _write_all_clauses(book)


_MATRIX_A3 = 8
_SIGNS = {
    Verdict.PROHIBITED: "■",
    Verdict.CONDITIONAL: "▲",
    Verdict.LISTED: "◆",
    Verdict.NOT_ASSESSED: "？",
    Verdict.CLEAR: "○",
    Verdict.NOT_APPLICABLE: "－",
}
_UNMET_SIGN = "□"


def _sign(clause: Clause) -> str:
    return _UNMET_SIGN if clause.is_unmet else _SIGNS[clause.verdict]


def _write_matrix(book: Book) -> None:
    """Lay clauses against sites on one sheet of A3: sign and colour of each verdict, with the distance measured.

    Clauses that apply at no site are counted below; sites beyond the first `DOSSIER_SHEETS` stand in 汇总.
    """
    dossiers = book.results.dossiers[:DOSSIER_SHEETS]
    cells = {
        (clause.citation.rule_id, at): clause
        for at, dossier in enumerate(dossiers)
        for clause in dossier.answer.clauses
    }
    first: dict[str, Clause] = {}
    for clause in cells.values():
        known = first.get(clause.citation.rule_id)
        if known is None or clause.order < known.order:
            first[clause.citation.rule_id] = clause
    rows = sorted(
        (clause for clause in first.values() if clause.verdict is not Verdict.NOT_APPLICABLE),
        key=lambda clause: clause.order,
    )
    page = new_page(book, book.say("点位与条款对照"), (34.0, 9.0, *([10.5] * len(dossiers))))
    page.sheet.set_paper(_MATRIX_A3)
    page.sheet.fit_to_pages(1, 1)
    frame: dict[str, str | float | bool] = {"border": 1, "border_color": "#C9D0D6", "text_wrap": True}
    head = book.style(**frame, bold=True, bg_color="#E4E9EE", align="center")
    titles = [f"{dossier.answer.site_id}\n{dossier.answer.name}"[:40] for dossier in dossiers]
    for column, title in enumerate((book.say("条款"), book.say("效果"), *titles)):
        page.sheet.write_string(0, column, title, head)
    page.sheet.set_row(0, 3 * LINE_HEIGHT_PT)
    for row, clause in enumerate(rows, start=1):
        cited = clause.citation
        named = f"{short_citation(cited)}　{cited.rule_id}"
        page.sheet.write_string(row, 0, named, book.style(**frame))
        page.sheet.write_string(
            row, 1, word(Effect.of(cited.effect), book.language), book.style(**frame, align="center")
        )
        page.sheet.set_row(row, LINE_HEIGHT_PT * lines_of(named, 34.0, 9.0) + 3)
        for at in range(len(dossiers)):
            _write_matrix_cell(page, row, at + 2, cells.get((cited.rule_id, at)))
    page.row = len(rows) + 1
    _write_matrix_foot(page, len(first) - len(rows), len(book.results.sites) - len(dossiers))


def _write_matrix_cell(page: Page, row: int, column: int, clause: Clause | None) -> None:
    frame: dict[str, str | float | bool] = {"border": 1, "border_color": "#C9D0D6", "align": "center"}
    if clause is None:
        page.sheet.write_string(row, column, _SIGNS[Verdict.NOT_APPLICABLE], page.book.style(**frame))
        return
    style, measured = VERDICTS[clause.verdict], clause.measured
    away = distance_text(measured.value) if measured.unit == "m" else ""
    unsure = "±" if clause.certainty is Certainty.AMBIGUOUS else ""
    is_grave = clause.verdict in GRAVE
    shape = page.book.style(**frame, bg_color=style.tint, font_color=style.text, bold=is_grave)
    page.sheet.write_string(row, column, f"{_sign(clause)}{unsure} {away}".rstrip(), shape)


def _write_matrix_foot(page: Page, never: int, more: int) -> None:
    book = page.book
    words = [f"{sign} {word(verdict, book.language)}" for verdict, sign in _SIGNS.items()]
    words.insert(1, f"{_UNMET_SIGN} {wording.TEXTS['unmet_word'].say(book.language)}")
    notes = ["　".join(words) + book.say("　± 位置误差内或资料补清后可能改变；距离为到最近对象的距离")]
    notes += [book.say("site.never_apply", count=str(never))] if never else []
    notes += [book.say("site.more_in_summary", count=str(more))] if more else []
    notes += [siting_words.caption(book.results, book.presentation), wording.disclaimer(book.language)]
    width, last = 34.0 + 9.0 + 10.5 * min(len(book.results.dossiers), DOSSIER_SHEETS), page.sheet.dim_colmax
    for note in (*map(book.speak, book.results.warnings), *notes):
        page.sheet.merge_range(page.row, 0, page.row, last, note, book.style(text_wrap=True, font_color="#444444"))
        page.sheet.set_row(page.row, LINE_HEIGHT_PT * lines_of(note, width, 9.0) + 3)
        page.row += 1


def _write_screens(book: Book) -> None:
    """Write one block per site: what the terminal prints of it on one screen."""
    page = new_page(book, book.say("逐点摘要"), (110.0,))
    page.sheet.set_portrait()
    for dossier in book.results.dossiers[:DOSSIER_SHEETS]:
        for number, line in enumerate(screen_lines(dossier, book.results, book.language, names_options=False)):
            shape = book.style(bold=True, bg_color="#E4E9EE") if number == 0 else book.style()
            page.sheet.write_string(page.row, 0, line, shape)
            page.row += 1
        page.row += 1


def _write_dossier(book: Book, dossier: Dossier, name: str) -> None:
    page = new_page(book, name)
    answer, results = dossier.answer, book.results
    page.across(book.say("site.title_of", name=answer.name), bold=True, font_size=15)
    tint = BASES[siting_words.shell(results).basis]
    warnings = map(book.speak, results.warnings)
    page.across(
        (" | " if book.language == ENGLISH else "｜").join(
            filter(None, (book.say("site.as_of", day=results.as_of), *warnings, notice(book)))
        ),
        bold=True,
        bg_color=tint.tint,
        font_color=tint.text,
    )
    page.across(siting_words.header(answer, book.language), bold=True, font_size=11)
    page.title("一、项目概况")
    for label, text in _project_lines(dossier, book):
        page.cells([(book.say(label), 2), (book.speak(text), 8)])
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
    page.across(siting_words.caption(results, book.presentation), font_color="#444444")
    page.across(wording.disclaimer(book.language), font_color="#444444")


def _project_lines(dossier: Dossier, book: Book) -> list[tuple[str, str]]:
    answer = dossier.answer
    called = answer.name if answer.name == answer.site_id else f"{answer.site_id}　{answer.name}"
    lines = [("编号／名称", called), ("位置", siting_words.position_text(answer, book.language))]
    lines += [
        ("所在行政区", answer.place or "未知"),
        ("所在重点区域", siting_words.key_area_text(answer, book.language)),
    ]
    lines += [(fact.name, fact.value) for fact in answer.facts]
    return lines + ([("备注", "".join(answer.notes))] if answer.notes else [])


def _write_zoning(page: Page, dossier: Dossier) -> None:
    speak = page.book.speak
    for title, zones in (("二、环境管控单元及准入清单", dossier.zoning[:1]), ("三、三区三线", dossier.zoning[1:])):
        page.title(title)
        for zone in zones:
            parts = [zone.note] if zone.note.startswith(zone.state) else [f"{zone.state}。", zone.note]
            page.cells([(speak(zone.title), 2), (siting_words.joined(parts, page.book.language), 8)])
            for name, text in zone.details:
                page.cells([(f"　{speak(name)}", 2), (text, 8)])
        if not zones:
            page.cells([(page.book.say("未评估"), 2), (page.book.say("没有可用的位置。"), 8)])


def _write_clauses(page: Page, title: str, clauses: Sequence[Clause]) -> None:
    page.title(page.book.say("site.part_judged", title=page.book.say(title), count=str(len(clauses))))
    if not clauses:
        page.cells([(page.book.say("没有得出结论的条款；未评估和不适用的条款见后。"), len(WIDTHS))])
        return
    page.header([(column.header, 1) for column in CLAUSES])
    for number, clause in enumerate(clauses, start=1):
        _write_clause(page, number, clause)


def _write_clause(page: Page, number: int, clause: Clause) -> None:
    book, cited = page.book, clause.citation
    results, language = book.results, book.language
    other = f"\n{book.say('site.or_else', other=word(clause.other, language))}" if clause.other else ""
    certainty = siting_words.certainty_text(clause, language)
    row = page.row
    texts = (
        str(number),
        f"{siting_words.badge(clause, language)}{other}\n{certainty}".rstrip("\n"),
        f"{word(cited.legal_rank, language)}\n{cited.authority}",
        f"{siting_words.citation_text(cited, language)}\n{cited.rule_id}",
        cited.quote,
        siting_words.joined(clause.evidence, language) or "—",
        "\n".join(siting_words.saying(clause, results, language)),
        "\n".join(map(book.speak, clause.changes)) or "—",
        siting_words.data_text(clause, results, language),
        f"{cited.decider}\n{siting_words.standing_text(clause, language)}",
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
        note = page.book.speak(siting_words.target_note(table))
        page.cells([(page.book.speak(table.element), 2), (note, 8)], bg_color="#F3F5F7")
        if not table.targets:
            continue
        page.header([("序号", 1), ("编号", 2), ("名称", 1), ("类别", 1), ("距离", 1), ("方位", 2), ("人口（人）", 2)])
        for number, target in enumerate(table.targets[:_TARGETS_SHOWN], start=1):
            people = page.book.say("未载明") if target.population is None else str(target.population)
            away = distance_text(target.distance_m)
            way = page.book.speak(siting_words.direction_text(target.bearing_deg))
            kind = "·".join(map(page.book.speak, target.kind.split("·")))
            texts = ((str(number), 1), (target.receptor_id, 2), (target.name, 1), (kind, 1), (away, 1))
            page.cells([*texts, (way, 2), (people, 2)])
        if len(table.targets) > _TARGETS_SHOWN:
            rest = len(table.targets) - _TARGETS_SHOWN
            more = page.book.say("site.more_targets", rest=str(rest), most=str(DOSSIER_SHEETS))
            page.cells([(more, len(WIDTHS))])


def _write_offsets(page: Page, dossier: Dossier) -> None:
    page.title("七、重点重金属总量替代")
    for note in dossier.offset_notes:
        page.cells([(page.book.speak(note), len(WIDTHS))])
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
            page.cells([(line.rule_id, 3), (page.book.speak(line.metal), 1), *numbers, (named, 3)])
    elif not dossier.offset_notes:
        page.cells([(page.book.say("没有触及总量替代条款的结论；未评估的见后。"), len(WIDTHS))])


def _write_not_judged(page: Page, dossier: Dossier) -> None:
    answer, results, book = dossier.answer, page.book.results, page.book
    open_ = [clause for clause in answer.clauses if clause.verdict is Verdict.NOT_ASSESSED]
    page.title(book.say("site.part_open", count=str(len(open_))))
    if open_:
        page.cells([(wording.unassessed_text(answer.unassessed(), book.language).strip("（）() "), len(WIDTHS))])
    for text in (
        *siting_words.missing_sentences(answer, results, book.language),
        *siting_words.open_sentences(answer, book.language),
    ):
        page.cells([(text, len(WIDTHS))], bg_color="#F3F5F7")
    if open_:
        page.header(
            [("序号", 1), ("规则", 2), ("文件、条款", 1), ("名称", 1), ("原因", 2), ("作出判断还需要", 2), ("效力", 1)]
        )
    for number, clause in enumerate(open_, start=1):
        cited = clause.citation
        why = book.speak(clause.note) or word(clause.standing, book.language)
        texts = (
            (siting_words.citation_text(cited, book.language), 1),
            (cited.title, 1),
            (why, 2),
            ("\n".join(map(book.speak, clause.changes)) or "—", 2),
        )
        page.cells(
            [(str(number), 1), (cited.rule_id, 2), *texts, (siting_words.standing_text(clause, book.language), 1)]
        )
    out = [clause for clause in answer.clauses if clause.verdict is Verdict.NOT_APPLICABLE]
    page.title(book.say("site.part_out", count=str(len(out))))
    for clause in out:
        cited, citation = clause.citation, siting_words.citation_text(clause.citation, book.language)
        page.cells([(cited.rule_id, 3), (citation, 2), (cited.title, 2), (book.speak(clause.note) or "—", 3)])
    page.title(book.say("site.part_inform", count=str(len(answer.informs))))
    for cited in answer.informs:
        citation = siting_words.citation_text(cited, book.language)
        page.cells([(cited.rule_id, 3), (citation, 2), (cited.quote or book.say("原文未收录"), 5)])


def _write_sources(page: Page) -> None:
    results, speak = page.book.results, page.book.speak
    page.title("十一、所用数据与参数")
    page.header([("图层", 3), ("性质／完整性", 1), ("时点／密级", 1), ("覆盖范围", 1), ("文件、sha256", 4)])
    for layer in results.layers.values():
        basis = word(layer.basis, page.book.language)
        quality = f"{basis}／{word(layer.gates.completeness, page.book.language)}"
        dated = f"{layer.gates.vintage or speak('时点未申明')}／{speak(layer.gates.classification.value)}"
        file = f"{layer.provenance.path}　{layer.provenance.sha256}"
        page.cells(
            [
                (word(layer.kind, page.book.language), 3),
                (quality, 1),
                (dated, 1),
                (layer.gates.coverage_name or speak("未申明"), 1),
                (file, 4),
            ]
        )
    page.header([("参数", 4), ("取值", 2), ("确定单位、日期", 1), ("理由", 3)])
    for parameter in results.parameters:
        value = f"{speak(parameter.value)} {speak(parameter.unit)}".strip()
        by = f"{page.book.say(parameter.by or '系统默认约定')}　{parameter.on}".strip()
        page.cells([(speak(parameter.name), 4), (value, 2), (by, 1), (page.book.say(parameter.reason), 3)])


def _summary_rows(book: Book) -> Iterator[tuple[Cell, ...]]:
    for number, site in enumerate(book.results.sites, start=1):
        start = (number, site.site_id, site.name, wording.status_word(site.status, book.language), site.place)
        prohibited, *others = site.counts
        yield (*start, prohibited - site.unmet, site.unmet, *others, book.speak(site.note))


def _write_all_clauses(book: Book) -> None:
    """List every clause in reading order; of very many sites only those that some clause touches."""
    columns = columns_of("全部条款")
    results, language = book.results, book.language
    total = sum(sum(site.counts) for site in results.sites)
    wanted = _all_of(results) if total <= LISTED_ROWS else islice(_grave_of(results), LISTED_ROWS)
    rows: Iterable[tuple[Cell, ...]] = (
        (
            site_id,
            clause.citation.rule_id,
            siting_words.badge(clause, language),
            siting_words.certainty_text(clause, language),
            word(clause.citation.legal_rank, language),
            siting_words.citation_text(clause.citation, language),
            siting_words.joined(clause.evidence, language),
            siting_words.data_text(clause, results, language),
            book.speak(clause.note),
            clause.citation.decider,
        )
        for site_id, clause in wanted
    )
    more = book.say("site.touched_only", count=str(total), most=str(LISTED_ROWS))
    last = [(more, *[""] * (len(columns) - 1))] if total > LISTED_ROWS else []
    _write_flat(book, "全部条款", columns, chain(rows, last))


def _all_of(results: SitingResults) -> Iterable[tuple[str, Clause]]:
    if results.briefs:
        return results.listed
    return ((dossier.answer.site_id, clause) for dossier in results.dossiers for clause in dossier.answer.clauses)


def _grave_of(results: SitingResults) -> Iterable[tuple[str, Clause]]:
    return (pair for pair in _all_of(results) if pair[1].verdict in GRAVE)


GRAVE = frozenset({Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED})
