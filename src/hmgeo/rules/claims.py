"""Words that disagree: one table of what a row claims, and of what its other cells or other tables say against it.

Neither value wins. Both are kept and told, and clauses that rest on either aren't judged. A claim stands against
evidence only where both can't be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hmgeo.reference.cells import read_word
from hmgeo.rules.told import (
    ACTIONS,
    AIR,
    NAMED_METALS,
    WATER,
    Said,
    Told,
    ahead,
    at_least,
    denied,
    emits,
    filled,
    later_emissions,
    lists,
    other_action,
    other_medium,
    other_trade,
    past,
    permit_in_force,
    states,
    trade_code,
)
from hmgeo.words import say, sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hmgeo.words import Reason


CADMIUM, TRADE, ACTION, NUMBERS = "cadmium", "trade", "action", "numbers"
"""What a clause may rest on beside the facts of `ATTRIBUTES`: cadmium-related or not, trade, action, emissions."""

KIND = "kind"
"""What the thing itself is."""

OVERHEAD = "overhead"
"""Who lives below a dam, as other tables tell it."""

EVENT = "填报矛盾"
_NOT_RELATED = "不涉及"
_MOST_NAMED = 3
_CLOSED, _STOPPED, _RUNNING = ("关闭", "闭库", "销库"), ("停产", "停用", "搬迁", "历史遗留"), ("在产", "在用")
_STATES = ("生产状态", "运行状态", "企业状态", "运营状态")
_STARTS = ("投产时间", "投产日期", "建成时间", "建成投产时间", "竣工时间")
_MANY_TONS, _MANY_PEOPLE = 1000.0, 10_000.0
"""千吨万人: a day's supply of 1000 t, or 10,000 people supplied."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """A claim and what contradicts it; `touches` names what a clause may rest on."""

    claim: Said
    evidence: tuple[Said, ...]
    touches: tuple[str, ...] = ()

    @property
    def values(self) -> Reason:
        """Both values."""
        shown = tuple(one.text for one in self.evidence[:_MOST_NAMED])
        if len(self.evidence) > _MOST_NAMED:
            return say("values_and_more", claim=self.claim.text, evidence=shown, count=len(self.evidence))
        return say("two_values", claim=self.claim.text, evidence=shown)

    @property
    def why(self) -> Reason:
        """Why a clause that rests on either isn't judged."""
        return say("contradicted", values=self.values)

    @property
    def note(self) -> Reason:
        """What stands in the row of the source."""
        return say("contradiction_noted", values=self.values)

    @property
    def action(self) -> str:
        """What was done, for the ledger."""
        return say("both_kept_unjudged" if self.touches else "both_kept")


@dataclass(frozen=True, slots=True)
class Claim:
    """One line of the table.

    Parameters
    ----------
    name
        In words.
    says
        Finds the claim in a row.
    against
        Find what can't be true together with it.
    touches
        What a clause may rest on; empty where no clause does.
    """

    name: str
    says: Callable[[Told], Iterable[Said]]
    against: tuple[Callable[[Told], Iterable[Said]], ...]
    touches: tuple[str, ...] = ()


def _said_both_ways(told: Told) -> Iterator[Dispute]:
    """Yield facts that two columns of one row state otherwise, such as 闭库 and 在产."""
    stated: dict[str, dict[bool, Said]] = {}
    for code, value, said in told.facts():
        stated.setdefault(code, {}).setdefault(value, said)
    yield from (Dispute(both[True], (both[False],), (code,)) for code, both in stated.items() if len(both) > 1)


def _cadmium_denied(told: Told) -> Iterator[Said]:
    grounds = next(told.given("涉镉依据"), None)
    said = "（未填依据）" if grounds is None else f"（依据：{grounds.value}）"
    for one in told.given("是否涉镉", "涉镉情况", "涉镉认定"):
        if read_word("是否涉镉", one.value) == _NOT_RELATED:
            yield Said(one.where, one.value, said)
    yield from told.beside.get(CADMIUM, ())


def _overhead(told: Told) -> Iterator[Said]:
    yield from told.beside.get(OVERHEAD, ())


_DISCHARGES = ("废水去向", "排放去向")
_NO_DISCHARGE = ("不外排", "不排放", "零排放", "无废水", "无外排", "无")
_NO_METALS = ("无", "不涉及", "不涉重", "不涉重金属", "否")

