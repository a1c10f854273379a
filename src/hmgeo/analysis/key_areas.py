"""Which key control areas (重点区域) hold a source: read from codes and names first, from geometry second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.facts import Answer, PlaceFact, Unknown
from hmgeo.reference.tables import key_areas
from hmgeo.rules.parameters import declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import COUNTY_DIGITS, PREFECTURE_DIGITS, TOWNSHIP_DIGITS, Effect, Standing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.places import Place
    from hmgeo.reference.tables import KeyArea
    from hmgeo.rules.model import Rule

KEY_AREA_KIND = "key_area"
KEY_AREAS = "key_areas"
"""The layer code by which rules ask for key areas."""
_CODED_LEVELS = frozenset({"county", "township", "prefecture"})
_COUNTY_AND_AROUND = "county+"
_CELLS_TEXT = "所在乡镇由示意范围推断，重点区域归属待核实。"


@dataclass(frozen=True, slots=True)
class Membership:
    """Ids of the key areas that hold a source, joined by `;`; the note says what can't be told."""

    ids: str = ""
    note: str = ""


def membership(
    place: Place, rules: Sequence[Rule], as_of: date, choices: Choices, adopted: Collection[str] = ()
) -> Membership:
    """Return the key areas that hold a place on a day.

    Codes and names decide; a township that only an approximate polygon tells is said to be so, and so are areas
    whose outline no text gives (a basin, a mine, a county with what surrounds it).
    """
    codes = codes_of_place(place.code) if place.code else frozenset()
    found: list[str] = []
    notes: list[str] = []
    for rule in rules:
        if rule.effect is not Effect.CLASSIFY or rule.test is None or rule.test.kind != KEY_AREA_KIND:
            continue
        standing = standing_of(rule, as_of=as_of, place_codes=codes, adopted=rule.id in adopted)
        if standing.standing not in {Standing.IN_FORCE, Standing.ADOPTED}:
            continue
        ids, said = _held(rule, place, choices)
        found += ids
        notes += said
    return Membership(";".join(dict.fromkeys(found)), "".join(dict.fromkeys(notes)))


def _held(rule: Rule, place: Place, choices: Choices) -> tuple[list[str], list[str]]:
    """Return the ids of a rule's areas that hold the place, and what can't be told."""
    wanted = extent_ids(rule, choices)
    if not wanted:
        return [], [f"「{rule.title.zh}」的范围参数未选定，是否位于重点区域未作判断。"]
    ids, notes = [], []
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


def extent_ids(rule: Rule, choices: Choices) -> tuple[str, ...]:
    """Return the key-area ids that count: all of the rule's, or those of the chosen extent."""
    if rule.test is None:
        return ()
    declared = declaration(rule.test.text("extent"))
    if declared is None:
        return rule.test.texts("area_ids")
    choice = declared.choice(choices.code(declared.name))
    return () if choice is None else choice.area_ids


def inside_key_areas(place: Place, area_ids: Collection[str]) -> PlaceFact | Unknown:
    """Return whether one of these key areas holds a place.

    Parameters
    ----------
    place
        Where the source lies; its innermost code decides.
    area_ids
        Ids of the key-area table; empty for every area of the role `key_area`.

    Returns
    -------
    PlaceFact or Unknown
        Unknown where the place isn't known closely enough, or where no text gives the area's outline; approximate
        where only cells around township seats tell the township.
    """
    wanted = [area for area in key_areas() if (area.id in area_ids if area_ids else area.role == "key_area")]
    if not place.code:
        return Unknown("不知所在县级行政区，是否位于重点区域未作判断。")
    answers = [(area, _answer(area, place)) for area in wanted]
    rests_on_cells = place.township_from_geometry and any(
        len(area.admin_code) == TOWNSHIP_DIGITS and area.admin_code.startswith(place.county_code) for area in wanted
    )
    held = [area for area, answer in answers if answer is Answer.YES]
    firm = [area for area in held if len(area.admin_code) != TOWNSHIP_DIGITS]
    if held:
        is_approximate = rests_on_cells and not firm
        return PlaceFact(Answer.YES, why=_CELLS_TEXT if is_approximate else "", is_approximate=is_approximate)
    unknown = next((answer for _, answer in answers if isinstance(answer, Unknown)), None)
    if unknown is not None:
        return unknown
    return PlaceFact(Answer.NO, why=_CELLS_TEXT if rests_on_cells else "", is_approximate=rests_on_cells)


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
        return Unknown(f"「{area.name}及周边地区」的范围无界线，是否位于其内未作判断。") if is_near else Answer.NO
    if _county_of(area) in codes:
        return Unknown(f"「{area.name}」所列流域或地点无界线，是否位于其内未作判断。")
    return _too_coarse(area, place) or Answer.NO


def _county_of(area: KeyArea) -> str:
    return area.admin_code[:COUNTY_DIGITS]


def _too_coarse(area: KeyArea, place: Place) -> Unknown | None:
    """Return that the place is known less closely than the area's code, where the area may hold it."""
    known = place.code.rstrip("0") if len(place.code) == COUNTY_DIGITS else place.code
    if len(known) < len(area.admin_code.rstrip("0")) and area.admin_code.startswith(known):
        level = "乡级" if len(area.admin_code) == TOWNSHIP_DIGITS else "县级"
        return Unknown(f"不知所在{level}行政区，是否位于「{area.name}」未作判断。")
    return None
