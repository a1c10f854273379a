"""Static figures for reports, notebooks and mail: one sheet as PDF or PNG, the same layers and words as the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.outputs import wording
from hmgeo.outputs.figure import furniture, scene
from hmgeo.outputs.figure.scene import fitted, font, sheet, view, width_mm
from hmgeo.outputs.map import audience, layers, panels, parcels, shapes
from hmgeo.outputs.map.labels import LABELS, LABELS_EN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from hmgeo.outputs.figure.scene import Box, Sheet, View
    from hmgeo.results.results import Presentation, Results


PDF_DPI, PNG_DPI = 220, 150
"""Of pictures inside a PDF (many parcels, hillshade), and of a PNG: a sheet of A4 is 1754 × 1240 pixels."""

MOST_NAMED = 60
"""Sources that are named on the map where there is room."""

_MM_PER_INCH, _LONGEST_NAME = 25.4, 18
_SETTINGS = {"pdf.fonttype": 42, "pdf.compression": 9, "svg.hashsalt": "hmgeo", "text.hinting": "no_hinting"}
_LABEL_PT = {"key_area": 9.0, "county": 8.5, "township": 7.0, "river": 7.0}
_LABEL_COLOUR = {"key_area": "#8a3f6c", "county": "#333333", "township": "#555555", "river": "#0b5a8c"}


def map_figure(
    results: Results, presentation: Presentation, *, bounds: Sequence[Sequence[float]] | None = None
) -> Figure:
    """Draw results as one sheet.

    Parameters
    ----------
    results
        A finished run; without findings the sheet is an overview map.
    presentation
        Paper (A4 or A3, landscape), language, audience, who signs the caption, hillshade, watermark.
    bounds
        [[south, west], [north, east]] in degrees; what the page opens on where nothing is said.

    Raises
    ------
    OutputError
        Where a public sheet is asked of layers that forbid it.
    """
    is_public = presentation.audience == audience.PUBLIC
    shown = audience.shown_to(results, audience.PUBLIC) if is_public else audience.Shown(results)
    words = LABELS_EN if presentation.language == "en" else LABELS
    paper = sheet(presentation.paper)
    seen = view(bounds or layers.page_bounds(shown.results, on_paper=True), paper.frame)
    figure = Figure(figsize=(paper.width_mm / _MM_PER_INCH, paper.height_mm / _MM_PER_INCH), facecolor="white")
    FigureCanvasAgg(figure)
    page = _page(figure, paper)
    axes = _ground(figure, paper, seen)
    pictures = _pictures(shown)
    _draw_ground(axes, page, shown.results, presentation, pictures, paper, seen)
    furniture.frame(page, paper, seen)
    furniture.north(page, paper.frame, words["north"])
    furniture.scale_bar(page, paper.frame, seen, words["scale_middle"])
    furniture.watermark(page, axes, paper.frame, panels.watermarks(results, presentation))
    furniture.head(page, paper.head, results.title, _facts(shown.results, presentation), _marks(shown, presentation))
    furniture.foot(page, paper.foot, results, presentation)
    furniture.draw_legend(
        page, paper.legend, furniture.lines_of(shown.results, pictures, words, presentation.language), words
    )
    return figure


def write_figures(results: Results, presentation: Presentation, paths: Iterable[Path]) -> None:
    """Write one drawing of `results` to `paths`; the suffix (.pdf, .png) says which. Two writes: the same bytes.

    `presentation` says who may see it, on which paper, in which language.

    Raises
    ------
    OutputError
        Where a file can't be written, or as `map_figure`.
    """
    figure = map_figure(results, presentation)
    for path in paths:
        is_pdf = path.suffix == ".pdf"
        metadata: dict[str, Any] = {"Title": results.title, "Creator": "hmgeo", "Producer": None, "CreationDate": None}
        try:
            with mpl.rc_context(_SETTINGS):
                figure.savefig(
                    path, dpi=PDF_DPI if is_pdf else PNG_DPI, metadata=metadata if is_pdf else {"Software": None}
                )
        except OSError as error:
            raise OutputError(
                Problem(
                    "图件不能写入",
                    Place(file=path.name),
                    found=error.strerror or str(error),
                    remedy="核对目录权限与磁盘空间",
                )
            ) from error


def _page(figure: Figure, paper: Sheet) -> Axes:
    """Return axes over the whole sheet, in mm from its upper left corner."""
    page: Axes = figure.add_axes((0, 0, 1, 1), zorder=2)
    page.set_xlim(0, paper.width_mm)
    page.set_ylim(paper.height_mm, 0)
    page.set_axis_off()
    return page


def _ground(figure: Figure, paper: Sheet, seen: View) -> Axes:
    """Return axes over the frame, in Mercator metres."""
    box = paper.frame
    place = (
        box.left / paper.width_mm,
        1 - box.bottom / paper.height_mm,
        box.width / paper.width_mm,
        box.height / paper.height_mm,
    )
    axes: Axes = figure.add_axes(place, zorder=1)
    west, east, south, north = seen.limits(box)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("#f7f5f0")
    for edge in axes.spines.values():
        edge.set_visible(False)
    return axes


def _pictures(shown: audience.Shown) -> list[parcels.ReceptorPicture]:
    """Return the counts of receptors; shapes are drawn from the table, so none are made here."""
    names = layers.township_names(shown.results)
    return [
        parcels.picture(
            shown.results,
            kind,
            sums_only=kind in shown.sums_only,
            counts_only=kind not in shown.sums_only,
            township_names=names,
        )
        for kind in layers.receptor_kinds(shown.results)
    ]


def _draw_ground(
    axes: Axes,
    page: Axes,
    results: Results,
    presentation: Presentation,
    pictures: Sequence[parcels.ReceptorPicture],
    paper: Sheet,
    seen: View,
) -> None:
    left_open = shapes.open_stretch(results.context)
    drawn = [layers.context_layer(layer, left_open) for layer in results.context]
    if presentation.backdrop is not None:
        scene.draw_backdrop(axes, presentation.backdrop)
    scene.draw_receptors(axes, results, pictures)
    scene.draw_context(axes, drawn)
    named = scene.draw_sources(axes, results)
    _name(page, paper.frame, seen, scene.labels(drawn), named if len(named) <= MOST_NAMED else [])


def _name(
    page: Axes,
    box: Box,
    seen: View,
    grounds: Sequence[tuple[float, float, str, str]],
    named: Sequence[tuple[float, float, str]],
) -> None:
    """Set labels where they lie on no other and in the frame; names of sources after those of the ground."""
    west, _, _, north = seen.limits(box)
    taken = [(box.left, box.bottom - 16, box.left + 80, box.bottom), (box.right - 14, box.top, box.right, box.top + 16)]
    marks = [((x - west) / seen.metres_per_mm, (north - y) / seen.metres_per_mm) for x, y, _ in named]
    taken += [(box.left + x - 0.8, box.top + y - 0.8, box.left + x + 0.8, box.top + y + 0.8) for x, y in marks]
    names = set()
    wanted = [(x, y, text, _LABEL_PT[role], _LABEL_COLOUR[role], 0.0) for x, y, text, role in grounds]
    wanted += [(x, y, _short(text), 5.2, furniture.INK, 1.7) for x, y, text in named]
    for x, y, text, size_pt, colour, aside in wanted:
        half, tall = width_mm(text, size_pt) / 2, furniture.line_mm(size_pt)
        at_x = box.left + (x - west) / seen.metres_per_mm + (half + aside if aside else 0.0)
        at_y = box.top + (north - y) / seen.metres_per_mm
        area = (at_x - half, at_y - tall / 2, at_x + half, at_y + tall / 2)
        inside = area[0] > box.left and area[2] < box.right and area[1] > box.top and area[3] < box.bottom
        if not inside or text in names or any(_meet(area, other) for other in taken):
            continue
        taken.append(area)
        names.add(text)
        back = {"facecolor": "white", "alpha": 0.6, "edgecolor": "none", "pad": 0.5}
        page.text(
            at_x,
            at_y,
            fitted(text),
            fontproperties=font(size_pt),
            color=colour,
            ha="center",
            va="center",
            bbox=back,
            zorder=10,
        )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _meet(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]


def _facts(results: Results, presentation: Presentation) -> list[str]:
    """Return the lines under the title: day, area, radius, rule; then the findings by verdict."""
    facts = panels.subtitle(results)
    rule = panels.screening_rule(results)
    first = "　".join([*facts, *([f"{LABELS['rule']} {rule}"] if rule else [])])
    if not results.findings.num_rows:
        return [first, LABELS["no_findings"]]
    header = wording.verdict_header(results.verdict_counts(), results.unassessed_counts(), presentation.language)
    return [first, f"{LABELS['findings_by_verdict']}　{header}"]


def _marks(shown: audience.Shown, presentation: Presentation) -> list[str]:
    words = LABELS_EN if presentation.language == "en" else LABELS
    banner = wording.basis_banner(shown.results.basis, presentation.language)
    marks = [words[key].format(**parts) for key, parts in panels.audience_marks(shown, presentation)]
    return [*([banner] if banner else []), *marks]
