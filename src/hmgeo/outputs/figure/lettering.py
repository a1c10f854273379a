"""Letters of the static figures: a font of our own, so that Chinese stands on any machine and comes out the same."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties

if TYPE_CHECKING:
    from collections.abc import Mapping


MISSING = "〓"
"""Stands for a character that the font doesn't hold, as in Chinese type-setting."""

MM_PER_POINT = 25.4 / 72
_CLOSING = frozenset("，。；：、！？）》」』】％〉”’")
_FILE = str(files("hmgeo.outputs.figure").joinpath("font", "hmgeo-sans-sc.ttf"))


def font(size_pt: float) -> FontProperties:
    """Return the font in one size."""
    return FontProperties(fname=_FILE, size=size_pt)


@cache
def _widths() -> Mapping[str, float]:
    """Return the width of every character of the font, in parts of its size."""
    with TTFont(_FILE, lazy=True) as opened:
        units, advances = opened["head"].unitsPerEm, opened["hmtx"].metrics
        return {chr(code): advances[name][0] / units for code, name in opened.getBestCmap().items()}


def fitted(text: str) -> str:
    """Return a text with what the font lacks replaced by `MISSING`, and `$` kept from meaning mathematics.

    Examples
    --------
    >>> fitted("龙塘镇 a" + chr(0x2A6D6))
    '龙塘镇 a〓'
    """
    known = _widths()
    return "".join(one if one in known or one == "\n" else MISSING for one in text).replace("$", r"\$")


def width_mm(text: str, size_pt: float) -> float:
    """Return how wide a line is on paper."""
    known = _widths()
    return sum(known.get(one, 1.0) for one in text) * size_pt * MM_PER_POINT


def wrapped(text: str, size_pt: float, room_mm: float) -> list[str]:
    """Return a text as lines that fit; a closing mark never begins a line, a Latin word is broken only if it must be.

    Examples
    --------
    >>> wrapped("甲乙丙，丁戊", 10, 3.1 * 10 * 25.4 / 72)
    ['甲乙', '丙，丁', '戊']
    """
    lines, line = [], ""
    for one in text:
        if line and width_mm(line + one, size_pt) > room_mm:
            cut = _break(line, one)
            lines.append(line[:cut].rstrip())
            line = line[cut:].lstrip()
        line += one
    return [*lines, line] if line else lines


def _break(line: str, following: str) -> int:
    """Return where to end a line that has no room for what follows."""
    cut = len(line)
    if following in _CLOSING and cut > 1:
        return cut - 1
    if following.isascii() and following.isalnum():
        while cut and line[cut - 1].isascii() and (line[cut - 1].isalnum() or line[cut - 1] in ".-_"):
            cut -= 1
    return cut or len(line)
