"""Filled lists read back: 表2, 表3, 核查表 and task ledgers, held against themselves and the last period.

Nothing is written, no state is set and no rate is worked out: each fault is told with its sheet and cell.
"""

import calendar
import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from xlsxwriter.utility import xl_rowcol_to_cell

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.formats.sheets import sheet_rows
from hmgeo.outputs.sheets.survey import (
    CLOSURE,
    CLOSURE_COLUMNS,
    PATHWAYS,
    RECTIFICATION,
    RECTIFICATION_COLUMNS,
    TO_FILL,
    headers_of,
)
from hmgeo.reference.tables import bare_header, same_name

LIST, FORM, TASKS = "表1 排查清单", "核查表", "任务台账"
_ID, _NAME = "企业编号", "名称"
_STEPS = (("完成", ("完成日期",)), ("验收", ("验收单位", "验收文号")), ("销号", ("销号日期", "销号文号")))
"""States of 表3 in their order, with what each of them must have."""
_DONE_DAYS = frozenset({"核查日期", "完成日期", "销号日期"})
_DUE = "计划完成时限"
_DAYS = (*sorted(_DONE_DAYS), _DUE)
_DOCUMENTS = frozenset({"一企一策文号", "验收文号", "销号文号"})
_SETTLED = frozenset({"完成日期", "验收单位", "验收文号", "销号日期", "销号文号"})
_TASK_NAMES = {
    "序号": ("序号", "编号", "seq", "no"),
    "计划": ("计划", "plan", "annex"),
    "任务": ("工作任务", "任务", "任务名称", "具体任务", "主要任务", "task", "measure", "name"),
    "负责单位": ("负责单位", "牵头单位", "责任单位", "责任部门", "lead", "responsible"),
    "时限": (
        "工作或时限要求", "时限要求", "完成时限", "时限", "实施时间", "完成时间", "时间要求", "time_text",
        "deadline_text",
    ),
}  # fmt: skip
_TASK_NEEDS = ("任务", "负责单位", "时限")
_CHAPTER = re.compile(r"(?P<bracket>\()?(?P<numeral>[一二三四五六七八九十百]+)\)?(?=[、.,:\s]|$|(?<=\)))")
_REMARK = re.compile(r"(备注|注|说明|填表说明)\s*[:：]")
_PLACEHOLDER = re.compile(r"[/\\\-—–_.…·×x*?]+|待[填定补]\w{0,2}|暂[无缺]|未填写?|无|n/?a|null|none|tbd", re.IGNORECASE)
"""What is written into a cell that has to be filled in later."""
_MAY_BE_NONE = frozenset({"存在问题", "整治措施"})
"""Where 无 is what was found, not a gap."""
_SEARCHED_ROWS = 20
_FIRST_YEAR = 2000
_DAY = re.compile(
    r"(?P<year>\d{4})(?:年|[-/.])(?:(?P<month>\d{1,2})(?:月底?|[-/.]|$)(?:(?P<day>\d{1,2})日?)?|底)?(?:之?前)?(?:T00:00:00)?"
)
_DATE_NUMBER = re.compile(r"[2-7]\d{4}(\.\d+)?")
"""A day of 1954 to 2119 as a workbook counts it, in a cell that isn't formatted as a date."""
_DOCUMENT = re.compile(r"[〔\[(【<]?(?P<year>(?:19|20)\d{2})(?:年|[〕\])】>]|[-—])?\s*第?\s*\d+\s*号")
_TICKS = "☑✓√✔■●☒▣"
_ALONE = ("生产状态", "核查意见")
"""Lines of the form of which one box is ticked."""


class Fault(NamedTuple):
    """One thing that is wrong in a filled list, where it stands, and what to do."""

    sheet: str
    cell: str
    header: str
    what: str
    found: str = ""
    remedy: str = ""

    def problem(self, file: str) -> Problem:
        """Return it as other problems of `file`, a name to show, are told."""
        field = f"{self.header}（{self.cell}）" if self.header and self.cell else self.header or self.cell
        return Problem(self.what, Place(file=file, sheet=self.sheet, field=field), self.found, remedy=self.remedy)


