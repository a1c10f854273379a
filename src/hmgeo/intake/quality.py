"""What the cells of a list of sources say, held against what they may say; each fault with its row and field."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from hmgeo.intake.formats.read import TEMPLATES
from hmgeo.intake.places.numbers import NUMBER
from hmgeo.intake.rows import Cells, Journal, Outcome, RawTable, arrow_columns, name_rows
from hmgeo.records import UnreadWord, WordMeaning
from hmgeo.reference.cells import (
    LAND,
    compared_word,
    factor,
    in_unit,
    lists_of_words,
    official_words,
    parse_quantity,
    read_land,
    read_trade,
    read_word,
    unit_of_header,
    unit_size,
    zeros_kept,
)
from hmgeo.reference.tables import (
    ALIASES,
    PLACEHOLDERS,
    bare_header,
    find_header,
    is_blank,
    means_the_same,
    templates,
    trades,
    trades_named,
)
from hmgeo.rules.claims import AIR, WATER
from hmgeo.rules.words import (
    MEASURED_ATTRIBUTES,
    document_columns,
    names_document,
    says_something,
    stated_facts,
    unread_facts,
)
from hmgeo.vocabulary import METALS, LayerKind, Unknown
from hmgeo.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from stdnum.exceptions import ValidationError

    from hmgeo.intake.columns import Columns, Opened


_EDITIONS = ("2011", "2017")
_LEVEL = re.compile("海拔|高程|标高|水位|坐标|偏移|elevation|altitude|^[xy]$")
"""Columns with a unit that may lie below zero: heights against the sea, coordinates."""
_NUMBERS_ALLOWED = ("大于", "整数", "米数")
_NOT_DETECTED = frozenset({"未检出", "nd", "n.d.", "未测", "未监测"})
_LIST_COLUMNS = frozenset({"坐标系", "行业分类版本", "密级"})  # read and told elsewhere
_CODE_LENGTH = 4


def check_cells(opened: Opened, outcome: Outcome, kind: LayerKind) -> Opened:
    """Write down what is wrong with codes, trades, numbers, closed lists; return the file with plain numbers.

    Remarks on rows of `opened` go into `outcome`; the `kind` of layer tells the office's list.
    """
    if opened.raw.row_count == 0:
        return opened
    _check_credit_codes(opened, outcome)
    _check_trades(opened, outcome)
    plain = _plain_numbers(opened, kind)
    _check_lists(opened, kind)
    return plain


BY_HEADER_EVENT, UNREAD_NUMBER = "数值按表头单位换算", "数值有误"
WORD_EVENT = "用语按申明读取"
YES_NO = "是否"
_STATE, _WORK = "生产状态", "建设性质"
_YES_OR_NO = ("是", "否")


def settle_words(
    raw: RawTable, columns: Columns, kind: LayerKind, words: Sequence[WordMeaning], journal: Journal
) -> tuple[RawTable, tuple[UnreadWord, ...]]:
    """Read words outside the closed lists as a person says that they are meant, and count those nobody spoke of.

    Only whole cells count, and only a word that the list doesn't know; what it is said to mean must be one of the
    list's own.
    """
    meanings = {compared_word(meaning.word): meaning for meaning in words}
    lists = _word_columns(raw.headers, columns, kind)
    raw = _with_notes(raw, lists, journal)
    settled, unread = raw.columns, []
    for header, name in lists.items():
        allowed = _YES_OR_NO if name == YES_NO else official_words(name)
        read, meant = raw.coded(header), dict[str, str]()
        kept = zeros_kept(read.words) if name == LAND else frozenset[int]()
        for cell, rows in zip(read.words, np.bincount(read.code, minlength=len(read.words)).tolist(), strict=True):
            if not _is_unread(name, header, cell, kept):
                continue
            meaning = meanings.get(compared_word(cell))
            if meaning is None or meaning.means not in allowed:
                unread.append(UnreadWord(header, cell.strip(), rows, allowed))
                continue
            meant[cell] = meaning.means
            why = f"{meaning.reason}（{meaning.by}，{meaning.on}），共 {rows} 行"
            journal.note(WORD_EVENT, why, f"按「{meaning.means}」读取", field=header, value=cell.strip())
        if meant:
            words_now = read.column(np.arange(raw.row_count), [meant.get(cell, cell) for cell in read.words])
            settled = Cells({**arrow_columns(settled), header: words_now})
    return replace(raw, columns=settled), tuple(unread)


def note_documents(raw: RawTable, journal: Journal) -> None:
    """Tell the `journal` which cells that ask for a document's number don't give one: they say nothing."""
    for header in document_columns(raw.headers):
        read = raw.coded(header)
        for place, cell in enumerate(read.words):
            if not is_blank(cell) and not names_document(cell):
                rows, action = np.flatnonzero(read.code == place) + 1, "按未载明处理，请只写机关、〔年份〕和编号"
                why = say("document_unread", rows="")
                journal.note("文号未认出", why, action, field=header, value=cell.strip(), rows=rows)


def _with_notes(raw: RawTable, lists: Mapping[str, str], journal: Journal) -> RawTable:
    """Return the table with what a header says in brackets beside its cells: 否 under 是否涉镉（搬迁前） is no 否."""
    made: dict[str, pa.Array] = {}
    for header in raw.headers:
        name = lists.get(header, bare_header(header) if says_something(header) else "")
        note = note_in(header, name)
        if note and name in {YES_NO, _STATE, _WORK, "是否涉镉", bare_header(header)}:
            read = raw.coded(header)
            words = [word if is_blank(word) else f"{word.strip()}（{note}）" for word in read.words]
            made[header] = read.column(np.arange(raw.row_count), words)
            journal.note("表头另有说明", say("note_in_header", note=note), "随单元格一并读取", field=header, value=note)
    return replace(raw, columns=Cells({**arrow_columns(raw.columns), **made})) if made else raw


_OF_FORMS = re.compile(r"请|填写?|选择?|[必单多]|下拉|打|[√✓×]|\d|[.=:\-_]|为|现状|目前|当前|本(?:项目|企业|单位|公司)")


def note_in(header: str, name: str) -> str:
    """Return what `header` says in brackets that isn't its unit, its code or the answers of its list, called `name`.

    Numbers that stand for answers otherwise than 1 for yes and 0 for no are such a note.

    >>> note_in("是否涉镉（搬迁前）", "是否涉镉"), note_in("生产状态*(在产/停产/关闭)", "生产状态")
    ('搬迁前', '')
    >>> note_in("是否涉铊（1.是 2.否）", "是否"), note_in("是否涉铊(0是1否)", "是否")
    ('', '0是1否')
    """
    plain = "".join(unicodedata.normalize("NFKC", header).split())
    return "、".join(
        note for note in re.findall(r"[(\[]([^()\[\]]*)[)\]]", plain) if not _is_form(note, {name, bare_header(header)})
    )


def _is_form(note: str, names: set[str]) -> bool:
    pairs = re.findall(r"(\d)\W*(\w)", note) if note[:1].isdigit() else []
    pairs += [] if pairs else [(digit, word) for word, digit in re.findall(r"(\w)\W*(\d)", note)]
    if any(digit in "01" and word in "是有否无" and (digit == "1") != (word in "是有") for digit, word in pairs):
        return False
    parts = [_OF_FORMS.sub("", part) for part in re.split(r"[/、,;|或和]|(?<=[是有])\W*\d*\W*(?=[否无])", note)]
    answers = [
        part in "是有否无"
        or any(not isinstance(read_word(name, part), Unknown) or stated_facts({name: part}) for name in names)
        for part in parts
    ]
    return all(part.isascii() or known for part, known in zip(parts, answers, strict=True)) or (
        len(parts) > 1 and any(answers)
    )


def _word_columns(headers: Sequence[str], columns: Columns, kind: LayerKind) -> dict[str, str]:
    """Return the columns that hold words of a closed list, with the list of each."""
    lists = {}
    for header in headers:
        bare = bare_header(header)
        if bare in ALIASES["是否涉镉"]:
            lists[header] = "是否涉镉"
        elif bare == "土壤环境质量类别":
            lists[header] = LayerKind.FARMLAND.value
        elif unread_facts({header: "?"}):
            lists[header] = YES_NO
    named = ((_WORK, kind), (_STATE, LayerKind.ENTERPRISES))
    lists |= {header: name for name, of in named if of is kind and (header := find_header(headers, name))}
    if "land_code" in columns and kind is LayerKind.FARMLAND:
        lists[columns["land_code"]] = LAND
    if "class" in columns and kind.value in lists_of_words():
        lists[columns["class"]] = kind.value
    return lists


def _is_unread(name: str, header: str, cell: str, kept: frozenset[int]) -> bool:
    if name == YES_NO:
        return bool(unread_facts({header: cell}))
    if name == LAND:
        return bool(cell.strip()) and isinstance(read_land(cell.strip(), kept), Unknown)
    if name == _STATE and (is_blank(cell) or stated_facts({header: cell})):
        return False
    read = read_word(name, cell)
    return isinstance(read, Unknown) and read.code != "not_stated"


def _check_credit_codes(opened: Opened, outcome: Outcome) -> None:
    if "credit_code" not in opened.columns:
        return
    from stdnum.cn import uscc  # noqa: PLC0415 -- few tables have such codes
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 -- as above

    header = opened.columns["credit_code"]
    for row, code in enumerate(opened.texts("credit_code")):
        if is_blank(code):
            continue
        try:
            uscc.validate(code)
        except ValidationError as problem:
            reason = _credit_reason(problem, code)
            outcome.journal.note_row(row + 1, "信用代码有误", reason, "照常使用，请核对", field=header, value=code)
            outcome.remark(row, say("credit_code_unusable", reason=reason))


def _credit_reason(problem: ValidationError, code: str) -> str:
    from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength  # noqa: PLC0415 -- as above

    if isinstance(problem, InvalidLength):
        return say("credit_code_length", count=len(code))
    if isinstance(problem, InvalidChecksum):
        return "校验码不符"
    if isinstance(problem, InvalidFormat):
        return "含有不允许的字符（如 I、O、S、V、Z）或位置不对"
    return "登记管理部门或机构类别代码不存在"


def _check_trades(opened: Opened, outcome: Outcome) -> None:
    codes, editions, names = (opened.texts(role) for role in ("trade_code", "trade_edition", "trade_name"))
    header = opened.columns.by_role.get("trade_code") or opened.columns.by_role.get("trade_name", "")
    edition_header = opened.columns.by_role.get("trade_edition", "行业分类版本")
    unsaid: list[int] = []
    declared = [
        row
        for row, code in enumerate(codes, start=1)
        if opened.edition and code and not opened.text("trade_edition", row - 1)
    ]
    read_as: dict[str, str] = {}
    _note_named_trades(codes, opened, outcome)
    for row, (cell, edition, name) in enumerate(zip(codes, editions, names, strict=True)):
        trade = read_trade(cell)
        if isinstance(trade, Unknown):
            _note_unread_trade(row, trade, header, outcome)
            continue
        years = [year for year in _EDITIONS if year in edition]
        year = years[0] if len(years) == 1 else ""
        code = trade.text(year) or cell
        if code != cell:
            read_as[cell] = code
        if edition and not year:
            reason = "行业分类版本须为 2011 或 2017"
            outcome.journal.note_row(
                row + 1, "行业版本有误", reason, "按原样读取，请更正", field=edition_header, value=edition
            )
            continue
        ask = _ambiguous(code) if not year else ""
        if ask:
            outcome.journal.note_row(row + 1, "行业版本未填", ask, "请填写行业分类版本", field=header, value=code)
            outcome.remark(row, f"行业代码 {code} {ask}，请填写行业分类版本")
        elif not year and not all(map(means_the_same, trade.stated)):
            unsaid.append(row + 1)
        _check_trade_name(row, code, year, name, header, outcome)
    for cell, code in read_as.items():
        rows = [row for row, text in enumerate(codes, start=1) if text == cell]
        outcome.journal.note(
            "行业代码换读",
            say("rows_in_all", rows=name_rows(rows)),
            say("code_read_as", found=code),
            field=header,
            value=cell,
        )
    if declared:
        reason = say("rows_without_edition", rows=name_rows(declared))
        outcome.journal.note(
            "行业版本按声明",
            reason,
            say("trades_read_by_edition", edition=opened.edition),
            field=edition_header,
            value=opened.edition,
        )
    if unsaid:
        outcome.journal.note(
            "行业版本未填",
            say("rows_without_edition", rows=name_rows(unsaid)),
            "请填写行业分类版本",
            field=edition_header,
        )


def _note_named_trades(codes: Sequence[str], opened: Opened, outcome: Outcome) -> None:
    rows = [row for row, cell in enumerate(codes, start=1) if cell != opened.text("trade_code", row - 1)]
    if rows:
        reason, header = say("rows_without_trade", rows=name_rows(rows)), opened.columns["trade_name"]
        outcome.journal.note("行业取自名称", reason, "按行业名称判断", field=header)


def _note_unread_trade(row: int, trade: Unknown, header: str, outcome: Outcome) -> None:
    if trade.code == "not_stated":
        return
    reason = "代码与名称或门类不符" if trade.code == "contradiction" else "不是代码、代码加名称或名录中的行业名称"
    action = "针对行业的条款不作判断，请填写四位代码"
    outcome.journal.note_row(row + 1, "行业代码看不懂", reason, action, field=header, value=trade.found)
    outcome.remark(row, say("trade_code_not_read", found=trade.found, reason=reason))


def _ambiguous(code: str) -> str:
    """Return why a code can't be read without its edition; empty where both say the same or the table is silent."""
    old, new = trades().get((2011, code)), trades().get((2017, code))
    if (old is None and new is None) or (old and new and old.name == new.name):
        return ""
    old_name = old.name if old else "另有所指或无此代码"
    new_name = new.name if new else "另有所指或无此代码"
    return f"两版含义不同（2011 版：{old_name}；2017 版：{new_name}）"


