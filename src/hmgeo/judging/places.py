"""Which county, township and key area holds each source: read from names first, from geometry second."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.geo.distance import Shapes, pair_distances, prepare_one, prepare_shapes
from hmgeo.geo.ellipsoid import search_boxes
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Answer, PlaceFact, Unknown
from hmgeo.records import Positions
from hmgeo.reference.tables import (
    KeyArea,
    county_forms,
    county_of_cell,
    find_header,
    former_units,
    key_areas,
    provinces,
    townships,
)
from hmgeo.results.text import distance_text
from hmgeo.rules.model import Rule
from hmgeo.rules.parameters import declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import COUNTY_DIGITS, PREFECTURE_DIGITS, TOWNSHIP_DIGITS, Effect, Standing, Status, expression
from hmgeo.words import one_by_one, say, sentences

_TOWNSHIP_END = expression(r"(?:[\u4e00-\u9fff]{1,3}族)*(?:镇|乡|街道|街道办事处)$")
_SHORTEST_STEM = 2


class _NamedPlace(Struct, frozen=True):
    """What words say of a place, empty where nothing or several; `note` tells where but in its own column."""

    county_code: str = ""
    township_code: str = ""
    note: str = ""


def named_place(
    county: str,
    township: str,
    texts: Sequence[tuple[str, str]],
    counties: Mapping[str, str],
    towns: Mapping[str, str],
    every: Mapping[str, str] = MappingProxyType({}),
) -> _NamedPlace:
    """Return the county and township that a row's words name.

    Parameters
    ----------
    county, township
        The row's own columns; empty where it has none.
    texts
        (what it is called, text) of free texts, most telling first: address, name, responsible government.
    counties, towns
        Official names by code.
    every
        Of counties from anywhere: only the row's own column may name them.

    Examples
    --------
    >>> counties, towns = {"441802": "清城区", "441881": "英德市"}, {"441802105": "龙塘镇", "441881137": "东华镇"}
    >>> named_place("清城区", "", [("名称", "清远市清城区龙塘金盛电镀厂")], counties, towns)
    _NamedPlace(county_code='441802', township_code='441802105', note='所在乡镇由名称中的「龙塘」推断，待核实')
    >>> named_place("", "", [("名称", "英德市东华镇国丰钢铁有限责任公司")], counties, towns).township_code
    '441881137'
    """
    notes = []
    tables = (counties, every) if county else ()
    known_names = frozenset(name for names in tables for name in names.values())
    said = county_of_cell(county, known_names)
    code = next(filter(None, (_only(known for known in names if names[known] == said) for names in tables)), "")
    older = former_units() if county and not code else {}
    former = older.get(county_of_cell(county.replace("原", ""), known_names.union(older)))
    if former is not None:
        code = former.code
        notes.append(former.said)
    if not code:
        hit = _county_in(texts, counties)
        if hit is not None:
            code, word, where = hit
            notes.append(say("county_inferred", where=where, word=word))
    asked = towns if township or texts else {}
    within = {known: name for known, name in asked.items() if known.startswith(code)}
    town = _only(known for known, name in within.items() if township and township in (name, _stem(name)))
    if texts and not town and not township:
        county_words = {form for name in counties.values() for form in county_forms(name)}
        clear = {known: name for known, name in within.items() if _stem(name) not in county_words}  # 连州镇 in 连州市
        hit = _township_in(texts, clear, is_county_known=bool(code))
        if hit is not None:
            town, word, where = hit
            is_whole = word == within[town]
            notes.append(say("township_inferred" if is_whole else "township_guessed", where=where, word=word))
    return _NamedPlace(code or town[:COUNTY_DIGITS], town, one_by_one(notes))


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
    each_code = list(codes)
    return each_code[0] if len(each_code) == 1 else ""


class Areas(Struct, frozen=True):
    """Administrative areas to look sources up in: codes, names and polygons (lon/lat).

    Parameters
    ----------
    counties, townships
        Tables with id (code), name, geometry; None where none are at hand.
    townships_are_approximate
        Whether township polygons are no boundaries but cells around seats.
    outlines
        Counties from anywhere, asked where those at hand don't hold a point; they also say where it isn't.
    """

    counties: pa.Table | None = None
    townships: pa.Table | None = None
    townships_are_approximate: bool = True
    outlines: pa.Table | None = None


class Place(Struct, frozen=True):
    """Where a source lies.

    Parameters
    ----------
    township_from_geometry
        True where only a polygon says so, not the row itself.
    note
        Where name and coordinates disagree.
    doubt
        Why nothing may rest on the position: it lies outside the county that its row states or names, by more than its
        own error and that of the outline; empty where it doesn't.
    also
        Codes of the other counties (or the province) that the row, its code and its position speak of: their clauses
        are judged too.
    reach
        Codes of the other counties that the error of a position reaches, where only the position says the county.
    not_in
        Codes of counties that surely don't hold the source, where it isn't known which does.
    """

    county_code: str = ""
    county: str = ""
    township_code: str = ""
    township: str = ""
    township_from_geometry: bool = False
    note: str = ""
    doubt: str = ""
    also: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    not_in: frozenset[str] = frozenset()

    @property
    def code(self) -> str:
        """The innermost code known."""
        return self.township_code or self.county_code

    @property
    def others(self) -> tuple[Place, ...]:
        """The other counties that are spoken of, and those that the position's error reaches."""
        return tuple(Place(code) for code in (*self.also, *self.reach) if not code.endswith("0000"))

    @property
    def codes(self) -> frozenset[str]:
        """All codes that hold the source, of every county that is spoken of or reached."""
        return codes_of_place(self.code).union(*map(codes_of_place, (*self.also, *self.reach)))


