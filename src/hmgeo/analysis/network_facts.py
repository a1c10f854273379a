"""What rules ask along drawn rivers, answered for one source; the lines decide, no heights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hmgeo.analysis.barred import not_asked
from hmgeo.analysis.facts import Answer, Features, PlaceFact, Unknown
from hmgeo.analysis.layer_facts import unread_text
from hmgeo.analysis.network_layers import NO_NETWORK
from hmgeo.analysis.network_places import NOWHERE, placed
from hmgeo.analysis.network_ways import answers, nearest
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    import shapely

    from hmgeo.analysis.network_layers import ProjectRivers
    from hmgeo.analysis.network_places import Placed
    from hmgeo.analysis.network_ways import Stretch, Walk

OFF_WITHIN_ERROR = "位置误差范围内可能落不到所绘河流上，未作判断。"


class NetworkFacts:
    """Answers about drawn rivers for one source.

    Parameters
    ----------
    geometry
        Of the source, in lon/lat.
    uncertainty_m
        Of its position.
    rivers
        None where the project has no layer of rivers.
    barred
        Kinds of layers that the source may not be held against.
    """

    def __init__(
        self,
        geometry: shapely.Geometry,
        uncertainty_m: float,
        rivers: ProjectRivers | None,
        barred: tuple[LayerKind, ...] = (),
    ) -> None:
        self._barred = barred
        self._geometry = geometry
        self._uncertainty_m = uncertainty_m
        self._rivers = rivers

    @property
    def is_drawn(self) -> bool:
        """Whether the project has drawn rivers, whatever keeps them from being asked."""
        return self._rivers is not None or LayerKind.RIVERS in self._barred

    def why_not(self) -> str:
        """Return why no rivers can be asked, whatever the source; empty where they can."""
        if LayerKind.RIVERS in self._barred:
            return not_asked(LayerKind.RIVERS.value, self._barred).why
        return NO_NETWORK if self._rivers is None else self._rivers.why_not()

    def upstream(self, features: Features, limit_m: float) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of the features within the limit along the lines."""
        return self._along(features, limit_m, is_against=False)

    def downstream(self, features: Features, limit_m: float) -> PlaceFact | Unknown:
        """Return whether water from one of the features reaches the source within the limit along the lines."""
        return self._along(features, limit_m, is_against=True)

    def _along(self, features: Features, limit_m: float, *, is_against: bool) -> PlaceFact | Unknown:
        rivers, why_not = self._rivers, self.why_not()
        if rivers is None or why_not:
            return Unknown(why_not)
        if features.having or features.lacking:
            return Unknown(f"沿河网未能按属性筛选「{features.zh}」，本条未作判断。")
        if not rivers.has(features.layer):
            return not_asked(features.layer, self._barred)
        question = _Question(rivers, features, limit_m, is_against=is_against)
        return question.answer(self._placed)

    @cached_property
    def _placed(self) -> Placed:
        rivers = self._rivers
        if rivers is None or rivers.network is None:
            return NOWHERE
        return placed(rivers.network, self._geometry, rivers.tolerance_m, self._uncertainty_m)


@dataclass(frozen=True, slots=True)
class _Looked:
    """What was found from where a source lies: the nearest feature, and the walks that led there."""

    way_m: float
    row: int
    walks: tuple[Walk, ...]

    @property
    def is_met(self) -> bool:
        return self.row >= 0