def _check_trade_name(row: int, code: str, year: str, name: str, header: str, outcome: Outcome) -> None:
    known = {str(trade.edition): trade.code for trade in trades_named(name)} if name else {}
    if not known or len(code) != _CODE_LENGTH or not code.isdigit():  # 铅锌冶炼 has four letters, and is no code
        return
    fitting = [edition for edition, of in known.items() if of == code]
    if (year and known.get(year, code) != code) or not fitting:
        listed = tuple(say("trade_code_of_edition", edition=edition, of=of) for edition, of in known.items())
        outcome.journal.note_row(
            row + 1,
            "行业名称与代码不符",
            say("trade_codes_of_name", name=name, listed=listed),
            "按代码读取，请核对代码和版本",
            field=header,
            value=f"{code}（{year or '未填版本'}）",
        )
        outcome.remark(row, say("trade_name_code_differ", name=name, found=code))


def _plain_numbers(opened: Opened, kind: LayerKind) -> Opened:
    """Return the table with its known numeric columns as plain numbers, each named by the unit that they are in now."""
    numeric = _numeric_columns(opened, kind)
    columns: dict[str, list[str]] = {}
    for header, texts in opened.raw.columns.items():
        called, wanted = header, numeric.get(header)
        made = texts if wanted is None else plain_numbers(texts, header, wanted, opened.journal)
        if wanted and _other_unit(header, wanted) and any(map(NUMBER.fullmatch, made)):
            called = f"{bare_header(header)}({wanted})"
        while called != header and called in {*opened.raw.headers, *columns}:
            called += "*"  # which no reader of headers heeds
        columns[called] = made
    return replace(opened, raw=replace(opened.raw, columns=columns)) if numeric else opened


