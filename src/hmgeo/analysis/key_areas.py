"""Which key control areas (重点区域) hold a source, by the classifying rules in effect on the day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.reference.tables import key_areas
from hmgeo.rules.parameters import declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Effect, Standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.places import Place
    from hmgeo.rules.model import Rule

KEY_AREA_KIND = "key_area"


@dataclass(frozen=True, slots=True)
class Membership:
    """Ids of the key areas that hold a source, joined by `;`; the note says what can't be told."""

    ids: str = ""
    note: str = ""


def membership(place: Place, rules: Sequence[Rule], as_of: date, choices: Choices) -> Membership:
    """Return the key areas that hold a place on a day.

    Codes and names decide; a township that only an approximate polygon tells is said to be so.
    """
    codes = codes_of_place(place.code) if place.code else frozenset()
    found, notes = [], []
    for rule in rules:
        if rule.effect is not Effect.CLASSIFY or rule.test is None or rule.test.kind != KEY_AREA_KIND:
            continue
        standing = standing_of(rule, as_of=as_of, place_codes=codes, adopted=False)
        if standing.standing is not Standing.IN_FORCE:
            continue
        ids = _extent(rule, choices)
        if not ids:
            notes.append(f"「{rule.title.zh}」的范围参数未选定，是否位于重点区域未作判断。")
        held = [area for area in key_areas() if area.id in ids and area.admin_code in codes]
        found += [area.id for area in held]
        if place.township_from_geometry and any(area.admin_code == place.township_code for area in held):
            notes.append("所在乡镇由示意范围推断，重点区域归属待核实。")
    return Membership(";".join(found), "".join(notes))


def _extent(rule: Rule, choices: Choices) -> tuple[str, ...]:
    """Return the key-area ids that count: all of the rule's, or those of the chosen extent."""
    test = rule.test
    if test is None:
        return ()
    declared = declaration(test.text("extent"))
    if declared is None:
        return test.texts("area_ids")
    chosen = choices.get(declared.name)
    choice = None if chosen is None else declared.choice(str(chosen.value))
    return () if choice is None else choice.area_ids
