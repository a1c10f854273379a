"""Tables without shapes: wind frequencies of a station, and the outlets of enterprises."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from pathlib import Path

import pyarrow as pa
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.catalog import file_sha256, shown_path
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.formats.read import TEMPLATES, read_raw
from hmgeo.intake.formats.sheets import sheet_names
from hmgeo.intake.quality import UNREAD_NUMBER, tell_units
from hmgeo.intake.rows import Journal, RawTable
from hmgeo.records import OUTLET_SCHEMA, WIND_SCHEMA, Gates, Ledger, Provenance, SideTable, table_of
from hmgeo.reference.cells import amount, parse_quantity
from hmgeo.reference.tables import find_header, is_blank
from hmgeo.rules.claims import EVENT, Told, disputes
from hmgeo.vocabulary import Basis, LayerKind
from hmgeo.words import one_by_one, say

_NAMES = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_CHINESE = (
    "北", "北东北", "东北", "东东北", "东", "东东南", "东南", "南东南",
    "南", "南西南", "西南", "西西南", "西", "西西北", "西北", "北西北",
)  # fmt: skip
_OTHER_CHINESE = {
    "北北东": 1, "东北东": 3, "东南东": 5, "南南东": 7, "南南西": 9, "西南西": 11, "西北西": 13, "北北西": 15,
    "北东": 2, "南东": 6, "南西": 10, "北西": 14,
}  # fmt: skip
_CALM = frozenset({"C", "CALM", "静风", "静"})
_STEP_DEG = 22.5
_WHOLE = 100.0
_ROUNDING = 2.0
"""Seventeen shares of a tenth each may miss a hundred by this much, with something to spare."""
_DIRECTION_COUNTS = (8, 16)
WIND_EVENT = "风频表搁置"
_HEIGHT, _MASS = ("排气筒高度", "m"), ("年排放量", "kg/a")
_MEDIUM_BY_ID = {"DA": "废气", "DW": "废水"}


def load_side_table(
    path: Path,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> tuple[SideTable, Ledger]:
    """Read a table without shapes: winds, or outlets.

    `path`, `basis`, `name`, `gates`, `provenance`, `options`, `shown_as`: as in `load_positions`.
    `kind`: `WIND`: 8 or 16 directions the wind comes from, with calm, in percent of the time. `OUTLETS`: every row
    once; a table without a single row will do, as templates carry one that nobody may have filled in.

    Returned: `WIND_SCHEMA`, directions in the order of the file; empty where a cell makes the table one that can't be
    trusted, with every fault in the ledger: unknown, repeated or missing directions, shares that are no number or don't
    add up to a hundred, several stations in one table. `OUTLET_SCHEMA` in input order; numbers that can't be read are
    blank, with a note and a ledger entry.

    `InputError`: the file can't be used, or lacks a column.
    """
    journal, is_wind = Journal(shown_path(path, shown_as)), kind is LayerKind.WIND
    raw = read_raw(path, layer=options.layer, journal=journal, kind=kind, may_be_empty=not is_wind)
    table = _winds(raw, journal) if is_wind else _outlets(raw, journal)
    origin = replace(provenance or Provenance(journal.file), path=journal.file, sha256=file_sha256(path))
    return SideTable(name or path.stem, kind, basis, origin, table, gates), journal.ledger()


def _winds(raw: RawTable, journal: Journal) -> pa.Table:
    place = Place(file=journal.file, sheet=raw.sheet)
    headers = {word: find_header(raw.headers, word) for word in ("风向", "频率", "气象站", "年份")}
    missing = [word for word in ("风向", "频率") if not headers[word]]
    if missing:
        shown, remedy = "、".join(raw.headers), "首行写明 风向、频率(%)、气象站、年份"
        raise InputError(Problem(f"风频表缺少「{'」「'.join(missing)}」列", place, found=shown, remedy=remedy))
    problems: list[Problem] = []
    shares: dict[float | None, float] = {}
    cells = (raw.columns[headers[word]] for word in ("风向", "频率"))
    for number, (word, cell) in enumerate(zip(*cells, strict=True), start=1):
        if word.strip() or cell.strip():
            _take_share(word, cell, replace(place, row=number), shares, problems)
    problems += _faults_of(shares, place)
    texts = {
        name: _only(raw, headers[word], word, place, problems)
        for name, word in (("station", "气象站"), ("years", "年份"))
    }
    for problem in problems:
        action = say("wind_table_unused", remedy=problem.remedy)
        note = partial(journal.note_row, problem.where.row) if problem.where.row else journal.note
        note(WIND_EVENT, f"{problem.what}。", action, value=problem.found)
    if not problems:
        total = say("wind_adds_up", percent=sum(shares.values()))
        journal.note(
            "风频", say("wind_directions", count=len(shares) - (None in shares)), "按来风方向读取", value=total
        )
    rows = [{"from_deg": direction, "percent": share, **texts} for direction, share in shares.items()]
    return pa.Table.from_pylist([] if problems else rows, WIND_SCHEMA)


def _direction_deg(text: str) -> float | None:
    """Return where wind comes from in degrees, by name; None for calm.

    `ValueError`: no direction of that name.

    >>> _direction_deg("NNE"), _direction_deg("西北"), _direction_deg("C（静风）")
    (22.5, 315.0, None)
    """
    plain = unicodedata.normalize("NFKC", text).strip().upper().split("(")[0].strip().removesuffix("风")
    if plain in _CALM or f"{plain}风" in _CALM:
        return None
    if plain in _OTHER_CHINESE:
        return _OTHER_CHINESE[plain] * _STEP_DEG
    for names in (_NAMES, _CHINESE):
        if plain in names:
            return names.index(plain) * _STEP_DEG
    raise ValueError(text)


def _take_share(word: str, cell: str, where: Place, shares: dict[float | None, float], problems: list[Problem]) -> None:
    try:
        direction = _direction_deg(word)
    except ValueError:
        problems.append(Problem("不认识的风向", where, word, "、".join((*_NAMES, "C（静风）")), "写来风方向，静风写 C"))
        return
    quantity = parse_quantity(cell.strip().rstrip("%％"))
    if quantity is None or quantity.unit or quantity.sign or not 0 <= quantity.value <= _WHOLE:
        problems.append(Problem("风频不是 0 至 100 的数值", where, cell, remedy="按百分比填写，如 12.5"))
    elif direction in shares:
        problems.append(Problem("风向重复", where, word, remedy="每个方位只写一行；多个气象站分成多个文件"))
    else:
        shares[direction] = quantity.value


def _faults_of(shares: dict[float | None, float], place: Place) -> list[Problem]:
    """Return what is wrong with the directions together; nothing where single ones couldn't be read."""
    known = sorted(direction for direction in shares if direction is not None)
    steps = next((count for count in _DIRECTION_COUNTS if len(known) <= count), 0)
    wanted = [index * 360.0 / steps for index in range(steps)]
    problems = []
    if known != wanted:
        lacking = "、".join(_NAMES[round(direction / _STEP_DEG)] for direction in wanted if direction not in known)
        remedy = f"补齐方位{lacking and f'（缺 {lacking}）'}；没有来风的方位写 0"
        problems.append(
            Problem("风向须为齐全的 8 或 16 方位", place, say("wind_directions", count=len(known)), "8、16", remedy)
        )
    total = sum(shares.values())
    if abs(total - _WHOLE) > _ROUNDING:
        remedy = "核对各方位频率，静风写 C；合计应为 100"
        problems.append(Problem("风频合计不是 100%", place, f"{total:g}%", "98 至 102（容许取整误差）", remedy))
    return problems