def _other_unit(header: str, wanted: str) -> str:
    """Return the unit of a header where a number in it is another in the `wanted` one; else empty."""
    stated = unit_of_header(header)
    return stated if wanted and stated and factor(stated, wanted) != 1 else ""


def plain_numbers(texts: Sequence[str], header: str, wanted: str, journal: Journal) -> list[str]:
    """Return the cells of a column as numbers in the `wanted` unit; what is none stays as it is, with an entry.

    A cell's own unit counts, else that of the header, else the wanted one. A number that can't be had in the wanted
    unit gets that of its header behind it, so that nobody takes it for one.
    """
    tell_units(texts, header, wanted, journal)
    other = _other_unit(header, wanted)
    made, with_units = list(texts), list[int]()
    for row, text in enumerate(texts):
        stripped = text.strip()
        if is_blank(text) or stripped.casefold() in _NOT_DETECTED:
            continue
        quantity = parse_quantity(stripped)
        own = None if quantity is None else replace(quantity, unit=quantity.unit or other)
        value = None if own is None else in_unit(own, wanted)
        is_below = value is not None and _is_below(value, header)
        if own is None or value is None or is_below:
            unfit = "不是数值" if own is None else say("unit_unfit", unit=own.unit, of_column=wanted)
            below = say("not_a_quantity", unit=wanted) if wanted else say("below_zero")
            action = "按原样保留，请更正" if own is None or is_below else "不作数值采用，请换算后填写"
            journal.note_row(row + 1, UNREAD_NUMBER, below if is_below else unfit, action, field=header, value=text)
        elif not own.sign and not (own.is_plain and value == own.value):
            made[row] = np.format_float_positional(value, trim="-")
            with_units += [row + 1] if not own.is_plain else []
            continue
        if other and own is not None and own.value and quantity is not None and not quantity.unit:
            made[row] = f"{stripped} {other}"
    if with_units:
        of_unit = f"（单位 {wanted}）" if wanted else ""
        journal.note(
            "数值带单位",
            say("numbers_with_units", rows=name_rows(with_units)),
            say("read_as_numbers", of_unit=of_unit),
            field=header,
        )
    return made


