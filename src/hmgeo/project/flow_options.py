"""What `hmgeo flow` rests on: an option where one is given, else the project's parameter, and where each came from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.flow_choices import BASINS, LIMIT, SNAP, STREAM
from hmgeo.analysis.flow_grid import ClosedBasins, Conditioning
from hmgeo.analysis.flow_snap import SnapRule
from hmgeo.errors import Place, Problem, UsageError
from hmgeo.project.bare import parse_radius_m
from hmgeo.rules.parameters import declaration
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.choices import ChosenParameter
    from hmgeo.project.spec import ProjectSpec

BESIDE, DOWNSTREAM = "path_beside_m", "max_downstream_m"
OPTIONS = {
    LIMIT: "--limit",
    BESIDE: "--beside",
    BASINS: "--closed-basins",
    SNAP: "--snap",
    STREAM: "--stream-ha",
}
"""By parameter the option that is used instead."""
_INSTEAD = {LIMIT: DOWNSTREAM}
"""Parameters that are asked where the first is unset."""
_ZERO = re.compile(r"0+(\.0*)?(m|米|km|公里)?")
"""No distance at all, in the units of `parse_radius_m`; a lone 0 needs none."""


@dataclass(frozen=True, slots=True)
class FlowWords:
    """What a command was given, as written; empty where an option was left out."""

    limit: str = ""
    beside: str = ""
    closed_basins: str = ""
    snap: str = ""
    stream_ha: str = ""
    sources_kind: str = LayerKind.ENTERPRISES.value
    source_ids: tuple[str, ...] = ()

    def given(self) -> dict[str, str]:
        """Return the options that were given, by parameter."""
        words = (self.limit, self.beside, self.closed_basins, self.snap, self.stream_ha)
        return {name: word for name, word in zip(OPTIONS, words, strict=True) if word}


@dataclass(frozen=True, slots=True)
class Setting:
    """One value with where it came from.

    Parameters
    ----------
    parameter
        The name in project.yml; of an option the one that it stands for.
    value
        Metres, hectares or the code of a choice.
    origin
        A sentence part in Chinese: which option, or which parameter with who chose it, when and why.
    """

    parameter: str
    value: float | str
    origin: str


@dataclass(frozen=True, slots=True)
class FlowOptions:
    """What is asked, and how heights are read; all of it is printed with the answer.

    Parameters
    ----------
    limit_m
        How far along the water.
    beside_m
        How near to the path a feature counts as met.
    snap_rule
        None where nothing has to be put onto a stream and nobody chose how.
    source_ids
        Only these sources; all where empty.
    sources_kind
        Which layer's features are the sources.
    settings
        Where each value came from.
    """

    limit_m: float
    beside_m: float
    conditioning: Conditioning
    snap_rule: SnapRule | None
    source_ids: tuple[str, ...] = ()
    sources_kind: LayerKind = LayerKind.ENTERPRISES
    settings: tuple[Setting, ...] = ()

    def origin(self, parameter: str) -> str:
        """Return where a value came from; empty where there is none."""
        return next((one.origin for one in self.settings if OPTIONS_OF.get(one.parameter) == OPTIONS[parameter]), "")


OPTIONS_OF = OPTIONS | {DOWNSTREAM: OPTIONS[LIMIT]}


def flow_options(words: FlowWords, spec: ProjectSpec, *, needs_snap: bool) -> FlowOptions:
    """Return what is asked, from the words of a command and a project's parameters.

    Parameters
    ----------
    needs_snap
        Whether any target is a point that has to be put onto a stream.

    Raises
    ------
    UsageError
        With every word that can't be read and every value that neither an option nor the project gives.
    """
    problems: list[Problem] = []
    found: dict[str, Setting] = {}
    for name in OPTIONS:
        try:
            setting = _setting(name, words.given(), spec.parameters)
        except UsageError as fault:
            problems += fault.problems
            continue
        if setting is not None:
            found[name] = setting
        elif needs_snap or name not in {SNAP, STREAM}:
            problems.append(_unset(name, spec))
    problems += _unknown(words.sources_kind, [one.value for one in LayerKind], "--from")
    if problems:
        raise UsageError(problems)
    is_snapped = SNAP in found and STREAM in found
    return FlowOptions(
        float(found[LIMIT].value),
        float(found[BESIDE].value),
        Conditioning(ClosedBasins(str(found[BASINS].value))),
        SnapRule(float(found[SNAP].value), float(found[STREAM].value)) if is_snapped else None,
        words.source_ids,
        LayerKind.of(words.sources_kind),
        tuple(one for name, one in found.items() if is_snapped or name not in {SNAP, STREAM}),
    )


def _setting(name: str, given: Mapping[str, str], parameters: Mapping[str, ChosenParameter]) -> Setting | None:
    """Return a value and where it came from; None where nobody gave one."""
    chosen = next((parameters[one] for one in (name, _INSTEAD.get(name, "")) if one in parameters), None)
    if name in given:
        unused = "" if chosen is None else f"，未用项目参数 {chosen.name}（{_text(chosen)}）"
        return Setting(name, _read(name, given[name]), f"命令选项 {OPTIONS[name]}{unused}")
    if chosen is None:
        return None
    value = chosen.value if isinstance(chosen.value, float) else str(chosen.value)
    said = "，".join(filter(None, (chosen.by, chosen.on, chosen.reason)))
    return Setting(chosen.name, value, f"项目参数 {chosen.name}" + (f"：{said}" if said else ""))


def _text(chosen: ChosenParameter) -> str:
    value = f"{chosen.value:g}" if isinstance(chosen.value, float) else str(chosen.value)
    return f"{value} {chosen.unit}".strip()


def _read(name: str, word: str) -> float | str:
    option = OPTIONS[name]
    if name == BASINS:
        problems = _unknown(word, [one.value for one in ClosedBasins], option)
        if problems:
            raise UsageError(problems)
        return word
    if name == STREAM:
        return _hectares(word)
    if name == BESIDE and _ZERO.fullmatch(word.lower().replace(" ", "")):
        return 0.0
    try:
        return parse_radius_m(word)
    except UsageError as fault:
        (told,) = fault.problems
        problem = Problem("距离看不懂", Place(key=option), found=word, allowed=told.allowed, remedy="如 20km、300m")
        raise UsageError(problem) from None


def _hectares(word: str) -> float:
    try:
        area_ha = float(word)
    except ValueError:
        area_ha = -1.0
    if not 0 < area_ha < float("inf"):
        place = Place(key=OPTIONS[STREAM])
        raise UsageError(Problem("面积看不懂", place, found=word, allowed="大于 0 的公顷数", remedy="如 100"))
    return area_ha


def _unknown(word: str, allowed: Sequence[str], option: str) -> list[Problem]:
    if word in allowed:
        return []
    return [Problem("不认识这个词", found=word, allowed="、".join(allowed), remedy=f"改写 {option}")]


def _unset(name: str, spec: ProjectSpec) -> Problem:
    declared = declaration(name)
    title = name if declared is None else declared.title_zh
    instead = f"（或 {_INSTEAD[name]}）" if name in _INSTEAD else ""
    remedy = f"在 parameters 下写 {name}{instead}，或加选项 {OPTIONS[name]}；条文未规定，没有默认值"
    return Problem(f"没有选定「{title}」", spec.place("parameters"), remedy=remedy)
