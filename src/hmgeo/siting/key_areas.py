"""是否在重点区域: which key area holds each row of a table, of which level, by which text, how sure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from hmgeo.geo.ellipsoid import ellipsoidal_area_m2
from hmgeo.judging.facts import Answer, Unknown
from hmgeo.judging.places import in_key_areas
from hmgeo.reference.tables import key_areas
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hmgeo.reference.tables import KeyArea
    from hmgeo.siting.site import PlaceFinder, Site


YES, NO, PARTLY, UNKNOWN = "是", "否", "部分", "不能判断"
COLUMNS = ("是否在重点区域", "重点区域", "级别", "依据", "确定性", "区域内占比", "重点区域说明")
_LEVELS = {
    "county": "县级", "township": "乡级", "prefecture": "市级", "county+": "县级及周边", "basin": "流域",
    "place": "地点",
}  # fmt: skip
_SURE, _NEAR, _CELLS = "确定", "临界，待核实", "示意范围推断，待核实"


@dataclass(frozen=True, slots=True)
class Filled:
    """What a row is told, in the order of `COLUMNS`."""

    answer: str
    areas: str = ""
    levels: str = ""
    sources: str = ""
    certainty: str = ""
    share: str = ""
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The values in the order of `COLUMNS`."""
        return self.answer, self.areas, self.levels, self.sources, self.certainty, self.share, self.note


def fill_key_areas(
    sites: Iterable[Site],
    finder: PlaceFinder,
    outlines: Mapping[str, shapely.Geometry],
    sources: Mapping[str, str],
) -> Iterator[Filled]:
    """Yield for each row whether a key area holds it.

    Parameters
    ----------
    finder
        Looks places up.
    outlines
        Polygon of each administrative code that has one, for the share of a shape.
    sources
        By id of a key area, the clause that names it.
    """
    wanted = [area for area in key_areas() if area.role == "key_area"]
    for site in sites:
        yield _filled(site, finder, wanted, outlines, sources)


def _filled(
    site: Site,
    finder: PlaceFinder,
    wanted: list[KeyArea],
    outlines: Mapping[str, shapely.Geometry],
    sources: Mapping[str, str],
) -> Filled:
    places = finder.find(site)
    if not places.given.code:
        why = "没有可用的位置，也没有所在县乡。" if site.status is not Status.ASSESSED else "不在已有行政区界线范围内。"
        return Filled(UNKNOWN, note=why)
    found = [(area, in_key_areas(places, [area.id])) for area in wanted]
    held = [(area, fact) for area, fact in found if not isinstance(fact, Unknown) and fact.answer is not Answer.NO]
    open_ = dict.fromkeys(fact.why for _, fact in found if isinstance(fact, Unknown))
    border = [fact for _, fact in found if not isinstance(fact, Unknown) and fact.others]
    note = "".join(dict.fromkeys([*(fact.why for _, fact in held), *(fact.why for fact in border), *open_]))
    rough = any(fact.is_approximate for _, fact in held)
    certainty = _NEAR if border else (_CELLS if rough else _SURE)
    if not held:
        sure = "" if open_ else certainty
        return Filled(UNKNOWN if open_ and not border else NO, certainty=sure, note=note)
    partly = all(fact.answer is Answer.PARTLY for _, fact in held)
    shares = [_share(site, area, outlines) for area, fact in held if fact.answer is Answer.PARTLY]
    return Filled(
        PARTLY if partly else YES,
        "、".join(f"{area.name}（{area.id}）" for area, _ in held),
        "、".join(dict.fromkeys(_LEVELS.get(area.level, area.level) for area, _ in held)),
        "；".join(dict.fromkeys(sources.get(area.id, area.clause) for area, _ in held)),
        certainty,
        "；".join(filter(None, shares)),
        note,
    )


def _share(site: Site, area: KeyArea, outlines: Mapping[str, shapely.Geometry]) -> str:
    """Return the share of a shape inside an area; empty where it has no extent or the area no outline."""
    outline = outlines.get(area.admin_code)
    if outline is None or site.geometry is None:
        return ""
    whole_m2 = float(ellipsoidal_area_m2([site.geometry])[0])
    if not whole_m2:
        return ""
    inside_m2 = float(ellipsoidal_area_m2([shapely.intersection(site.geometry, outline)])[0])
    return f"{area.id} {100 * inside_m2 / whole_m2:.1f}%"
