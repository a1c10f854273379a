"""Several lists of enterprises read, made one register, and written as a workbook."""

import re
import unicodedata
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import HmgeoError, InputError, Place, Problem, UsageError, raise_problems
from hmgeo.intake.columns import Opened, ReadOptions, recognise_list
from hmgeo.intake.formats.read import TEMPLATES, read_raw
from hmgeo.intake.formats.sheets import sheet_names
from hmgeo.intake.load import open_file, place_rows
from hmgeo.intake.places.headers import plain_name
from hmgeo.intake.places.numbers import coordinate_texts
from hmgeo.intake.rows import Journal, RawTable
from hmgeo.outputs.templates import PlainTable, write_plain
from hmgeo.project.folder import ending_of, whole_file
from hmgeo.records import LedgerEntry
from hmgeo.reference.tables import is_blank, templates
from hmgeo.register import merge
from hmgeo.register.entry import entry_of, place_stems, read_name
from hmgeo.register.sheets import NOTES_HEADER, Sheet, filled_headers, own_headers, sheets
from hmgeo.vocabulary import LayerKind

_DAY = re.compile(r"((?:19|20)\d\d)(?:[-/.年]?(1[0-2]|0?[1-9])(?:[-/.月]?(3[01]|[12]\d|0?[1-9])日?)?月?)?年?")
_DAY_IN_TEXT = re.compile(r"((?:19|20)\d\d)(?:年(?:(1[0-2]|0?[1-9])月(?:(3[01]|[12]\d|0?[1-9])日)?)?|-(\d\d)-(\d\d))")
_PLACED = ("lon", "lat", "datum", "uncertainty", "central_meridian")


class _Read(Struct):
    """A list as it was read, before rows are compared."""

    source: merge.SourceList
    lines: list[int]
    values: list[dict[str, str]]
    own: list[dict[str, str]]
    dates: list[str]
    points: list[tuple[float, float] | None]
    uncertainties_m: list[float]
    notes: list[tuple[str, ...]]
    ledger: tuple[LedgerEntry, ...] = ()


def merge_lists(
    files: Sequence[Path],
    out: Path,
    *,
    previous: Path | None = None,
    decisions: Sequence[Path] = (),
    stated: Mapping[str, Mapping[str, str]] | None = None,
) -> merge.Register:
    """Make one register of several lists and write it as a workbook, whole or not at all.

    `InputError`: files that can't be read, decisions that aren't understood or contradict each other: all at once.
    `OutputError`: `out` is an input, or can't be written.

    Parameters
    ----------
    files
        Tables or vector files; their order breaks ties between values of one date.
    out
        An xlsx.
    previous
        The register of the year before: ids stay, and what changed is told.
    decisions
        Workbooks or csv files with what people decided.
    stated
        `sheet`, `datum` and `date` by the name of a file, which say what the file doesn't.
    """
    by_what = {what: dict(by_file) for what, by_file in (stated or {}).items()}
    paths = [*([previous] if previous else []), *files]
    ending_of(out, (".xlsx",))
    _refuse(files, by_what)
    names = _names(files)
    read: list[_Read] = []
    problems: list[Problem] = []
    taken: list[merge.Decision] = []
    ledger: list[LedgerEntry] = []
    for path, name in zip(paths, [*([merge.PREVIOUS_WORD] if previous else []), *names], strict=True):
        try:
            read.append(_read_list(path, name, by_what, is_previous=path is previous))
        except HmgeoError as error:
            problems += error.problems
    for path in decisions:
        try:
            taken += _read_decisions(path, ledger)
        except HmgeoError as error:
            problems += error.problems
    raise_problems(InputError, problems)
    register = _register_of(read, list(dict.fromkeys(taken)))
    ledger = [*(entry for listed in read for entry in listed.ledger), *ledger]
    with whole_file(out, [*paths, *decisions]) as temporary:
        write_plain([_plain(sheet) for sheet in sheets(register, [_told(entry) for entry in ledger])], temporary)
    return register


