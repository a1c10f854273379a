"""Paper to draw on in millimetres from its upper left corner; what lies on it is kept until it is written as a file.

A PDF is written by reportlab, a PNG is that PDF seen by pdfium, an SVG has the same shapes; letters are of our font.
"""

from __future__ import annotations

import io
import re
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from msgspec import Struct
from msgspec.structs import astuple
from numpy.typing import NDArray
from PIL.Image import Image
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.rl_accel import escapePDF
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFInfo, PDFStreamFilterZCompress
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from shapely.affinity import rotate

PNG_DPI = 150
"""Of a sheet as a picture: A4 is 1754 × 1241 pixels."""

MM_PER_POINT = 25.4 / 72
LEADING = 1.38
FONT_NAME, FONT_FILE = "hmgeo", str(files("hmgeo.outputs.figure").joinpath("font", "hmgeo-sans-sc.ttf"))
MISSING = "〓"
"""Stands for a character that the font doesn't hold, as in Chinese type-setting."""

_CLOSING = frozenset("，。；：、！？）》」』】％〉”’")
_STEPS = 30
"""To a millimetre: corners of shapes lie on a grid that print can't tell from the ground."""
_TOP, _MIDDLE = 0.88, 0.36
"""How far the baseline of a line lies below its top and its middle, in parts of its size."""
_DOT_MM, _HATCH_MM, _HATCH_PT = 0.6, 1.4, 0.35
BATCH = 400
"""Areas in one path: few enough for the renderer, many enough to be fast."""
_FAMILIES = "Noto Sans SC, Noto Sans CJK SC, Microsoft YaHei, sans-serif"


class Box(Struct, frozen=True):
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


class Look(Struct, frozen=True):
    """How shapes are drawn: colours as #rrggbb, empty for none; widths and dashes in points."""

    stroke: str = ""
    width_pt: float = 0.5
    dash: Sequence[float] = ()
    fill: str = ""
    fill_opacity: float = 1.0


class Shapes(Struct, frozen=True):
    """Lines and areas in mm that are one path, cut at `within`."""

    parts: NDArray[Any]
    look: Look
    within: Box | None = None

    def paths(self) -> Iterator[tuple[NDArray[Any], bool]]:
        """Yield rings that are filled or stroked, then lines; each with whether it is filled."""
        is_line = shapely.get_dimensions(self.parts) == 1
        if not is_line.all() and (self.look.fill or self.look.stroke):
            yield shapely.get_rings(self.parts[~is_line]), bool(self.look.fill)
        if is_line.any() and self.look.stroke:
            yield self.parts[is_line], False

    def on_canvas(self, file: UndatedCanvas, height_mm: float) -> None:
        """Draw them on a page so high."""
        look, unit = self.look, mm / _STEPS
        if look.fill:
            file.setFillColor(HexColor(look.fill), look.fill_opacity)
        if look.stroke:
            file.setStrokeColor(HexColor(look.stroke))
            file.setLineWidth(look.width_pt / unit)
            file.setDash([part / unit for part in look.dash])
        file.addLiteral(f"1 j {unit:.6f} 0 0 {-unit:.6f} 0 {height_mm * mm:.4f} cm")
        for lines, is_filled in self.paths():
            file.addLiteral(path_of(lines, _STEPS) + (("B" if look.stroke else "f") if is_filled else "S"))

    def as_svg(self) -> str:
        """Return them as elements of an SVG in hundredths of a millimetre."""
        look, unit = self.look, 100 * MM_PER_POINT
        pen = ""
        if look.stroke:
            pen = f'stroke="{look.stroke}" stroke-width="{look.width_pt * unit:.0f}" stroke-linejoin="round" '
        if look.dash:
            pen += f'stroke-dasharray="{" ".join(f"{part * unit:.0f}" for part in look.dash)}" '
        return "".join(
            f'<path {pen}fill="{look.fill if is_filled else "none"}" fill-opacity="{look.fill_opacity:g}" '
            f'd="{path_of(lines, 100, _SVG)}"/>'
            for lines, is_filled in self.paths()
        )