NOWHERE = Place()


def places_of(positions: Positions, areas: Areas) -> tuple[Place, ...]:
    """Return the place of every row, in order; empty parts where nothing tells.

    `positions`: sources; rows without coordinates are placed by the names they carry.
    """
    far = _holding(positions, areas.outlines)
    near = _holding(positions, areas.counties)
    by_geometry = [inner or other for inner, other in zip(near, far, strict=True)], _holding(positions, areas.townships)
    county_names = names_in(areas.counties), names_in(areas.outlines) | names_in(areas.counties)
    township_names = {town.code: town.name for town in townships()} | names_in(areas.townships)
    rows = positions.table.select(["county", "township", "status", "geometry", "position_uncertainty_m"]).to_pylist()
    header = next(
        (inner for name in _CODE_HEADERS if (inner := find_header(positions.attributes.column_names, name))), ""
    )
    codes = positions.attributes[header].to_pylist() if header else [""] * len(rows)
    outlines = {
        code: wkb
        for table in (areas.outlines, areas.counties)
        if table is not None
        for code, wkb in zip(table["id"].to_pylist(), table["geometry"], strict=True)
    }
    stated_provinces = _provinces_said(positions)
    places: list[Place] = []
    bare: list[int] = []
    for row, code, province, free, *codes_at in zip(
        rows, codes, stated_provinces, texts_of(positions), *by_geometry, strict=True
    ):
        stated = code.strip() if _is_admin_code(code.strip()) else ""
        older = former_units().get(stated[:COUNTY_DIGITS])
        stated = stated if older is None else older.code
        place, named = _place(row | {"code": stated}, free, codes_at, *county_names, township_names)
        if named and named in outlines and named != codes_at[0] and row["geometry"] is not None:
            away_m = _away_m(
                *(prepare_one(shapely.from_wkb(wkb)) for wkb in (row["geometry"], outlines[named].as_py()))
            )
            if away_m > row["position_uncertainty_m"] + OUTLINE_ERROR_M:
                beyond = say("point_outside_county", county=county_names[1][named], away=distance_text(away_m))
                place = replace(place, doubt=beyond)
        if not place.code and province:
            place = replace(place, also=(province,))
        if place.code and not named and row["geometry"] is not None and row["position_uncertainty_m"] > 0:
            bare.append(len(places))
        places.append(place)
    outer = Elsewhere(areas) if bare else None
    errors_m = [rows[at]["position_uncertainty_m"] for at in bare]
    reached = outer.reached(shapely.from_wkb([rows[at]["geometry"] for at in bare]), errors_m) if outer else []
    for at, codes_in in zip(bare, reached, strict=True):
        places[at] = replace(places[at], reach=tuple(sorted(codes_in - {places[at].county_code})))
    open_ = [at for at, row in enumerate(rows) if not places[at].code and row["geometry"] is not None]
    shapes = shapely.from_wkb([rows[at]["geometry"] for at in open_])
    not_in = Elsewhere(areas).not_in(shapes, [rows[at]["position_uncertainty_m"] for at in open_]) if open_ else ()
    for at, codes_not in zip(open_, not_in, strict=True):
        places[at] = replace(places[at], not_in=codes_not)
    return tuple(places)


