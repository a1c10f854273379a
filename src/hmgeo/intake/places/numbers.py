"""Coordinates and quantities as people write them, and how exact they are by their digits.

Half the last digit is a row's uncertainty on that axis, and the half-diagonal of both axes, in metres, is the row's.
Workbooks and vector files hold binary numbers, which can't show trailing zeros: there the axis with more digits speaks
for both.

The grammar is our own because a reader that guesses is worse than none: lat-lon-parser (the tests' oracle) takes the
`s` of `113d03m00s` for south, allows 60 minutes, and doesn't say how fine the last digit is.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray
from pyproj import CRS

from hmgeo.geo.ellipsoid import geodesic_m
from hmgeo.intake.columns import Columns
from hmgeo.intake.places.headers import LAT_LON, LON_LAT_PAIR, PARTS, Coordinates, dotted_parts
from hmgeo.intake.rows import Outcome, RawTable, name_rows
from hmgeo.reference.tables import PLACEHOLDERS
from hmgeo.vocabulary import expression
from hmgeo.words import say

NUMBER = expression(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_HALVES = tuple(float(f"5e-{places + 1}") for places in range(25))
_EXACT_DEG = 1e-9  # 0.1 mm, which is what distances are rounded to
_EXACT_M = 1e-4
_POLE_DEG = 90.0


class Pair(Struct, frozen=True):
    """Two coordinates of a row as numbers, with half the last digit given of each.

    `is_written`: the cells held text such as 113°03′00″, which shows all its digits even in a workbook.
    """

    x: float
    y: float
    half_x: float
    half_y: float
    is_written: bool = False


def _half_last_digit(text: str) -> float:
    """Return half a unit of the last digit of a number as written.

    >>> _half_last_digit("113.05"), _half_last_digit("113"), _half_last_digit("113.050000")
    (0.005, 0.5, 5e-07)
    """
    if len(text) < len(_HALVES) and "e" not in text and "E" not in text:
        _, dot, decimals = text.partition(".")
        return _HALVES[len(decimals)] if dot else _HALVES[0]
    exponent = Decimal(text).as_tuple().exponent
    return float(Decimal(5).scaleb(int(exponent) - 1))


def pair_uncertainties_m(
    pairs: Sequence[Pair], lon: NDArray[np.float64], lat: NDArray[np.float64], crs: CRS | None, *, is_typed: bool
) -> NDArray[np.float64]:
    """Return (n,) what half the last digits of `pairs` amount to in metres; 0 for binary numbers with nine decimals.

    Parameters
    ----------
    lon, lat
        (n,) where the pairs lie, in degrees.
    crs
        On which they were given; None for degrees.
    is_typed
        Whether they come as binary numbers, which can't show trailing zeros.
    """
    halves = np.array([(pair.half_x, pair.half_y) for pair in pairs], dtype=np.float64).reshape(-1, 2)
    is_binary = np.array([is_typed and not pair.is_written for pair in pairs], dtype=bool)
    if crs is not None and crs.is_projected:
        half_m = np.hypot(halves[:, 0], halves[:, 1]) * float(crs.axis_info[0].unit_conversion_factor)
        return np.where(is_binary & (half_m < _EXACT_M), 0.0, half_m)
    radii_m = np.zeros(len(halves))
    # latitudes beyond the pole are refused later, with their reason
    needed = (np.abs(lat) <= _POLE_DEG) & ~(is_binary & (halves.max(axis=1, initial=0.0) < _EXACT_DEG))
    here, half = np.column_stack([lon, lat])[needed], halves[needed]
    half[:, 1] *= np.where(here[:, 1] > 0, -1.0, 1.0)  # towards the equator, where a degree is longest
    radii_m[needed] = geodesic_m(here, here + half)
    return radii_m


def typed_pairs(xy: NDArray[np.float64]) -> list[Pair]:
    """Return pairs for `xy`, (n, 2) binary coordinates, with the digits that their shortest decimal form shows."""
    made = []
    for x, y in xy.tolist():
        finer = min(_half_last_digit(_shortest(x)), _half_last_digit(_shortest(y)))
        made.append(Pair(x, y, finer, finer))
    return made


def _shortest(value: float) -> str:
    return repr(value).removesuffix(".0")


_MARKS = str.maketrans(
    {
        "º": "°", "˚": "°", "度": "°", "o": "°", "O": "°",
        "′": "'", "‘": "'", "’": "'", "´": "'", "`": "'", "ʹ": "'", "＇": "'", "分": "'",
        "″": '"', "“": '"', "”": '"', "ʺ": '"', "＂": '"', "〃": '"', "秒": '"',
        "\u2212": "-", "–": "-", "—": "-", "：": ":", "，": ",", "。": ".",
    }
)  # fmt: skip
_AXIS_WORDS = {
    "东经": "E", "東經": "E", "東经": "E", "经度": "E", "北纬": "N", "北緯": "N", "纬度": "N",
    "西经": "W", "西經": "W", "南纬": "S", "南緯": "S", "东": "E", "東": "E", "西": "W", "南": "S", "北": "N",
}  # fmt: skip
_AXIS_OF = {"E": "lon", "W": "lon", "N": "lat", "S": "lat"}
_WHOLE = r"\d{1,3}"
_NUMBER = r"\d{1,2}(?:\.\d*)?"
_MARKED = expression(rf"({_WHOLE})°(?:({_NUMBER})(?:'(?:({_NUMBER})(?:\"|'')?)?)?)?")
_DECIMAL_DEGREES = expression(r"(\d{1,3}\.\d*)°")
_PARTED = expression(rf"({_WHOLE})([ :.-])(\d{{1,2}})\2({_NUMBER})")
_PACKED_LON = expression(r"(\d{3})(\d{2})(\d{2}(?:\.\d*)?)")
_PACKED_LAT = expression(r"(\d{2})(\d{2})(\d{2}(?:\.\d*)?)")
_SIXTY = 60
_DOTTED = expression(r"(\d{1,3})\.(\d+)")
_CLOCK = expression(r"1900-01-0([1-9])t(\d\d):(\d\d:\d\d(?:\.\d+)?)", re.IGNORECASE)
_LON_DEGREES = range(73, 136)
_LAT_DEGREES = range(3, 54)


class _Angle(Struct, frozen=True):
    """An angle that was written with marks: decimal degrees, negative for west and south; half its last digit, too.

    `axis` is `lon` or `lat` where a letter or word says so, else empty.
    """

    degrees: float
    half: float
    axis: str = ""


def parse_angle(text: str) -> _Angle | None:
    """Read an angle with degree signs, separators or hemisphere letters; None where the text is no such angle.

    `text`: one cell. Full-width signs, Chinese words and typographic quotes count as their plain forms. Minutes and
    seconds from 60 up are refused, but for 60.00 seconds, which exports write where they round up; and so is a fraction
    before a smaller unit.

    Examples
    --------
    >>> parse_angle("东经113°03′00″"), parse_angle("N23 36 00.0").axis, parse_angle("113°75′")
    (_Angle(degrees=113.05, half=0.0001388888888888889, axis='lon'), 'lat', None)
    >>> parse_angle("113°2′60.00″").degrees, parse_angle("113°2′60.01″"), parse_angle("113°60′")
    (113.05, None, None)
    """
    plain, letters = _without_letters(text)
    if len(set(letters)) > 1 or plain.startswith("+-"):
        return None
    is_negative = plain.startswith("-") or letters[:1] in (["W"], ["S"])
    if plain.startswith("-") and letters:
        return None
    parts = _parts(plain.removeprefix("-").removeprefix("+").strip(), has_letter=bool(letters))
    if parts is None:
        return None
    value, half = _add_up(parts)
    return _Angle(-value if is_negative else value, half, _AXIS_OF[letters[0]] if letters else "")


def parse_packed(lon_text: str, lat_text: str) -> tuple[_Angle, _Angle] | None:
    """Read degrees, minutes, seconds run together: `lon_text` 1123600.28, `lat_text` 0233600.28; None if they can't be.

    Both must be, and only places within 73-136 E, 3-54 N are taken: no other number of that size is a longitude.

    >>> lon, lat = parse_packed("1123600.28", "233000")
    >>> round(lon.degrees, 8), lat.degrees
    (112.60007778, 23.5)
    """
    lon, lat = _PACKED_LON.fullmatch(lon_text), _PACKED_LAT.fullmatch(lat_text.removeprefix("0"))
    if lon is None or lat is None or int(lon[1]) not in _LON_DEGREES or int(lat[1]) not in _LAT_DEGREES:
        return None
    made = [list(match.groups()) for match in (lon, lat)]
    if not all(_are_below_sixty(parts) for parts in made):
        return None
    return _Angle(*_add_up(made[0])), _Angle(*_add_up(made[1]))


def _without_letters(text: str) -> tuple[str, list[str]]:
    """Return the text in plain signs without its hemisphere words, and those words as letters E, W, N or S."""
    plain = text
    letters = []
    for word, letter in _AXIS_WORDS.items():  # before the marks: 经度 holds a 度
        while word in plain:
            plain = plain.replace(word, "", 1)
            letters.append(letter)
    plain = unicodedata.normalize("NFKC", plain.translate(_MARKS)).translate(_MARKS).strip()
    plain = re.sub(r"(?i)(?<=\d)\s*d(?:eg)?\s*(?=\d|$)", "°", plain)
    plain = re.sub(r"(?i)(?<=\d)\s*m(?:in)?\s*(?=\d|$)", "'", plain)
    plain = re.sub(r"(?i)(?<=')(\d+(?:\.\d*)?)\s*s(?:ec)?(?=$|\s*[NEWS])", r'\1"', plain)
    while match := re.match(r"(?i)\s*([NEWS])(?=[\s:\d.-])|.*?[\s\d.°'\"]([NEWS])\s*$", plain):
        group = 1 if match[1] else 2
        plain = plain[: match.start(group)] + plain[match.end(group) :]
        letters.append(match[group].upper())
    plain = re.sub(r"\s*([°'\":])\s*", r"\1", plain.strip().removeprefix(":").strip())
    return re.sub(r"\s+", " ", plain), letters


def _parts(plain: str, *, has_letter: bool) -> list[str] | None:
    """Return degrees, minutes and seconds as written, as many as there are."""
    if match := _MARKED.fullmatch(plain):
        parts = [part for part in match.groups() if part]
    elif match := _DECIMAL_DEGREES.fullmatch(plain):
        parts = [match[1]]
    elif match := _PARTED.fullmatch(plain):
        parts = [match[1], match[3], match[4]]
    elif has_letter and re.fullmatch(r"\d{1,3}(?:\.\d*)?", plain):
        parts = [plain]
    else:
        return None
    has_inner_fraction = any("." in part for part in parts[:-1])
    is_carried = re.fullmatch(r"60\.0+", parts[-1]) and len(parts) == len(("°", "'", '"'))  # rounded up, not carried
    return None if has_inner_fraction or not _are_below_sixty(parts[:-1] if is_carried else parts) else parts


def _are_below_sixty(parts: list[str]) -> bool:
    return all(Decimal(part) < _SIXTY for part in parts[1:])


def _add_up(parts: list[str]) -> tuple[float, float]:
    """Return degrees, and half the last digit in degrees."""
    total = sum((Decimal(part) / _SIXTY**place for place, part in enumerate(parts)), Decimal(0))
    exponent = int(Decimal(parts[-1]).as_tuple().exponent)
    half = Decimal(5).scaleb(exponent - 1) / _SIXTY ** (len(parts) - 1)
    return float(total), float(half)


_BARE = expression(r"-?[0-9]{1,9}(?:\.[0-9]{1,12})?")
_SMALLEST_PACKED = 100_000.0
_SEPARATORS = (
    r"[;；|\n]",
    r"[,，、]",
    r"[/\\]",
    r"\s+",
    r"(?=北纬|南纬|纬度|[NS](?=\s*\d))",
    r"(?=东经|西经|经度|[EW](?=\s*\d))",
)
_WRAPPED = expression(r"(?i)^\s*(?:point\s*)?[(\[（【{]\s*(.*?)\s*[)\]）】}]\s*$", re.DOTALL)
_LABEL = expression(r"(?i)(经度|纬度|东经|北纬|lon(?:gitude)?|lng|lat(?:itude)?)\s*[:：=]\s*")
_LABEL_WORDS = {"lon": "东经", "lng": "东经", "lat": "北纬"}


class _ReadOddly(Struct):
    """Rows that were read in some special way, for one ledger entry each."""

    widened: list[int] = field(default_factory=list)
    angles: list[int] = field(default_factory=list)
    packed: list[int] = field(default_factory=list)
    turned: list[int] = field(default_factory=list)
    by_size: list[int] = field(default_factory=list)
    is_open: bool = False
    """One cell holds both, and neither name nor user says which comes first."""


def read_pairs(raw: RawTable, columns: Columns, *, is_turned: bool, outcome: Outcome) -> dict[int, Pair]:
    """Read both coordinates of every row of `raw`; rows that lack one are left or rejected in `outcome`.

    `is_turned`: the user says that the first of the two columns holds the latitude or northing (axis order lat_lon).

    Returned: row to pair, x east and y north as the column names (and the user) have it.
    """
    texts_x, texts_y = (list(texts) for texts in coordinate_texts(raw, columns))
    _use_spares(raw, columns, (texts_x, texts_y), outcome)
    order = columns.place.order if columns.place else ""
    headers = (columns["lon"], columns["lat"])
    special = _ReadOddly(is_open=headers[0] == headers[1] and not order and not is_turned)
    is_turned = is_turned or (order == LAT_LON and headers[0] == headers[1])
    pairs: dict[int, Pair] = {}
    for row, texts in enumerate(zip(texts_x, texts_y, strict=True)):
        if row in raw.damaged:
            outcome.reject(row, f"{raw.damaged[row]}，各列可能错位")
            continue
        quick = None if is_turned or special.is_open else _quick_pair(*texts, columns.pair)
        pair = quick or _read_pair(
            row, texts, headers, columns.pair, is_turned=is_turned, outcome=outcome, special=special
        )
        if pair is not None:
            finer = min(pair.half_x, pair.half_y)
            pairs[row] = Pair(pair.x, pair.y, finer, finer) if raw.is_typed and not pair.is_written else pair
    _tell(special, headers, columns.pair, is_turned=is_turned, outcome=outcome)
    return pairs


def coordinate_texts(raw: RawTable, columns: Columns) -> tuple[list[str], list[str]]:
    """Return both coordinates of each row of `raw` by its `columns` as text, joined or parted where a file needs it."""
    place = columns.place
    return _texts_of(raw, place) if place is not None else (raw.columns[columns["lon"]], raw.columns[columns["lat"]])


def _texts_of(raw: RawTable, place: Coordinates) -> tuple[list[str], list[str]]:
    if place.lon == place.lat:
        halves = [_halves(text) for text in raw.columns[place.lon[0]]]
        return [first for first, _ in halves], [second for _, second in halves]
    return _joined(raw, place.lon), _joined(raw, place.lat)


def _halves(text: str) -> tuple[str, str]:
    """Take both coordinates of one cell apart, at the first sign that leaves two readable halves.

    >>> _halves("113.05,23.6"), _halves("东经113°02′15″北纬23°41′07″"), _halves("POINT(113.05 23.6)")
    (('113.05', '23.6'), ('东经113°02′15″', '北纬23°41′07″'), ('113.05', '23.6'))
    """
    plain = _LABEL.sub(lambda match: _LABEL_WORDS.get(match[1][:3].lower(), match[1]), text.strip())
    while match := _WRAPPED.match(plain):
        plain = match[1]
    for separator in _SEPARATORS:
        parts = [part.strip(" ,，、;；") for part in re.split(separator, plain) if part.strip(" ,，、;；")]
        if len(parts) == len(PARTS) * 2:  # 113 02 15 23 41 07
            parts = [" ".join(parts[: len(PARTS)]), " ".join(parts[len(PARTS) :])]
        if len(parts) == 2 and all(_value(_plain(part)) for part in parts):  # noqa: PLR2004 -- a pair
            return parts[0], parts[1]
    return text, text if text.strip() else ""


def _joined(raw: RawTable, names: Sequence[str]) -> list[str]:
    """Join degrees, minutes and seconds that stand in columns of their own; all blank gives blank."""
    if len(names) == 1:
        dotted = dotted_parts(names[0])
        cells = raw.columns[names[0]]
        return [_spelled(text, has_seconds="秒" in dotted) for text in cells] if dotted else cells
    made = [""] * raw.row_count
    for sign, name in zip(PARTS, names, strict=False):
        cells = raw.columns[name]
        made = [
            text + (f"{cell.strip()}{sign}" if cell.strip() else "") for text, cell in zip(made, cells, strict=True)
        ]
    return made


def _spelled(text: str, *, has_seconds: bool) -> str:
    """Return 113.021508 as 113°02′15.08″, or 113.0225 as 113°02.25′; anything else as it is.

    >>> _spelled("113.021508", has_seconds=True), _spelled("113.0225", has_seconds=False)
    ('113°02′15.08″', '113°02.25′')
    """
    match = _DOTTED.fullmatch(_plain(text))
    if match is None:
        return text
    minutes = match[2].ljust(4 if has_seconds else 2, "0")
    if not has_seconds:
        return f"{match[1]}°{minutes[:2]}" + (f".{minutes[2:]}" if minutes[2:] else "") + "′"
    return f"{match[1]}°{minutes[:2]}′{minutes[2:4]}" + (f".{minutes[4:]}" if minutes[4:] else "") + "″"


def _use_spares(raw: RawTable, columns: Columns, texts: tuple[list[str], list[str]], outcome: Outcome) -> None:
    """Take a further pair of coordinates where the one in use is blank, and tell of those left unused."""
    own = [any(_plain(text).casefold() not in PLACEHOLDERS for text in pair) for pair in zip(*texts, strict=True)]
    used = "、".join(dict.fromkeys((columns["lon"], columns["lat"])))
    for spare in columns.spares:
        name, cells = spare.label, _texts_of(raw, spare)
        filled = [
            row for row, pair in enumerate(zip(*cells, strict=True)) if all(re.search(r"\d", text) for text in pair)
        ]
        blank = [row for row in filled if not own[row]]
        is_alike = spare.pair == columns.pair and spare.datum is columns.header_datum and spare.order != LAT_LON
        is_taken = spare.is_own and is_alike
        if filled:
            outcome.journal.note(
                "坐标列未用",
                say("other_coordinates", name=name, rows=name_rows(row + 1 for row in filled)),
                (
                    say("column_counts_else", used=used, name=name)
                    if blank and is_taken
                    else say("column_counts", used=used)
                ),
                field=name,
            )
        for row in blank:
            value = "，".join(dict.fromkeys(filter(None, (cells[0][row], cells[1][row]))))
            if not is_taken:
                way = say("or_write", typed=spare.typed()) if spare.is_own else ""
                reason = say("other_coordinates_unused", used=used, name=name, otherwise=way)
                outcome.reject(row, reason, field=name, value=value)
                continue
            texts[0][row], texts[1][row], own[row] = cells[0][row], cells[1][row], True
            outcome.remark(row, say("coordinates_of_other_columns", name=name, used=used))
            outcome.journal.note_row(
                row + 1,
                "坐标取自另一对列",
                say("column_blank_here", used=used),
                say("taken_from_column", name=name),
                field=name,
                value=value,
            )


def _quick_pair(x_text: str, y_text: str, pair_kind: int) -> Pair | None:
    """Read two bare decimal numbers, which most lists hold; None for everything that needs a closer look."""
    if not (_BARE.fullmatch(x_text) and _BARE.fullmatch(y_text)):
        return None
    x, y = float(x_text), float(y_text)
    if (x == 0 and y == 0) or (pair_kind == LON_LAT_PAIR and x >= _SMALLEST_PACKED):
        return None
    return Pair(x, y, _half_last_digit(x_text), _half_last_digit(y_text))


def _read_pair(
    row: int,
    texts: Sequence[str],
    headers: Sequence[str],
    pair_kind: int,
    *,
    is_turned: bool,
    outcome: Outcome,
    special: _ReadOddly,
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
        special.packed.append(row + 1)
        values: list[_Angle | None] = [*packed]
        if is_turned:
            values.reverse()
    else:
        values = [_value(text) for text in plain]
    first, second = values
    if first is None or second is None:
        position = 0 if first is None else 1
        outcome.reject(row, _complaint(plain[position]), field=headers[position], value=texts[position])
        return None
    return _settle(row, (first, second), texts, headers, is_turned=is_turned, outcome=outcome, special=special)


def _settle(
    row: int,
    values: tuple[_Angle, _Angle],
    texts: Sequence[str],
    headers: Sequence[str],
    *,
    is_turned: bool,
    outcome: Outcome,
    special: _ReadOddly,
) -> Pair | None:
    """Put two readings in their order: the cells' own letters win, then the user's word, then the column names."""
    first, second = values
    is_plain = all(NUMBER.fullmatch(_plain(text)) for text in texts)
    for position, (value, header) in enumerate(zip(values, headers, strict=True)):
        if not math.isfinite(value.degrees):
            outcome.reject(row, "坐标不是有限的数", field=header, value=texts[position])
            return None
    if not is_plain:
        special.angles.append(row + 1)
    elif any(not text.isascii() for text in texts):
        special.widened.append(row + 1)
    if first.degrees == 0 and second.degrees == 0:
        outcome.reject(row, "坐标为 (0, 0)，多为空值误填", field="、".join(dict.fromkeys(headers)), value="0，0")
        return None
    axes = (first.axis, second.axis)
    if axes[0] and axes[0] == axes[1]:
        outcome.reject(row, "两个坐标的方位字母相同", field="、".join(headers), value="，".join(texts))
        return None
    says_turned = axes[0] == "lat" or axes[1] == "lon"
    if says_turned:
        special.turned.append(row + 1)
    by_size = special.is_open and not any(axes) and abs(first.degrees) <= _POLE_DEG < second.degrees <= 2 * _POLE_DEG
    if by_size:
        special.by_size.append(row + 1)
    if says_turned or by_size or (is_turned and not any(axes)):
        first, second = second, first
    return Pair(first.degrees, second.degrees, first.half, second.half, is_written=not is_plain)


def _plain(text: str) -> str:
    # º and ˚ and ´ fall apart under NFKC; only what is no angle mark may be normalised here
    if any(sign in text for sign in "º˚´"):
        return text.strip()
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    clock = _CLOCK.fullmatch(plain)
    if clock:  # 113:02:15 typed into a workbook, which took it for a time
        plain = f"{int(clock[1]) * 24 + int(clock[2])}:{clock[3]}"
    return re.sub(r"(?<=\d)[。．·・｡](?=\d)", ".", plain)


def _value(text: str) -> _Angle | None:
    """Return a plain number or an angle."""
    if NUMBER.fullmatch(text):
        return _Angle(float(text), _half_last_digit(text))
    return parse_angle(text)


def _complaint(text: str) -> str:
    if re.search(r"[°º˚度′'’分″\"”秒]", text):
        return "度分秒写法无法识别（分、秒须小于 60，只有最后一级可带小数）"
    return "坐标不是数字"


def _tell(special: _ReadOddly, headers: Sequence[str], pair_kind: int, *, is_turned: bool, outcome: Outcome) -> None:
    label = "、".join(dict.fromkeys(headers))
    note = outcome.journal.note
    if special.widened:
        note("全角数字", say("digits_full_width", rows=name_rows(special.widened)), "按半角数字读取", field=label)
    if special.packed:
        note("度分秒", say("degrees_packed", rows=name_rows(special.packed)), "按度分秒换算为十进制度", field=label)
    if special.angles:
        note("度分秒", say("degrees_with_signs", rows=name_rows(special.angles)), "换算为十进制度", field=label)
    if special.turned:
        note("坐标轴", say("axes_contradict_column", rows=name_rows(special.turned)), "以方位字母为准", field=label)
    if special.by_size:
        note("坐标轴", say("axes_by_size", rows=name_rows(special.by_size)), "按纬度在前读取", field=label)
    if is_turned:
        words = "纬度在前、经度在后" if pair_kind == LON_LAT_PAIR else "北坐标在前、东坐标在后"
        note("坐标轴", f"使用者声明{words}", f"{headers[0]} 按北向、{headers[-1]} 按东向读取", field=label)