def _is_below(value: float, header: str) -> bool:
    """Return whether a number is below zero where a column's can't be."""
    return value < 0 and not _LEVEL.search(bare_header(header))


def tell_units(texts: Sequence[str], header: str, wanted: str, journal: Journal) -> None:
    """Write down that numbers of a column are converted by its header's unit, and which cells give another one."""
    stated = unit_of_header(header)
    times = factor(stated, wanted) if stated else None
    if times is None:
        return
    read = [
        (row, quantity)
        for row, text in enumerate(texts, start=1)
        if (quantity := parse_quantity(text.strip())) and not _is_below(quantity.value, header)
    ]
    bare = [row for row, quantity in read if not (quantity.unit or quantity.sign) and quantity.value and times != 1]
    differing = [row for row, quantity in read if quantity.unit and factor(quantity.unit, stated) != 1]
    if bare:
        how = say("by_header_unit", unit=stated, times=float(times), wanted=wanted, rows=name_rows(bare))
        journal.note(BY_HEADER_EVENT, how, say("read_as_numbers", of_unit=f"（单位 {wanted}）"), field=header)
    if differing:
        why = say("units_unlike_header", unit=stated, rows=name_rows(differing))
        journal.note("单元格单位与表头不同", why, "以单元格所写单位为准，请核对", field=header)


