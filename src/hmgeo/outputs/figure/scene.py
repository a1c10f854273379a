"""A sheet of paper, its letters, and what lies on its ground, drawn like the page: same layers, order and colours."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from fontTools.ttLib import TTFont
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.image import AxesImage
from matplotlib.path import Path as Outline
from PIL import Image

from hmgeo.outputs import style
from hmgeo.outputs.map import layers, shapes, sources
from hmgeo.reference.machine import kept
from hmgeo.vocabulary import Certainty, PositionKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from hmgeo.outputs.map.parcels import ReceptorPicture
    from hmgeo.results.results import Backdrop, Results


PAPERS_MM = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
SCALES = (
    5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 175, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000,
    5000, 7500, 10000, 20000,
)  # fmt: skip
"""Thousands of the scales that sheets have."""

_A_M, _FLATTENING = 6378137.0, 1 / 298.257222101
_E = float(np.sqrt(_FLATTENING * (2 - _FLATTENING)))
_MARGIN_MM, _HEAD_MM, _FOOT_MM, _GAP_MM = 8.0, 15.0, 13.0, 3.0
_LEGEND_MM = {"A4": 62.0, "A3": 76.0}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on paper in mm from the upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper with its boxes.

    Parameters
    ----------
    width_mm, height_mm
        Landscape.
    frame, legend, head, foot
        Where map, legend, title and caption stand.
    """

    name: str
    width_mm: float
    height_mm: float
    frame: Box
    legend: Box
    head: Box
    foot: Box


@dataclass(frozen=True, slots=True)
class View:
    """The ground in a frame.

    Parameters
    ----------
    scale
        1 to this, at the middle parallel.
    centre
        Mercator x and y in m.
    metres_per_mm
        Mercator metres to a millimetre of paper.
    middle_lat
        Degrees.
    """

    scale: int
    centre: tuple[float, float]
    metres_per_mm: float
    middle_lat: float

    def limits(self, frame: Box) -> tuple[float, float, float, float]:
        """Return west, east, south, north of a frame in Mercator metres."""
        half = frame.width / 2 * self.metres_per_mm, frame.height / 2 * self.metres_per_mm
        (x, y) = self.centre
        return x - half[0], x + half[0], y - half[1], y + half[1]


def sheet(paper: str) -> Sheet:
    """Return the boxes of a paper; other papers than A3 are A4.

    Examples
    --------
    >>> sheet("A4").frame.width
    216.0
    """
    name = paper if paper in PAPERS_MM else "A4"
    width, height = PAPERS_MM[name]
    inner = width - 2 * _MARGIN_MM
    head = Box(_MARGIN_MM, _MARGIN_MM, inner, _HEAD_MM)
    foot = Box(_MARGIN_MM, height - _MARGIN_MM - _FOOT_MM, inner, _FOOT_MM)
    top, bottom = head.bottom + 1, foot.top - 4
    frame = Box(_MARGIN_MM, top, inner - _LEGEND_MM[name] - _GAP_MM, bottom - top)
    legend = Box(frame.right + _GAP_MM, top, _LEGEND_MM[name], bottom - top)
    return Sheet(name, width, height, frame, legend, head, foot)


def view(bounds: Sequence[Sequence[float]], frame: Box) -> View:
    """Return the largest round scale at which bounds fit a frame, with 4 % of air.

    `bounds`: [[south, west], [north, east]] in degrees.
    """
    (south, west), (north, east) = bounds
    corners = mercator(np.array([[west, south], [east, north]]))
    middle_lat = (south + north) / 2
    stretch = _stretch(middle_lat)
    needed_m = (corners[1] - corners[0]) / stretch / 0.96
    least = max(needed_m[0] / frame.width, needed_m[1] / frame.height, 1.0) * 1000
    scale = next((1000 * step for step in SCALES if 1000 * step >= least), SCALES[-1] * 1000)
    centre = corners.mean(axis=0)
    return View(scale, (float(centre[0]), float(centre[1])), scale / 1000 * stretch, middle_lat)


def mercator(lon_lat: NDArray[Any]) -> NDArray[Any]:
    """Return Mercator metres on the CGCS2000 ellipsoid (Snyder 1987, eq. 7-7) from `lon_lat`, (n, 2) degrees."""
    sine = np.sin(np.radians(lon_lat[:, 1]))
    y = np.arctanh(sine) - _E * np.arctanh(_E * sine)
    return np.column_stack([_A_M * np.radians(lon_lat[:, 0]), _A_M * y])


