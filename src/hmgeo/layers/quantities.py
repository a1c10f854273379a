"""Numbers kept as text with their unit, as 0.35mg/kg, 1,200 kg or ＜0.01 毫克/千克."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_UNITS: dict[str, tuple[str, float]] = {
    "mg/kg": ("mg/kg", 1.0), "毫克/千克": ("mg/kg", 1.0), "毫克/公斤": ("mg/kg", 1.0), "ppm": ("mg/kg", 1.0),
    "μg/kg": ("mg/kg", 1e-3), "ug/kg": ("mg/kg", 1e-3), "g/kg": ("mg/kg", 1e3),
    "kg": ("kg", 1.0), "千克": ("kg", 1.0), "公斤": ("kg", 1.0), "g": ("kg", 1e-3), "克": ("kg", 1e-3),
    "mg": ("kg", 1e-6), "t": ("kg", 1e3), "吨": ("kg", 1e3),
    "kg/a": ("kg/a", 1.0), "千克/年": ("kg/a", 1.0), "公斤/年": ("kg/a", 1.0), "kg/年": ("kg/a", 1.0),
    "g/a": ("kg/a", 1e-3), "t/a": ("kg/a", 1e3), "吨/年": ("kg/a", 1e3),
    "m": ("m", 1.0), "米": ("m", 1.0), "cm": ("m", 1e-2), "厘米": ("m", 1e-2), "km": ("m", 1e3), "公里": ("m", 1e3),
    "千米": ("m", 1e3),
    "m2": ("m2", 1.0), "㎡": ("m2", 1.0), "平方米": ("m2", 1.0), "ha": ("m2", 1e4), "公顷": ("m2", 1e4),
    "亩": ("m2", 10_000 / 15), "km2": ("m2", 1e6), "平方公里": ("m2", 1e6),
    "m3": ("m3", 1.0), "立方米": ("m3", 1.0), "万m3": ("m3", 1e4), "万立方米": ("m3", 1e4),
}  # fmt: skip
_QUANTITY = re.compile(r"([<>≤≥~约])?\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s*(\D.*)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with what stood around it.

    Parameters
    ----------
    unit
        As written, in plain signs; empty where there was none.
    sign
        `<`, `>` or 约 before the number, else empty.
    is_plain
        The text was a bare number already.
    """

    value: float
    unit: str = ""
    sign: str = ""
    is_plain: bool = False


def parse_quantity(text: str) -> Quantity | None:
    """Read a number with thousands marks, a unit or a sign before it; None where the text is no number.

    Examples
    --------
    >>> parse_quantity("1,200 kg")
    Quantity(value=1200.0, unit='kg', sign='', is_plain=False)
    >>> parse_quantity("＜0.35mg/kg").sign, parse_quantity("1,20"), parse_quantity("未检出")
    ('<', None, None)
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    match = _QUANTITY.fullmatch(plain)
    if match is None or not re.match(r"[+-]?\.?\d", match[2]):
        return None
    unit = "".join((match[3] or "").split()).strip("()")
    if unit and unit_size(unit) is None:
        return None
    is_plain = not match[1] and not unit and "," not in match[2] and text.strip() == plain
    return Quantity(float(match[2].replace(",", "")), unit, match[1] or "", is_plain)


def unit_size(unit: str) -> tuple[str, float] | None:
    """Return what a unit measures and its size; None for an unknown one.

    Examples
    --------
    >>> unit_size("t/a"), unit_size("KG"), unit_size("个")
    (('kg/a', 1000.0), ('kg', 1.0), None)
    """
    plain = "".join(unicodedata.normalize("NFKC", unit).split())
    return _UNITS.get(plain) or _UNITS.get(plain.casefold())


def in_unit(quantity: Quantity, unit: str) -> float | None:
    """Return a quantity in another unit; None where the two don't measure the same.

    Examples
    --------
    >>> in_unit(Quantity(1.2, "t"), "kg"), in_unit(Quantity(3.0), "kg"), in_unit(Quantity(1.0, "kg"), "m")
    (1200.0, 3.0, None)
    """
    if not quantity.unit or not unit:
        return quantity.value
    own, wanted = unit_size(quantity.unit), unit_size(unit)
    if own is None or wanted is None:
        return None
    if own[0].removesuffix("/a") != wanted[0].removesuffix("/a"):
        return None
    return round(quantity.value * own[1] / wanted[1], 12)