class _Question:
    """One layer asked along the rivers, one way, within one limit."""

    def __init__(self, rivers: ProjectRivers, features: Features, limit_m: float, *, is_against: bool) -> None:
        self._rivers = rivers
        self._features = features
        self._limit_m = limit_m
        self._layer = rivers.layer(features.layer, gives_water=is_against)
        self._marks = rivers.marks(features, is_against=is_against)
        self._ways = rivers.ways(is_against=is_against)
        self._is_against = is_against
        self._way_zh = "上溯" if is_against else "下行"

    def answer(self, here: Placed) -> PlaceFact | Unknown:
        """Return the answer for a source; where nobody can tell on which river it lies, all of them must agree."""
        given = self._looked(here.given)
        doubt = [self._looked((one,)) for one in here.rivals]
        if len({one.is_met for one in (given, *doubt)}) > 1:
            return Unknown(f"评估对象{here.why}各河结论不一，沿河网未作判断。")
        others, walks = self._possible(here.around)
        if not here.given and Answer.YES not in others:
            return Unknown(f"评估对象{here.why.rstrip('。')}，沿河网未作判断。")
        is_unsure = here.may_be_off and bool(here.around)
        others |= {Answer.NO} if is_unsure else set()
        gap = self._gap((*given.walks, *(walk for one in doubt for walk in one.walks), *walks))
        if is_unsure:
            gap = (OFF_WITHIN_ERROR if here.given else f"评估对象{here.why}") + gap
        return self._fact(here, given, others, gap)

    def _looked(self, places: tuple[Stretch, ...]) -> _Looked:
        """Return what is met first from any of the places, drawn as given."""
        starts = [self._ways.turned(one) for one in places]
        walks = tuple(self._ways.walk(one, self._marks, self._limit_m) for one in starts)
        ways = [nearest(walk.ahead, one, self._limit_m) for one, walk in zip(starts, walks, strict=True)]
        way_m, row = min(filter(None, ways), default=(math.inf, -1))
        return _Looked(way_m, row, walks)

    def _possible(self, around: tuple[Stretch, ...]) -> tuple[set[Answer], tuple[Walk, ...]]:
        """Return the answers of all single places where a source may lie, and the walks from there."""
        starts = [self._ways.turned(one) for one in around]
        walks = tuple(self._ways.walk(one, self._marks, self._limit_m) for one in starts)
        met = [answers(walk.ahead, one, self._limit_m) for one, walk in zip(starts, walks, strict=True)]
        return {Answer.YES if one else Answer.NO for one in set().union(*met)}, walks

    def _fact(self, here: Placed, given: _Looked, others: set[Answer], gap: str) -> PlaceFact:
        held = self._rivers.held(self._features.layer)
        is_approximate = self._rivers.is_approximate or held.basis is Basis.APPROXIMATE
        if not given.is_met:
            left = frozenset(others - {Answer.NO})
            why = f"评估对象{here.why}{self._same(here)}" if here.given else ""
            return PlaceFact(Answer.NO, left, gap=gap, why=why, is_approximate=is_approximate)
        return PlaceFact(
            Answer.YES,
            frozenset(others - {Answer.YES}),
            gap=gap if Answer.NO in others else "",
            why=self._why(here, given),
            receptor_id=self._layer.ids[given.row],
            receptor_name=self._layer.names[given.row],
            is_approximate=is_approximate,
            measured_m=given.way_m,
        )

    def _why(self, here: Placed, given: _Looked) -> str:
        way = f"沿所绘河网{self._way_zh} {given.way_m / 1000:.2f} km（按线的绘制方向）。"
        return f"{way}评估对象{here.why}{self._same(here)}{self._features.zh}{self._layer.places[given.row]}"

    @staticmethod
    def _same(here: Placed) -> str:
        """Return that all rivers that may be meant give the same answer; empty where only one may be."""
        return "各河结论相同。" if here.rivals else ""

    def _gap(self, walks: tuple[Walk, ...]) -> str:
        """Return why finding nothing along the lines would prove nothing; empty where it does."""
        parts = [part for walk in walks for part in walk.passed]
        ends_m = [walk.ends_after_m for walk in walks if walk.ends_after_m is not None]
        loose = self._rivers.loose(is_against=self._is_against).passed(parts)
        unfit = self._rivers.unfit
        off = len(self._layer.off & self._layer.rows_of(self._features.classes))
        zh = self._features.zh
        reasons = [
            f"所绘河网{self._way_zh} {min(ends_m) / 1000:.1f} km 处到头，其外未作判断，结果为下限。" if ends_m else "",
            f"所绘河网有 {loose} 处端点未与相邻河段相接，结果为下限。" if loose else "",
            f"「{LayerKind.RIVERS.zh}」有 {unfit} 处不能作为河段，结果为下限。" if unfit else "",
            unread_text(self._features, self._layer.classes),
            f"「{zh}」有 {off} 处未能落到所绘河流上，结果为下限。" if off else "",
            self._rivers.gap_of(LayerKind.RIVERS.value, LayerKind.RIVERS.zh, parts),
            self._rivers.gap_of(self._features.layer, zh, parts),
        ]
        return "".join(reasons)