OUTLINE_ERROR_M = 500.0
"""The outlines of counties that ship are generalised by some hundreds of metres."""
_CODE_HEADERS = ("行政区划代码", "区划代码", "adcode", "所在地行政区划代码")
_ADMIN_CODE = r"\d{6}(?:\d{3}){0,2}"


class Elsewhere:
    """Tells which counties surely don't hold a shape, by all the outlines at hand."""

    def __init__(self, areas: Areas) -> None:
        tables = [table for table in (areas.counties, areas.outlines) if table is not None]
        self._codes = [code for table in tables for code in table["id"].to_pylist()]
        self._outlines = [wkb for table in tables for wkb in table["geometry"].to_pylist()]
        self._tree = shapely.STRtree(shapely.from_wkb(self._outlines))
        shapely.prepare(self._tree.geometries)
        self._prepared: dict[int, Shapes] = {}
        self._beyond: dict[frozenset[str], frozenset[str]] = {}

    def not_in(self, shapes: Sequence[shapely.Geometry], uncertainty_m: Sequence[float]) -> list[frozenset[str]]:
        """Return for each of `shapes` the codes of counties that lie farther off than the errors of both."""
        near = self.reached(shapes, [error_m + OUTLINE_ERROR_M for error_m in uncertainty_m])
        return [self._all_but(frozenset(codes)) for codes in near]

    def reached(self, shapes: Sequence[shapely.Geometry], reach_m: Sequence[float]) -> list[set[str]]:
        """Return for each of `shapes` the codes of counties that lie within so many metres of it."""
        bounds, limits_m = shapely.bounds(np.asarray(shapes)).reshape(-1, 4), np.asarray(reach_m, dtype=float)
        near: list[set[str]] = [set() for _ in shapes]
        at, places = self._tree.query(shapely.box(*search_boxes(bounds, limits_m).T), predicate="intersects")
        sources = prepare_shapes(shapes)
        are_held = shapely.intersects(sources.geometries[at], self._tree.geometries[places])  # most lie well inside
        for row, place in zip(at[are_held].tolist(), places[are_held].tolist(), strict=True):
            near[row].add(self._codes[place])
        at, places = at[~are_held], places[~are_held]
        for place in np.unique(places).tolist():
            rows = at[places == place]
            if place not in self._prepared:
                self._prepared[place] = prepare_one(self._tree.geometries[place])
            away_m = pair_distances(sources, self._prepared[place], rows, np.zeros_like(rows)).distance_m
            for row in rows[away_m <= limits_m[rows]].tolist():
                near[row].add(self._codes[place])
        return near

    def _all_but(self, near: frozenset[str]) -> frozenset[str]:
        if near not in self._beyond:  # many sites share one: a list of them would fill the memory
            self._beyond[near] = frozenset(self._codes) - near
        return self._beyond[near]


def _is_admin_code(text: str) -> bool:
    """Return whether a cell is an administrative code of a county or what lies in one, of a province that there is."""
    return bool(re.fullmatch(_ADMIN_CODE, text)) and text[:2] + "0000" in provinces()


def _provinces_said(positions: Positions) -> list[str]:
    """Return the code of the province that each row names in a column of its own, its county or its address."""
    headers = positions.attributes.column_names
    headed = [header for word in _PROVINCE_HEADERS if (header := find_header(headers, word))]
    columns = [positions.attributes[header].to_pylist() for header in headed] + [positions.table["county"].to_pylist()]
    texts_said = (
        "".join(str(texts[row] or "").split()) for row in range(positions.table.num_rows) for texts in columns
    )
    provinces_named = [province_of(text) for text in texts_said]
    width = len(columns)
    return [next(filter(None, provinces_named[at : at + width]), "") for at in range(0, len(provinces_named), width)]


