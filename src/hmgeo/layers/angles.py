"""Degrees as people write them: decimal, with minutes and seconds in any usual spelling, or run together.

The grammar is our own because a reader that guesses is worse than none: lat-lon-parser (the tests' oracle) takes the
`s` of `113d03m00s` for south, allows 60 minutes, and doesn't say how fine the last digit is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

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
_MARKED = re.compile(rf"({_WHOLE})°(?:({_NUMBER})(?:'(?:({_NUMBER})(?:\"|'')?)?)?)?")
_DECIMAL_DEGREES = re.compile(r"(\d{1,3}\.\d*)°")
_PARTED = re.compile(rf"({_WHOLE})([ :.-])(\d{{1,2}})\2({_NUMBER})")
_PACKED_LON = re.compile(r"(\d{3})(\d{2})(\d{2}(?:\.\d*)?)")
_PACKED_LAT = re.compile(r"(\d{2})(\d{2})(\d{2}(?:\.\d*)?)")
_SIXTY = 60
_LON_DEGREES = range(73, 136)
_LAT_DEGREES = range(3, 54)


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle that was written with marks.

    Parameters
    ----------
    degrees
        Decimal, negative for west and south.
    half
        Half a unit of the last digit given, in degrees.
    axis
        `lon` or `lat` where a letter or word says so, else empty.
    """

    degrees: float
    half: float
    axis: str = ""


def parse_angle(text: str) -> Angle | None:
    """Read an angle with degree signs, separators or hemisphere letters; None where the text is no such angle.

    Parameters
    ----------
    text
        One cell. Full-width signs, Chinese words and typographic quotes count as their plain forms. Minutes and seconds
        from 60 up are refused, and so is a fraction before a smaller unit.

    Examples
    --------
    >>> parse_angle("东经113°03′00″"), parse_angle("N23 36 00.0").axis, parse_angle("113°75′")
    (Angle(degrees=113.05, half=0.0001388888888888889, axis='lon'), 'lat', None)
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
    return Angle(-value if is_negative else value, half, _AXIS_OF[letters[0]] if letters else "")


def parse_packed(lon_text: str, lat_text: str) -> tuple[Angle, Angle] | None:
    """Read degrees, minutes and seconds run together, as 1123600.28 and 0233600.28; None where they can't be that.

    Both must be, and only places within 73-136 E, 3-54 N are taken: no other number of that size is a longitude.

    Examples
    --------
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
    return Angle(*_add_up(made[0])), Angle(*_add_up(made[1]))


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
    return None if has_inner_fraction or not _are_below_sixty(parts) else parts


def _are_below_sixty(parts: list[str]) -> bool:
    return all(Decimal(part) < _SIXTY for part in parts[1:])


def _add_up(parts: list[str]) -> tuple[float, float]:
    """Return degrees, and half the last digit in degrees."""
    total = sum((Decimal(part) / _SIXTY**place for place, part in enumerate(parts)), Decimal(0))
    exponent = int(Decimal(parts[-1]).as_tuple().exponent)
    half = Decimal(5).scaleb(exponent - 1) / _SIXTY ** (len(parts) - 1)
    return float(total), float(half)
