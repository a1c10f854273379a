"""The tables that offices keep: their columns, which are required, what they may hold, an example of each.

Column names are compared without case, spaces and the star of a required field; full-width signs equal half-width
ones, and a unit in brackets may be missing.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.reference.tables import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GUIDE_MARKS = ("【填写要求】", "【示例】")
"""What the first cells of a template's second and third row start with: rows that are no data."""

ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "生产经营场所地址": ("生产经营场所地址", "生产地址", "企业地址", "地址", "详细地址", "address"),
        "责任单位": ("责任单位", "属地政府", "责任主体单位"),
        "实施时间": ("实施时间", "计划完成时限", "完成时限", "完成时间", "整改时限", "deadline"),
        "使用情况": ("使用情况", "任务", "措施", "整治措施"),
        "行业名称": ("行业名称", "行业类别", "所属行业", "trade_name", "industry"),
        "是否涉镉": ("是否涉镉", "涉镉情况", "涉镉认定"),
        "生产状态": ("生产状态", "企业状态", "运行状态", "运营状态"),
        "统一社会信用代码": ("统一社会信用代码", "信用代码", "组织机构代码"),
        "排气筒高度": ("排气筒高度", "烟囱高度", "排放口高度"),
        "近三年农产品超标": ("近三年农产品超标", "农产品超标"),
        "主要超标元素": ("主要超标元素", "超标元素"),
        "风向": ("风向", "方位", "wind_direction", "direction"),
        "频率": ("频率", "风频", "风向频率", "频率_pct", "frequency_pct", "percent"),
        "年份": ("年份", "统计年份", "years"),
        "气象站": ("气象站", "站名", "station"),
    }
)
"""Other names under which a column is found."""


@dataclass(frozen=True, slots=True)
class TemplateColumn:
    """One column of a list; empty text where nothing is said."""

    name: str
    is_required: bool
    allowed: str
    example: str


@lru_cache(maxsize=1)
def templates() -> Mapping[str, tuple[TemplateColumn, ...]]:
    """Return the columns of every list, by the list's name, in order.

    Examples
    --------
    >>> [column.name for column in templates()["风频表"]]
    ['风向', '频率(%)', '气象站', '年份']
    """
    found: dict[str, list[TemplateColumn]] = {}
    for row in read_rows("templates.csv"):
        column = TemplateColumn(row["column"], row["required"] == "yes", row["allowed"], row["example"])
        found.setdefault(row["template"], []).append(column)
    return MappingProxyType({name: tuple(columns) for name, columns in found.items()})


@lru_cache(maxsize=4096)
def bare_header(text: str) -> str:
    """Return a column name as it is compared.

    Examples
    --------
    >>> bare_header(" 排气筒高度（m）* "), bare_header("所在县(区、市)")
    ('排气筒高度', '所在县')
    """
    plain = re.sub(r"[\s*\ufeff]+", "", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"\([^()]*\)$", "", plain) or plain


def find_header(headers: Sequence[str], name: str) -> str:
    """Return the file's own name of a column, by its name or one of its aliases; empty where it isn't there.

    Examples
    --------
    >>> find_header(["企业名称", "完成时限"], "实施时间")
    '完成时限'
    """
    known: dict[str, str] = {}
    for header in headers:
        known.setdefault(bare_header(header), header)
    wanted = (bare_header(one) for one in ALIASES.get(name, (name,)))
    return next((known[one] for one in wanted if one in known), "")
