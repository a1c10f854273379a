"""土壤点位风险分级（仅依据GB 15618）: a soil sample held against the screening and intervention values.

A grade of single samples by a standard. It is no classification of farmland: that is made for units, by officials,
with produce as a second witness.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.reference.standards import SOIL_ELEMENTS, FarmlandLimit, farmland_limit, strictest_farmland_limit
from hmgeo.vocabulary import Word

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE_ZH = "土壤点位风险分级（仅依据GB 15618）"
NO_PH_ZH = "缺少 pH，无法分级。"
PH_LOWEST, PH_HIGHEST = 0.0, 14.0
_NON_DETECT_SIGNS = ("<", "＜", "≤", "≦")
_NON_DETECT_WORDS = frozenset({"未检出", "nd", "n.d.", "bdl"})


class LandType(Word):
    """Land type of GB 15618; the water-and-dry rotation counts as the stricter of both, which the user must say."""

    PADDY = "paddy", "水田", "paddy"
    ORCHARD = "orchard", "果园", "orchard"
    OTHER = "other", "其他", "other"


class RiskGrade(Word):
    """Where a sample lies by GB 15618, lowest first."""

    LOW = "low", "不高于筛选值", "not above the screening value"
    BETWEEN = "between", "高于筛选值、不高于管制值", "above screening, not above intervention"
    ABOVE_SCREENING = "above_screening", "高于筛选值（无管制值）", "above screening (no intervention value)"
    HIGH = "high", "高于管制值", "above the intervention value"
    UNDETERMINED = "undetermined", "无法分级", "undetermined"


@dataclass(frozen=True, slots=True)
class Concentration:
    """A measured concentration in mg/kg.

    Parameters
    ----------
    mg_kg
        The number; for a non-detect the detection limit, None where even that isn't known.
    is_below
        Whether the laboratory only says that it is below that number (未检出).
    """

    mg_kg: float | None
    is_below: bool = False


@dataclass(frozen=True, slots=True)
class ElementGrade:
    """One element of a sample: the grade, the values it was held against, and why it has none."""

    element: str
    grade: RiskGrade
    concentration: Concentration
    limit: FarmlandLimit | None
    why_zh: str = ""


@dataclass(frozen=True, slots=True)
class SampleGrade:
    """A sample: the gravest grade of its elements.

    Parameters
    ----------
    grade
        Undetermined where one element couldn't be graded and no other lies above its intervention value.
    governing
        Elements that have this grade.
    """

    grade: RiskGrade
    governing: tuple[str, ...]
    elements: tuple[ElementGrade, ...]
    note_zh: str = ""


def read_concentration(text: str) -> Concentration | None:
    """Read a concentration as laboratories write it, in mg/kg; None where it is blank or no number.

    Examples
    --------
    >>> read_concentration("<0.01")
    Concentration(mg_kg=0.01, is_below=True)
    >>> read_concentration("未检出")
    Concentration(mg_kg=None, is_below=True)
    >>> read_concentration(" 0.3 ").mg_kg
    0.3
    >>> read_concentration("-0.3"), read_concentration("无")
    (None, None)
    """
    trimmed = text.strip()
    if trimmed.casefold() in _NON_DETECT_WORDS:
        return Concentration(None, is_below=True)
    is_below = trimmed.startswith(_NON_DETECT_SIGNS) or trimmed.upper().endswith("L")
    number = _number(trimmed.lstrip("".join(_NON_DETECT_SIGNS)).rstrip("Ll"))
    if number is None or number < 0:
        return None
    return Concentration(number, is_below)


def grade_element(
    element: str,
    concentration: Concentration,
    land: LandType,
    ph: float | None,
    *,
    strictest_without_ph: bool = False,
) -> ElementGrade:
    """Grade one element of a sample.

    Parameters
    ----------
    element
        Symbol of GB 15618 表1 (Cd, Hg, As, Pb, Cr, Cu, Ni, Zn).
    ph
        Of the sample; None gives undetermined, nothing is assumed in its place.
    strictest_without_ph
        Whether the user chose (parameter `missing_ph`) to hold samples without pH against the strictest band.

    Returns
    -------
    ElementGrade
        A value equal to a limit is not above it. A non-detect is low where its detection limit is not above the
        screening value, else undetermined.

    Notes
    -----
    Source: GB 15618-2018 表1, 表3, read from public transcriptions.

    Examples
    --------
    >>> grade_element("Cd", Concentration(0.31), LandType.OTHER, 5.5).grade.zh
    '高于筛选值、不高于管制值'
    """
    limit, why = _limit(element, land, ph, strictest_without_ph=strictest_without_ph)
    if limit is None:
        return ElementGrade(element, RiskGrade.UNDETERMINED, concentration, None, why)
    grade, unsure = _grade(concentration, limit)
    return ElementGrade(element, grade, concentration, limit, why + unsure)


def _limit(
    element: str, land: LandType, ph: float | None, *, strictest_without_ph: bool
) -> tuple[FarmlandLimit | None, str]:
    """Return the values to hold against, and why there are none or how they were chosen."""
    if ph is None:
        if not strictest_without_ph:
            return None, NO_PH_ZH
        limit = strictest_farmland_limit(element, land.value)
        return limit, "缺少 pH，按使用单位选定的最严一档对照。" if limit else _not_listed(element)
    if not PH_LOWEST <= ph <= PH_HIGHEST:
        return None, f"pH {ph:g} 不在 0 至 14 之间，无法分级。"
    limit = farmland_limit(element, land.value, ph)
    return limit, "" if limit else _not_listed(element)


def _not_listed(element: str) -> str:
    return f"GB 15618 表1未列{element}，无法分级。"


def _grade(concentration: Concentration, limit: FarmlandLimit) -> tuple[RiskGrade, str]:
    """Return the grade, and why there is none."""
    mg_kg = concentration.mg_kg
    if mg_kg is None:
        return RiskGrade.UNDETERMINED, "未检出但未注明检出限，无法分级。"
    if mg_kg <= limit.screening_mg_kg:
        return RiskGrade.LOW, ""
    if concentration.is_below:
        return RiskGrade.UNDETERMINED, f"{limit.element} 检出限 {mg_kg:g} mg/kg 高于筛选值，无法分级。"
    if limit.intervention_mg_kg is None:
        return RiskGrade.ABOVE_SCREENING, ""
    return (RiskGrade.BETWEEN if mg_kg <= limit.intervention_mg_kg else RiskGrade.HIGH), ""


def grade_sample(
    concentrations: Mapping[str, Concentration | None],
    land: LandType,
    ph: float | None,
    *,
    strictest_without_ph: bool = False,
) -> SampleGrade:
    """Grade a sample by all of its elements; the gravest decides.

    Parameters
    ----------
    concentrations
        By element symbol; None for those that weren't measured or can't be read. The note names the elements that
        the grade rests on.

    Examples
    --------
    >>> sample = {"Cd": Concentration(2.5), "Pb": Concentration(60.0)}
    >>> found = grade_sample(sample, LandType.OTHER, 6.0)
    >>> found.grade.value, found.governing
    ('high', ('Cd',))
    """
    elements = tuple(
        grade_element(one, value, land, ph, strictest_without_ph=strictest_without_ph)
        for one in SOIL_ELEMENTS
        if (value := concentrations.get(one)) is not None
    )
    if not elements:
        return SampleGrade(RiskGrade.UNDETERMINED, (), (), "没有可用的含量，无法分级。")
    grades = {one.grade for one in elements}
    gravest = _gravest(grades)
    governing = tuple(one.element for one in elements if one.grade is gravest)
    why = dict.fromkeys(one.why_zh for one in elements if one.why_zh)
    if gravest is not RiskGrade.UNDETERMINED and len(elements) < len(SOIL_ELEMENTS):
        why[f"仅依据 {'、'.join(one.element for one in elements)} 分级。"] = None
    return SampleGrade(gravest, governing, elements, "".join(why))


def _gravest(grades: set[RiskGrade]) -> RiskGrade:
    """Return the grade of a sample: high stands whatever else isn't known; else an unknown leaves it open."""
    if RiskGrade.HIGH in grades or RiskGrade.UNDETERMINED not in grades:
        order = list(RiskGrade)
        return max(grades - {RiskGrade.UNDETERMINED}, key=order.index)
    return RiskGrade.UNDETERMINED


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