class Cell(NamedTuple):
    """What stands in a cell, and which it is, as Excel names it.

    `text`: empty where a placeholder stands there. `written`: that placeholder.
    """

    text: str
    name: str
    sheet: str = ""
    header: str = ""
    written: str = ""

    def fault(self, what: str, remedy: str) -> Fault:
        """Return that `what` is wrong with it, and the `remedy`."""
        return Fault(self.sheet, self.name, self.header, what, self.text or self.written, remedy)


class Row(dict[str, Cell]):
    """The cells of a row by their headers; blank where the list has no such column."""

    def __missing__(self, header: str) -> Cell:
        """Return a blank cell."""
        return Cell("", "", header=header)


def _cell(text: str, name: str, sheet: str, header: str) -> Cell:
    stripped = text.strip()
    plain = unicodedata.normalize("NFKC", stripped).strip("() \t")
    is_open = bool(_PLACEHOLDER.fullmatch(plain)) and not (plain == "无" and header in _MAY_BE_NONE)
    return Cell("", name, sheet, header, stripped) if is_open else Cell(stripped, name, sheet, header)


class Ledger(Struct, frozen=True):
    """One filled list.

    Parameters
    ----------
    kind
        表1, 表2, 表3, 核查表 or 任务台账.
    columns
        Position of each known column, counted from 0.
    rows
        By what a row is known by: 企业编号, or a task's chapter and serial number (its text where tasks have none);
        a repeat has its cell behind it.
    continued
        Rows that say more of the task above them.
    """

    kind: str
    sheet: str
    columns: Mapping[str, int]
    rows: Mapping[str, Row]
    continued: frozenset[str] = frozenset()


class Checked(NamedTuple):
    """What a workbook of filled lists holds: its lists, sheets that are none, faults, and changes since last time."""

    ledgers: tuple[Ledger, ...]
    strangers: tuple[str, ...]
    faults: tuple[Fault, ...]
    changes: tuple[tuple[str, str, str, str, str], ...] = ()


def check_ledgers(path: Path, previous: Path | None, as_of: dt.date) -> Checked:
    """Read filled lists and return all their faults; with those of the last period, what changed since.

    `path`, `previous`: workbooks that `hmgeo run` wrote and people filled in, or tables of tasks; csv too.
    `as_of`: what is done was done by this day.
    `InputError`: a file can't be read or holds no such list.
    """
    ledgers, strangers, faults = _read(path)
    faults += [fault for ledger in ledgers for fault in _CHECKS[ledger.kind](ledger, as_of)]
    joined, repeats = _joined(ledgers)
    faults += [*repeats, *_between(ledgers, joined, as_of)]
    changes: list[tuple[str, str, str, str, str]] = []
    if previous is not None:
        earlier = _read(previous)[0]
        for old, new in _periods(earlier, ledgers, joined):
            if new is None:
                faults.append(Fault(old.sheet, "", "", "上期有这张表，本期没有", remedy="补上这张表"))
            elif old.kind != LIST:
                lost, more = _since(old, new)
                faults += lost
                changes += more
        faults += _forms_since(earlier, ledgers)
    return Checked(tuple(ledgers), tuple(strangers), tuple(faults), tuple(changes))


def _joined(ledgers: Sequence[Ledger]) -> tuple[dict[str, Ledger], list[Fault]]:
    """Return one list of each kind that enterprises stand in, of all its sheets; one that stands in two is a fault."""
    made: dict[str, Ledger] = {}
    faults: list[Fault] = []
    for ledger in ledgers:
        if ledger.kind in {FORM, TASKS}:
            continue
        first = made.get(ledger.kind)
        if first is None:
            made[ledger.kind] = ledger
            continue
        for key, row in ledger.rows.items():
            if key in first.rows and _ID in row and row[_ID].text:
                what = f"这一家在工作表 {first.rows[key][_ID].sheet} 已有一行，一家只占一行"
                faults.append(row[_ID].fault(what, "合成一行，或改正编号"))
        more = {key if key not in first.rows else f"{key}@{ledger.sheet}": row for key, row in ledger.rows.items()}
        made[ledger.kind] = replace(first, rows={**first.rows, **more})
    return made, faults