_PROVINCE_HEADERS = ("省", "省份", "省（区、市）", "所在省", "生产经营场所地址")


def province_of(text: str) -> str:
    """Return the code of the province with whose name `text` begins; empty where there is none.

    >>> province_of("广西南宁市青秀区"), province_of("湖南省"), province_of("南宁市")
    ('450000', '430000', '')
    """
    return next((code for code, names in provinces().items() if text.startswith(names)), "")


def _away_m(shape: Shapes, outline: Shapes) -> float:
    """Return how far a prepared shape lies outside a prepared outline, in metres."""
    row = np.array([0])
    return float(pair_distances(shape, outline, row, row).distance_m[0])


def texts_of(positions: Positions) -> list[list[tuple[str, str]]]:
    """Return for each row of `positions` the (name of the column, text) that may name a place, most telling first."""
    headers = positions.attributes.column_names
    columns = [("名称", positions.table["name"].to_pylist())]
    for place, word in ((0, "生产经营场所地址"), (2, "责任单位")):
        header = find_header(headers, word)
        if header:
            columns.insert(place, (word, positions.attributes[header].to_pylist()))
    return [[(word, texts[row]) for word, texts in columns if texts[row]] for row in range(positions.table.num_rows)]


def names_in(table: pa.Table | None) -> dict[str, str]:
    """Return the names of the areas of `table` by code; none where there is no table."""
    if table is None:
        return {}
    return dict(zip(table["id"].to_pylist(), table["name"].to_pylist(), strict=True))


def _holding(positions: Positions, table: pa.Table | None) -> list[str]:
    """Return the code of the polygon that holds each row's point, empty where none does."""
    holders = [""] * positions.table.num_rows
    if table is None:
        return holders
    located = np.flatnonzero(positions.table["geometry"].is_valid())
    points = shapely.points(*(positions.table[name].to_numpy()[located] for name in ("lon", "lat")))
    tree = shapely.STRtree(shapely.from_wkb(table["geometry"].to_pylist()))
    codes = table["id"].to_pylist()
    point, polygon = tree.query(points, predicate="intersects")
    for row, holder in zip(located[point][::-1].tolist(), polygon[::-1].tolist(), strict=True):
        holders[row] = codes[holder]  # on a shared border the first polygon stays
    return holders


def _place(
    row: Mapping[str, str],
    texts: Sequence[tuple[str, str]],
    codes_at: Sequence[str],
    counties: Mapping[str, str],
    every: Mapping[str, str],
    townships: Mapping[str, str],
) -> tuple[Place, str]:
    """Join what the row says with what the polygons say, and return the county that the row states or names.

    The row's own county comes first, then its code, then the polygons; free texts place a row only where no polygon
    speaks, and a whole name of a county in them is held against the position.
    """
    county_at, township_at = codes_at
    free = texts if row["status"] == Status.NOT_LOCATED.value else ()
    named = named_place(row["county"], row["township"], free, counties, townships, every)
    by_code = row["code"][:COUNTY_DIGITS]
    town_by_code = row["code"][:TOWNSHIP_DIGITS] if row["code"][COUNTY_DIGITS:TOWNSHIP_DIGITS].strip("0") else ""
    township = named.township_code or town_by_code or township_at
    county = named.county_code or by_code or county_at or township_at[:COUNTY_DIGITS]
    disagrees = county_at and named.county_code and county_at != named.county_code
    named_county = every.get(named.county_code, row["county"])
    stated = named.county_code or by_code
    inferred = "" if stated or free else _whole_name_in(texts, counties)
    place = Place(
        county,
        every.get(county, row["county"]),
        township if township.startswith(county) else "",
        townships.get(township, row["township"]) if township.startswith(county) else row["township"],
        township_from_geometry=bool(township) and not named.township_code,
        note=say("point_not_in_county", county=named_county) if disagrees else named.note,
        also=tuple(dict.fromkeys(code for code in (by_code, county_at) if code and code != county)),
    )
    return place, stated or inferred