def _refuse(files: Sequence[Path], stated: Mapping[str, Mapping[str, str]]) -> None:
    problems = []
    places = [path.resolve() for path in files]
    problems += [
        Problem("同一张表给了两次", Place(file=path.name), remedy="去掉重复的一个")
        for at, path in enumerate(files)
        if path.resolve() in places[:at]
    ]
    known = {path.name for path in files}
    for what, by_file in stated.items():
        for name in by_file:
            if name not in known:
                allowed = "、".join(sorted(known))
                problems.append(Problem("没有这张表", Place(key=f"--{what}"), name, allowed, "写成 文件名=值"))
        if what == "date":
            for name, text in by_file.items():
                if not _day(text):
                    problems.append(Problem("不是日期", Place(file=name, key="--date"), text, remedy="写成 2025-06-30"))
    raise_problems(UsageError, problems)


def _names(files: Sequence[Path]) -> list[str]:
    """Return what to call each list: the file's stem, with a number where two share it."""
    made: list[str] = []
    for path in files:
        name, number = path.stem, 1
        while name in made or name in {merge.PREVIOUS_WORD, ""}:
            number += 1
            name = f"{path.stem}#{number}"
        made.append(name)
    return made


def _register_of(read: Sequence[_Read], decisions: Sequence[merge.Decision]) -> merge.Register:
    fulls = {read_name(values.get("name", ""))[0] for listed in read for values in listed.values}
    places = {values.get(role, "") for listed in read for values in listed.values for role in ("county", "township")}
    stems = place_stems([*fulls, *places])
    entries = [
        entry_of(number, line, values, date=date, point=point, uncertainty_m=uncertainty_m, stems=stems, notes=notes)
        for number, listed in enumerate(read)
        for line, values, date, point, uncertainty_m, notes in zip(
            listed.lines, listed.values, listed.dates, listed.points, listed.uncertainties_m, listed.notes, strict=True
        )
    ]
    own = [headers for listed in read for headers in listed.own]
    return merge.build_register([listed.source for listed in read], entries, own, decisions)


def _read_list(path: Path, name: str, stated: Mapping[str, Mapping[str, str]], *, is_previous: bool) -> _Read:
    own_stated = {what: by_file.get(path.name, "") for what, by_file in stated.items()}
    sheet = merge.REGISTER_SHEET if is_previous else own_stated.get("sheet", "")
    options = ReadOptions(layer=sheet, datum=own_stated.get("datum", ""))
    opened = open_file(path, LayerKind.ENTERPRISES, options, path.name)
    raw = opened.raw
    if is_previous and merge.ID_HEADER not in raw.columns:
        where = Place(file=path.name, sheet=raw.sheet)
        remedy = "--previous 须是 hmgeo register merge 写出的底册"
        raise InputError(Problem(f"没有「{merge.ID_HEADER}」列", where, remedy=remedy))
    if is_previous:
        _refuse_repeated_ids(path, raw)
    roles = {**recognise_list(raw.headers), **opened.columns.by_role}
    if not roles.keys() & {"name", "credit_code", "permit"}:
        where = Place(file=path.name, sheet=raw.sheet)
        allowed = "企业名称、统一社会信用代码、排污许可证编号之一"
        raise InputError(Problem("没有可据以比对的列", where, "、".join(raw.headers), allowed, "改正列名"))
    date = own_stated.get("date", "") or _date_told(path.stem, raw.remarks)
    points, uncertainties_m = _points(opened, options)
    texts = {role: _texts(raw.columns[header]) for role, header in roles.items() if header in raw.columns}
    count = raw.row_count
    values = [{role: texts[role][row] for role in merge.ROLE_HEADERS if role in texts} for row in range(count)]
    header_datum = opened.columns.header_datum
    for row, (lon, lat) in enumerate(_coordinates(opened)):
        if points[row] is None and (lon or lat):  # kept as it stands, so that whoever reads the register sees it too
            datum = texts.get("datum", [""] * count)[row] or (header_datum.zh if header_datum else "")
            values[row] |= {"lon": lon, "lat": lat, "datum": own_stated.get("datum", "") or datum}
    own: dict[str, list[str]] = {}
    for header, cells in raw.columns.items():
        is_role = header in {roles.get(role) for role in (*merge.ROLE_HEADERS, *_PLACED)}
        if not is_role and not (is_previous and header in own_headers()):
            own[_own_name(header, opened, name, own, is_previous=is_previous)] = _texts(cells)
    remarks = _texts(raw.columns.get(NOTES_HEADER, [""] * count)) if is_previous else [""] * count
    return _Read(
        source=merge.SourceList(name, count, _day(date), is_previous),
        lines=list(raw.lines) or list(range(1, count + 1)),
        values=values,
        own=[{header: cells[row] for header, cells in own.items() if cells[row]} for row in range(count)],
        dates=[_day(text) or _day(date) for text in texts.get("date", [""] * count)],
        points=points,
        uncertainties_m=uncertainties_m,
        notes=[tuple(merge.given_up(text.split("；"))) for text in remarks],
        ledger=tuple(replace(entry, row=_line(entry.row, raw.lines)) for entry in opened.journal.entries),
    )