def _periods(
    earlier: Sequence[Ledger], ledgers: Sequence[Ledger], joined: Mapping[str, Ledger]
) -> Iterator[tuple[Ledger, Ledger | None]]:
    """Yield each list of the last period with that of this one, None where it is gone; tasks by sheet."""
    yield from ((old, joined.get(kind)) for kind, old in _joined(earlier)[0].items())
    before, now = ({ledger.sheet: ledger for ledger in lists if ledger.kind == TASKS} for lists in (earlier, ledgers))
    renamed = [[ledger for sheet, ledger in lists.items() if sheet not in other]
               for lists, other in ((before, now), (now, before))]  # fmt: skip
    alone = renamed[1][0] if [len(names) for names in renamed] == [1, 1] else None
    yield from ((old, now.get(sheet, alone)) for sheet, old in before.items())


def _read(path: Path) -> tuple[list[Ledger], list[str], list[Fault]]:
    ledgers: list[Ledger] = []
    strangers: list[str] = []
    faults: list[Fault] = []
    sheets, lost = sheet_rows(path)
    for sheet, rows in sheets.items():
        read = _form(sheet, rows) or _table(sheet, rows)
        if read is None:
            strangers.append(sheet or path.name)
        else:
            ledgers.append(read[0])
            faults += read[1]
            faults += [
                Fault(sheet, cell.name, "", cell.what, cell.written, cell.remedy)
                for cell in lost
                if cell.sheet == sheet
            ]
    if not ledgers:
        remedy = "给出填好的 survey_list.xlsx（表2、表3、核查表），或有 任务、负责单位、时限 三列的任务台账"
        raise InputError(Problem("没有认出台账", Place(file=path.name), "、".join(strangers), remedy=remedy))
    return ledgers, strangers, faults


_KNOWN = {
    RECTIFICATION: (_ID, _NAME, *headers_of(RECTIFICATION_COLUMNS)),
    CLOSURE: (_ID, _NAME, *headers_of(CLOSURE_COLUMNS)),
    LIST: (_ID, _NAME, "统一社会信用代码", "列入依据(条款)"),
}
_FEWEST = {RECTIFICATION: 6, CLOSURE: 6, LIST: 4}


def _table(sheet: str, rows: Sequence[Sequence[str]]) -> tuple[Ledger, list[Fault]] | None:
    """Return a sheet as the list whose column names it has; None where it has none of any."""
    for at, row in enumerate(rows[:_SEARCHED_ROWS]):
        place = {bare_header(text): column for column, text in reversed([*enumerate(row)]) if text.strip()}
        for kind, names in _KNOWN.items():
            columns = {name: place[bare_header(name)] for name in names if bare_header(name) in place}
            if len(columns) >= _FEWEST[kind]:
                lost = [] if kind == LIST else [name for name in names if name not in columns]
                faults = [
                    Fault(sheet, "", name, "缺少这一列", remedy="补回表头，不要删改列名") for name in lost
                ]  # fmt: skip
                made, repeats = _rows_under(kind, sheet, columns, rows, at)
                return made, faults + repeats
        columns = {
            name: place[header]
            for name, words in _TASK_NAMES.items()
            if (header := next((word for word in map(bare_header, words) if word in place), None)) is not None
        }
        if {*_TASK_NEEDS} <= columns.keys():
            return _rows_under(TASKS, sheet, columns, rows, at)
    return None


def _rows_under(
    kind: str, sheet: str, columns: Mapping[str, int], rows: Sequence[Sequence[str]], header: int
) -> tuple[Ledger, list[Fault]]:
    """Return the rows under a header; what stands in the first column alone below them is a remark."""
    by_key: dict[str, Row] = {}
    faults: list[Fault] = []
    lines: dict[int, Row] = {}
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = Row()
        for name, column in columns.items():
            text = row[column] if column < len(row) else ""
            cells[name] = _cell(text, xl_rowcol_to_cell(number - 1, column), sheet, name)
        if any(cell.text for name, cell in cells.items() if name != "序号" or kind == TASKS):
            lines[number] = cells
    if kind == TASKS:
        return _tasks_under(sheet, columns, list(lines.values())), faults
    for number, cells in lines.items():
        key = cells[_ID].text
        if not key:
            where = cells[_ID].name or f"A{number}"
            faults.append(Fault(sheet, where, _ID, "这一行没有企业编号", remedy="填表1中的企业编号"))
        if key in by_key:
            faults.append(cells[_ID].fault("企业编号重复，一家只占一行", "合成一行，或改正编号"))
        by_key[key if key and key not in by_key else f"{key}@{number}"] = cells
    return Ledger(kind, sheet, columns, by_key), faults


