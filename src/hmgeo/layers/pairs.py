"""The two coordinates of each row of a table as numbers, whatever spelling they come in."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.layers.angles import Angle, parse_angle, parse_packed
from hmgeo.layers.column_names import LON_LAT_PAIR
from hmgeo.layers.digits import NUMBER, Pair, half_last_digit
from hmgeo.layers.journal import name_rows
from hmgeo.layers.schema import plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.layers.outcome import Outcome
    from hmgeo.layers.rawtable import RawTable
    from hmgeo.layers.schema import Columns

PLACEHOLDERS = frozenset({"", "-", "--", "—", "——", "/", "无", "暂无", "空", "null", "none", "n/a", "#n/a"})
_PARTS = (("度", "°"), ("分", "′"), ("秒", "″"))
_BARE = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,12})?")
_SMALLEST_PACKED = 100_000.0
_SEPARATORS = (r"[;；|]", r"[,，]", r"\s+")


@dataclass(slots=True)
class _Told:
    """Rows that were read in some special way, for one ledger entry each."""

    widened: list[int] = field(default_factory=list)
    angles: list[int] = field(default_factory=list)
    packed: list[int] = field(default_factory=list)
    turned: list[int] = field(default_factory=list)


def read_pairs(raw: RawTable, columns: Columns, *, is_turned: bool, outcome: Outcome) -> dict[int, Pair]:
    """Read the coordinates of every row that has both; the other rows are left or rejected.

    Parameters
    ----------
    is_turned
        The user says that the first of the two columns holds the latitude or northing (axis order lat_lon).

    Returns
    -------
    dict
        Row to pair, x east and y north as the column names (and the user) have it.
    """
    texts_x, texts_y = coordinate_texts(raw, columns)
    headers = (columns["lon"], columns["lat"])
    told = _Told()
    pairs: dict[int, Pair] = {}
    for row, texts in enumerate(zip(texts_x, texts_y, strict=True)):
        if row in raw.damaged:
            outcome.reject(row, f"{raw.damaged[row]}，各列可能错位")
            continue
        quick = None if is_turned else _quick_pair(*texts, columns.pair)
        pair = quick or _read_pair(row, texts, headers, columns.pair, is_turned=is_turned, outcome=outcome, told=told)
        if pair is not None:
            finer = min(pair.half_x, pair.half_y)
            pairs[row] = Pair(pair.x, pair.y, finer, finer) if raw.is_typed and not pair.is_written else pair
    _tell(told, headers, columns.pair, is_turned=is_turned, outcome=outcome)
    return pairs


def coordinate_texts(raw: RawTable, columns: Columns) -> tuple[list[str], list[str]]:
    """Return both coordinates of every row as text, joined or taken apart where the file keeps them otherwise."""
    lon, lat = columns["lon"], columns["lat"]
    if lon == lat:
        halves = [_halves(text) for text in raw.columns[lon]]
        return [first for first, _ in halves], [second for _, second in halves]
    if columns.is_split:
        return _joined(raw, lon), _joined(raw, lat)
    return raw.columns[lon], raw.columns[lat]


def _halves(text: str) -> tuple[str, str]:
    """Take 113.05,23.6 apart."""
    for separator in _SEPARATORS:
        parts = [part for part in re.split(separator, text.strip()) if part]
        if len(parts) == 2:  # noqa: PLR2004 -- a pair
            return parts[0].strip("([（【 "), parts[1].strip(")]）】 ")
    return text, text if text.strip() else ""


def _joined(raw: RawTable, degrees_header: str) -> list[str]:
    """Join degrees, minutes and seconds that stand in columns of their own; all blank gives blank."""
    stem = plain_name(degrees_header).partition("(")[0]
    by_name = {plain_name(header): header for header in raw.headers}
    made = [""] * raw.row_count
    for word, sign in _PARTS:
        header = by_name.get(f"{stem}({word})") or by_name.get(f"{stem}({sign})")
        if header is not None:
            cells = raw.columns[header]
            made = [
                text + (f"{cell.strip()}{sign}" if cell.strip() else "") for text, cell in zip(made, cells, strict=True)
            ]
    return made


def _quick_pair(x_text: str, y_text: str, pair_kind: int) -> Pair | None:
    """Read two bare decimal numbers, which most lists hold; None for everything that needs a closer look."""
    if not (_BARE.fullmatch(x_text) and _BARE.fullmatch(y_text)):
        return None
    x, y = float(x_text), float(y_text)
    if (x == 0 and y == 0) or (pair_kind == LON_LAT_PAIR and x >= _SMALLEST_PACKED):
        return None
    return Pair(x, y, half_last_digit(x_text), half_last_digit(y_text))


def _read_pair(
    row: int,
    texts: Sequence[str],
    headers: Sequence[str],
    pair_kind: int,
    *,
    is_turned: bool,
    outcome: Outcome,
    told: _Told,
) -> Pair | None:
    plain = [_plain(text) for text in texts]
    blank = [text.casefold() in PLACEHOLDERS for text in plain]
    if all(blank):
        outcome.leave(row, "没有坐标", field="、".join(dict.fromkeys(headers)), value="、".join(filter(None, plain)))
        return None
    for position, header in enumerate(headers):
        if blank[position]:
            outcome.reject(row, f"只有一个坐标，缺{header}", field=header, value=texts[position])
            return None
    lon_first = [plain[1], plain[0]] if is_turned else plain
    packed = parse_packed(*lon_first) if pair_kind == LON_LAT_PAIR else None
    if packed is not None:
        told.packed.append(row + 1)
        values: list[Angle | None] = [*packed]
        if is_turned:
            values.reverse()
    else:
        values = [_value(text) for text in plain]
    first, second = values
    if first is None or second is None:
        position = 0 if first is None else 1
        outcome.reject(row, _complaint(plain[position]), field=headers[position], value=texts[position])
        return None
    return _settle(row, (first, second), texts, headers, is_turned=is_turned, outcome=outcome, told=told)


def _settle(
    row: int,
    values: tuple[Angle, Angle],
    texts: Sequence[str],
    headers: Sequence[str],
    *,
    is_turned: bool,
    outcome: Outcome,
    told: _Told,
) -> Pair | None:
    """Put two readings in their order: the cells' own letters win, then the user's word, then the column names."""
    first, second = values
    is_plain = all(NUMBER.fullmatch(_plain(text)) for text in texts)
    for position, (value, header) in enumerate(zip(values, headers, strict=True)):
        if not math.isfinite(value.degrees):
            outcome.reject(row, "坐标不是有限的数", field=header, value=texts[position])
            return None
    if not is_plain:
        told.angles.append(row + 1)
    elif any(not text.isascii() for text in texts):
        told.widened.append(row + 1)
    if first.degrees == 0 and second.degrees == 0:
        outcome.reject(row, "坐标为 (0, 0)，多为空值误填", field="、".join(dict.fromkeys(headers)), value="0，0")
        return None
    axes = (first.axis, second.axis)
    if axes[0] and axes[0] == axes[1]:
        outcome.reject(row, "两个坐标的方位字母相同", field="、".join(headers), value="，".join(texts))
        return None
    says_turned = axes[0] == "lat" or axes[1] == "lon"
    if says_turned:
        told.turned.append(row + 1)
    if says_turned or (is_turned and not any(axes)):
        first, second = second, first
    return Pair(first.degrees, second.degrees, first.half, second.half, is_written=not is_plain)


def _plain(text: str) -> str:
    # º and ˚ and ´ fall apart under NFKC; only what is no angle mark may be normalised here
    if any(sign in text for sign in "º˚´"):
        return text.strip()
    return unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")


def _value(text: str) -> Angle | None:
    """Return a plain number or an angle."""
    if NUMBER.fullmatch(text):
        return Angle(float(text), half_last_digit(text))
    return parse_angle(text)


def _complaint(text: str) -> str:
    if re.search(r"[°º˚度′'’分″\"”秒]", text):
        return "度分秒写法无法识别（分、秒须小于 60，只有最后一级可带小数）"
    return "坐标不是数字"


def _tell(told: _Told, headers: Sequence[str], pair_kind: int, *, is_turned: bool, outcome: Outcome) -> None:
    label = "、".join(dict.fromkeys(headers))
    note = outcome.journal.note
    if told.widened:
        note("全角数字", f"含全角数字或数学负号，共 {name_rows(told.widened)}", "按半角数字读取", field=label)
    if told.packed:
        note(
            "度分秒", f"度分秒连写（如 1123600.28），共 {name_rows(told.packed)}", "按度分秒换算为十进制度", field=label
        )
    if told.angles:
        note("度分秒", f"带度分秒或方位字母，共 {name_rows(told.angles)}", "换算为十进制度", field=label)
    if told.turned:
        note("坐标轴", f"单元格的方位字母与列名相反，共 {name_rows(told.turned)}", "以方位字母为准", field=label)
    if is_turned:
        words = "纬度在前、经度在后" if pair_kind == LON_LAT_PAIR else "北坐标在前、东坐标在后"
        note("坐标轴", f"使用者声明{words}", f"{headers[0]} 按北向、{headers[-1]} 按东向读取", field=label)