def _line(row: int, lines: Sequence[int]) -> int:
    """Return the row that Excel shows for a data row; 0 speaks of the file as a whole."""
    return lines[row - 1] if row and lines else row


def _texts(cells: Sequence[str]) -> list[str]:
    """Return cells stripped, those that stand for nothing blank."""
    return ["" if is_blank(cell) else cell.strip() for cell in cells]


def _refuse_repeated_ids(path: Path, raw: RawTable) -> None:
    """Refuse a register of the year before in which two enterprises have one id."""
    rows_of: dict[str, list[int]] = {}
    for row, id_ in enumerate(_texts(raw.columns[merge.ID_HEADER])):
        rows_of.setdefault(id_, []).append(raw.lines[row] if raw.lines else row + 1)
    place = Place(file=path.name, sheet=raw.sheet, field=merge.ID_HEADER)
    remedy = "一个编号只留给一家，另一家的编号留空（合并时另编）"
    raise_problems(
        InputError,
        [
            Problem(f"{merge.ID_HEADER}重复：第 {'、'.join(map(str, lines))} 行", place, id_, remedy=remedy)
            for id_, lines in rows_of.items()
            if id_ and len(lines) > 1
        ],
    )


def _own_name(header: str, opened: Opened, name: str, taken: Container[str], *, is_previous: bool) -> str:
    """Return what a column is called in the register; a list's own ids are told apart from the register's.

    So is a column that is called as one that the register fills itself, or as an earlier one of its list.
    """
    if header == opened.columns.by_role.get("id") and not is_previous:
        return f"原编号（{name}）"
    made = _template_names().get(plain_name(header), header)
    if made in taken or (not is_previous and made in {merge.ID_HEADER, *own_headers(), *filled_headers()}):
        made = whole = f"{header}（{name}）"
        number = 1
        while made in taken:
            number += 1
            made = f"{whole}#{number}"
    return made


def _template_names() -> dict[str, str]:
    return {plain_name(column.name): column.name for column in templates()[TEMPLATES[LayerKind.ENTERPRISES]]}


def _points(opened: Opened, options: ReadOptions) -> tuple[list[tuple[float, float] | None], list[float]]:
    """Return a point of each row on CGCS2000 and its uncertainty in metres; None where a row has no usable place."""
    count = opened.raw.row_count
    if opened.raw.geometry is None and "lon" not in opened.columns:
        return [None] * count, [0.0] * count
    outcome = place_rows(opened, LayerKind.ENTERPRISES, options, are_receptors=False)
    points = [None if shape is None else shape.representative_point() for shape in outcome.shapes]
    placed = [None if point is None or point.is_empty else (float(point.x), float(point.y)) for point in points]
    return placed, [float(metres) for metres in np.nan_to_num(outcome.uncertainty_m)]


def _coordinates(opened: Opened) -> list[tuple[str, str]]:
    """Return both coordinates of each row as the list has them; none where it has no columns for them."""
    if opened.raw.geometry is not None or "lon" not in opened.columns or "lat" not in opened.columns:
        return []
    lons, lats = coordinate_texts(opened.raw, opened.columns)
    return list(zip(_texts(lons), _texts(lats), strict=True))