def _tasks_under(sheet: str, columns: Mapping[str, int], lines: Sequence[Row]) -> Ledger:
    """Return the tasks of a sheet, each known by its chapter and number.

    A line without a number says more of the task above only where tasks are numbered; else it is a task.
    """
    is_numbered = any(cells["序号"].text for cells in lines)
    first = "序号" if is_numbered else "任务"
    are_chapters = any(cells[first].text and not _numeral(cells[first].text) for cells in lines)
    by_key: dict[str, Row] = {}
    continued: set[str] = set()
    chapter, last, items = ("", ""), "", Counter[str]()
    for cells in lines:
        number = cells["序号"].text
        filled = [name for name in _TASK_NEEDS if cells[name].text]
        title = _numeral(number or cells["任务"].text) if are_chapters and {*filled} <= {"任务"} else None
        if title is not None:
            chapter = (chapter[0], title["numeral"]) if title["bracket"] else (title["numeral"], "")
            last = ""
            continue
        is_alone = filled == ["任务"] and not number
        if not filled or (is_alone and (is_numbered or _REMARK.match(cells["任务"].text))):
            continue  # a title without a number, or a remark
        is_more = is_numbered and not number and bool(last)
        own = number or ("" if is_more else cells["任务"].text)
        key = last if is_more else " ".join(filter(None, ("".join(chapter), cells["计划"].text, own)))
        items[key] += 1
        last, key = key, key if items[key] == 1 else f"{key} 之{items[key]}"
        by_key[key] = cells
        continued |= {key} if is_more else set()
    return Ledger(TASKS, sheet, columns, by_key, frozenset(continued))


def _numeral(text: str) -> re.Match[str] | None:
    """Return the number of a chapter that a text begins with, as in 一、 or （二）; None where it begins otherwise."""
    return _CHAPTER.match(unicodedata.normalize("NFKC", text))


def _form(sheet: str, rows: Sequence[Sequence[str]]) -> tuple[Ledger, list[Fault]] | None:
    """Return a 核查表 as one row, its second part by label; None where the sheet is none."""
    labels = {name for name, _, _ in TO_FILL}
    start = next((at for at, row in enumerate(rows) if row and row[0].strip().startswith("二、现场核查")), None)
    if start is None:
        return None
    cells = Row()
    for at, row in enumerate(rows):
        for column in (0, 2):
            label = bare_header(row[column]) if column + 1 < len(row) else ""
            first = at < start and label in {_ID, _NAME}
            if first or (at > start and (label in labels or label in {"核查人", "核查日期"})):
                cells[label] = _cell(row[column + 1], xl_rowcol_to_cell(at, column + 1), sheet, label)
    return Ledger(FORM, sheet, {}, {cells[_ID].text: cells}), []


class Span(NamedTuple):
    """The days that a date may be: a month alone is all its days."""

    first: dt.date
    last: dt.date


def read_span(text: str) -> Span | str:
    """Return the days that `text`, a cell, names, or what is wrong with it, in words.

    >>> read_span("2026年2月").last, read_span("2026-03-01T00:00:00").first
    (datetime.date(2026, 2, 28), datetime.date(2026, 3, 1))
    >>> read_span("2026-02-30"), read_span("明年")
    ('没有这一天', '日期读不出')
    """
    match = _DAY.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", ""))
    if match is None:
        return "日期读不出"
    year, month, day = (None if match[name] is None else int(match[name]) for name in ("year", "month", "day"))
    try:
        first = dt.date(year or 0, month or 1, day or 1)
    except ValueError:
        return "没有这一天"
    if day is not None:
        return Span(first, first)
    return Span(first, dt.date(first.year, month or 12, calendar.monthrange(first.year, month or 12)[1]))


def _day_faults(cells: Iterable[Cell], as_of: dt.date) -> Iterator[Fault]:
    for cell in cells:
        span = read_span(cell.text) if cell.text else None
        if isinstance(span, str):
            yield cell.fault(span, "写成 2026-06-30")
        elif span is not None and span.first.year < _FIRST_YEAR:
            yield cell.fault(f"早于 {_FIRST_YEAR} 年", "核对年份")
        elif span is not None and cell.header in _DONE_DAYS and span.first > as_of:
            yield cell.fault(f"晚于 {as_of}，还没到的日子不能填已办", "填实际日期；计划的日期写在计划完成时限")


