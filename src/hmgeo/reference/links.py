"""What a row of one list says of the rows of others: the water it drains to, its intake, district, enterprise.

Names are compared without spaces, letter case and width; nothing is guessed from parts of a name.
"""

from __future__ import annotations

import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.reference.templates import bare_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENTERPRISE, WATER, INTAKE, DISTRICT, METALS = "enterprise", "water", "intake", "district", "metals"
EXCEEDS, ELEMENTS, CLASS_YEAR = "exceeds", "elements", "class_year"
SLOPE_GRADE, DESIGNATED = "slope_grade", "designated"
PARK, ZONE = "park", "zone"
TOE_LON, TOE_LAT, DATUM = "toe_lon", "toe_lat", "datum"

LINKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ENTERPRISE: ("企业编号", "企业名称", "所属企业编号", "污染源编号"),
        WATER: ("受纳水体", "灌溉水源", "水源", "取水水体", "河流名称", "所在水体"),
        INTAKE: ("取水口编号", "取水口名称"),
        DISTRICT: ("灌区编号", "灌区名称", "灌区"),
        EXCEEDS: ("近三年农产品超标", "农产品超标", "点位超标"),
        ELEMENTS: ("主要超标元素", "超标元素"),
        CLASS_YEAR: ("划分年度", "划分年份", "类别划分年度"),
        SLOPE_GRADE: ("GDPDJB", "坡度级", "坡度级GDPDJB", "耕地坡度级", "耕地坡度级别"),
        DESIGNATED: ("是否头顶库", "头顶库认定"),
        TOE_LON: ("初期坝坝脚经度", "坝脚经度"),
        TOE_LAT: ("初期坝坝脚纬度", "坝脚纬度"),
        DATUM: ("坐标系",),
        METALS: ("涉及重金属", "污染物"),
        PARK: ("园区编号", "园区名称", "所在园区"),
        ZONE: ("水源地编号", "水源地名称", "所属水源地"),
    }
)
"""Columns that point at other lists, by code, most telling first; a bracket after the name doesn't matter.

Some tell of the thing itself: whether a parcel's produce exceeds a limit, which elements, when it was classed, its
slope grade; whether the emergency department designated a tailings pond as 头顶库, and where its dam's toe lies.
"""


def links_by_row(
    columns: Mapping[str, Sequence[str]], rows: Sequence[int], leave_out: str = ""
) -> list[dict[str, str]]:
    """Return for some rows of a table what they say of other things; blanks say nothing.

    Parameters
    ----------
    leave_out
        The column that holds the rows' own ids: it points at nothing.

    Examples
    --------
    >>> links_by_row({"灌区编号": ["GQ-1"], "灌溉水源": [" 东河 "], "备注": ["x"]}, [0])
    [{'water': '东河', 'district': 'GQ-1'}]
    >>> links_by_row({"灌区编号": ["GQ-1"]}, [0], leave_out="灌区编号")
    [{}]
    """
    known = {bare_header(name): values for name, values in reversed(list(columns.items())) if name != leave_out}
    held = {
        code: [known[bare_header(word)] for word in words if bare_header(word) in known]
        for code, words in LINKS.items()
    }
    held = {code: lists for code, lists in held.items() if lists}
    made = []
    for row in rows:
        told = {code: _first(lists, row) for code, lists in held.items()}
        made.append({code: text for code, text in told.items() if text})
    return made


def _first(columns: Sequence[Sequence[str]], row: int) -> str:
    return next((text for values in columns if (text := values[row].strip())), "")


def same_name(text: str) -> str:
    """Return a name as it is compared.

    Examples
    --------
    >>> same_name("示例 河０１") == same_name("示例河01")
    True
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
