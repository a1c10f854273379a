"""Colours, line widths and fonts as data, the same for page, sheet and GeoPackage.

Colours are those of Okabe and Ito (2008, Color Universal Design), told apart by people who see colours differently,
and muted tints of them. No verdict is green: a page must not look like a clearance. Colour never stands alone; the
word is always beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.vocabulary import Basis, LayerKind, SoilQualityClass, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


FONTS = ("Microsoft YaHei", "SimHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "sans-serif")
"""Font stack: what Windows offices have first."""

SHEET_FONT = "Microsoft YaHei"


@dataclass(frozen=True, slots=True)
class Style:
    """How one kind of thing is drawn.

    Parameters
    ----------
    stroke, fill
        Colours as #rrggbb.
    fill_opacity
        0 (outline only) to 1.
    width_px, width_mm
        Line width on screen and on paper.
    dash
        SVG dash array; empty for a solid line.
    """

    stroke: str
    fill: str
    fill_opacity: float = 0.45
    width_px: float = 1.0
    width_mm: float = 0.26
    dash: str = ""


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict is shown.

    Parameters
    ----------
    colour
        Of the marker, as #rrggbb.
    tint
        Background of a badge or cell, as #rrggbb; dark text stays readable on it.
    text
        Colour of the word on the tint.
    shape
        Marker form, so that verdicts differ without colour: diamond, triangle, circle, square, ring, cross.
    """

    colour: str
    tint: str
    text: str
    shape: str


VERDICTS: Mapping[Verdict, VerdictStyle] = MappingProxyType(
    {
        Verdict.PROHIBITED: VerdictStyle("#9E2A2B", "#F3DCD6", "#6B1414", "diamond"),
        Verdict.CONDITIONAL: VerdictStyle("#E69F00", "#FBEBCB", "#5F4200", "triangle"),
        Verdict.LISTED: VerdictStyle("#D55E00", "#F9E0CF", "#6B2F00", "circle"),
        Verdict.NOT_ASSESSED: VerdictStyle("#CC79A7", "#F2E3EC", "#5E2A49", "square"),
        Verdict.CLEAR: VerdictStyle("#56B4E9", "#E1EFF8", "#1D4E6B", "ring"),
        Verdict.NOT_APPLICABLE: VerdictStyle("#8C8C8C", "#ECECEC", "#4A4A4A", "cross"),
    }
)

UNJUDGED = VerdictStyle("#5A5A5A", "#FFFFFF", "#333333", "ring")
"""A source that no rule judged."""

FARMLAND_CLASSES: Mapping[SoilQualityClass, Style] = MappingProxyType(
    {
        SoilQualityClass.PRIORITY_PROTECTION: Style("#00735A", "#009E73"),
        SoilQualityClass.SAFE_USE: Style("#B0A100", "#F0E442"),
        SoilQualityClass.STRICT_CONTROL: Style("#8E3F00", "#D55E00"),
        SoilQualityClass.UNCLASSIFIED: Style("#7A7A7A", "#BDBDBD"),
    }
)
"""Official soil-quality classes: a property of the land, not a verdict."""

UNKNOWN_CLASS = Style("#6E6E6E", "#D9D9D9", dash="4 3")
"""A class word outside the official list: shown as it is, never mapped."""

STEEP_FARMLAND: Mapping[int, Style] = MappingProxyType(
    {
        1: Style("#3D1F66", "#7B4FB3", 0.7, 2.2, 0.5),
        2: Style("#003F66", "#0072B2", 0.7, 2.2, 0.5),
        3: Style("#5E2A49", "#CC79A7", 0.7, 1.8, 0.4, "3 3"),
    }
)
"""Highlights of steep farmland: from 25 degrees, 15 to 25 at important water sources, the latter not assessed."""