def _document_faults(row: Row, as_of: dt.date) -> Iterator[Fault]:
    for cell in (row[name] for name in sorted(_DOCUMENTS & row.keys())):
        match = _DOCUMENT.search(unicodedata.normalize("NFKC", cell.text))
        if cell.text and match is None:
            yield cell.fault("看不出文号（年份和号）", "写成 某环〔2026〕12号")
        elif match is not None and int(match["year"]) > as_of.year:
            yield cell.fault(f"文号的年份晚于 {as_of.year} 年", "核对文号")


def _is_filled(row: Row) -> bool:
    return any(cell.text for name, cell in row.items() if name not in {_ID, _NAME, "序号"})


def _rectification(ledger: Ledger, as_of: dt.date) -> Iterator[Fault]:
    """Yield the faults of 表2: a row that nobody began to fill in is none."""
    required = headers_of([column for column in RECTIFICATION_COLUMNS if column.header.endswith("*")])
    for row in filter(_is_filled, ledger.rows.values()):
        yield from _unfilled(row, required)
        yield from _both(row, ("核查日期", "核查人"))
        yield from _day_faults(map(row.__getitem__, _DAYS), as_of)
        yield from _document_faults(row, as_of)
        yield from _in_order(row["核查日期"], row[_DUE])
        pathways, money = row["污染途径认定"], row["投资(万元)"]
        words = [word for word in re.split(r"[、,，;；/\s]+", pathways.text) if word]
        strange = [word for word in words if word not in PATHWAYS]
        if strange:
            fault = pathways.fault("不在清单内", f"用 {'、'.join(PATHWAYS)}，以顿号分隔")
            yield fault._replace(found="、".join(strange))
        elif PATHWAYS[-1] in words and len(words) > 1:
            yield pathways.fault("「未发现」与其他途径并存", "只留一种")
        if money.text and not re.fullmatch(r"\d+(\.\d+)?", money.text.replace(",", "")):
            yield money.fault("不是不小于零的数字", "只写数字，单位万元")


def _both(row: Row, names: tuple[str, str]) -> Iterator[Fault]:
    """Yield a fault where one of two cells that belong together is filled alone."""
    for name, other in (names, names[::-1]):
        if row[name].text and other in row and not row[other].text:
            yield row[other].fault(f"填了{name}而未填{other}", "补填")


def _in_order(first: Cell, second: Cell) -> Iterator[Fault]:
    """Yield a fault where the second day surely lies before the first."""
    start, end = read_span(first.text), read_span(second.text)
    if isinstance(start, Span) and isinstance(end, Span) and end.last < start.first:
        yield second.fault(f"早于{first.header}（{first.text}）", "核对两个日期")


def _reached(row: Row) -> int:
    """Return how many states a row of 表3 has come through, by whatever cell of the last says so."""
    filled = [any(row[name].text for name in names) for _, names in _STEPS]
    return max((at for at, is_held in enumerate(filled, start=1) if is_held), default=0)


def _closure(ledger: Ledger, as_of: dt.date) -> Iterator[Fault]:
    """Yield the faults of 表3: each state with its day, document and all states before it."""
    for row in filter(_is_filled, ledger.rows.values()):
        reached = _reached(row)
        for state, names in _STEPS[:reached]:
            for name in names:
                if name in row and not row[name].text:
                    now = _STEPS[reached - 1][0]
                    what = f"已填{now}，{name}未填" if state == now else f"已填{now}，而{state}的{name}未填"
                    yield row[name].fault(what, "状态逐级推进，补填这一级")
        yield from _day_faults(map(row.__getitem__, _DAYS), as_of)
        yield from _document_faults(row, as_of)
        yield from _in_order(row["完成日期"], row["销号日期"])


_PRINTED = {name: re.sub(r"\s+", "", hint) for name, hint, _ in TO_FILL} | {"核查日期": "年月日", "核查人": ""}