class Boxes(Struct, frozen=True):
    """Many filled rectangles, rows of left, top, right and bottom in mm, cut at `within`."""

    corners: NDArray[Any]
    look: Look
    within: Box | None = None

    def on_canvas(self, file: UndatedCanvas, height_mm: float) -> None:
        """Draw them on a page so high."""
        unit, numbers = mm / _STEPS, _digits(self._sized(_STEPS))
        pieces = np.full((len(numbers), 5), b"re\n", numbers.dtype)
        pieces[:, :4] = numbers
        pieces[BATCH - 1 : -1 : BATCH, 4] = b"re f\n"
        file.setFillColor(HexColor(self.look.fill), self.look.fill_opacity)
        file.addLiteral(f"{unit:.6f} 0 0 {-unit:.6f} 0 {height_mm * mm:.4f} cm")
        file.addLiteral(_text_of(pieces) + "f")

    def as_svg(self) -> str:
        """Return them as an element of an SVG in hundredths of a millimetre."""
        path = "".join(f"M{x} {y}h{wide}v{high}h{-wide}z" for x, y, wide, high in self._sized(100).tolist())
        return f'<path fill="{self.look.fill}" fill-opacity="{self.look.fill_opacity:g}" d="{path}"/>'

    def _sized(self, steps: float) -> NDArray[np.int64]:
        """Return corner, width and height of each on a grid of `steps` to a mm; none is too thin to be seen."""
        first, last = np.split(np.rint(self.corners * steps).astype(int), 2, axis=1)
        return np.hstack([first, np.maximum(last - first, 1)])


class Text(Struct, frozen=True):
    """A line of letters whose baseline begins, has its middle or ends at x, y in mm."""

    words: str
    x: float
    y: float
    size_pt: float
    colour: str
    align: str = "left"
    turned_deg: float = 0.0
    opacity: float = 1.0
    within: Box | None = None

    def on_canvas(self, file: UndatedCanvas, height_mm: float) -> None:
        """Draw it on a page so high."""
        file.setFillColor(HexColor(self.colour), self.opacity)
        file.translate(self.x * mm, (height_mm - self.y) * mm)
        if self.turned_deg:
            file.rotate(self.turned_deg)
        set_line(file, 0, 0, self.words, self.size_pt, self.align)

    def as_svg(self) -> str:
        """Return it as an element of an SVG in hundredths of a millimetre."""
        anchor = {"left": "start", "centre": "middle", "right": "end"}[self.align]
        return (
            f'<text transform="translate({self.x * 100:.0f} {self.y * 100:.0f}) rotate({-self.turned_deg:g})" '
            f'font-size="{self.size_pt * MM_PER_POINT * 100:.0f}" fill="{self.colour}" '
            f'fill-opacity="{self.opacity:g}" text-anchor="{anchor}">{escape(self.words)}</text>'
        )


class Picture(Struct, frozen=True):
    """Pixels that fill a box, cut at `within`."""

    image: Image
    box: Box
    opacity: float = 1.0
    within: Box | None = None

    def on_canvas(self, file: UndatedCanvas, height_mm: float) -> None:
        """Draw it on a page so high."""
        box = self.box
        file.setFillAlpha(self.opacity)
        corner = box.left * mm, (height_mm - box.bottom) * mm
        file.drawImage(ImageReader(self.image), *corner, box.width * mm, box.height * mm, mask="auto")

    def as_svg(self) -> str:
        """Return it as an element of an SVG in hundredths of a millimetre."""
        written = io.BytesIO()
        self.image.save(written, "PNG")
        left, top, wide, high = (f"{part * 100:.0f}" for part in astuple(self.box))
        return (
            f'<image x="{left}" y="{top}" width="{wide}" height="{high}" opacity="{self.opacity:g}" '
            f'preserveAspectRatio="none" href="data:image/png;base64,{b64encode(written.getvalue()).decode()}"/>'
        )


class _Undated(PDFInfo):  # type: ignore[misc]
    """What a PDF tells of itself: no day, so that the same ground gives the same bytes, and nothing nobody said."""

    def format(self, document: Any) -> bytes:  # noqa: ANN401 -- reportlab's own
        """Return it as it stands in the file."""
        unsaid = rb"/(CreationDate|ModDate|Author|Subject|Keywords) \((\\.|[^\\)])*\)\s*"
        return re.sub(unsaid, b"", super().format(document), flags=re.DOTALL)


class _Squeezed(PDFStreamFilterZCompress):  # type: ignore[misc]
    """Squeezes what lies on a page to within an eighth of the best, in a sixth of the time."""

    def encode(self, text: str | bytes) -> bytes:
        """Return a stream's content as it stands in the file."""
        return zlib.compress(text.encode() if isinstance(text, str) else text, 2)