CONTEXT: Mapping[str, Style] = MappingProxyType(
    {
        "key_area": Style("#CC79A7", "#CC79A7", 0.08, 2.5, 0.7, "8 4"),
        "project_area": Style("#22405E", "#22405E", 0.0, 2.0, 0.6),
        "county": Style("#4D4D4D", "#4D4D4D", 0.0, 1.6, 0.45, "10 4 2 4"),
        "township": Style("#7F7F7F", "#7F7F7F", 0.0, 1.0, 0.26, "4 3"),
        "river": Style("#0072B2", "#0072B2", 0.3, 1.6, 0.45),
        "source_place": Style("#9E2A2B", "#9E2A2B", 0.0, 0.8, 0.2),
        "flow_path": Style("#004E9A", "#004E9A", 0.0, 1.6, 0.45, "1 3"),
        "overhead_path": Style("#6A1B6A", "#6A1B6A", 0.0, 3.2, 0.8),
        "catchment": Style("#004E7A", "#56B4E9", 0.08, 1.4, 0.4, "8 3"),
        "closed_basin": Style("#5B4B8A", "#5B4B8A", 0.25, 1.0, 0.26, "2 2"),
        "sampling_point": Style("#000000", "#F0E442", 0.95, 1.4, 0.4),
        "file": Style("#7A2E00", "#D55E00", 0.6, 1.6, 0.4),
        "zone_prohibited": Style("#9E2A2B", "#9E2A2B", 0.28, 1.4, 0.4),
        "zone_conditional": Style("#B07900", "#E69F00", 0.22, 1.4, 0.4, "8 3"),
        "candidate_touched": Style("#9E2A2B", "#9E2A2B", 0.55, 1.4, 0.4),
        "candidate_open": Style("#4A555D", "#6B7780", 0.55, 1.4, 0.4),
        "candidate_untouched": Style("#2F5D8A", "#FFFFFF", 0.15, 1.2, 0.4),
        "zone_listed": Style("#D55E00", "#D55E00", 0.18, 1.4, 0.4, "3 3"),
        "untouched": Style("#5A5A5A", "#FFFFFF", 0.0, 0.8, 0.2),
        "data_end": Style("#6E6E6E", "#6E6E6E", 0.0, 0.7, 0.2),
        LayerKind.SENSITIVE_SITES.value: Style("#5B4B8A", "#5B4B8A", 0.4),
        LayerKind.WATER_SOURCE_ZONES.value: Style("#0072B2", "#56B4E9", 0.2, 1.5, 0.4, "6 3"),
        LayerKind.INDUSTRIAL_PARKS.value: Style("#6B5B3E", "#B59F71", 0.2, 1.5, 0.4),
        LayerKind.BUILT_UP_AREA.value: Style("#8C7B75", "#C9BDB8", 0.35, 0.8, 0.2),
        LayerKind.TAILINGS_PONDS.value: Style("#4A3728", "#A67C52", 0.4),
        LayerKind.RESIDENTIAL_AND_IMPORTANT_FACILITIES.value: Style("#5E3A78", "#CBB8E0", 0.6, 1.2, 0.3),
        LayerKind.WASTE_HEAPS.value: Style("#4A3728", "#6E5A48", 0.6),
        LayerKind.MINES.value: Style("#5C4033", "#B08968", 0.25, 1.2, 0.3, "6 2"),
        LayerKind.CONTAMINATED_SITES.value: Style("#7A1F1F", "#9E2A2B", 0.25),
        LayerKind.RIVERS.value: Style("#0072B2", "#0072B2", 0.3, 1.3, 0.35),
        LayerKind.OUTFALLS.value: Style("#7A4A00", "#E69F00", 0.9),
        LayerKind.INTAKES.value: Style("#00334D", "#0072B2", 0.9),
        LayerKind.IRRIGATION_INTAKES.value: Style("#00735A", "#56B4E9", 0.9),
        LayerKind.IRRIGATION_DISTRICTS.value: Style("#00735A", "#56B4E9", 0.12, 1.2, 0.3, "2 2"),
        LayerKind.WATER_STATIONS.value: Style("#00334D", "#FFFFFF", 0.9, 1.6, 0.4),
        LayerKind.IMPORTANT_WATER_SOURCES.value: Style("#0072B2", "#56B4E9", 0.25, 1.5, 0.4),
        LayerKind.RIVER_SHORELINE_MAIN.value: Style("#00334D", "#00334D", 0.0, 2.2, 0.6),
        LayerKind.RIVER_SHORELINE_IMPORTANT_TRIBUTARY.value: Style("#00334D", "#00334D", 0.0, 1.6, 0.45),
        LayerKind.RIVER_SHORELINE_TRIBUTARY.value: Style("#00334D", "#00334D", 0.0, 1.0, 0.26),
    }
)
OTHER_CONTEXT = Style("#666666", "#999999", 0.1)

SEARCH_AREA = Style("#0072B2", "#0072B2", 0.03, 1.4, 0.4)
"""The area that was searched, drawn as computed."""

UNCERTAINTY = Style("#000000", "#000000", 0.06, 1.0, 0.26, "2 3")
"""Where a source may be."""

BASES: Mapping[Basis, VerdictStyle] = MappingProxyType(
    {
        Basis.REAL: VerdictStyle("#4D4D4D", "#F2F2F2", "#333333", "square"),
        Basis.UNDECLARED: VerdictStyle("#8A6D00", "#FFF6D6", "#5F4B00", "square"),
        Basis.APPROXIMATE: VerdictStyle("#8A6D00", "#FFF6D6", "#5F4B00", "square"),
        Basis.SYNTHETIC: VerdictStyle("#9E2A2B", "#FBE6E0", "#6B1414", "square"),
    }
)


def verdict_style(verdict: str | None) -> VerdictStyle:
    """Return the style of a verdict's code; empty text or None is a source that no rule judged.

    Examples
    --------
    >>> verdict_style("listed").shape
    'circle'
    >>> verdict_style("").shape
    'ring'
    """
    return VERDICTS[Verdict.of(verdict)] if verdict else UNJUDGED


def class_style(word: str | None) -> Style:
    """Return the style of a farmland class word; a strange word gets a style of its own.

    Examples
    --------
    >>> class_style("安全利用类").fill
    '#F0E442'
    """
    return FARMLAND_CLASSES[SoilQualityClass(word)] if word in set(SoilQualityClass) else UNKNOWN_CLASS


def context_style(role: str) -> Style:
    """Return the style of a context layer by its role.

    Examples
    --------
    >>> context_style("county").fill_opacity
    0.0
    """
    return CONTEXT.get(role, OTHER_CONTEXT)
