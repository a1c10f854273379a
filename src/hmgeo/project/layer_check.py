"""One file checked before it becomes a layer, and the workbook of rows to correct."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.errors import HmgeoError, Place, Problem, UsageError
from hmgeo.layers.catalog import shipped_layers
from hmgeo.layers.inspect import Inspection, guess_kind, inspect_file
from hmgeo.layers.journal import name_rows
from hmgeo.layers.load import ReadOptions, load_elevation
from hmgeo.layers.raster import RASTER_SUFFIXES
from hmgeo.outputs.fixme import FixRow, write_fixme
from hmgeo.project.check import CheckReport, Table
from hmgeo.project.folder import whole_file
from hmgeo.project.inputs import SIDE_LOADERS
from hmgeo.vocabulary import Basis, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmgeo.records import LedgerEntry

NOTHING_SAID = ReadOptions()
_PREVIEW_ROWS = 5
_PREVIEW_COLUMNS = 8
_SHOWN_EVENTS = 40
_TO_FIX = {
    "退回补正": "请更正",
    "未定位": "请补充",
    "几何搁置": "请更正",
    "位置存疑": "请核对",
    "信用代码有误": "请更正",
    "行业版本有误": "请更正",
    "行业版本未填": "请补充",
    "行业名称与代码不符": "请核对",
    "行业代码存疑": "请核对",
    "行业代码看不懂": "请更正",
    "数值有误": "请更正",
    "定位误差无效": "请更正",
    "编号重复": "请更正",
    "编号空缺": "请补充",
    "重复待确认": "请核对",
    "疑似重复": "请核对",
    "公式无结果": "请更正",
}
"""Events of rows that go back to the sender, and what is asked."""

_TOLD_ON_TOP = {"坐标系未声明": "用 datum 声明坐标系", "坐标系疑误": "向提供单位确认坐标系，用 datum 声明"}


def layer_kind(word: str, path: Path, options: ReadOptions) -> LayerKind:
    """Return the kind that a word means; where it is empty, heights for a raster, else what the file's fields tell.

    Raises
    ------
    UsageError
        An unknown word.
    """
    kinds = {kind.value: kind for kind in LayerKind} | {kind.zh: kind for kind in LayerKind}
    if word in kinds:
        return kinds[word]
    if word:
        allowed = "、".join(f"{kind.value}（{kind.zh}）" for kind in LayerKind)
        raise UsageError(Problem("没有这种图层", Place(key="--kind"), word, allowed, "改为其中之一"))
    return LayerKind.ELEVATION if path.suffix.lower() in RASTER_SUFFIXES else guess_kind(path, options)


def unused_by(word: str, path: Path, given: Mapping[str, object]) -> dict[str, object]:
    """Return those of the options of `layers check` that play no part: heights take none, side tables only a sheet."""
    kinds = {one for kind in LayerKind for one in (kind.value, kind.zh) if kind in SIDE_LOADERS}
    if word in kinds:
        return {name: value for name, value in given.items() if name != "--layer"}
    is_raster = word in {LayerKind.ELEVATION.value, LayerKind.ELEVATION.zh}
    return dict(given) if is_raster or (not word and path.suffix.lower() in RASTER_SUFFIXES) else {}


def check_layer(
    path: str | Path,
    kind: str = "",
    *,
    options: ReadOptions = NOTHING_SAID,
    fixme: str | Path | None = None,
) -> CheckReport:
    """Read one file as a layer and report what it holds and everything that is wrong with it; compute nothing.

    Parameters
    ----------
    kind
        Code or Chinese word of a kind; empty to tell by the file's own fields.
    fixme
        Where to write the workbook of rows to correct; None for none.

    Returns
    -------
    CheckReport
        Errors where the file can't be used; rows to correct are warnings, since every row is kept.
    """
    file = Path(path)
    try:
        known = layer_kind(kind, file, options)
        if known is LayerKind.ELEVATION:
            _, ledger = load_elevation(file, basis=Basis.UNDECLARED)
            return CheckReport((), (_events_of(ledger.entries),))
        if known in SIDE_LOADERS:
            _, ledger = SIDE_LOADERS[known](file, kind=known, basis=Basis.UNDECLARED, options=options)
            return CheckReport((), (_events_of(ledger.entries),))
        found = inspect_file(file, known, options, file.name)
        if fixme is not None:
            with whole_file(Path(fixme), [file]) as temporary:
                write_fixme(list(fix_rows(found)), found.headers, temporary, title=_fixme_title(found))
    except HmgeoError as error:
        return CheckReport(error.problems)
    return CheckReport(tuple(_problems(found)), (_summary(found), _columns(found), _events(found), _preview(found)))


def shipped_table() -> Table:
    """Return the layers that ship with the software, for `layers list`."""
    rows = tuple(
        (layer.path, layer.title or layer.kind, layer.basis.zh, layer.vintage, layer.credit or layer.licence)
        for layer in shipped_layers().values()
    )
    return Table("随软件提供的图层", ("文件", "内容", "数据性质", "时点", "署名或许可"), rows)


def fix_rows(found: Inspection) -> Iterator[FixRow]:
    """Yield the rows that the sender should correct, in the order of the file."""
    by_row: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for entry in found.ledger.entries:
        if entry.row and entry.event in _TO_FIX:
            told = f"{entry.event}：{entry.reason}，{_TO_FIX[entry.event]}"
            by_row[entry.row].append((told, entry.field, entry.value))
    for row in sorted(by_row):
        problems, fields, values = zip(*by_row[row], strict=True)
        named = dict.fromkeys(name for text in fields for name in text.split("、") if name)
        yield FixRow(
            line=row + found.first_line - 1 if found.first_line else row,
            id=found.ids[row - 1],
            problems=tuple(dict.fromkeys(problems)),
            fields=tuple(named),
            values=tuple(dict.fromkeys(filter(None, values))),
            cells={name: found.cells[name][row - 1] for name in found.headers},
        )


def _problems(found: Inspection) -> Iterator[Problem]:
    place = Place(file=found.file, sheet=found.sheet)
    for entry in found.ledger.entries:
        if entry.event in _TOLD_ON_TOP:
            what = f"{entry.event}：{entry.reason}{entry.action}"
            yield Problem(what, place, remedy=_TOLD_ON_TOP[entry.event], is_warning=True)
    if found.missing:
        names = "、".join(found.missing)
        yield Problem(
            "缺少必填列", place, found=names, remedy="补充这些列；缺什么，相关条款就不能判断", is_warning=True
        )
    for header, blank in found.blanks:
        where = Place(file=found.file, sheet=found.sheet, field=header)
        yield Problem(f"必填列有空白：{blank}", where, remedy="请补充", is_warning=True)
    for status, remedy in ((Status.REJECTED, "请更正"), (Status.NOT_LOCATED, "请补充坐标或坐标系")):
        rows = [row for row, one in enumerate(found.statuses, start=1) if one == status.value]
        if rows:
            what = f"{status.zh} {name_rows(rows)}，不参与测算但仍列入结果"
            yield Problem(what, place, remedy=f"{remedy}；用 --fixme 写出更正表", is_warning=True)


def _summary(found: Inspection) -> Table:
    counted = {status: found.statuses.count(status.value) for status in Status}
    datum = [entry.value for entry in found.ledger.entries if entry.event in {"坐标系", "坐标系转换", "坐标系未声明"}]
    rows = [
        ("图层", f"{found.kind.zh}（{found.kind.value}）"),
        ("标准图层", found.standard or "—"),
        ("工作表/图层", found.sheet or "—"),
        ("数据行", str(len(found.ids))),
        *((status.zh, str(count)) for status, count in counted.items()),
        ("几何", "、".join(f"{word} {count}" for word, count in found.shapes) or "—"),
        ("坐标系", "、".join(dict.fromkeys(filter(None, datum))) or "—"),
        ("范围", _extent_words(found)),
    ]
    return Table(f"{found.file} 概要", ("项目", "内容"), tuple(rows))


def _extent_words(found: Inspection) -> str:
    if not found.extent:
        return "—"
    west, south, east, north = found.extent
    return f"经度 {west:.5f}–{east:.5f}，纬度 {south:.5f}–{north:.5f}"


def _columns(found: Inspection) -> Table:
    return Table("识别出的列", ("用途", "列名"), found.mapping)


def _events(found: Inspection) -> Table:
    return _events_of(found.ledger.entries)


def _events_of(entries: Iterable[LedgerEntry]) -> Table:
    """Return a ledger by event, with the first reason and the rows."""
    grouped: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for entry in entries:
        grouped[entry.event].append((entry.row, entry.reason, entry.action))
    rows = []
    for event, listed in list(grouped.items())[:_SHOWN_EVENTS]:
        numbers = [row for row, *_ in listed if row]
        _, reason, action = listed[0]
        rows.append((event, name_rows(numbers) if numbers else "整个文件", reason, action))
    return Table("处理台账摘要", ("事项", "行", "说明（首条）", "处理"), tuple(rows))


def _preview(found: Inspection) -> Table:
    shown = found.headers[:_PREVIEW_COLUMNS]
    words = {status.value: status.zh for status in Status}
    rows = tuple(
        (found.ids[row], words[found.statuses[row]], *(found.cells[name][row] for name in shown))
        for row in range(min(_PREVIEW_ROWS, len(found.ids)))
    )
    return Table("前几行", ("编号", "状态", *shown), rows)


def _fixme_title(found: Inspection) -> str:
    rows = len({entry.row for entry in found.ledger.entries if entry.row and entry.event in _TO_FIX})
    return f"{found.file}：共 {rows} 行需要更正或核对。请在绿色列填写后返回；黄色为涉及的原单元格。"
