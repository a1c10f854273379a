"""Counties and townships that a list's own words name: in their columns, in an address, in a firm's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.vocabulary import COUNTY_DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_COUNTY = re.compile(r"(.{2,}?)(?P<kind>(?:[\u4e00-\u9fff]{1,3}族)+自治县|县|区|市|旗)")
_TOWNSHIP_END = re.compile(r"(?:[\u4e00-\u9fff]{1,3}族)*(?:镇|乡|街道|街道办事处)$")
_SHORTEST_STEM = 2


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """What words say of a place; empty codes where they say nothing, or more than one thing.

    Parameters
    ----------
    note
        Where a place was read from anything but its own column.
    """

    county_code: str = ""
    township_code: str = ""
    note: str = ""


def named_place(
    county: str, township: str, texts: Sequence[tuple[str, str]], counties: Mapping[str, str], towns: Mapping[str, str]
) -> NamedPlace:
    """Return the county and township that a row's words name.

    Parameters
    ----------
    county, township
        The row's own columns; empty where it has none.
    texts
        (what it is called, text) of free texts, most telling first: address, name, responsible government.
    counties, towns
        Official names by code.

    Examples
    --------
    >>> counties, towns = {"441802": "清城区", "441881": "英德市"}, {"441802105": "龙塘镇", "441881137": "东华镇"}
    >>> named_place("清城区", "", [("名称", "清远市清城区龙塘金盛电镀厂")], counties, towns)
    NamedPlace(county_code='441802', township_code='441802105', note='所在乡镇由名称中的「龙塘」推断，待核实')
    >>> named_place("", "", [("名称", "英德市东华镇国丰钢铁有限责任公司")], counties, towns).township_code
    '441881137'
    """
    notes = []
    code = _only(code for code, name in counties.items() if county and county in county_forms(name))
    if not code:
        found = _county_in(texts, counties)
        if found is not None:
            code, word, where = found
            notes.append(f"所在县由{where}中的「{word}」推断")
    within = {one: name for one, name in towns.items() if one.startswith(code)} if code else dict(towns)
    town = _only(one for one, name in within.items() if township and township in (name, _stem(name)))
    if not town and not township:
        county_words = {form for name in counties.values() for form in county_forms(name)}
        clear = {one: name for one, name in within.items() if _stem(name) not in county_words}  # 连州镇 in 连州市
        found = _township_in(texts, clear, is_county_known=bool(code))
        if found is not None:
            town, word, where = found
            doubt = "" if word == within[town] else "，待核实"
            notes.append(f"所在乡镇由{where}中的「{word}」推断{doubt}")
    return NamedPlace(code or town[:COUNTY_DIGITS], town, "；".join(notes))


def county_forms(name: str) -> tuple[str, ...]:
    """Return how lists write a county, official name first.

    Examples
    --------
    >>> county_forms("连山壮族瑶族自治县")
    ('连山壮族瑶族自治县', '连山县', '连山')
    """
    match = _COUNTY.fullmatch(name)
    if match is None:
        return (name,)
    ending = "县" if match["kind"].endswith("自治县") else match["kind"]
    return tuple(dict.fromkeys((name, match[1] + ending, match[1])))


def _county_in(texts: Sequence[tuple[str, str]], counties: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return code, word and where: whole names in any text come before short ones, earlier texts before later."""
    for is_short in (False, True):
        for where, text in texts:
            hits = {}
            for code, name in counties.items():
                forms = county_forms(name)
                word = next((form for form in (forms[-1:] if is_short else forms[:-1] or forms) if form in text), "")
                if word:
                    hits[code] = word
            if len(hits) == 1:
                ((code, word),) = hits.items()
                return code, word, where
    return None


def _township_in(
    texts: Sequence[tuple[str, str]], towns: Mapping[str, str], *, is_county_known: bool
) -> tuple[str, str, str] | None:
    """Return code, word and where; a short name counts only inside a county that is known."""
    for shorten in (str, _stem) if is_county_known else (str,):
        for where, text in texts:
            hits = {code: shorten(name) for code, name in towns.items() if shorten(name) and shorten(name) in text}
            if len(hits) == 1:
                ((code, word),) = hits.items()
                return code, word, where
    return None


def _stem(name: str) -> str:
    """Return a township's name without its ending; empty where too little is left to be told from other words."""
    stem = _TOWNSHIP_END.sub("", name)
    return stem if len(stem) >= _SHORTEST_STEM and stem != name else ""


def _only(codes: Iterable[str]) -> str:
    found = list(codes)
    return found[0] if len(found) == 1 else ""
