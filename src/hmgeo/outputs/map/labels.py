"""Short labels of the map page, for panels and scripts alike; sentences and verdict words live in `wording`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS: Mapping[str, str] = MappingProxyType(
    {
        # frame
        "as_of": "基准日",
        "radius": "筛查半径",
        "no_as_of": "未设基准日",
        "area": "范围",
        "rule": "筛查规则",
        "no_findings": "本图为底图，未作任何判断。",
        "findings_by_verdict": "逐条结果",
        "warnings": "提示",
        "dismiss": "收起提示",
        "close": "关闭",
        "zoom_in": "放大",
        "zoom_out": "缩小",
        "noscript": "本页需要浏览器脚本才能显示地图；文字内容见下。",
        # search
        "search": "查询",
        "search_hint": "名称、编号或乡镇",
        "search_none": "没有匹配的记录",
        "search_more": "另有 {n} 项，请输入更多文字",
        "kind_source": "污染源",
        "kind_unmapped": "未上图",
        "kind_parcel": "地块",
        "kind_township": "乡镇",
        # legend
        "legend": "图例与数量",
        "sources": "污染源（筛查结论）",
        "sources_plain": "污染源",
        "unjudged": "未作筛查",
        "rows": "{n} 行",
        "of_which_unmapped": "未上图 {n}",
        "certainty": "结论稳定性",
        "status": "输入行状态",
        "parcels": "耕地类别",
        "parcel_count": "{n} 块",
        "no_class": "类别未填",
        "borders": "区域与底图",
        "approximate": "（示意）",
        "search_area": "查询范围线（按计算所得绘制）",
        "place_area": "仅知所在行政区：可能范围",
        "summary_circle": "乡镇汇总（数字为地块数）",
        "too_many": "耕地 {total} 块，多于 {limit} 块，不逐块绘制：",
        "too_many_summed": "{n} 块按乡镇汇总为 {circles} 个圆（位于各块平均位置）",
        "too_many_drawn": "逐块绘制 {n} 块（各污染源最近地块）",
        "too_many_nearest": "逐块绘制 {n} 块（筛查半径内距污染源近者优先）",
        "too_many_left": "其余 {n} 块未绘",
        "shapeless": "另有 {n} 块无图形，未绘",
        # unmapped
        "unmapped": "未上图 {n} 行",
        "unmapped_none": "所有输入行均已上图",
        "id": "编号",
        "name": "名称",
        "note": "说明",
        # rules, parameters, data
        "about": "规则、参数与资料",
        "rules_used": "所用规则",
        "parameters": "参数",
        "recorded_default": "默认约定",
        "data": "资料",
        # popups
        "verdict": "结论",
        "certainty_fact": "稳定性",
        "measured": "量测",
        "nearest": "最近耕地",
        "to_nearest": "查看最近地块",
        "to_source": "查看最近污染源",
        "not_drawn": "该地块未单独绘制",
        "within": "{radius} 内",
        "class": "类别",
        "all": "合计",
        "count_area": "地块数 · 面积（公顷）",
        "at_least": "≥",
        "lower_bound": "查询范围超出数据范围，数量与面积均为下限（≥）。",
        "clause": "条款",
        "quote": "原文",
        "decider": "由谁认定",
        "standing": "效力",
        "basis": "数据性质",
        "position": "位置",
        "township": "乡镇",
        "county": "区县",
        "trade": "行业代码",
        "limit": "限值",
        "row_note": "行说明",
        "more_clauses": "其他条款 {n} 条",
        "row_status": "状态",
        "parcel": "耕地地块",
        "receptor": "敏感目标",
        "area_ha": "面积",
        "reached_by": "半径内污染源",
        "count_unit": "{n} 个",
        "nearest_source": "最近污染源",
        "township_sum": "乡镇汇总",
        "count": "地块数",
        # layer tree
        "tree_sources": "污染源",
        "tree_search": "全部查询范围线",
        "tree_frame": "区域与底图",
        "tree_all": "全选或全不选",
    }
)
"""Chinese labels by key; `{…}` parts are filled in where they are used."""

COMPASS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


def compass(bearing_deg: float) -> str:
    """Return a bearing from true north in words.

    Examples
    --------
    >>> compass(44.6)
    '东北（45°）'
    >>> compass(359.8)
    '北（0°）'
    """
    step = 360 / len(COMPASS)
    return f"{COMPASS[round(bearing_deg / step) % len(COMPASS)]}（{round(bearing_deg) % 360}°）"
