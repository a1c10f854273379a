"""The survey cards as one print job: a page a source with a sketch of the ground, what is known and what to ask.

A file of its own, since a page is drawn in millimetres and in black alone, unlike the sheets beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from reportlab.lib.units import mm

from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.outputs import wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.figure.paper import (
    MM_PER_POINT,
    Box,
    UndatedCanvas,
    fitted,
    parts_of,
    path_of,
    register_font,
    set_line,
    width_mm,
    wrapped,
)
from hmgeo.outputs.figure.scene import View, degrees_at, mercator, view
from hmgeo.outputs.map.panels import watermarks
from hmgeo.outputs.sheets.survey import LINES, PAIRS, TITLES, TO_FILL, Listed, cell_text
from hmgeo.results.results import Presentation, Results, shapes_of
from hmgeo.vocabulary import LayerKind, SoilQualityClass
from hmgeo.words import say

CARDS = "cards.pdf"
RING_M = 1000.0
"""Of the circle around the source; the frame holds it with some air, at 1:25 000."""

_WIDTH, _HEIGHT, _MARGIN = 210.0, 297.0, 12.0
_INNER = _WIDTH - 2 * _MARGIN
_FRAME = Box(_MARGIN, 31.0, 92.0, 92.0)
_FACTS = Box(_FRAME.right + 4, 31.0, _WIDTH - _MARGIN - _FRAME.right - 4, 92.0)
_BELOW, _FOOT_PT, _TEXT_PT, _LABEL_MM = 133.0, 5.4, 7.6, 28.0
_LEADING = 1.4
_WHITE, _BLACK, _GREY, _PALE = 1.0, 0.0, 0.45, 0.86
_HATCH_MM, _HATCH_GREY, _HATCH_LINE_MM = 1.3, 0.15, 0.2
_DASH = (1.2, 1.0)
_HAIR_MM = 1.0
"""Shapes are cut so much outside the frame that none shows the line along which it was cut."""
_GRID = 10
"""Steps to a point that corners of shapes lie on: 0.035 mm, a dot of a printer with 720 to the inch."""
_DOT_MM = 0.8
_FOOT_FORM, _OVERLEAF, _SWATCH_FORM, _NORTH, _HERE, _THERE = "foot", "overleaf", "swatch", "north", "here", "there"
_AWAY_MM = 5.0
"""Of a swatch or mark from the corner of its form, at which it would be cut."""


class _Look(Struct, frozen=True):
    """How a class is told apart without colour: a grey, lines across, or an outline alone."""

    grey: float | None = None
    is_hatched: bool = False
    is_dashed: bool = False
    line_mm: float = 0.15


_LOOKS = {
    SoilQualityClass.STRICT_CONTROL.value: _Look(grey=0.3),
    SoilQualityClass.SAFE_USE.value: _Look(is_hatched=True, line_mm=0.25),
    SoilQualityClass.PRIORITY_PROTECTION.value: _Look(grey=_PALE),
    SoilQualityClass.UNCLASSIFIED.value: _Look(is_dashed=True),
}
_UPWARD = (SoilQualityClass.PRIORITY_PROTECTION.value, SoilQualityClass.SAFE_USE.value)
"""Drawn below the graver classes; every other in the order of the legend."""
_OTHER_CLASS, _SENSITIVE, _NEAREST = "其他耕地", "其他敏感目标", "最近图斑"
_RING, _NUMBERED = "1 km 圆", "其他来源及其清单序号"
_LOOKS |= {_OTHER_CLASS: _Look(is_dashed=True), _SENSITIVE: _Look(line_mm=0.5), _NEAREST: _Look(line_mm=0.7)}
_KEY = (*_LOOKS, _RING, _NUMBERED)


def write_cards(results: Results, presentation: Presentation, path: Path) -> None:
    """Write to `path` a card for each of the first on the list of `results`, with a bookmark; twice the same bytes.

    `presentation`: `field_forms` caps the cards as it does the forms of the workbook; the last card says how many were
    left out.
    """
    register_font()
    gathered, land = Listed(results), _Land(results)
    rows = gathered.rows()
    file = UndatedCanvas(str(path), pagesize=(_WIDTH * mm, _HEIGHT * mm), invariant=1, pageCompression=1)
    file.setTitle(results.title)
    file.setCreator("hmgeo")
    chosen = rows[: presentation.field_forms]
    left = len(rows) - len(chosen)
    _Card(file, results, presentation).draw_shared()
    for number, row in enumerate(chosen, start=1):
        card = _Card(file, results, presentation)
        last = say("cards_capped", count=len(chosen), left=left) if number == len(chosen) and left else ""
        file.bookmarkPage(str(number))
        file.addOutlineEntry(fitted(f"{row['list_number']} {row['name'] or row['source_id']}"), str(number), 0)
        card.write(row, gathered.labelled(number, row), land, last)
    if not chosen:
        card = _Card(file, results, presentation)
        card.text(_MARGIN, 20, card.say("清单上没有污染源。"), 10)
        file.showPage()
    file.save()


def _extent(seen: View, frame: Box, near_lat: float, hair_mm: float = 0.0) -> shapely.Geometry:
    """Return what a frame shows, and a hair more, in degrees."""
    hair_m, a_degree = hair_mm * seen.metres_per_mm, mercator(np.array([[1.0, 0.0]]))[0, 0]
    west, east, south, north = seen.limits(frame)
    low, high = (degrees_at(y_m, near_lat) for y_m in (south - hair_m, north + hair_m))
    return shapely.box((west - hair_m) / a_degree, low, (east + hair_m) / a_degree, high)


def _clipped(shapes: NDArray[Any], box: shapely.Geometry) -> NDArray[Any]:
    """Return what of each shape lies in a box; most lie there whole."""
    low, high = np.split(np.array(box.bounds), 2)
    bounds = shapely.bounds(shapes)
    is_across = ~((bounds[:, :2] >= low) & (bounds[:, 2:] <= high)).all(axis=1)
    cut = shapes.copy()
    cut[is_across] = shapely.clip_by_rect(shapes[is_across], *box.bounds)
    return cut


class _Land:
    """What lies around the sources: receptors, water, and the numbers of their neighbours on the list."""

    def __init__(self, results: Results) -> None:
        self.ids, kinds, classes = (
            np.array(results.receptors[name].to_pylist(), dtype=object)
            for name in ("receptor_id", "receptor_kind", "class")
        )
        known = np.array([word if word in _LOOKS else _OTHER_CLASS for word in classes], dtype=object)
        self.words = np.where(kinds == LayerKind.FARMLAND.value, known, _SENSITIVE)
        self.shapes = shapes_of(results.receptors)
        self._tree = shapely.STRtree(self.shapes)
        rivers = [layer.table for layer in results.context if layer.role == "river"]
        named = [(row.get("name") or "", row["geometry"]) for table in rivers for row in table.to_pylist()]
        self._rivers = [(name, shapely.from_wkb(wkb)) for name, wkb in named if wkb]
        self.sources = [
            (row["lon"], row["lat"], str(row["list_number"] or "·"))
            for row in results.sources.select(["lon", "lat", "list_number"]).to_pylist()
            if row["lon"] is not None
        ]

    def within(self, box: shapely.Geometry) -> NDArray[np.int64]:
        """Return the rows of the receptors whose own boxes meet a box, in order."""
        return np.sort(self._tree.query(box))

    def rivers(self, box: shapely.Geometry) -> list[tuple[str, shapely.Geometry]]:
        """Return name and course of each river within a box."""
        cut = [
            (name, shapely.clip_by_rect(shape, *box.bounds)) for name, shape in self._rivers if shape.intersects(box)
        ]
        return [(name, shape) for name, shape in cut if not shape.is_empty]


class _Card:
    """One card on a canvas, in mm from the upper left corner."""

    def __init__(self, file: UndatedCanvas, results: Results, presentation: Presentation) -> None:
        self._file, self._results, self._presentation = file, results, presentation

    def say(self, text: str) -> str:
        """Return a text in the language of the run."""
        return in_language(text, self._presentation.language)

    def text(self, x: float, y: float, text: str, size_pt: float, *, grey: float = _BLACK, align: str = "left") -> None:
        """Set one line whose top lies at y."""
        self._file.addLiteral(f"{grey:g} g")
        below = y + 0.88 * size_pt * MM_PER_POINT
        set_line(self._file, x, _HEIGHT - below, fitted(text), size_pt, align)

    def draw_shared(self) -> None:
        """Draw once what every sheet has alike: the foot, overleaf the form, north, marks of sources, swatches."""
        self._file.beginForm(_FOOT_FORM)
        top = self._foot("")
        self._file.endForm()
        self._file.beginForm(_OVERLEAF)
        self._file.doForm(_FOOT_FORM)
        self._form(_FRAME.top, top)
        self._file.endForm()
        forms: dict[str, Callable[[], None]] = {_HERE: self._here, _THERE: self._there}
        forms[_NORTH] = partial(self._north, _FRAME)
        for number, word in enumerate(_KEY):
            forms[f"{_SWATCH_FORM}{number}"] = partial(self._swatch, _AWAY_MM, _HEIGHT - 2.6 - _AWAY_MM, word)
        for form, draw in forms.items():
            self._file.beginForm(form)
            draw()
            self._file.endForm()

    def write(self, row: Mapping[str, Any], cells: Mapping[str, Any], land: _Land, last: str) -> None:
        """Draw head, sketch, facts, pathways and questions; overleaf the form, so that a sheet is a source."""
        if last:
            self._foot(last)
        else:
            self._file.doForm(_FOOT_FORM)
        self._head(row)
        self._sketch(row, cells, land)
        self._facts(cells)
        y = self._known(cells)
        self._asked(cells, y)
        self._file.showPage()
        self._file.doForm(_OVERLEAF)
        self._head(row)
        self._file.showPage()

    def _lines(self, x: float, y: float, text: str, size_pt: float, room_mm: float, *, grey: float = _BLACK) -> float:
        for line in wrapped(text, size_pt, room_mm):
            self.text(x, y, line, size_pt, grey=grey)
            y += size_pt * _LEADING * MM_PER_POINT
        return y

    def _rule(self, y: float, *, grey: float = _PALE) -> None:
        self._file.setStrokeGray(grey)
        self._file.setLineWidth(0.15 * mm)
        self._file.line(_MARGIN * mm, (_HEIGHT - y) * mm, (_WIDTH - _MARGIN) * mm, (_HEIGHT - y) * mm)

    def _head(self, row: Mapping[str, Any]) -> None:
        number = str(row["list_number"])
        self._file.setFillGray(_BLACK)
        self._file.rect(_MARGIN * mm, (_HEIGHT - 25) * mm, 17 * mm, 13 * mm, stroke=0, fill=1)
        self.text(_MARGIN + 8.5, 13, self.say("清单序号"), 5.5, grey=_WHITE, align="centre")
        self.text(_MARGIN + 8.5, 16, number, 20 if len(number) < 4 else 14, grey=_WHITE, align="centre")  # noqa: PLR2004 - digits that fit
        banner = self.say(wording.basis_banner(self._results.basis))
        room = _INNER - 21 - (width_mm(banner, 8) + 4 if banner else 0)
        name = self.say(row["name"] or row["source_id"])
        size_pt = min(15.0, max(8.0, 15.0 * room / max(width_mm(name, 15.0), 1.0)))
        if width_mm(name, size_pt) > room:
            name = wrapped(name, size_pt, room - width_mm("…", size_pt))[0] + "…"
        self.text(_MARGIN + 20, 12, name, size_pt)
        group = say("word_count", word=row["visit_group"], count=row["distance_class"] or "")
        where = "".join(filter(None, (row["county"], row["township"])))
        about = "｜".join(
            filter(None, (self.say("现场核查卡"), row["source_id"], where, self.say(group), self._results.title))
        )
        self._lines(_MARGIN + 20, 19.5, about, _TEXT_PT, _INNER - 20)
        if banner:
            self.text(_WIDTH - _MARGIN, 12.5, banner, 8, align="right")
        self._rule(28, grey=_BLACK)

    def _foot(self, last: str) -> float:
        """Set order and disclaimer at the lower edge; return where they begin."""
        language = self._presentation.language
        caption = self.say(wording.caption(self._results, self._presentation))
        texts = (self.say(last), wording.visit_order(self._results, language), caption, wording.disclaimer(language))
        lines = [line for text in texts for line in wrapped(text, _FOOT_PT, _INNER)]
        top = _HEIGHT - 9 - len(lines) * _FOOT_PT * _LEADING * MM_PER_POINT
        y = top
        for line in lines:
            self.text(_MARGIN, y, line, _FOOT_PT, grey=0.25)
            y += _FOOT_PT * _LEADING * MM_PER_POINT
        return top

    def _sketch(self, row: Mapping[str, Any], cells: Mapping[str, Any], land: _Land) -> None:
        file, frame = self._file, _FRAME
        if row["lon"] is None:
            why = say("card_without_point", place=cells["位置可靠性"])
            self._lines(frame.left + 6, frame.top + 40, self.say(why), 9, frame.width - 12)
            self._neat(frame)
            return
        at = shapely.Point(row["lon"], row["lat"])
        ring = geodesic_buffer(at, RING_M)
        west, south, east, north = ring.bounds
        seen = view([[south, west], [north, east]], frame)
        box = _extent(seen, frame, row["lat"], _HAIR_MM)
        file.saveState()
        clip = file.beginPath()
        clip.rect(frame.left * mm, (_HEIGHT - frame.bottom) * mm, frame.width * mm, frame.height * mm)
        file.clipPath(clip, stroke=0, fill=0)
        drawn = self._parcels(seen, (box, _extent(seen, frame, row["lat"])), land, row["nearest_farmland_id"])
        for name, course in land.rivers(box):
            self._shapes(seen, [course], _Look(grey=_PALE, line_mm=0.6), stroke=_GREY)
            self._label(seen, course.representative_point(), name)
        self._shapes(seen, [ring], _Look(line_mm=0.35), stroke=_BLACK)
        if row["position_uncertainty_m"] and row["position_uncertainty_m"] >= 10:  # noqa: PLR2004 - less isn't seen at this scale
            self._shapes(seen, [geodesic_buffer(at, row["position_uncertainty_m"])], _Look(is_dashed=True, line_mm=0.3))
        self._sources(seen, row, box, land)
        self._watermark(frame)
        file.restoreState()
        self._furniture(frame, seen, drawn)

    def _parcels(
        self, seen: View, boxes: tuple[shapely.Geometry, shapely.Geometry], land: _Land, nearest: str | None
    ) -> list[str]:
        """Draw the receptors class by class; return the classes that are seen, in the order of the legend.

        `boxes`: what is drawn, and what of it the frame shows.
        """
        rows = land.within(boxes[0])
        cut = _clipped(land.shapes[rows], boxes[0])
        is_cut, words = ~shapely.is_empty(cut), land.words[rows]  # one that only touches the box leaves nothing
        is_seen = ~shapely.is_empty(_clipped(cut, boxes[1]))
        used = {word: words == word for word in dict.fromkeys((*_UPWARD, *_LOOKS))} | {
            _NEAREST: land.ids[rows] == nearest
        }
        for word, chosen in used.items():
            if (chosen & is_cut).any():
                self._shapes(seen, cut[chosen & is_cut], _LOOKS[word])
        return [word for word in _LOOKS if (used[word] & is_seen).any()]

    def _xy(self, seen: View, lon_lat: Any) -> Any:  # noqa: ANN401 - an array of pairs
        west, _, _, north = seen.limits(_FRAME)
        at = mercator(np.asarray(lon_lat)[:, :2])
        x_mm = _FRAME.left + (at[:, 0] - west) / seen.metres_per_mm
        y_mm = _HEIGHT - _FRAME.top - (north - at[:, 1]) / seen.metres_per_mm
        return np.column_stack([x_mm, y_mm]) * mm

    def _shapes(self, seen: View, shapes: Any, look: _Look, *, stroke: float = 0.15) -> None:  # noqa: ANN401 - any array
        self._draw(parts_of(shapes), look, stroke, partial(self._xy, seen))

    def _draw(
        self,
        parts: NDArray[Any],
        look: _Look,
        stroke: float,
        place: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
    ) -> None:
        """Draw parts of any kind, put in points of paper by `place`, as one path in one look."""
        parts, kinds, file = shapely.normalize(parts), shapely.get_dimensions(parts), self._file
        lines, rings = parts[kinds == 1], shapely.get_rings(parts[kinds == 2])  # noqa: PLR2004 -- areas
        file.saveState()
        file.setStrokeGray(stroke)
        if look.grey is not None:
            file.setFillGray(look.grey)
        file.setLineWidth(look.line_mm * mm * _GRID)
        file.setDash([part * mm * _GRID for part in _DASH] if look.is_dashed else [])
        paint = "S" if look.grey is None or len(lines) == len(parts) else "B"
        path = "".join(path_of(drawn, _GRID, place=place) for drawn in (rings, lines) if len(drawn))
        if (kinds == 0).any():
            dots = shapely.buffer(shapely.transform(parts[kinds == 0], place), _DOT_MM * mm)
            path += path_of(shapely.get_rings(dots), _GRID)
        file.addLiteral(f"{1 / _GRID} 0 0 {1 / _GRID} 0 0 cm {path}{'W ' if look.is_hatched else ''}{paint}")
        if look.is_hatched:
            file.setStrokeGray(_HATCH_GREY)
            file.setLineWidth(_HATCH_LINE_MM * mm * _GRID)
            low, high = place(shapely.total_bounds(parts).reshape(2, 2))
            file.addLiteral(f"{path_of(_hatch(*(low - _DOT_MM * mm), *(high + _DOT_MM * mm)), _GRID)} S")
        file.restoreState()

    def _sources(self, seen: View, row: Mapping[str, Any], box: shapely.Geometry, land: _Land) -> None:
        west, south, east, north = box.bounds
        others = [
            (lon, lat, number)
            for lon, lat, number in land.sources
            if west < lon < east and south < lat < north and number != str(row["list_number"])
        ]
        if others:
            at = self._xy(seen, [(lon, lat) for lon, lat, _ in others])
            for (x, y), (*_, number) in zip(at.tolist(), others, strict=True):
                self._put(_THERE, x / mm, y / mm)  # in turn: each covers the number below it
                self.text(x / mm, _HEIGHT - y / mm - 1.0, number, 5.6, align="centre")
        ((x, y),) = self._xy(seen, [(row["lon"], row["lat"])]).tolist()
        self._put(_HERE, x / mm, y / mm)

    def _put(self, form: str, x: float, y: float) -> None:
        """Draw a `form` so that what lies `_AWAY_MM` from its edges comes to `x`, `y` from the lower left, in mm."""
        self._file.saveState()
        self._file.translate((x - _AWAY_MM) * mm, (y - _AWAY_MM) * mm)
        self._file.doForm(form)
        self._file.restoreState()

    def _here(self) -> None:
        file, at = self._file, _AWAY_MM * mm
        for size_mm, grey in ((2.2, _WHITE), (1.7, _BLACK)):
            file.setFillGray(grey)
            file.circle(at, at, size_mm * mm, stroke=0, fill=1)
        file.setStrokeGray(_BLACK)
        file.setLineWidth(0.4 * mm)
        for dx, dy in ((1, 0), (0, 1)):
            file.line(at - 4 * dx * mm, at - 4 * dy * mm, at + 4 * dx * mm, at + 4 * dy * mm)

    def _there(self) -> None:
        circle = shapely.Point(_AWAY_MM * mm, _AWAY_MM * mm).buffer(1.9 * mm)
        self._draw(np.array([circle]), _Look(grey=_WHITE, line_mm=0.3), _BLACK)

    def _label(self, seen: View, at: shapely.Point, name: str) -> None:
        if name:
            ((x, y),) = self._xy(seen, [(at.x, at.y)]).tolist()
            self.text(x / mm, _HEIGHT - y / mm - 1, name, 6, grey=0.2, align="centre")

    def _watermark(self, frame: Box) -> None:
        for at, word in enumerate(watermarks(self._results, self._presentation, self._presentation.language)[:2]):
            self._file.saveState()
            self._file.translate((frame.left + frame.width / 2) * mm, (_HEIGHT - frame.top - 30 - 34 * at) * mm)
            self._file.rotate(24)
            self._file.setFillGray(0.5, 0.35)
            set_line(self._file, 0, 0, fitted(word), 13, "centre")
            self._file.restoreState()

    def _neat(self, frame: Box) -> None:
        self._file.setStrokeGray(_BLACK)
        self._file.setLineWidth(0.3 * mm)
        self._file.rect(
            frame.left * mm, (_HEIGHT - frame.bottom) * mm, frame.width * mm, frame.height * mm, stroke=1, fill=0
        )

    def _north(self, frame: Box) -> None:
        self._neat(frame)
        file = self._file
        x, y = frame.right - 6, _HEIGHT - frame.top - 15
        arrow = file.beginPath()
        for index, (dx, dy) in enumerate(((0, 9), (2.4, 0), (0, 1.8), (-2.4, 0))):
            (arrow.lineTo if index else arrow.moveTo)((x + dx) * mm, (y + dy) * mm)
        arrow.close()
        file.setFillGray(_WHITE)  # dark ground may lie below
        file.rect((x - 4) * mm, (y - 1) * mm, 8 * mm, 15 * mm, stroke=0, fill=1)
        file.setFillGray(_BLACK)
        file.drawPath(arrow, stroke=0, fill=1)
        self.text(x, frame.top + 2, self.say("北"), 7, align="centre")

    def _furniture(self, frame: Box, seen: View, drawn: Sequence[str]) -> None:
        file = self._file
        file.doForm(_NORTH)
        bar_mm = 500 / seen.scale * 1000
        file.setFillGray(_WHITE)
        file.rect((frame.left + 1) * mm, (_HEIGHT - frame.bottom + 1) * mm, (bar_mm + 4) * mm, 8 * mm, stroke=0, fill=1)
        file.setFillGray(_BLACK)
        file.rect((frame.left + 3) * mm, (_HEIGHT - frame.bottom + 3) * mm, bar_mm * mm, 1 * mm, stroke=0, fill=1)
        self.text(frame.left + 3, frame.bottom - 7.6, f"500 m　1:{seen.scale:,}".replace(",", " "), 6)
        left, top = frame.left, frame.bottom + 1.6
        for word in (*drawn, _RING, _NUMBERED):
            label = self.say(word)
            if left + width_mm(label, 6) + 8 > frame.right:
                left, top = frame.left, top + 4
            self._put(f"{_SWATCH_FORM}{_KEY.index(word)}", left, _HEIGHT - top - 2.6)
            self.text(left + 7, top + 0.2, label, 6)
            left += width_mm(label, 6) + 10

    def _swatch(self, left: float, top: float, word: str) -> None:
        y = (_HEIGHT - top - 2.6) * mm
        if word in _LOOKS:
            self._draw(np.array([shapely.box(left * mm, y, (left + 6) * mm, y + 2.4 * mm)]), _LOOKS[word], 0.15)
        else:
            circle = shapely.Point((left + 3) * mm, y + 1.2 * mm).buffer(1.3 * mm)
            self._draw(np.array([circle]), _Look(line_mm=0.35), _BLACK)
            if word == _NUMBERED:
                self.text(left + 3, top + 0.5, "n", 4.5, align="centre")

    def _facts(self, cells: Mapping[str, Any]) -> None:
        """Set what the list says, and the way there, beside the sketch."""
        y = _FACTS.top
        names = [name for pair in PAIRS for name in pair if name != "名称"]
        for name in names:
            y = self._row(_FACTS.left, y, TITLES.get(name, name), cell_text(name, cells[name]), _FACTS.width)
        for name in ("地址", "所在排查重点区域"):
            y = self._row(_FACTS.left, y, name, cells[name] or "—", _FACTS.width)
        if cells["导航坐标"]:
            y = self._lines(_FACTS.left, y + 1.5, self.say("导航坐标"), _TEXT_PT, _FACTS.width)
            self._lines(_FACTS.left, y, self.say(cells["导航坐标"]), _TEXT_PT, _FACTS.width)

    def _row(self, left: float, y: float, name: str, text: str, room_mm: float) -> float:
        below = self._lines(left, y, self.say(name), _TEXT_PT, _LABEL_MM - 1, grey=0.35)
        return max(below, self._lines(left + _LABEL_MM, y, self.say(text), _TEXT_PT, room_mm - _LABEL_MM)) + 0.5

    def _section(self, y: float, title: str) -> float:
        self._rule(y, grey=_BLACK)
        self.text(_MARGIN, y + 1.2, self.say(title), 8.5)
        return y + 6

    def _known(self, cells: Mapping[str, Any]) -> float:
        y = self._section(_BELOW, "途径与依据（软件预填，待现场核实）")
        beside = {"地址", "所在排查重点区域", "导航坐标", "建议核查重点"}
        for label, key in LINES:
            if label not in beside:
                y = self._row(_MARGIN, y, label, cells.get(key) or "—", _INNER)
        return y

    def _asked(self, cells: Mapping[str, Any], y: float) -> None:
        """Set what a visit should ask, each with a box to tick."""
        y = self._section(y + 1, "现场要问、要看的")
        for question in cells["要问的"] or ("—",):
            self._file.setStrokeGray(_BLACK)
            self._file.setLineWidth(0.2 * mm)
            self._file.rect(_MARGIN * mm, (_HEIGHT - y - 2.9) * mm, 2.6 * mm, 2.6 * mm, stroke=1, fill=0)
            y = self._lines(_MARGIN + 4.5, y, self.say(question), _TEXT_PT, _INNER - 5)

    def _form(self, y: float, bottom: float) -> None:
        """Set the lines that are filled in by hand, as high as the page has room."""
        y = self._section(y + 1, "现场核查（核查人填写）")
        rows = [*TO_FILL, ("核查人", "　　　　　　　　　企业陪同人：　　　　　　　　　日期：　　　　年　　月　　日", 1)]
        height = min(13.0, (bottom - 3 - y) / sum(lines for *_, lines in rows))
        for label, hint, lines in rows:
            self.text(_MARGIN, y + 0.8, self.say(label), _TEXT_PT, grey=0.35)
            self.text(_MARGIN + _LABEL_MM, y + 0.8, self.say(hint), _TEXT_PT)
            y += height * lines
            self._rule(y - 0.4, grey=0.6)


def _hatch(left: float, low: float, right: float, high: float) -> NDArray[Any]:
    """Return lines across a box, in points, that hang together from box to box."""
    step = _HATCH_MM * mm
    at = np.arange(np.floor((left - high) / step) * step, right - low + step, step)
    ends = np.stack([at + low, np.full(len(at), low), at + high, np.full(len(at), high)], axis=1)
    return np.asarray(shapely.linestrings(ends.reshape(-1, 2, 2)))