def _numeric_columns(opened: Opened, kind: LayerKind) -> dict[str, str]:
    """Return the columns that hold numbers, with the unit that they are read in: the template's, else their own."""
    of_kind = {
        bare_header(column.name): _known_unit(column.name)
        for column in templates().get(TEMPLATES.get(kind, ""), ())
        if any(word in column.allowed for word in _NUMBERS_ALLOWED)
    }
    wanted = {**_amounts(), **of_kind}
    roles = {opened.columns.by_role.get(role) for role in ("lon", "lat", "central_meridian", "id")}
    used = roles.union(opened.columns.errors)
    units = {}
    for header in opened.raw.headers:
        unit, bare = _known_unit(header), bare_header(header)
        if header not in used and (unit or bare in wanted):
            units[header] = wanted.get(bare, unit)
    return units


def _known_unit(header: str) -> str:
    unit = unit_of_header(header)
    return unit if unit_size(unit) else ""


@lru_cache(maxsize=1)
def _amounts() -> Mapping[str, str]:
    """Return the columns whose numbers are judged, whatever list they stand in, each with the unit it is read in."""
    masses = {f"{start}{metal}": "kg/a" for start in ("新增", "替代", AIR, WATER) for metal in METALS.values()}
    return masses | dict(MEASURED_ATTRIBUTES.values()) | {bare_header(name): "m" for name in ALIASES["排气筒高度"]}


def _check_lists(opened: Opened, kind: LayerKind) -> None:
    """Write one entry for each word that a closed list of the template doesn't hold."""
    allowed = {
        bare_header(column.name): column.allowed.split("/")
        for column in templates().get(TEMPLATES.get(kind, ""), ())
        if "/" in column.allowed and column.name not in _LIST_COLUMNS and "GB/T" not in column.allowed
    }
    names = _word_columns(opened.raw.headers, opened.columns, kind)
    for header in opened.raw.headers:
        words = allowed.get(bare_header(header))
        if words is None:
            continue
        known = {*words, *PLACEHOLDERS}
        rows_of: dict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(opened.raw.columns[header], start=1):
            stripped = text.strip()
            if stripped not in known and stripped.removesuffix("级") not in known:
                rows_of[stripped].append(row)
        for value, rows in rows_of.items():
            read = read_word(names.get(header, ""), value)
            opened.journal.note(
                "取值不在清单内",
                say("words_not_allowed", rows=name_rows(rows), allowed=tuple(words)),
                "按原样保留，请更正" if isinstance(read, Unknown) else f"按「{read}」读取",
                field=header,
                value=value,
            )