def degrees_at(y_m: float, near_lat: float) -> float:
    """Return the latitude of Mercator `y_m`, by Newton steps from latitude `near_lat`, both on CGCS2000."""
    lat = near_lat
    for _ in range(8):
        error = mercator(np.array([[0.0, lat]]))[0, 1] - y_m
        lat -= float(np.degrees(error / (_stretch(lat) * _meridian_radius_m(lat))))
    return lat


def _stretch(lat: float) -> float:
    """Return Mercator metres to a metre on the ground."""
    phi = np.radians(lat)
    return float(np.sqrt(1 - (_E * np.sin(phi)) ** 2) / np.cos(phi))


def _meridian_radius_m(lat: float) -> float:
    return float(_A_M * (1 - _E**2) / (1 - (_E * np.sin(np.radians(lat))) ** 2) ** 1.5)


MISSING = "〓"
"""Stands for a character that the font doesn't hold, as in Chinese type-setting."""

MM_PER_POINT = 25.4 / 72
_CLOSING = frozenset("，。；：、！？）》」』】％〉”’")
FONT_FILE = str(files("hmgeo.outputs.figure").joinpath("font", "hmgeo-sans-sc.ttf"))


def font(size_pt: float) -> FontProperties:
    """Return the font in `size_pt` points."""
    return FontProperties(fname=FONT_FILE, size=size_pt)


@cache
def _widths() -> Mapping[str, float]:
    """Return the width of every character of the font, in parts of its size."""

    def read() -> Mapping[str, float]:
        with TTFont(FONT_FILE, lazy=True) as opened:
            units, advances = opened["head"].unitsPerEm, opened["hmtx"].metrics
            return {chr(code): advances[name][0] / units for code, name in opened.getBestCmap().items()}

    return kept("widths", Path(__file__).parent, [Path(FONT_FILE), Path(__file__)], read)


def fitted(text: str) -> str:
    """Return a text with what the font lacks replaced by `MISSING`, and `$` kept from meaning mathematics.

    Examples
    --------
    >>> fitted("龙塘镇 a" + chr(0x2A6D6))
    '龙塘镇 a〓'
    """
    known = _widths()
    for sign in {*text}:
        if sign not in known and sign != "\n":
            text = text.replace(sign, MISSING)
    return text.replace("$", r"\$")


def width_mm(text: str, size_pt: float) -> float:
    """Return how many mm wide a line of `text` is on paper in `size_pt` points."""
    known = _widths()
    return sum(known.get(sign, 1.0) for sign in text) * size_pt * MM_PER_POINT


def wrapped(text: str, size_pt: float, room_mm: float) -> list[str]:
    """Return `text` as lines that fit `room_mm` in `size_pt` points.

    A closing mark never begins a line, a Latin word is broken only if it must be.

    Examples
    --------
    >>> wrapped("甲乙丙，丁戊", 10, 3.1 * 10 * 25.4 / 72)
    ['甲乙', '丙，丁', '戊']
    """
    known = _widths()
    lines, line, wide = [], "", 0.0
    for sign in text:
        step = known.get(sign, 1.0)
        if line and (wide + step) * size_pt * MM_PER_POINT > room_mm:
            cut = _break(line, sign)
            lines.append(line[:cut].rstrip())
            line = line[cut:].lstrip()
            wide = sum(known.get(kept, 1.0) for kept in line)
        line += sign
        wide += step
    return [*lines, line] if line else lines


def _break(line: str, following: str) -> int:
    """Return where to end a line that has no room for what follows."""
    cut = len(line)
    if following in _CLOSING and cut > 1:
        return cut - 1
    if following.isascii() and following.isalnum():
        while cut and line[cut - 1].isascii() and (line[cut - 1].isalnum() or line[cut - 1] in ".-_"):
            cut -= 1
    return cut or len(line)


MOST_AS_LINES = 3000
"""More parcels than this are one picture of dots inside the PDF instead of a shape each."""

BATCH = 400
"""Polygons in one path: few enough for the renderer, many enough to be fast."""

MARKS = {"circle": "o", "ring": "o", "square": "s", "diamond": "D", "triangle": "^", "cross": "x"}
_PT_PER_PX = 0.75
_HOLLOW = frozenset({"ring"})
_POLYGON, _LINE = 2, 1
_PARCELS, _AREAS, _LINES, _OUTLINES, _SUMS, _SOURCES = range(2, 8)


def draw_backdrop(axes: Axes, backdrop: Backdrop) -> None:
    """Lay picture `backdrop` under all of `axes`; within a county its Mercator and ours differ by a stretch."""
    west, south, east, north = backdrop.bounds
    (left, bottom), (right, top) = mercator(np.array([[west, south], [east, north]]))
    picture = AxesImage(axes, interpolation="none", extent=(left, right, bottom, top), alpha=0.55, zorder=0)
    with Image.open(io.BytesIO(backdrop.png)) as opened:
        picture.set_data(np.asarray(opened.convert("RGBA")))
    picture.set_clip_path(axes.patch)
    axes.add_image(picture)