def _is_as_printed(ledger: Ledger) -> bool:
    """Tell whether nobody wrote into a form."""
    row = next(iter(ledger.rows.values()))
    return not any(_is_written(name, cell) for name, cell in row.items())


def _is_written(name: str, cell: Cell) -> bool:
    """Tell whether somebody wrote into a line of a form."""
    return name in _PRINTED and re.sub(r"\s+", "", cell.text) not in {"", _PRINTED[name]}


def _forms(ledger: Ledger, as_of: dt.date) -> Iterator[Fault]:
    """Yield the faults of a 核查表; one that is as it was printed is none."""
    row = next(iter(ledger.rows.values()))
    if _is_as_printed(ledger):
        return
    texts = {name: re.sub(r"\s+", "", cell.text) for name, cell in row.items()}
    for name in _ALONE:
        ticked = sum(texts.get(name, "").count(sign) for sign in _TICKS)
        if name in row and not ticked and ("□" in texts[name] or not texts[name]):
            yield row[name]._replace(text="").fault("没有勾选", "勾选一项（□ 改为 ☑）")
        elif name in row and ticked > 1:
            yield row[name].fault("勾选了不止一项", "只勾选一项")
    if "核查人" in row and not texts["核查人"]:
        yield row["核查人"].fault("未填", "补填")
    if "核查日期" in row and not re.search(r"\d", texts["核查日期"]):
        yield row["核查日期"]._replace(text="").fault("未填", "补填")
    else:
        yield from _day_faults([row["核查日期"]], as_of)


def _tasks(ledger: Ledger, _: dt.date) -> Iterator[Fault]:
    """Yield what a task lacks; an item below it has what the merged cells of the first say."""
    for key, row in ledger.rows.items():
        if key not in ledger.continued:
            yield from _unfilled(row, _TASK_NEEDS)
        if _DATE_NUMBER.fullmatch(row["时限"].text):
            yield row["时限"].fault("是日期的序列数，看不出是哪一天", "单元格设为日期格式，或写成 2026-06-30")


def _unfilled(row: Row, names: Iterable[str]) -> Iterator[Fault]:
    for name in names:
        if name in row and not row[name].text:
            yield row[name].fault("必填而未填", "补填")


_CHECKS: Mapping[str, Callable[[Ledger, dt.date], Iterator[Fault]]] = {
    RECTIFICATION: _rectification,
    CLOSURE: _closure,
    FORM: _forms,
    TASKS: _tasks,
    LIST: lambda *_: iter(()),
}


def _between(ledgers: Sequence[Ledger], joined: Mapping[str, Ledger], as_of: dt.date) -> Iterator[Fault]:
    """Yield what the lists of one workbook say against each other."""
    known = joined.get(LIST)
    if known is not None:
        forms = [ledger for ledger in ledgers if ledger.kind == FORM]
        for ledger in (*(joined[kind] for kind in (RECTIFICATION, CLOSURE) if kind in joined), *forms):
            yield from _against_list(ledger, known.rows)
    plan, done = joined.get(RECTIFICATION), joined.get(CLOSURE)
    if plan is None or done is None:
        return
    for key, row in done.rows.items():
        planned = plan.rows.get(key, Row())
        reached = _reached(row)
        if reached and not _is_filled(planned):
            cell = next(row[name] for name in _STEPS[reached - 1][1] if row[name].text)
            what = f"表3已填{_STEPS[reached - 1][0]}，表2没有填这一家"
            yield Fault(cell.sheet, cell.name, _STEPS[reached - 1][1][0], what, key, "先填表2的问题、措施和责任人")
        yield from _on_time(row, planned, as_of)


def _against_list(ledger: Ledger, known: Mapping[str, Row]) -> Iterator[Fault]:
    for key, row in ledger.rows.items():
        cell, name = row[_ID], row[_NAME]
        if cell.text and cell.text not in known:
            yield cell.fault("表1中没有这个编号", "按表1改正")
        elif key in known and name.text and same_name(name.text) != same_name(known[key][_NAME].text):
            what = f"与表1的名称（{known[key][_NAME].text}）不同"
            yield name.fault(what, "核对编号和名称；更名的写在备注")
    if ledger.kind != FORM:
        for key in known.keys() - ledger.rows.keys():
            yield Fault(ledger.sheet, "", _ID, "表1有这一家，这张表里没有", key, "补回这一行")