CLAIMS: tuple[Claim, ...] = (
    Claim(
        "不涉镉",
        _cadmium_denied,
        (partial(emits, ("镉",)), partial(lists, ("涉及重金属", "含重金属原辅料及含量"), ("镉",))),
        (CADMIUM, "emits_cadmium"),
    ),
    Claim("不排镉", partial(denied, "emits_cadmium"), (partial(emits, ("镉",)),), ("emits_cadmium", CADMIUM)),
    Claim(
        "不排放重金属",
        partial(denied, "discharges_heavy_metals"),
        (partial(emits, NAMED_METALS),),
        ("discharges_heavy_metals",),
    ),
    Claim("不涉重金属", partial(states, ("涉及重金属", "是否涉重金属"), _NO_METALS), (partial(emits, NAMED_METALS),)),
    Claim("不排放", partial(denied, "discharges_pollutants"), (partial(emits, ()),), ("discharges_pollutants",)),
    Claim(
        "不向河流排放",
        partial(denied, "discharges_to_river"),
        (partial(emits, NAMED_METALS, medium=WATER),),
        ("discharges_to_river",),
    ),
    Claim(
        "废水不外排",
        partial(states, _DISCHARGES, _NO_DISCHARGE),
        (partial(emits, (), medium=WATER), partial(filled, ("受纳水体",))),
        ("discharges_to_river",),
    ),
    Claim(
        "不增加重金属排放",
        partial(denied, "adds_heavy_metal_emission"),
        (partial(emits, NAMED_METALS, is_added=True),),
        ("adds_heavy_metal_emission",),
    ),
    Claim("不增加排污量", partial(denied, "adds_discharge"), (partial(emits, (), is_added=True),), ("adds_discharge",)),
    Claim(
        "不涉铊锑",
        partial(denied, "thallium_or_antimony"),
        (partial(emits, ("铊", "锑")), partial(lists, ("涉及重金属",), ("铊", "锑"))),
        ("thallium_or_antimony",),
    ),
    Claim(
        "关闭",
        partial(states, _STATES, _CLOSED),
        (later_emissions, permit_in_force),
        ("closed",),
    ),
    # A plant that has stopped is as little closed as one that runs: no clause tells them apart.
    Claim("停产", partial(states, _STATES, _STOPPED), (later_emissions, permit_in_force)),
    Claim("在产", partial(states, _STATES, _RUNNING), (partial(past, ("停产关闭时间", "关闭时间")),), ("closed",)),
    Claim("已投产", partial(states, _STATES, _RUNNING), (partial(ahead, _STARTS),)),
    Claim("在建", partial(states, _STATES, ("在建",)), (partial(past, _STARTS),)),
    Claim(
        "新建",
        partial(states, ("建设性质",), ("新建", "new")),
        (partial(past, _STARTS), partial(states, _STATES, (*_RUNNING, "停产", "关闭", "搬迁"))),
        (ACTION,),
    ),
    Claim(
        "非头顶库",
        partial(states, ("是否头顶库", "头顶库认定"), ("否", "不是", "非头顶库")),
        (partial(at_least, ("下游1km居民数",), 0.0), partial(filled, ("下游重要设施",)), _overhead),
    ),
    Claim("无主", partial(states, ("运行状态",), ("无主",)), (partial(filled, ("运营管理单位",)),)),
    Claim("责任主体灭失", partial(states, ("责任主体",), ("灭失",)), (partial(filled, ("责任单位", "运营管理单位")),)),
    Claim(
        "水源停用",
        partial(states, ("使用状态",), ("停用", "取消", "撤销", "已取消", "已撤销")),
        (partial(at_least, ("供水人口", "日供水量"), 0.0),),
    ),
    Claim(
        "非千吨万人",
        partial(denied, "thousand_ton_source"),
        (partial(at_least, ("日供水量",), _MANY_TONS), partial(at_least, ("供水人口",), _MANY_PEOPLE)),
        ("thousand_ton_source",),
    ),
    Claim("非化工", partial(denied, "is_chemical"), (partial(lists, ("主导产业",), ("化工",)),), ("is_chemical",)),
    Claim(
        "不涉重园区",
        partial(states, ("是否涉重金属园区",), ("否",)),
        (partial(lists, ("主导产业",), ("冶炼", "电镀", "表面处理", "蓄电池", "制革", "鞣制")),),
    ),
    Claim(
        "无总量来源",
        partial(denied, "offset_source_named"),
        (partial(filled, ("总量来源企业", "来源核定文号")),),
        ("offset_source_named",),
    ),
    Claim("排放口类型", partial(states, ("类型",), (AIR, WATER)), (other_medium,)),
    Claim("行业代码", trade_code, (other_trade,), (TRADE,)),
    Claim("建设性质", partial(states, ("建设性质",), tuple(ACTIONS)), (other_action,), (ACTION,)),
)
"""What can be claimed and what speaks against it: a new kind of contradiction is a line here."""


def disputes(told: Told) -> tuple[Dispute, ...]:
    """Return every contradiction in what is told.

    Examples
    --------
    >>> found = disputes(Told({"是否涉镉": "不涉及", "废气镉(kg/a)": "2.1"}))
    >>> found[0].values, found[0].touches
    ('是否涉镉「不涉及」（未填依据）与废气镉(kg/a)「镉 2.1 kg/a」', ('cadmium', 'emits_cadmium'))
    >>> disputes(Told({"是否涉镉": "不涉及", "废气镉(kg/a)": "0"}))
    ()
    """
    found = [*_said_both_ways(told)]
    for claim in CLAIMS:
        claimed = next(iter(claim.says(told)), None)
        if claimed is None:
            continue
        evidence = tuple(dict.fromkeys(one for read in claim.against for one in read(told)))
        if evidence:
            found.append(Dispute(claimed, evidence, claim.touches))
    return tuple(found)


def doubts_of(found: Iterable[Dispute]) -> dict[str, str]:
    """Return why a clause can't rest on something, by what it would rest on."""
    why: dict[str, list[str]] = {}
    for one in found:
        for topic in one.touches:
            why.setdefault(topic, []).append(one.why)
    return {topic: sentences(*said) for topic, said in why.items()}