def draw_context(axes: Axes, drawn: Sequence[Mapping[str, Any]]) -> None:
    """Draw on `axes` layers as `layers.context_layer` gives them (`drawn`): what the page leaves open stays so."""
    for layer in drawn:
        look = layer["style"]
        features = [shapely.geometry.shape(feature["geometry"]) for feature in layer["features"] if feature["geometry"]]
        if layer["borders"]:
            _draw(axes, [shapely.geometry.shape(layer["borders"])], look, _LINES, is_filled=False)
        if not layer["borders"] or layer["is_filled"]:
            _draw(axes, features, look, _AREAS, is_stroked=not layer["borders"])


def draw_receptors(axes: Axes, results: Results, pictures: Iterable[ReceptorPicture]) -> None:
    """Draw receptors of `results` on `axes` by class; sums by township where `pictures` hold those alone."""
    table = results.receptors.select(["receptor_kind", "class", "geometry"]).to_pandas()
    for picture in pictures:
        if picture.townships:
            _draw_sums(axes, picture)
            continue
        frame = table[table["receptor_kind"] == picture.kind]
        many = len(frame) > MOST_AS_LINES
        for word, group in frame.groupby(frame["class"].fillna(""), sort=False):
            look = layers.receptor_style(picture.kind, str(word))
            drawn = shapes.read(group["geometry"])
            line_pt = 0.15 if many else 0.3
            _draw(axes, drawn, _style_of(look), _PARCELS, width_pt=line_pt, is_picture=many)


def draw_sources(axes: Axes, results: Results) -> list[tuple[float, float, str]]:
    """Draw the sources of `results` on `axes`, the gravest on top; return Mercator place and name of each drawn."""
    rows = [row | {"place": place} for row in sources.rows_of(results) if (place := sources.place_of(row))]
    for row in rows:
        if row["place"]["outline"] is not None:
            shape = shapely.geometry.shape(row["place"]["outline"])
            _draw(axes, [shape], _outline_style(row), _OUTLINES)
    size_pt = 5.5 if len(rows) <= 120 else 3.6 if len(rows) <= 600 else 2.2  # noqa: PLR2004 - many marks get smaller
    at = mercator(np.array([row["place"]["at"][::-1] for row in rows])) if rows else np.empty((0, 2))
    codes = ["", *(verdict.value for verdict in sorted(Verdict, key=lambda verdict: -verdict.gravity))]
    for order, code in enumerate(codes):
        for certainty in (False, True):
            chosen = [
                index
                for index, row in enumerate(rows)
                if (row["verdict"] or "") == code and (row["certainty"] == Certainty.AMBIGUOUS) == certainty
            ]
            if chosen:
                _scatter(axes, at[chosen], code, size_pt, _SOURCES + order / 10, is_ambiguous=certainty)
    grave = sorted(
        range(len(rows)),
        key=lambda index: (rows[index].get("list_number") or len(rows), -codes.index(rows[index]["verdict"] or "")),
    )
    return [(float(at[index, 0]), float(at[index, 1]), _numbered(rows[index])) for index in grave]


def _numbered(row: Mapping[str, Any]) -> str:
    """Return a source's name after its number on the list."""
    return f"{row.get('list_number') or ''} {row['name'] or ''}".strip()


def labels(drawn: Sequence[Mapping[str, Any]]) -> list[tuple[float, float, str, str]]:
    """Return Mercator place, text and role of every label of the layers `drawn`, the larger areas first."""
    order = {"key_area": 0, "county": 1, "township": 2, "river": 3}
    anchors = [
        (*mercator(np.array([feature["properties"]["at"][::-1]]))[0], feature["properties"]["label"], layer["role"])
        for layer in sorted(drawn, key=lambda layer: order.get(layer["role"], len(order)))
        if layer["labelled"]
        for feature in layer["features"]
        if feature["properties"]["label"]
    ]
    return [(float(x), float(y), text, role) for x, y, text, role in anchors]


def _style_of(look: style.Style) -> dict[str, Any]:
    """Return a style as the page's layers carry it."""
    return {
        "stroke": look.stroke,
        "fill": look.fill,
        "fill_opacity": look.fill_opacity,
        "width_px": look.width_px,
        "dash": look.dash,
    }