def _on_time(row: Row, planned: Row, as_of: dt.date) -> Iterator[Fault]:
    ended, why = row["完成日期"], row["逾期原因"]
    due, end, seen = (read_span(cell.text) for cell in (planned[_DUE], ended, planned["核查日期"]))
    if isinstance(seen, Span) and isinstance(end, Span) and end.last < seen.first:
        yield ended.fault(f"早于表2的核查日期（{planned['核查日期'].text}）", "核对两个日期")
    if not isinstance(due, Span) or why.text or not why.name:
        return
    if isinstance(end, Span) and end.first > due.last:
        what = f"完成日期 {ended.text} 晚于计划完成时限 {planned[_DUE].text}，逾期原因未填"
        yield why.fault(what, "补填逾期原因")
    elif not ended.text and due.last < as_of:
        what = f"计划完成时限 {planned[_DUE].text} 已过（{as_of}），完成日期和逾期原因都未填"
        yield why.fault(what, "补填完成日期，或写明逾期原因")


def _since(old: Ledger, now: Ledger) -> tuple[list[Fault], list[tuple[str, str, str, str, str]]]:
    """Return what got lost or went back since the last period, and what else is other."""
    faults: list[Fault] = []
    changes: list[tuple[str, str, str, str, str]] = []
    for key, before in old.rows.items():
        row = now.rows.get(key)
        if row is None:
            field = _ID if now.kind != TASKS else "任务"
            faults.append(Fault(now.sheet, "", field, "上期有这一行，本期没有", key, "补回这一行，办结的也保留"))
            continue
        for name, cell in before.items():
            current = row.get(name, Cell("", "", now.sheet, name))
            day = read_span(current.text)
            if current.text == cell.text or (isinstance(day, Span) and day == read_span(cell.text)):
                continue
            if cell.text and not current.text:
                what = f"上期已填「{cell.text}」，本期空白（上期在 {cell.name}）"
                faults.append(current.fault(what, "照上期补回；状态只能向前推进"))
            elif cell.text and name in _SETTLED:
                what = f"上期已填「{cell.text}」，本期改动"
                faults.append(current.fault(what, "更正的须附说明并留上期的值"))
            else:
                changes.append((current.sheet, key, name, cell.text, current.text))
    changes += [(now.sheet, key, "", "", "新增的一行") for key in now.rows if key not in old.rows]
    return faults, changes


def _forms_since(earlier: Sequence[Ledger], ledgers: Sequence[Ledger]) -> Iterator[Fault]:
    """Yield what of the filled 核查表 of the last period is gone or blank now."""
    forms = sorted((ledger for ledger in ledgers if ledger.kind == FORM), key=_is_as_printed, reverse=True)
    now = {key: (form.sheet, row) for form in forms for key, row in form.rows.items()}  # the filled of two stays
    for ledger in earlier:
        for key, before in ledger.rows.items() if ledger.kind == FORM and not _is_as_printed(ledger) else ():
            if key not in now:
                yield Fault(ledger.sheet, "", _ID, "上期填过的核查表，本期没有", key, "照上期补回这张核查表")
                continue
            sheet, row = now[key]
            for name, cell in before.items():
                current = row.get(name, Cell("", "", sheet, name))
                if _is_written(name, cell) and not _is_written(name, current):
                    what = f"上期已填「{cell.text}」，本期空白（上期在 {ledger.sheet} {cell.name}）"
                    yield current._replace(text="").fault(what, "照上期补回")


def summary(ledgers: Iterable[Ledger]) -> list[tuple[str, str, str, str]]:
    """Return sheet, kind, rows and begun rows of each list of `ledgers`; all 核查表 in one line, the last."""
    lines = [
        (
            ledger.sheet,
            ledger.kind,
            str(len(ledger.rows)),
            "" if ledger.kind == LIST else str(sum(map(_is_filled, ledger.rows.values()))),
        )
        for ledger in ledgers
        if ledger.kind != FORM
    ]
    forms = [ledger for ledger in ledgers if ledger.kind == FORM]
    filled = sum(not _is_as_printed(ledger) for ledger in forms)
    return [*lines, (f"{forms[0].sheet} 等", FORM, str(len(forms)), str(filled))] if forms else lines