def _whole_name_in(texts: Sequence[tuple[str, str]], counties: Mapping[str, str]) -> str:
    """Return the code of the only county that the first text to name one names in full."""
    for _, text in texts:
        codes = [code for code, name in counties.items() if name in text]
        if codes:
            return _only(codes)
    return ""


KEY_AREA_KIND = "key_area"
KEY_AREAS = "key_areas"
"""The layer code by which rules ask for key areas."""
_CODED_LEVELS = frozenset({"county", "township", "prefecture"})
_COUNTY_AND_AROUND = "county+"
_CELLS_TEXT = say("township_from_cells")
_DISAGREE = say("places_disagree")


class Membership(Struct, frozen=True):
    """Ids of the key areas that hold a source, joined by `;`; the note says what can't be told."""

    ids: str = ""
    note: str = ""


def membership(
    place: Place, rules: Sequence[Rule], as_of: date, choices: Choices, adopted: Collection[str] = ()
) -> Membership:
    """Return the key areas that hold `place` on the day `as_of`.

    Codes and names decide; a township that only an approximate polygon tells is said to be so, and so are areas
    whose outline no text gives (a basin, a mine, a county with what surrounds it).

    Parameters
    ----------
    rules
        Of all effects; the classifying ones among them are asked.
    choices
        Hold the extents that a rule leaves to the user.
    adopted
        Ids of rules adopted from elsewhere.
    """
    codes = place.codes if place.code else frozenset()
    held_ids: list[str] = []
    notes: list[str] = []
    for rule in rules:
        if rule.effect is not Effect.CLASSIFY or rule.test is None or rule.test.kind != KEY_AREA_KIND:
            continue
        standing = standing_of(rule, as_of=as_of, place_codes=codes, adopted=rule.id in adopted)
        if standing.standing not in {Standing.IN_FORCE, Standing.ADOPTED}:
            continue
        for where in (place, *replace(place, reach=()).others):
            ids, open_notes = _held(rule, where, choices)
            held_ids += ids
            notes += open_notes
    return Membership(";".join(dict.fromkeys(held_ids)), sentences(*notes))


def _held(rule: Rule, place: Place, choices: Choices) -> tuple[list[str], list[str]]:
    """Return the ids of a rule's areas that hold the place, and what can't be told."""
    wanted = _extent_ids(rule, choices)
    if not wanted:
        return [], [say("key_area_extent_unset", rule=rule.title.zh)]
    ids: list[str] = []
    notes: list[str] = []
    for area in key_areas():
        if area.id not in wanted:
            continue
        answer = _answer(area, place)
        if answer is Answer.YES:
            ids.append(area.id)
            if place.township_from_geometry and len(area.admin_code) == TOWNSHIP_DIGITS:
                notes.append(_CELLS_TEXT)
        elif isinstance(answer, Unknown) and _county_of(area) in codes_of_place(place.code):
            notes.append(answer.why)
    return ids, notes


def _extent_ids(rule: Rule, choices: Choices) -> tuple[str, ...]:
    """Return the key-area ids that count: all of the rule's, or those of the chosen extent."""
    if rule.test is None:
        return ()
    declared = declaration(rule.test.text("extent"))
    if declared is None:
        return rule.test.texts("area_ids")
    choice = declared.choice(choices.code(declared.name))
    return () if choice is None else choice.area_ids


class Places(Struct, frozen=True):
    """The administrative areas that may hold a source.

    Parameters
    ----------
    given
        Of its representative point, or as named.
    across
        Other places that its shape reaches into.
    near
        Other places that its position's uncertainty reaches.
    """

    given: Place = NOWHERE
    across: tuple[Place, ...] = ()
    near: tuple[Place, ...] = ()


