"""A sheet of paper and what lies on its ground, drawn like the page: same layers, order and colours."""

import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import shapely
from msgspec import Struct
from msgspec.structs import asdict, replace
from numpy.typing import NDArray
from PIL import Image

from hmgeo.outputs import style
from hmgeo.outputs.figure.paper import BATCH, Box, Look, Paper, parts_of
from hmgeo.outputs.map import layers, sources
from hmgeo.outputs.map.parcels import ReceptorPicture
from hmgeo.results.results import Backdrop, Results, shapes_of
from hmgeo.vocabulary import Certainty, PositionKind, SoilQualityClass, Verdict

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


class Sheet(Struct, frozen=True):
    """Paper with its boxes.

    `width_mm`, `height_mm`: landscape. `frame`, `legend`, `head`, `foot`: where map, legend, title and caption stand.
    """

    name: str
    width_mm: float
    height_mm: float
    frame: Box
    legend: Box
    head: Box
    foot: Box


class View(Struct, frozen=True):
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

    def place(self, frame: Box, lon_lat: Any) -> NDArray[Any]:  # noqa: ANN401 -- pairs of degrees
        """Return where in mm of paper places of (n, 2) degrees lie if the ground is seen in `frame`."""
        west, _, _, north = self.limits(frame)
        at = mercator(np.asarray(lon_lat)[:, :2])
        return np.column_stack(
            [frame.left + (at[:, 0] - west) / self.metres_per_mm, frame.top + (north - at[:, 1]) / self.metres_per_mm]
        )


def sheet(paper: str) -> Sheet:
    """Return the boxes of a paper; other papers than A3 are A4.

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
        sine = math.sin(math.radians(lat))
        error = _A_M * (math.atanh(sine) - _E * math.atanh(_E * sine)) - y_m
        lat -= math.degrees(error / (_stretch(lat) * _meridian_radius_m(lat)))
    return lat


def _stretch(lat: float) -> float:
    """Return Mercator metres to a metre on the ground."""
    phi = math.radians(lat)
    return math.sqrt(1 - (_E * math.sin(phi)) ** 2) / math.cos(phi)


def _meridian_radius_m(lat: float) -> float:
    return float(_A_M * (1 - _E**2) / (1 - (_E * math.sin(math.radians(lat))) ** 2) ** 1.5)


MOST_OUTLINED, MOST_AS_LINES = 3000, 30_000
"""More parcels than the first have no outlines, which would hide them; more than the second are one picture."""

PICTURE_DPI = 220
SMALLEST_MM = 0.4
"""Among many, the form of a smaller parcel can't be seen on paper."""

_PT_PER_PX = 0.75
_UPWARD = (SoilQualityClass.PRIORITY_PROTECTION, SoilQualityClass.SAFE_USE, SoilQualityClass.STRICT_CONTROL)


