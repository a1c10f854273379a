"""Short labels of the siting check on the map page, Chinese and English by key."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK_LABELS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ask": ("选址研判", "Siting check"),
        "ask_title": ("选址研判：点击任意位置", "Siting check: click anywhere"),
        "ask_hint": (
            "先选行业和建设性质，再在图上点击，或输入经纬度。页面只执行本项目已载入的条款，逐条回答，不作总的结论。",
            "Choose trade and action, then click or type a coordinate. Clause by clause, no overall conclusion.",
        ),
        "ask_trade": ("行业代码", "Trade code"),
        "ask_edition": ("行业分类版本", "Edition"),
        "ask_action": ("建设性质", "Action"),
        "ask_facts": ("条款所问的事实（{n} 项，未说明不当作否）", "Facts that clauses ask for ({n}); unsaid is not no"),
        "ask_unsaid": ("未说明", "unsaid"),
        "ask_yes": ("是", "yes"),
        "ask_no": ("否", "no"),
        "ask_at": ("经度，纬度", "Longitude, latitude"),
        "ask_go": ("研判", "Check"),
        "ask_bad_place": ("坐标看不懂，例：113.05, 23.60", "Not a coordinate, e.g. 113.05, 23.60"),
        "ask_result": ("研判结果", "Result"),
        "ask_count": ("{word} {n} 条", "{word} {n}"),
        "ask_group": ("{word} {n} 条", "{word}: {n}"),
        "ask_text": ("条款与原文", "Clause and text"),
        "ask_none": ("尚未选点", "No place chosen yet"),
        "ask_pixel": (
            "屏幕一个像素约 {metres}；距限值或界线 1 m 以内写“临界”。",
            "One pixel is about {metres}; within 1 m of a limit or border the answer reads as could flip.",
        ),
        "ask_where": ("位于{place}", "In {place}"),
        "ask_nowhere": ("不在所载县级行政区内", "In no county of the data"),
        "ask_border": (
            "距行政区界线不足 1 m，两侧的条款都列出。",
            "Within 1 m of an administrative line: clauses of both sides are listed.",
        ),
        "ask_not_checked": ("未核查的图层", "Layers not checked"),
        "ask_missing": (
            "未提供「{layer}」，相关 {n} 条未评估。请向{department}获取。",
            "“{layer}” was not provided: {n} clauses not assessed. Ask {department}.",
        ),
        "ask_example": (
            "假设的点位对照合成或示意数据，结论为示例判定。",
            "A hypothetical site against synthetic or approximate data: verdicts are examples.",
        ),
        "ask_off": ("未在页面评估", "not run on this page"),
        "off_not_public": (
            "「{layer}」未标为公开，未载入公开版页面，未在页面评估。",
            "“{layer}” isn't marked public and isn't in the public page: not run on this page.",
        ),
        "off_too_large": (
            "「{layer}」数据量过大，未载入页面，未在页面评估；请用 hmgeo site。",
            "“{layer}” is too large for a page: not run on this page; use hmgeo site.",
        ),
        "off_classified": (
            "「{layer}」为涉密，未载入页面，未在页面评估。",
            "“{layer}” is classified and isn't in the page: not run on this page.",
        ),
        "ask_nearest": ("最近{layer}", "Nearest {layer}"),
        "ask_nothing_found": (
            "查询范围内现有数据无记录，不等于实地不存在",
            "nothing in the data at hand, which does not mean there is nothing",
        ),
        "ask_in": ("位于{layer}「{name}」内", "Inside {layer} “{name}”"),
        "ask_out": ("不在{layer}内", "Outside {layer}"),
        "ask_other": ("另一可能：{word}", "Other possibility: {word}"),
        "ask_clear": (
            "在{data}范围内未触及本条款。",
            "Not touched within {data}.",
        ),
        "ask_layer": (
            "「{layer}」（{vintage}，{basis}，覆盖完整）",
            "“{layer}” ({vintage}, {basis}, complete coverage)",
        ),
        "ask_list": ("重点区域名录（按行政区划代码）", "the list of key areas (by administrative code)"),
        "ask_stated": ("填报内容", "what was stated"),
        "ask_no_vintage": ("时点未申明", "no date declared"),
        "zones": ("已评估条款叠加示意", "Overlay of judged clauses (sketch)"),
        "zones_hint": (
            "按所选行业、建设性质和已说明的事实，画出各条款在项目区域内触及的范围；边界为示意，以点击研判为准。",
            "Where each clause touches the chosen project, within the project's area. A sketch: a click decides.",
        ),
        "zones_rest_hint": (
            "没有着色的地方不等于可以建设：未画的条款和未评估的事项不在其中。",
            "What isn't coloured is not thereby allowed: clauses that aren't drawn or judged aren't in it.",
        ),
        "zones_none": (
            "按目前的选择，没有可画的条款；说明更多事实后可画。",
            "Nothing to draw for this choice; state more facts.",
        ),
        "zones_hatch": ("斜线：数据未覆盖、未申明完整或未载明，未评估", "Hatched: data end or don't say; not assessed"),
        "zones_rest": ("另有 {n} 条未画", "{n} more clauses not drawn"),
        "effect": ("类型", "Kind"),
        "rank": ("位阶", "Rank"),
        "go_there": ("去看", "Show"),
    }
)
"""`{…}` parts are filled in where they are used."""