def _only(raw: RawTable, header: str, word: str, place: Place, problems: list[Problem]) -> str:
    """Return the one value of a column; several are a problem."""
    values = list(dict.fromkeys(filter(None, (text.strip() for text in raw.columns[header])))) if header else []
    if len(values) > 1:
        remedy = f"一个文件只放一个{word}的风频；选用离项目区最近、最有代表性的一个"
        problems.append(Problem(f"风频表中有多个{word}", place, "、".join(values), remedy=remedy))
    return values[0] if values else ""


def _outlets(raw: RawTable, journal: Journal) -> pa.Table:
    owner = find_header(raw.headers, "企业编号")
    if not owner:
        place, remedy = Place(file=journal.file, sheet=raw.sheet), "写明 企业编号，与企业清单一致"
        raise InputError(Problem("排放口表没有「企业编号」列", place, "、".join(raw.headers), remedy=remedy))
    for word, unit in (_HEIGHT, _MASS):
        if header := find_header(raw.headers, word):
            tell_units(raw.columns[header], header, unit, journal)
    return table_of([_outlet(number, raw, owner, journal) for number in range(1, raw.row_count + 1)], OUTLET_SCHEMA)


def outlets_sheet_of(path: Path) -> str:
    """Return the sheet of outlets that `path`, a workbook of enterprises, carries; empty where it has none."""
    sheet = TEMPLATES[LayerKind.OUTLETS]
    return sheet if sheet in sheet_names(path) else ""


def _outlet(number: int, raw: RawTable, owner: str, journal: Journal) -> dict[str, object]:
    def text(word: str) -> str:
        header = find_header(raw.headers, word)
        cell = raw.columns[header][number - 1].strip() if header else ""
        return "" if is_blank(cell) else cell

    notes: list[str] = []
    cells = {header: cells[number - 1] for header, cells in raw.columns.items()}
    for dispute in disputes(Told(cells)):
        notes.append(say("contradiction_in_row", values=dispute.values))
        journal.note_row(number, EVENT, dispute.cause, dispute.action, field=dispute.claim.where, value=dispute.values)
    outlet_id = text("排放口编号")
    medium = text("类型") or _MEDIUM_BY_ID.get(outlet_id[:2].upper(), "")
    year = re.match(r"(?:19|20)\d\d(?!\d\d\d)", text("排放量年份") or text("年份") or text("资料时点"))
    return {
        "row": number,
        "enterprise_id": raw.columns[owner][number - 1].strip(),
        "outlet_id": outlet_id,
        "medium": medium,
        "position_text": " ".join(filter(None, (text("经度"), text("纬度"), text("坐标系")))),
        "stack_height_m": _number(number, raw, _HEIGHT, journal, notes),
        "pollutant": text("污染物"),
        "emission_kg": _number(number, raw, _MASS, journal, notes),
        "receiving_water": text("受纳水体"),
        "note": one_by_one(notes),
        "year": int(year[0]) if year else None,
    }


def _number(row: int, raw: RawTable, wanted: tuple[str, str], journal: Journal, notes: list[str]) -> float | None:
    """Return a quantity that isn't negative; what can't be read is blank, with a note and an entry.

    A bare number is in the unit that the column's own name states, else in the wanted one.
    """
    word, unit = wanted
    header = find_header(raw.headers, word)
    text = raw.columns[header][row - 1].strip() if header else ""
    if is_blank(text):
        return None
    value = amount(text, header, unit)
    if value is None:
        notes.append(say("number_not_used", word=word, text=text))
        journal.note_row(
            row, UNREAD_NUMBER, say("not_a_quantity", unit=unit), "未采用，请更正", field=header, value=text
        )
        return None
    return value