class Scene(Struct, frozen=True):
    """The ground of `results` in a `frame` of `paper`, as `view` has it."""

    paper: Paper
    frame: Box
    view: View
    results: Results

    def backdrop(self, backdrop: Backdrop) -> None:
        """Lay down picture `backdrop`; within a county its Mercator and ours differ by a stretch."""
        west, south, east, north = backdrop.bounds
        (left, top), (right, bottom) = self.view.place(self.frame, [[west, north], [east, south]]).tolist()
        with Image.open(io.BytesIO(backdrop.png)) as opened:
            self.paper.picture(opened.convert("RGBA"), Box(left, top, right - left, bottom - top), 0.55)

    def receptors(self, pictures: Iterable[ReceptorPicture]) -> None:
        """Draw receptors by class, but not those of which `pictures` hold sums by township alone."""
        table = self.results.receptors
        kinds, words = (np.array(table[name].to_pylist(), dtype=object) for name in ("receptor_kind", "class"))
        geometries = shapes_of(table)
        for picture in pictures:
            chosen = kinds == picture.kind
            count = int(chosen.sum())
            drawn = []
            for word in () if picture.townships else sorted({*words[chosen].tolist()}, key=_grave):
                look = look_of(layers.receptor_style(picture.kind, word or ""), width_pt=0.3)
                shown = geometries[chosen & (words == word)]
                if count > MOST_OUTLINED and look.fill:
                    is_area = shapely.area(shown) > 0
                    drawn.append((shown[is_area], replace(look, stroke="", fill_opacity=1.0)))
                    shown = shown[~is_area]
                drawn.append((shown, look))
            if count > MOST_AS_LINES:
                self._as_picture(drawn)
            else:
                for shown, look in drawn:
                    self._draw(shown, look)

    def context(self, drawn: Sequence[Mapping[str, Any]]) -> None:
        """Draw layers as `layers.context_layer` gives them, lines above areas: what the page leaves open stays so."""
        for layer in drawn:
            if not layer["borders"] or layer["is_filled"]:
                features = [feature["geometry"] for feature in layer["features"] if feature["geometry"]]
                shapes = np.array([shapely.geometry.shape(feature) for feature in features], dtype=object)
                self._draw(shapes, look_of(layer["style"], is_stroked=not layer["borders"]))
        for layer in drawn:
            if layer["borders"]:
                self._draw(shapely.geometry.shape(layer["borders"]), look_of(layer["style"]))

    def sums(self, pictures: Iterable[ReceptorPicture]) -> None:
        """Draw the sums by township of `pictures` that hold no more."""
        for town in (town for picture in pictures for town in picture.townships):
            ((x, y),) = self.view.place(self.frame, [town["at"][::-1]]).tolist()
            look = Look("#009E73", 2.5, fill="#ffffff", fill_opacity=0.9)
            self.paper.mark("circle", (x, y), 16 + 4 * float(np.log10(1 + town["count"])), look)
            self.paper.text(x, y, f"{town['count']:,}", 7, colour="#000000", at="middle", align="centre")

    def sources(self) -> list[tuple[float, float, str]]:
        """Draw the sources, the gravest on top; return the place in mm and the name of each drawn, gravest first."""
        rows = [row | {"place": place} for row in sources.rows_of(self.results) if (place := sources.place_of(row))]
        for row in rows:
            if row["place"]["outline"] is not None:
                self._draw(shapely.geometry.shape(row["place"]["outline"]), _outline_look(row))
        size_pt = 5.5 if len(rows) <= 120 else 3.6 if len(rows) <= 600 else 2.2  # noqa: PLR2004 - many marks get smaller
        codes = ["", *(verdict.value for verdict in sorted(Verdict, key=lambda verdict: -verdict.gravity))]
        grave = [
            (codes.index(row["verdict"] or ""), row["certainty"] == Certainty.AMBIGUOUS, number)
            for number, row in enumerate(rows)
        ]
        at = self.view.place(self.frame, [row["place"]["at"][::-1] for row in rows]).tolist() if rows else []
        for code, is_ambiguous, number in sorted(grave):
            form, look = mark_look(style.verdict_style(codes[code]), is_ambiguous=is_ambiguous)
            self.paper.mark(form, at[number], size_pt, look)
        listed = sorted(grave, key=lambda one: (rows[one[2]].get("list_number") or len(rows), -one[0]))
        return [(*at[number], _numbered(rows[number])) for *_, number in listed]

    def labels(self, drawn: Sequence[Mapping[str, Any]], mark: str) -> list[tuple[float, float, str, str]]:
        """Return place in mm, text and role of every label of the layers `drawn`, the larger areas first.

        `mark` stands behind the names of approximate ones.
        """
        order = {"key_area": 0, "county": 1, "township": 2, "river": 3}
        found = [
            (feature["properties"], mark if layer["approximate"] else "", layer["role"])
            for layer in sorted(drawn, key=lambda layer: order.get(layer["role"], len(order)))
            if layer["labelled"]
            for feature in layer["features"]
            if feature["properties"]["name"]
        ]
        at = self.view.place(self.frame, [one["at"][::-1] for one, *_ in found]).tolist() if found else []
        return [(x, y, one["name"] + more, role) for (x, y), (one, more, role) in zip(at, found, strict=True)]

    def _draw(self, geometries: Any, look: Look) -> None:  # noqa: ANN401 -- one or an array
        """Draw polygons, lines and points of one look, in batches."""
        parts, place = parts_of(geometries), partial(self.view.place, self.frame)
        if not look.stroke:
            boxes, parts = generalised(parts, place)
            self.paper.boxes(boxes, look)
        parts = shapely.transform(parts, place)
        for start in range(0, len(parts), BATCH):
            self.paper.draw(parts[start : start + BATCH], look)

    def _as_picture(self, drawn: Iterable[tuple[NDArray[Any], Look]]) -> None:
        """Draw many polygons as a picture, so many at a time that memory doesn't grow with them."""
        frame = Box(0.0, 0.0, self.frame.width, self.frame.height)
        seen = None
        for geometries, look in drawn:
            for start in range(0, len(geometries), MOST_AS_LINES):
                part = Scene(Paper(frame.width, frame.height), frame, self.view, self.results)
                part._draw(geometries[start : start + MOST_AS_LINES], look)
                pixels = part.paper.seen(PICTURE_DPI, background="")
                seen = pixels if seen is None else Image.alpha_composite(seen, pixels)
        if seen is not None:
            self.paper.picture(seen, self.frame)