def inside_key_areas(place: Place, area_ids: Collection[str]) -> PlaceFact | Unknown:
    """Return whether one of these key areas holds a place.

    `place`: where the source lies; its innermost code decides.
    `area_ids`: ids of the key-area table; empty for every area of the role `key_area`.

    Unknown where the place isn't known closely enough, or where no text gives the area's outline; approximate where
    only cells around township seats tell the township.
    """
    wanted = [area for area in key_areas() if (area.id in area_ids if area_ids else area.role == "key_area")]
    if not place.code:
        return Unknown(say("county_unknown"))
    answers = [(area, _answer(area, place)) for area in wanted]
    rests_on_cells = place.township_from_geometry and any(
        len(area.admin_code) == TOWNSHIP_DIGITS and area.admin_code.startswith(place.county_code) for area in wanted
    )
    holding = [area for area, answer in answers if answer is Answer.YES]
    firm = [area for area in holding if len(area.admin_code) != TOWNSHIP_DIGITS]
    if holding:
        is_approximate = rests_on_cells and not firm
        return PlaceFact(Answer.YES, why=_CELLS_TEXT if is_approximate else "", is_approximate=is_approximate)
    unknown = next((answer for _, answer in answers if isinstance(answer, Unknown)), None)
    if unknown is not None:
        return unknown
    return PlaceFact(Answer.NO, why=_CELLS_TEXT if rests_on_cells else "", is_approximate=rests_on_cells)


def in_key_areas(places: Places, area_ids: Collection[str]) -> PlaceFact | Unknown:
    """Return whether one of the key areas `area_ids` (empty: any) holds a source that may lie in several `places`.

    A shape that reaches into places inside and outside is partly inside; a position whose uncertainty does leaves both
    answers open, and one place of which nobody can tell leaves a no open.
    """
    first = inside_key_areas(places.given, area_ids)
    if isinstance(first, Unknown):
        return first
    answer, why, gaps = first.answer, [first.why], list[str]()
    across = {_plain(inside_key_areas(place, area_ids), gaps) for place in places.across} - {None}
    if across - {answer}:
        answer = Answer.PARTLY
        why.append(say("site_across_key_area"))
    near = {_plain(inside_key_areas(place, area_ids), gaps) for place in places.near} - {None}
    others = frozenset(other for other in near if other is not None) - {answer, first.answer}
    if others:
        why.append(say("uncertainty_across_key_area"))
    spoken = {_plain(inside_key_areas(place, area_ids), gaps) for place in places.given.others}
    if spoken - {None, answer, first.answer}:
        others |= frozenset(other for other in spoken if other is not None) - {answer}
        why.append(_DISAGREE if places.given.also else say("uncertainty_across_key_area"))
    text, gap = sentences(*why), sentences(*dict.fromkeys(gaps))
    return PlaceFact(answer, others, why=text, gap=gap, is_approximate=first.is_approximate)


def _plain(answer: PlaceFact | Unknown, gaps: list[str]) -> Answer | None:
    if isinstance(answer, Unknown):
        gaps.append(answer.why)
        return None
    return answer.answer


def _answer(area: KeyArea, place: Place) -> Answer | Unknown:
    """Return whether an area holds a place, as far as codes tell."""
    codes = codes_of_place(place.code)
    if area.level in _CODED_LEVELS:
        if area.admin_code in codes:
            return Answer.YES
        return _too_coarse(area, place) or Answer.NO
    if area.level == _COUNTY_AND_AROUND:
        if area.admin_code in codes:
            return Answer.YES
        is_near = place.code[:PREFECTURE_DIGITS] == area.admin_code[:PREFECTURE_DIGITS]
        return Unknown(say("surroundings_unbounded", area=area.name)) if is_near else Answer.NO
    if _county_of(area) in codes:
        return Unknown(say("area_unbounded", area=area.name))
    return _too_coarse(area, place) or Answer.NO


def _county_of(area: KeyArea) -> str:
    return area.admin_code[:COUNTY_DIGITS]


def _too_coarse(area: KeyArea, place: Place) -> Unknown | None:
    """Return that the place is known less closely than the area's code, where the area may hold it."""
    known = place.code.rstrip("0") if len(place.code) == COUNTY_DIGITS else place.code
    if len(known) < len(area.admin_code.rstrip("0")) and area.admin_code.startswith(known):
        is_town = len(area.admin_code) == TOWNSHIP_DIGITS
        return Unknown(say("township_too_coarse" if is_town else "county_too_coarse", area=area.name))
    return None
