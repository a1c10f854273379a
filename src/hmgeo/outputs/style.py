"""Colours, line widths and fonts as data (`style.tsv`), the same for page, sheet and GeoPackage.

Colours are those of Okabe and Ito (2008, Color Universal Design), told apart by people who see colours differently,
and muted tints of them. No verdict is green: a page must not look like a clearance. Colour never stands alone; the
word is always beside it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from hmgeo.vocabulary import Basis, SoilQualityClass, Verdict
from hmgeo.words import table_rows

FONTS = ("Microsoft YaHei", "SimHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "sans-serif")
"""Font stack: what Windows offices have first."""

SHEET_FONT = "Microsoft YaHei"


class Style(Struct, frozen=True):
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


class VerdictStyle(Struct, frozen=True):
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

_LISTS: dict[str, dict[str, Style]] = {}
for _list, _key, _stroke, _fill, _opacity, _px, _mm, *_dash in table_rows("hmgeo.outputs", "style.tsv"):
    _LISTS.setdefault(_list, {})[_key] = Style(_stroke, _fill, float(_opacity), float(_px), float(_mm), *_dash)

FARMLAND_CLASSES: Mapping[SoilQualityClass, Style] = MappingProxyType(
    {SoilQualityClass(word): style for word, style in _LISTS["farmland"].items()}
)
"""Official soil-quality classes: a property of the land, not a verdict."""

UNKNOWN_CLASS = Style("#6E6E6E", "#D9D9D9", dash="4 3")
"""A class word outside the official list: shown as it is, never mapped."""

STEEP_FARMLAND: Mapping[int, Style] = MappingProxyType({int(key): style for key, style in _LISTS["steep"].items()})
"""Highlights of steep farmland: from 25 degrees, 15 to 25 at important water sources, the latter not assessed."""

CONTEXT: Mapping[str, Style] = MappingProxyType(_LISTS["context"])
"""Layers and what is drawn beside the verdicts, by role."""

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

    >>> verdict_style("listed").shape
    'circle'
    >>> verdict_style("").shape
    'ring'
    """
    return VERDICTS[Verdict.of(verdict)] if verdict else UNJUDGED


def class_style(word: str | None) -> Style:
    """Return the style of a farmland class word; a strange word gets a style of its own.

    >>> class_style("安全利用类").fill
    '#F0E442'
    """
    return FARMLAND_CLASSES[SoilQualityClass(word)] if word in set(SoilQualityClass) else UNKNOWN_CLASS


def context_style(role: str) -> Style:
    """Return the style of a context layer by its role.

    >>> context_style("county").fill_opacity
    0.0
    """
    return CONTEXT.get(role, OTHER_CONTEXT)