def _day(text: str) -> str:
    """Return a day, month or year as 2025-06-30, 2025-06, 2025; empty where the text is none.

    >>> _day("2025年6月"), _day("20250630"), _day("2025-06-30T00:00:00"), _day("去年")
    ('2025-06', '2025-06-30', '2025-06-30', '')
    """
    plain = unicodedata.normalize("NFKC", text).strip().partition("T")[0].partition(" ")[0]
    match = _DAY.fullmatch(plain)
    return "-".join(part.zfill(2) for part in match.groups() if part) if match else ""


def _date_told(stem: str, remarks: Sequence[str]) -> str:
    """Return the day that a file's name or title tells; empty where they tell none, or several."""
    for texts in ([stem], remarks):
        days = {"-".join(part for part in match if part) for text in texts for match in _DAY_IN_TEXT.findall(text)}
        if len(days) == 1:
            return days.pop()
    return ""


def _read_decisions(path: Path, ledger: list[LedgerEntry]) -> list[merge.Decision]:
    """Read what people decided: the sheets of a register, or any table with their columns; how joins `ledger`."""
    sheets = [name for name in (merge.DECISIONS_SHEET, merge.PENDING_SHEET) if name in sheet_names(path)]
    made: list[merge.Decision] = []
    problems: list[Problem] = []
    for sheet in sheets or [""]:
        journal = Journal(path.name)
        raw = read_raw(path, layer=sheet, journal=journal, kind=LayerKind.ENTERPRISES, may_be_empty=True)
        ledger += [replace(entry, row=_line(entry.row, raw.lines)) for entry in journal.entries]
        wanted = [f"{side}{name}" for side in merge.SIDES for name in merge.SIDE_FIELDS] + list(merge.DECISION_FIELDS)
        missing = [name for name in wanted if name not in raw.columns]
        if missing:
            where = Place(file=path.name, sheet=raw.sheet)
            remedy = f"用底册的「{merge.PENDING_SHEET}」一表填写，列名不要改动"
            problems.append(Problem(f"决定表缺列：{'、'.join(missing)}", where, "、".join(raw.headers), remedy=remedy))
            continue
        for row in range(raw.row_count):
            cells = {name: raw.columns[name][row].strip() for name in wanted}
            line = raw.lines[row] if raw.lines else row + 1
            taken = _decision(cells, Place(file=path.name, sheet=raw.sheet, line=line))
            if isinstance(taken, Problem):
                problems.append(taken)
            elif taken is not None:
                made.append(taken)
    raise_problems(InputError, problems)
    return made


def _decision(cells: Mapping[str, str], where: Place) -> merge.Decision | Problem | None:
    """Return what a row decides; None where it is left open."""
    word, by, on, reason = (cells[name] for name in merge.DECISION_FIELDS)
    if word in {"", merge.OPEN}:
        return None
    if word not in {merge.SAME, merge.DIFFERENT}:
        allowed = f"{merge.SAME}、{merge.DIFFERENT}、{merge.OPEN}，或留空"
        return Problem("决定看不懂", replace(where, field="决定"), word, allowed, "改为其中之一")
    if not by or not _day(on):
        remedy = "填写决定人和决定日期（如 2026-11-28）"
        return Problem("决定没有写明决定人或日期", where, f"{by}，{on}", remedy=remedy)
    first, second = (merge.Side(*(cells[f"{side}{name}"] for name in merge.SIDE_FIELDS)) for side in merge.SIDES)
    return merge.Decision(first, second, word == merge.SAME, by, _day(on), reason, where)


def _told(entry: LedgerEntry) -> tuple[str, ...]:
    row = str(entry.row) if entry.row else ""
    return (entry.file, entry.sheet, row, entry.field, entry.value, entry.event, entry.reason, entry.action)


def _plain(sheet: Sheet) -> PlainTable:
    choices = (
        {merge.DECISION_FIELDS[0]: (merge.SAME, merge.DIFFERENT, merge.OPEN)}
        if sheet.title == merge.PENDING_SHEET
        else {}
    )
    return PlainTable(sheet.title, sheet.header, sheet.rows, choices, sheet.title == merge.CONTENTS_SHEET)
