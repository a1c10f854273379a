"""是否在重点区域: which key area holds each row of a table, of which level, by which text, how sure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

import shapely
from msgspec import Struct

from hmgeo.geo.ellipsoid import ellipsoidal_area_m2
from hmgeo.judging.facts import Answer, Unknown
from hmgeo.judging.places import KEY_AREA_KIND, Places, in_key_areas
from hmgeo.reference.tables import KeyArea, key_areas
from hmgeo.rules.model import Rule
from hmgeo.rules.standing import standing_of
from hmgeo.siting.site import PlaceFinder, Site
from hmgeo.vocabulary import COUNTRY, Effect, Standing, Status
from hmgeo.words import say, sentences

YES, NO, PARTLY, UNKNOWN = "是", "否", "部分", "不能判断"
COLUMNS = ("是否在重点区域", "重点区域", "级别", "依据", "确定性", "区域内占比", "重点区域说明", "评估基准日")
_LEVELS = {
    "county": "县级", "township": "乡级", "prefecture": "市级", "county+": "县级及周边", "basin": "流域",
    "place": "地点",
}  # fmt: skip
_SURE, _NEAR, _CELLS = "确定", say("near_the_line"), say("by_rough_outline")


class Filled(Struct, frozen=True):
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
        """The values in the order of `COLUMNS`, the day apart."""
        return self.answer, self.areas, self.levels, self.sources, self.certainty, self.share, self.note


class Lists(Struct, frozen=True):
    """The texts that name key areas, as they stand on a day.

    `rules`: rules of the book; those that list key areas count.
    """

    rules: Iterable[Rule]
    as_of: date

    def speaking(self, codes: Collection[str]) -> tuple[list[Rule], list[Rule]]:
        """Return the lists that hold in a place of these `codes` on the day, and those whose period is over."""
        by_standing: dict[Standing, list[Rule]] = {Standing.IN_FORCE: [], Standing.PERIOD_OVER: []}
        for rule in self.rules:
            if rule.effect is Effect.CLASSIFY and rule.test is not None and rule.test.kind == KEY_AREA_KIND:
                standing = standing_of(rule, as_of=self.as_of, place_codes=codes, adopted=False).standing
                if standing in by_standing:
                    by_standing[standing].append(rule)
        return by_standing[Standing.IN_FORCE], by_standing[Standing.PERIOD_OVER]


def fill_key_areas(
    sites: Iterable[Site], finder: PlaceFinder, outlines: Mapping[str, shapely.Geometry], lists: Lists
) -> Iterator[Filled]:
    """Yield for each row whether a key area holds it.

    Parameters
    ----------
    outlines
        Polygon of each administrative code that has one, for the share of a shape.
    lists
        The texts that name key areas. A place that none names is outside only where a list of its own province or city
        holds on that day; one that only a list past its period names is neither.
    sites
        Rows with a shape or a named place.
    """
    for site in sites:
        yield _filled(site, finder, outlines, lists)


def _filled(site: Site, finder: PlaceFinder, outlines: Mapping[str, shapely.Geometry], lists: Lists) -> Filled:
    places = finder.find(site)
    if not places.given.code:
        named = places.given.county or places.given.township
        unplaced = say("place_not_listed", place=named) if named else say("nowhere_stated")
        is_located = site.status is Status.ASSESSED
        return Filled(UNKNOWN, note=say("outside_all_outlines") if is_located else unplaced)
    if site.place is not None and site.place.doubt:
        return Filled(UNKNOWN, note=site.place.doubt)
    every = (places.given, *places.across, *places.near)
    in_force, over = lists.speaking(frozenset().union(*(place.codes for place in every)))
    sources = {area_id: _cited(rule) for rule in reversed(in_force) for area_id in _area_ids(rule)}
    facts = [(area, in_key_areas(places, [area.id])) for area in key_areas() if area.id in sources]
    holding = [(area, fact) for area, fact in facts if not isinstance(fact, Unknown) and fact.answer is not Answer.NO]
    open_ = dict.fromkeys(fact.why for _, fact in facts if isinstance(fact, Unknown))
    border = [fact for _, fact in facts if not isinstance(fact, Unknown) and fact.others]
    note = sentences(*(fact.why for _, fact in holding), *(fact.why for fact in border), *open_)
    rough = any(fact.is_approximate for _, fact in holding)
    certainty = _NEAR if border else (_CELLS if rough else _SURE)
    if not holding:
        doubts = "" if open_ or border else _not_excluded(places, in_force, over)
        sure = "" if open_ or doubts else certainty
        return Filled(
            UNKNOWN if (open_ and not border) or doubts else NO, certainty=sure, note=_site_note(site) + note + doubts
        )
    partly = all(fact.answer is Answer.PARTLY for _, fact in holding)
    shares = [_share(site, area, outlines) for area, fact in holding if fact.answer is Answer.PARTLY]
    return Filled(
        PARTLY if partly else YES,
        "、".join(f"{area.name}（{area.id}）" for area, _ in holding),
        "、".join(dict.fromkeys(_LEVELS.get(area.level, area.level) for area, _ in holding)),
        "；".join(dict.fromkeys(sources[area.id] for area, _ in holding)),
        certainty,
        "；".join(filter(None, shares)),
        _site_note(site) + note,
    )


def _site_note(site: Site) -> str:
    """Return what is said of the place that a row names, such as an older name."""
    return f"{site.place.note}。" if site.place is not None and site.place.note else ""


def _cited(rule: Rule) -> str:
    return f"《{rule.latest.document}》{rule.latest.clause}"


def _area_ids(rule: Rule) -> tuple[str, ...]:
    return () if rule.test is None else rule.test.texts("area_ids")


def _not_excluded(places: Places, in_force: Sequence[Rule], over: Sequence[Rule]) -> str:
    """Return why a place that no list in force names may be listed all the same; empty where it can't."""
    for rule in over:
        named = [area for area in key_areas() if area.id in _area_ids(rule)]
        facts = ((area, in_key_areas(places, [area.id])) for area in named)
        listed = [area.name for area, fact in facts if not isinstance(fact, Unknown) and fact.answer is not Answer.NO]
        if listed:
            period = rule.latest.plan_period
            text: str = _cited(rule)
            if period is not None:
                text = say("text_of_period", text=text, start=str(period.start), end=str(period.end))
            return say("once_listed", areas=tuple(listed), text=text)
    if any(COUNTRY not in rule.territory for rule in in_force):
        return ""
    return say("lists_not_held")


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
