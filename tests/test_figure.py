"""Static figures: same words, counts and lines as the page, to scale, in our own letters, the same bytes every time."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import shapely
from lxml import etree
from msgspec.structs import replace
from PIL import Image
from pyproj import Geod
from small_results import classified, small_results

from hmgeo.errors import OutputError
from hmgeo.intake.catalog import shipped_folder
from hmgeo.outputs import style, wording
from hmgeo.outputs.figure import paper as lettering
from hmgeo.outputs.figure import scene
from hmgeo.outputs.figure.figure import lines_of, map_figure, write_figures
from hmgeo.outputs.figure.paper import Box, Boxes, Look, Paper, Picture, Shapes, Text, UndatedCanvas, path_of
from hmgeo.outputs.figure.scene import degrees_at, mercator, sheet, view
from hmgeo.outputs.map import layers, parcels
from hmgeo.outputs.map.ground import grey_png
from hmgeo.outputs.sheets import cards
from hmgeo.outputs.wording import LABELS, labels
from hmgeo.results.results import Backdrop, ContextLayer, Presentation
from hmgeo.vocabulary import Basis, Classification, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.outputs.figure.figure import Line


SHOWN = Presentation(maker="示例单位")
GEOD = Geod(a=6378137, rf=298.257222101)
HERE = Path(__file__).resolve().parent
RARE = "𪛖"
MARKS = {style.verdict_style(verdict).colour for verdict in Verdict}


def texts(paper: Paper) -> list[str]:
    return [item.words for item in paper.items if isinstance(item, Text)]


def ground(paper: Paper) -> list[Shapes]:
    """Return what is drawn on the ground, whose middle is that of the frame."""
    return [item for item in paper.items if isinstance(item, Shapes) and item.within]


def parcels_drawn(paper: Paper) -> int:
    """Return how many areas have the edge and the colour of a class."""
    looks = [layers.receptor_style("farmland", word) for word in set(small_results().receptors["class"].to_pylist())]
    drawn = [
        item
        for item in ground(paper)
        if (item.look.stroke, item.look.fill) in {(one.stroke, one.fill) for one in looks}
    ]
    return sum(len(item.parts) for item in drawn)


def test_two_writes_give_the_same_bytes_and_no_date(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_figures(small_results(), SHOWN, [tmp_path / f"{name}.pdf", tmp_path / f"{name}.png"])
    for suffix in ("pdf", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.4")
    assert b"Creator (hmgeo)" in pdf
    assert re.findall(rb"Date|anonymous|unspecified", pdf) == []
    assert b"hmgeoSansSC" in pdf
    assert (tmp_path / "a.png").read_bytes()[16:24] == (1754).to_bytes(4, "big") + (1241).to_bytes(4, "big")


def test_processes_with_different_hash_seeds_give_the_same_bytes(
    with_another_hash_seed: Callable[[str], str], tmp_path: Path
) -> None:
    code = (
        "import hashlib, tempfile, pathlib; from small_results import small_results;"
        "from hmgeo.outputs.figure.figure import write_figures; from hmgeo.results.results import Presentation;"
        "folder = pathlib.Path(tempfile.mkdtemp()); write_figures(small_results(), Presentation(), [folder / 'a.pdf']);"
        "print(hashlib.sha256((folder / 'a.pdf').read_bytes()).hexdigest())"
    )
    write_figures(small_results(), Presentation(), [tmp_path / "a.pdf"])
    assert with_another_hash_seed(code) == hashlib.sha256((tmp_path / "a.pdf").read_bytes()).hexdigest()


def test_the_font_is_that_of_the_lock() -> None:
    tool = HERE.parent / "tools" / "vendor_font.py"
    command = [sys.executable, str(tool), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - a tool of this repository
    assert (done.returncode, done.stdout.strip()) == (0, "the font agrees with its lock")


def test_the_font_holds_every_word_of_the_map_and_every_shipped_place() -> None:
    words = "".join(LABELS.values()) + wording.DISCLAIMER + wording.DISCLAIMER_EN
    for name in ("counties", "townships", "rivers"):
        words += (shipped_folder() / "real" / f"{name}.geojson").read_text(encoding="utf-8")
    missing = {one for one in words if lettering.fitted(one) == lettering.MISSING}
    assert missing == set()


def test_every_letter_is_set_in_our_font_whatever_the_machine_has(tmp_path: Path) -> None:
    write_figures(small_results(), SHOWN, [tmp_path / "a.pdf"])
    fonts = re.findall(rb"/FontFile2|/BaseFont /([A-Z]+\+)?([\w-]+)", (tmp_path / "a.pdf").read_bytes())
    assert {name for _, name in fonts if name} - {b"Helvetica"} == {
        b"hmgeoSansSC-Regular"
    }  # reportlab names one unused


def test_a_character_that_the_font_lacks_is_shown_as_lacking() -> None:
    figure = map_figure(replace(small_results(), title=f"{RARE}镇 $x$"), SHOWN)
    assert "〓镇 $x$" in texts(figure)


@pytest.mark.parametrize("paper", ["A4", "A3"])
def test_ten_millimetres_are_as_much_ground_as_the_scale_says_in_both_directions(paper: str) -> None:
    box = sheet(paper).frame
    seen = view([[23.4, 112.8], [23.9, 113.3]], box)
    step = 10 * seen.metres_per_mm
    x, y = seen.centre
    lon = np.degrees(np.array([x, x + step]) / 6378137.0)
    lat = [degrees_at(value, 23.6) for value in (y, y + step)]
    east = GEOD.inv(lon[0], lat[0], lon[1], lat[0])[2]
    north = GEOD.inv(lon[0], lat[0], lon[0], lat[1])[2]
    assert east / 0.01 == pytest.approx(seen.scale, rel=1e-3)
    assert north / 0.01 == pytest.approx(seen.scale, rel=1e-3)


def test_the_scale_is_the_largest_round_one_that_holds_the_bounds() -> None:
    box = sheet("A4").frame
    bounds = [[23.4, 112.8], [23.9, 113.3]]
    seen = view(bounds, box)
    west, east, south, north = seen.limits(box)
    (left, bottom), (right, top) = mercator(np.array([[112.8, 23.4], [113.3, 23.9]]))
    assert west < left < right < east
    assert south < bottom < top < north
    high_m = GEOD.inv(112.8, 23.4, 112.8, 23.9)[2]
    assert seen.scale == 400_000
    assert high_m / 300_000 * 1000 > box.height > high_m / 400_000 * 1000


def test_title_counts_caption_disclaimer_and_watermark_stand_on_the_sheet() -> None:
    results = small_results()
    words = "某局·张三·R-0001"
    figure = map_figure(results, replace(SHOWN, watermark=words))
    said = texts(figure)
    whole = "".join(said)
    assert results.title in said
    assert wording.DISCLAIMER in whole
    assert wording.caption(results, SHOWN) in whole
    assert wording.verdict_header(results.verdict_counts(), results.unassessed_counts()) in whole
    assert said.count("合成数据，仅供软件演示") > 5
    assert said.count(words) > 5
    assert "北" in said
    assert any(text.startswith("1:") for text in said)
    assert any(text.endswith(",000 m") for text in said)
    assert (figure.width_mm, figure.height_mm) == (297, 210)


def legend_in(language: str) -> list[Line]:
    results = replace(small_results(), warnings=())
    pictures = [parcels.picture(results, kind, counts_only=True) for kind in layers.receptor_kinds(results)]
    return lines_of(results, pictures, labels(language), language)


def test_the_legend_counts_rows_of_the_tables() -> None:
    results, lines = small_results(), legend_in("zh")
    counts = {line.text.split("　")[0].split("（")[0]: line.count for line in lines if line.count}
    verdicts = Counter(results.sources["verdict"].to_pylist())
    classes = Counter(results.receptors["class"].to_pylist())
    assert counts["符合排查条件"] == str(verdicts["listed"])
    assert {word: counts[word] for word in classes} == {word: str(n) for word, n in classes.items()}
    assert counts["污染源"] == "8"
    assert "输入行状态：已评估 6，未定位 1，退回补正 1" in [line.text for line in lines]


def test_layers_that_nobody_gave_are_called_not_checked() -> None:
    assert any("未提供、未核查" in text for text in texts(map_figure(small_results(), SHOWN)))


@pytest.mark.parametrize(("most", "drawn", "pictures"), [(40, 40, 0), (39, 0, 1)])
def test_every_parcel_is_drawn_few_as_shapes_many_as_one_picture(
    most: int, drawn: int, pictures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene, "MOST_AS_LINES", most)
    figure = map_figure(small_results(40), SHOWN)
    assert parcels_drawn(figure) == drawn
    assert sum(isinstance(item, Picture) for item in figure.items) == pictures


def test_parcels_as_a_picture_lie_where_they_lie_as_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(0, 0, 100, 100)
    seen = view([[23.4, 112.8], [23.9, 113.3]], box)
    square = shapely.box(113.0, 23.6, 113.1, 23.7)
    monkeypatch.setattr(scene, "MOST_AS_LINES", 1)
    paper = Paper(100, 100)
    scene.Scene(paper, box, seen, small_results())._as_picture([(np.array([square, square]), Look(fill="#ff0000"))])
    (left, top), (right, bottom) = seen.place(box, [[113.0, 23.7], [113.1, 23.6]])
    pixels = np.asarray(paper.seen(254))  # ten to a millimetre
    rows, columns = np.nonzero(pixels[:, :, 1] < 128)
    found = np.array([columns.min(), columns.max() + 1, rows.min(), rows.max() + 1]) / 10
    assert found == pytest.approx([left, right, top, bottom], abs=0.15)


def test_small_parcels_among_many_are_rectangles_as_large_in_the_same_place() -> None:
    triangle = shapely.Polygon([(10, 10), (10.2, 10), (10, 10.1)])  # half of its box, which is 0.2 by 0.1 mm
    large = shapely.Polygon([(20, 20), (20.5, 20), (20, 20.1)])
    line = shapely.LineString([(0, 0), (0.1, 0.1)])
    ((left, top, right, bottom),), others = scene.generalised(np.array([triangle, large, line]), np.array)
    assert others.tolist() == [large, line]
    assert (right - left) * (bottom - top) == pytest.approx(0.01)
    assert (left, top, right, bottom) == pytest.approx(
        (10.1 - 0.1 / 2**0.5, 10.05 - 0.05 / 2**0.5, 10.1 + 0.1 / 2**0.5, 10.05 + 0.05 / 2**0.5)
    )


def test_rectangles_are_filled_where_they_lie_and_none_is_too_thin_to_be_seen(tmp_path: Path) -> None:
    paper, red = Paper(40, 40), Look(fill="#ff0000")
    many = [[column, row, column + 0.5, row + 0.5] for column in range(20, 40) for row in range(40)]
    paper.boxes(np.array([[5.0, 5.0, 10.0, 8.0], [15.0, 5.0, 15.001, 20.0], *many]), red)
    paper.boxes(np.array([[1.0, 1.0, 2.0, 2.0]]), Look())  # nothing to be seen
    pixels = np.asarray(paper.seen(254))[:, :, 1] < 128  # ten to a millimetre
    rows, columns = np.nonzero(pixels[:, :120])
    assert (columns.min(), columns.max() + 1, rows.min(), rows.max() + 1) == (50, 100, 50, 80)
    assert pixels[:, 200:].mean() == pytest.approx(0.25, abs=0.03)
    paper.write(tmp_path / "a.svg", ".svg")
    assert 'fill="#ff0000" fill-opacity="1" d="M500 500h500v300h-500zM1500 500h1v1500h-1z' in (
        tmp_path / "a.svg"
    ).read_text(encoding="utf-8")


def test_classes_are_drawn_the_gravest_last() -> None:
    order = [item.look.fill for item in ground(map_figure(small_results(), SHOWN))]
    words = ("优先保护类", "安全利用类", "严格管控类")
    found = [order.index(layers.receptor_style("farmland", word).fill) for word in words]
    assert found == sorted(found)


def test_sources_that_could_flip_are_dashed_and_the_gravest_lie_on_top() -> None:
    drawn = ground(map_figure(small_results(), SHOWN))
    verdicts = [row for row in small_results().sources.to_pylist() if row["status"] == "assessed"]
    marks = [item for item in drawn if item.look.width_pt in {0.5, 1.1} and item.look.stroke in MARKS | {"#ffffff"}]
    assert len(marks) == len(verdicts)
    assert len([item for item in marks if item.look.dash]) == sum(row["certainty"] == "ambiguous" for row in verdicts)
    assert marks[-1].look.fill == style.verdict_style("listed").colour


def county(code: str, west: float) -> dict[str, object]:
    return {"id": code, "name": code, "geometry": shapely.box(west, 22, west + 1, 23).wkb}


def test_no_national_border_is_stroked() -> None:
    counties = ContextLayer(
        "county", "县界", Basis.REAL, "", pa.Table.from_pylist([county("451081", 106), county("451024", 107)])
    )
    area = ContextLayer("key_area", "重点区域", Basis.REAL, "", pa.Table.from_pylist([county("451081", 106)]))
    empty = replace(small_results(), sources=small_results().sources.slice(0, 0), context=(counties, area))
    figure = map_figure(empty, SHOWN, bounds=[[21.9, 105.9], [23.1, 108.1]])
    frame = sheet("A4").frame
    seen = view([[21.9, 105.9], [23.1, 108.1]], frame)
    shared, border = (shapely.Point(place) for place in seen.place(frame, [[107, 22.5], [106, 22.5]]))
    lines = [part for item in ground(figure) for part in item.parts if item.look.stroke and part.length > 5]
    assert {part.geom_type for part in lines} == {"LineString"}  # no area has an edge
    assert min(line.distance(shared) for line in lines) < 0.01
    assert min(line.distance(border) for line in lines) > 40_000 / seen.metres_per_mm


def test_a_public_figure_shows_sums_instead_of_parcels() -> None:
    figure = map_figure(classified(farmland=Classification.INTERNAL), Presentation(audience="public"))
    assert parcels_drawn(figure) == 0
    assert texts(figure).count("20") == 2
    assert "未列入公开版的图层：耕地" in texts(figure)


def test_a_public_figure_of_unmarked_layers_is_refused() -> None:
    with pytest.raises(OutputError, match="密级未标注或为涉密，已拒绝公开导出"):
        map_figure(classified(enterprises=Classification.UNMARKED), Presentation(audience="public"))


def test_a_figure_of_classified_layers_says_what_it_is() -> None:
    said = "".join(texts(map_figure(classified(farmland=Classification.CLASSIFIED), SHOWN)))
    assert "密级：涉密" in said


def test_the_hillshade_lies_where_its_bounds_are() -> None:
    png = grey_png(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8))
    backdrop = Backdrop(png, (113.0, 23.5, 113.1, 23.6), "地形晕渲", "某单位")
    (picture,) = (
        item
        for item in map_figure(small_results(), replace(SHOWN, backdrop=backdrop)).items
        if isinstance(item, Picture)
    )
    frame = sheet("A4").frame
    seen = view(layers.page_bounds(small_results(), on_paper=True), frame)
    (left, bottom), (right, top) = seen.place(frame, [[113.0, 23.5], [113.1, 23.6]])
    box = picture.box
    assert (box.left, box.bottom, box.right, box.top) == pytest.approx((left, bottom, right, top))


def test_pdf_png_and_svg_hold_the_same_shapes(tmp_path: Path) -> None:
    paper = Paper(40, 30, "甲 & 乙")
    ring = shapely.Polygon([(5, 5), (35, 5), (35, 25), (5, 25)], [[(15, 10), (25, 10), (25, 20), (15, 20)]])
    with paper.within(Box(0, 0, 30, 30)):
        paper.draw(ring, Look("#0000ff", 1.0, fill="#ff0000"))
    paper.text(20, 2, "字", 8, colour="#000000")
    for suffix in (".pdf", ".png", ".svg"):
        paper.write(tmp_path / f"a{suffix}", suffix, dpi=254)
    with Image.open(tmp_path / "a.png") as opened:
        pixels = np.asarray(opened.convert("RGB"))
    seen = {(x, y): tuple(pixels[y, x].tolist()) for x, y in ((100, 150), (200, 150), (50, 150), (320, 150))}
    red, white, blue = (255, 0, 0), (255, 255, 255), (0, 0, 255)
    assert seen == {(100, 150): red, (200, 150): white, (50, 150): blue, (320, 150): white}  # a hole; cut at 30 mm
    svg = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert 'd="M500 500 L500 2500 L3500 2500 L3500 500 ZM1500 1000 L2500 1000 L2500 2000 L1500 2000 Z"' in svg
    assert "<title>甲 &amp; 乙</title>" in svg
    assert '<clipPath id="b0">' in svg
    assert ">字</text>" in svg


def test_a_path_drops_corners_that_meet_on_the_grid() -> None:
    assert path_of(np.array([shapely.LineString([(0, 0), (0.04, 0), (1, 2)])]), 10) == "0 0 m 10 20 l "


def test_lines_break_where_chinese_type_setting_breaks_them() -> None:
    assert lettering.wrapped("甲乙丙，丁戊", 10, 3.1 * 10 * lettering.MM_PER_POINT) == ["甲乙", "丙，丁", "戊"]
    assert lettering.wrapped("见 map.html 文件", 10, 5.0 * 10 * lettering.MM_PER_POINT) == ["见", "map.html", "文件"]


def test_an_english_figure_speaks_english() -> None:
    said = texts(map_figure(small_results(), replace(SHOWN, language="en")))
    assert "N" in said
    assert any(text.startswith("Computed by software") for text in said)
    assert re.findall(r"[\u4e00-\u9fff]+", "".join(line.text for line in legend_in("en"))) == []


def test_areas_that_overlap_are_full_however_their_rings_turn() -> None:
    left, right = shapely.box(10, 10, 30, 30), shapely.Polygon([(20, 10), (20, 30), (40, 30), (40, 10)])
    assert left.exterior.is_ccw != right.exterior.is_ccw
    holed = shapely.Polygon(shapely.box(50, 10, 80, 40).exterior, [shapely.box(60, 20, 70, 30).exterior.reverse()])
    paper = Paper(100, 50)
    paper.draw(np.array([left, right, holed, shapely.box(70, 35, 90, 45)]), Look(fill="#ff0000"))
    pixels = paper.seen(25.4)  # one to a millimetre
    at = {name: pixels.getpixel(xy) for name, xy in {"both": (25, 20), "hole": (65, 25), "over": (75, 37)}.items()}
    assert at == {"both": (255, 0, 0), "hole": (255, 255, 255), "over": (255, 0, 0)}


@pytest.mark.parametrize("most", [1, 40])
def test_lines_and_areas_without_a_fill_keep_their_stroke_however_many_they_are(
    most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene, "MOST_OUTLINED", most)
    made = small_results(40)
    shapes = [shapely.LineString([(113.0, 23.6), (113.1, 23.7)]), *shapely.from_wkb(made.receptors["geometry"][1:])]
    at = made.receptors.column_names.index("geometry")
    wkb = pa.chunked_array([pa.array(shapely.to_wkb(shapes), made.receptors.schema.field(at).type)])
    rows = made.receptors.set_column(at, made.receptors.schema.field(at), wkb)
    items = map_figure(replace(made, receptors=rows), SHOWN).items
    drawn = [item for item in items if isinstance(item, Shapes)]
    lines = [item for item in drawn if any(shapely.get_dimensions(item.parts) == 1) and item.look.width_pt == 0.3]
    assert [bool(item.look.stroke) for item in lines] == [True]
    areas = [item for item in drawn if item.look.width_pt == 0.3 and (shapely.area(item.parts) > 0).any()]
    areas += [item for item in items if isinstance(item, Boxes)]  # too small for a form
    assert {bool(item.look.stroke) for item in areas} == {most > 1}


def test_breaks_are_blanks_and_no_sign_breaks_the_picture(tmp_path: Path) -> None:
    paper = Paper(100, 50, "甲\x01乙")
    paper.text(5, 5, "示例企业\n（1）\x01", 8, colour="#000000")
    paper.write(tmp_path / "a.svg", ".svg")
    root = etree.parse(tmp_path / "a.svg").getroot()
    assert [element.text for element in root.iter() if element.text and element.text.strip()] == [
        "甲〓乙",
        "示例企业 （1）〓",
    ]


def test_a_dot_beside_an_area_with_a_hole_is_on_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    file = UndatedCanvas(io.BytesIO())
    monkeypatch.setattr(file, "addLiteral", said.append)
    holed = shapely.Polygon(shapely.box(10, 10, 40, 40).exterior, [shapely.box(20, 20, 30, 30).exterior])
    cards._Card(file, small_results(), SHOWN)._draw(np.array([holed, shapely.Point(60, 60)]), cards._Look(0.5), 0.0)
    assert [text.count("h\n") for text in said if text.endswith("B")] == [3]