def generalised(
    parts: NDArray[Any], place: Callable[[NDArray[Any]], NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rectangles as large for the `parts` that are no larger than a dot where `place` puts them, and the others.

    >>> boxes, others = generalised(np.array([shapely.Polygon([(1, 1), (1.2, 1), (1, 1.2)])]), np.array)
    >>> boxes.round(3).tolist(), len(others)
    ([[1.029, 1.029, 1.171, 1.171]], 0)
    """
    bounds, area = shapely.bounds(parts), shapely.area(parts)
    corners = place(bounds.reshape(-1, 2)).reshape(-1, 2, 2)
    is_small = (np.abs(corners[:, 1] - corners[:, 0]).max(axis=1) < SMALLEST_MM) & (area > 0)
    west, south, east, north = bounds[is_small].T
    less = (1 - np.sqrt(area[is_small] / ((east - west) * (north - south))))[:, None]
    first, last = corners[is_small].min(axis=1), corners[is_small].max(axis=1)
    inward = (last - first) * less / 2
    return np.hstack([first + inward, last - inward]), parts[~is_small]


def _grave(word: str | None) -> tuple[int, str]:
    """Return what classes of farmland are sorted by: the gravest is drawn last."""
    return (_UPWARD.index(word) if word in _UPWARD else -1), word or ""


def mark_look(look: style.VerdictStyle, *, is_ambiguous: bool = False) -> tuple[str, Look]:
    """Return form and look of a verdict's mark: hollow and dashed where it could flip; a cross is all edge."""
    if look.shape not in {"ring", "cross"} and not is_ambiguous:
        return look.shape, Look("#ffffff", 0.5, fill=look.colour)
    return look.shape, Look(look.colour, 1.1, (1.6, 1.1) if is_ambiguous else (), "#ffffff")


def _numbered(row: Mapping[str, Any]) -> str:
    """Return a source's name after its number on the list."""
    return f"{row.get('list_number') or ''} {row['name'] or ''}".strip()


def look_of(look: Any, *, width_pt: float | None = None, is_stroked: bool = True) -> Look:  # noqa: ANN401 -- style or record
    """Return the look of a `style.Style`, or of one as the page's layers carry it."""
    told = look if isinstance(look, dict) else asdict(look)
    wide = told["width_px"] * _PT_PER_PX if width_pt is None else width_pt
    dash = [float(part) * _PT_PER_PX for part in told["dash"].split()]
    opacity = told["fill_opacity"]
    return Look(told["stroke"] if is_stroked else "", wide, dash, told["fill"] if opacity else "", opacity)


def _outline_look(row: Mapping[str, Any]) -> Look:
    if row["position_kind"] == PositionKind.PLACE:
        return look_of(style.UNCERTAINTY)
    colour = style.verdict_style(row["verdict"]).colour
    return replace(look_of(style.UNCERTAINTY), stroke=colour, fill=colour, fill_opacity=0.25, dash=())