class UndatedCanvas(Canvas):  # type: ignore[misc]
    """Pages of a PDF that names no day."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 -- as Canvas has them
        super().__init__(*given, **named)
        self._doc.info = _Undated()
        self.shown: dict[tuple[str, float], str] = {}


class Paper:
    """A sheet, and in `items` what lies on it, the lowest first."""

    def __init__(self, width_mm: float, height_mm: float, title: str = "") -> None:
        self.width_mm, self.height_mm, self.title = width_mm, height_mm, title
        self.items: list[Shapes | Boxes | Text | Picture] = []
        self._within: Box | None = None
        self._made: tuple[int, bytes] = 0, b""

    @contextmanager
    def within(self, box: Box) -> Iterator[None]:
        """Cut whatever is laid down meanwhile at the edges of a box."""
        self._within = box
        try:
            yield
        finally:
            self._within = None

    def draw(self, shapes: Any, look: Look) -> None:  # noqa: ANN401 -- one or an array
        """Lay down `shapes` in mm in one `look`; points become dots."""
        parts = parts_of(shapes)
        parts = shapely.normalize(parts[~shapely.is_empty(parts)])  # rings turn alike: overlaps are full, holes empty
        kinds = shapely.get_dimensions(parts)
        parts[kinds == 0] = shapely.buffer(parts[kinds == 0], _DOT_MM)
        if len(parts):
            self.items.append(Shapes(parts, look, self._within))

    def boxes(self, corners: NDArray[Any], look: Look) -> None:
        """Lay down filled rectangles: rows of left, top, right and bottom in mm; none where `look` has no fill."""
        if len(corners) and look.fill:
            self.items.append(Boxes(corners, look, self._within))

    def hatch(self, shapes: Any, angles_deg: Sequence[float], colour: str) -> None:  # noqa: ANN401 -- one or an array
        """Lay down lines across areas in mm, at each angle one set that hangs together from shape to shape."""
        area = shapely.union_all(shapely.make_valid(shapely.get_parts(shapes)))
        for angle in angles_deg if area.area else ():
            reach = float(np.hypot(self.width_mm, self.height_mm))
            at = np.arange(-reach, reach, _HATCH_MM)
            ends = np.stack([np.full(len(at), -reach), at, np.full(len(at), reach), at], axis=1)
            lines = rotate(shapely.multilinestrings(shapely.linestrings(ends.reshape(-1, 2, 2))), -angle, (0, 0))
            self.draw(shapely.intersection(lines, area), Look(colour, _HATCH_PT))

    def line(self, points: Sequence[tuple[float, float]], colour: str, width_pt: float) -> None:
        """Lay down a line through `points`."""
        self.draw(shapely.linestrings(points), Look(colour, width_pt))

    def box(self, box: Box, look: Look) -> None:
        """Lay down a rectangle."""
        self.draw(shapely.box(box.left, box.top, box.right, box.bottom), look)

    def mark(self, form: str, at: tuple[float, float], size_pt: float, look: Look) -> None:
        """Lay down a mark, so large, of a `form` that `style` names."""
        self.draw(_mark(form, *at, size_pt * MM_PER_POINT / 2), look)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size_pt: float,
        *,
        colour: str,
        at: str = "top",
        **more: Any,  # noqa: ANN401 -- as Text has them
    ) -> None:
        """Lay down a line of `words` whose `top`, `middle` or base `line` (`at`) is at `y`; `more` as in `Text`."""
        below = {"top": _TOP, "middle": _MIDDLE, "line": 0.0}[at] * size_pt * MM_PER_POINT
        self.items.append(Text(fitted(words), x, y + below, size_pt, colour, **more, within=self._within))

    def label(self, x: float, y: float, words: str, size_pt: float, colour: str) -> None:
        """Lay down `words` in a pale box, its middle at `x`, `y`."""
        half, tall = width_mm(words, size_pt) / 2 + 0.4, size_pt * MM_PER_POINT * 1.2
        self.box(Box(x - half, y - tall / 2, 2 * half, tall), Look(fill="#ffffff", fill_opacity=0.7))
        self.text(x, y, words, size_pt, colour=colour, at="middle", align="centre")

    def picture(self, image: Image, box: Box, opacity: float = 1.0) -> None:
        """Lay down an `image` that fills `box`."""
        self.items.append(Picture(image, box, opacity, self._within))

    def seen(self, dpi: float, background: str = "#ffffff") -> Image:
        """Return the sheet as pixels; an empty `background` is clear."""
        from pypdfium2 import PdfDocument  # noqa: PLC0415 -- a PDF alone doesn't need it

        with PdfDocument(self._pdf()) as document:
            clear = {} if background else {"fill_color": (0, 0, 0, 0), "maybe_alpha": True}
            pixels: Image = document[0].render(scale=dpi / 72, rev_byteorder=True, **clear).to_pil()
        return pixels

    def write(self, path: Path, suffix: str, dpi: float = PNG_DPI) -> None:
        """Write the sheet to `path`, the same bytes every time.

        `suffix`: .pdf, .svg, or .png with `dpi`.
        """
        if suffix == ".png":
            self.seen(dpi).save(path, "PNG", compress_level=1, dpi=(dpi, dpi))
        else:
            path.write_bytes(self._pdf() if suffix == ".pdf" else self._svg())

    def _pdf(self) -> bytes:
        """Return the sheet as a PDF, made once for all that lies on it."""
        if self._made[0] == len(self.items) > 0:
            return self._made[1]
        register_font()
        written = io.BytesIO()
        size = self.width_mm * mm, self.height_mm * mm
        file = UndatedCanvas(written, pagesize=size, invariant=1, pageCompression=1)
        file.setTitle(self.title)
        file.setCreator("hmgeo")
        for item in self.items:
            file.saveState()
            if item.within:
                clip, box = file.beginPath(), item.within
                clip.rect(box.left * mm, (self.height_mm - box.bottom) * mm, box.width * mm, box.height * mm)
                file.clipPath(clip, stroke=0, fill=0)
            item.on_canvas(file, self.height_mm)
            file.restoreState()
        file.showPage()
        file.save()
        self._made = len(self.items), written.getvalue()
        return self._made[1]

    def _svg(self) -> bytes:
        boxes = list(dict.fromkeys(item.within for item in self.items if item.within))
        wide, high = f"{self.width_mm * 100:.0f}", f"{self.height_mm * 100:.0f}"
        lines = [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width_mm:g}mm" height="{self.height_mm:g}mm"',
            f' viewBox="0 0 {wide} {high}" font-family="{_FAMILIES}">',
            f'<title>{escape(fitted(self.title))}</title><rect width="{wide}" height="{high}" fill="#ffffff"/>',
        ]
        for number, box in enumerate(boxes):
            edge = Shapes(np.array([shapely.box(box.left, box.top, box.right, box.bottom)]), Look(fill="#000000"))
            lines.append(f'<clipPath id="b{number}">{edge.as_svg()}</clipPath>')
        for item in self.items:
            cut = f' clip-path="url(#b{boxes.index(item.within)})"' if item.within else ""
            lines.append(f"<g{cut}>{item.as_svg()}</g>")
        return "\n".join([*lines, "</svg>", ""]).encode()


def parts_of(shapes: Any) -> NDArray[Any]:  # noqa: ANN401 -- one or an array
    """Return the parts of `shapes`, first those that are one part alone: taking them apart would copy them."""
    given = np.atleast_1d(np.asarray(shapes, dtype=object))
    kinds = shapely.get_type_id(given)
    is_single = (kinds >= 0) & (kinds < shapely.GeometryType.MULTIPOINT)
    return np.concatenate([given[is_single], shapely.get_parts(given[~is_single])])


def _mark(form: str, x: float, y: float, half: float) -> shapely.Geometry:
    """Return a mark in mm, y downwards."""
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
    }
    if form in corners:
        return shapely.Polygon([(x + half * dx, y + half * dy) for dx, dy in corners[form]])
    if form in {"cross", "plus"}:
        ways = ((1, 1), (1, -1)) if form == "cross" else ((1, 0), (0, 1))
        return shapely.MultiLineString(
            [((x - half * dx, y - half * dy), (x + half * dx, y + half * dy)) for dx, dy in ways]
        )
    return shapely.Point(x, y).buffer(half)


_PDF, _SVG = (b"", b"", b"m ", b"l ", b"h\n"), (b"M", b"L", b"", b"", b"Z")
"""What stands before a beginning and a step of a path, after either, and at the end of a ring."""


def path_of(
    lines: NDArray[Any],
    steps: float,
    forms: tuple[bytes, ...] = _PDF,
    place: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
) -> str:
    """Return `lines` and rings on a grid of `steps` to the unit of where `place` puts them, in `forms` of PDF or SVG.

    >>> path_of(np.array([shapely.LineString([(0, 0), (0.01, 0), (1, 2)])]), 10)
    '0 0 m 10 20 l '
    """
    xy, line_of = shapely.get_coordinates(lines, return_index=True)
    on_grid, rings = np.rint(place(xy) * steps).astype(int), shapely.is_closed(lines)
    edges = np.ones(len(xy) + 1, bool)  # of lines: before the first corner, after the last, and between two lines
    edges[1:-1] = line_of[1:] != line_of[:-1]
    is_ring, shown = rings[line_of], edges[:-1].copy()
    moved = on_grid[1:] != on_grid[:-1]
    shown[1:] |= moved[:, 0] | moved[:, 1]
    shown &= ~(edges[1:] & is_ring)
    begins, numbers = edges[:-1][shown], _digits(on_grid[shown])
    closes = np.append(begins[1:], True)[: len(begins)] & is_ring[shown]
    first, other, after, behind, end = forms
    pieces = np.full((len(begins), 4 if first else 3), behind, numbers.dtype)
    pieces[:, -3:-1] = numbers
    pieces[begins, -1] = after
    pieces[closes, -1] = np.where(begins[closes], after + end, behind + end)
    if first:
        pieces[:, 0] = np.where(begins, first, other)
    return _text_of(pieces)


def _text_of(pieces: NDArray[np.bytes_]) -> str:
    return pieces.tobytes().translate(None, b"\0").decode("ascii")


_ON_PAPER = -2_000, 14_000
"""Steps from the corner of a sheet of A3, with some room beyond its edges."""


@cache
def _spelt() -> NDArray[np.bytes_]:
    """Return the digits of whole numbers, a blank behind them; negative ones last, as negative indices count."""
    return np.array([b"%d " % number for number in (*range(_ON_PAPER[1]), *range(_ON_PAPER[0], 0))])


def _digits(numbers: NDArray[np.int64]) -> NDArray[np.bytes_]:
    """Return the digits of each of `numbers`, a blank behind them."""
    if numbers.min(initial=0) >= _ON_PAPER[0] and numbers.max(initial=0) < _ON_PAPER[1]:
        return _spelt()[numbers]
    known, places = np.unique(numbers, return_inverse=True)
    return np.array([b"%d " % number for number in known.tolist()])[places.reshape(numbers.shape)]


def register_font() -> None:
    """Make the font of ours known to reportlab under `FONT_NAME`."""
    if FONT_NAME not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont(FONT_NAME, FONT_FILE))
        pdfdoc.PDFZCompress = _Squeezed()
        rl_config.useA85 = 0  # streams as they are: letters for mail of thirty years ago cost a fifth of time and size


def set_line(file: UndatedCanvas, x: float, y: float, words: str, size_pt: float, align: str) -> None:
    """Set `words` in `size_pt` points on a canvas whose base line begins, has its middle or ends at `x`, `y` in mm.

    In the operators of PDF, since reportlab's own strings set and measure everything anew.
    """
    aside = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
    left = x - (aside * width_mm(words, size_pt) if aside else 0.0)
    shown = file.shown.get((words, size_pt))
    if shown is None:
        font, document = pdfmetrics.getFont(FONT_NAME), file._doc  # noqa: SLF001 -- which holds the font's parts
        shown = file.shown[words, size_pt] = " ".join(
            f"{font.getSubsetInternalName(number, document)} {size_pt:g} Tf ({escapePDF(part)}) Tj"
            for number, part in font.splitString(words, document)
        )
    file.addLiteral(f"BT 1 0 0 1 {left * mm:.3f} {y * mm:.3f} Tm {shown} ET")


@cache
def _widths() -> Mapping[str, float]:
    """Return the width of every character of the font, in parts of its size."""
    register_font()
    return {chr(code): wide / 1000 for code, wide in pdfmetrics.getFont(FONT_NAME).face.charWidths.items()}


def fitted(text: str) -> str:
    """Return a text with what the font lacks replaced by `MISSING`, and breaks by blanks.

    >>> fitted("龙塘镇 a" + chr(0x2A6D6))
    '龙塘镇 a〓'
    """
    known = _widths()
    for sign in {*text}:
        if sign not in known:
            text = text.replace(sign, " " if sign.isspace() else MISSING)
    return text


def line_mm(size_pt: float) -> float:
    """Return how far lines of `size_pt` points stand apart, in mm."""
    return size_pt * LEADING * MM_PER_POINT


def width_mm(text: str, size_pt: float) -> float:
    """Return how many mm wide a line of `text` is on paper in `size_pt` points."""
    known = _widths()
    return sum(known.get(sign, 1.0) for sign in text) * size_pt * MM_PER_POINT


def wrapped(text: str, size_pt: float, room_mm: float) -> list[str]:
    """Return `text` as lines that fit `room_mm` in `size_pt` points.

    A closing mark never begins a line, a Latin word is broken only if it must be.

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