def dashes(look: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what matplotlib takes
    """Return the dash array of `look`, in pixels, in points; a solid line where there is none."""
    return (0, [float(part) * _PT_PER_PX for part in look["dash"].split()]) if look["dash"] else "solid"


def _outline_style(row: Mapping[str, Any]) -> dict[str, Any]:
    look = _style_of(style.UNCERTAINTY)
    if row["position_kind"] == PositionKind.PLACE:
        return look
    colour = style.verdict_style(row["verdict"]).colour
    return look | {"stroke": colour, "fill": colour, "fill_opacity": 0.25, "dash": ""}


def _scatter(axes: Axes, at: NDArray[Any], code: str, size_pt: float, order: float, *, is_ambiguous: bool) -> None:
    look = style.verdict_style(code)
    hollow = look.shape in _HOLLOW or is_ambiguous
    is_cross = look.shape == "cross"
    edge: dict[str, Any] = {} if is_cross else {"edgecolors": look.colour if hollow else "white"}
    axes.scatter(
        at[:, 0],
        at[:, 1],
        s=size_pt**2,
        marker=MARKS[look.shape],
        facecolors="white" if hollow and not is_cross else look.colour,
        linewidths=1.1 if hollow or is_cross else 0.5,
        zorder=order,
        linestyle=(0, (1.6, 1.1)) if is_ambiguous else "solid",
        **edge,
    )


def _draw_sums(axes: Axes, picture: ReceptorPicture) -> None:
    for town in picture.townships:
        (x, y), size = mercator(np.array([town["at"][::-1]]))[0], 16 + 4 * np.log10(1 + town["count"])
        axes.scatter([x], [y], s=size**2, facecolors="#ffffffe6", edgecolors="#009E73", linewidths=2.5, zorder=_SUMS)
        words: dict[str, Any] = {"ha": "center", "va": "center", "zorder": _SUMS, "fontproperties": font(7)}
        axes.text(x, y, fitted(f"{town['count']:,}"), **words)


def _draw(
    axes: Axes,
    geometries: Sequence[Any] | NDArray[Any],
    look: Mapping[str, Any],
    order: int,
    *,
    is_filled: bool = True,
    is_stroked: bool = True,
    width_pt: float | None = None,
    is_picture: bool = False,
) -> None:
    """Draw polygons, lines and points of one style."""
    shown = np.array(
        [geometry for geometry in geometries if geometry is not None and not geometry.is_empty], dtype=object
    )
    parts = shapely.get_parts(shown)
    kinds = shapely.get_dimensions(parts)
    line_pt = look["width_px"] * _PT_PER_PX if width_pt is None else width_pt
    stroke: dict[str, Any] = {
        "edgecolor": look["stroke"] if is_stroked else "none",
        "linewidth": line_pt if is_stroked else 0.0,
    }
    common: dict[str, Any] = {"zorder": order, "rasterized": is_picture}
    if (kinds == _POLYGON).any():
        fill = (look["fill"], look["fill_opacity"]) if is_filled and look["fill_opacity"] else "none"
        paths = _paths(parts[kinds == _POLYGON])
        axes.add_collection(
            PathCollection(paths, facecolor=fill, linestyle=dashes(look), **stroke, **common), autolim=False
        )
    if (kinds == _LINE).any():
        runs = _runs(parts[kinds == _LINE])
        axes.add_collection(
            LineCollection(runs, colors=look["stroke"], linewidths=line_pt, linestyles=[dashes(look)], **common),
            autolim=False,
        )
    if (kinds == 0).any():
        at = mercator(shapely.get_coordinates(parts[kinds == 0]))
        face = (look["fill"], max(0.5, look["fill_opacity"]))
        axes.scatter(at[:, 0], at[:, 1], s=12, facecolors=[face], edgecolors=look["stroke"], linewidths=0.6, **common)


def _paths(polygons: NDArray[Any]) -> list[Outline]:
    """Return polygons as compound paths of `BATCH` each; rings turn so that holes stay empty."""
    turned = shapely.normalize(polygons)
    rings, owner = shapely.get_rings(turned, return_index=True)
    coordinates, ring_of = shapely.get_coordinates(rings, return_index=True)
    xy = mercator(coordinates)
    codes = np.full(len(xy), Outline.LINETO, dtype=Outline.code_type)
    codes[np.flatnonzero(np.diff(ring_of, prepend=-1))] = Outline.MOVETO
    codes[np.append(np.flatnonzero(np.diff(ring_of)), len(xy) - 1)] = Outline.CLOSEPOLY
    cuts = np.flatnonzero(np.diff(owner[ring_of] // BATCH)) + 1
    return [Outline(part, code) for part, code in zip(np.split(xy, cuts), np.split(codes, cuts), strict=True)]


def _runs(lines: NDArray[Any]) -> list[NDArray[Any]]:
    coordinates, line_of = shapely.get_coordinates(lines, return_index=True)
    return np.split(mercator(coordinates), np.flatnonzero(np.diff(line_of)) + 1)
