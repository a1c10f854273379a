"""Static figures: same words, counts and lines as the page, to scale, in our own letters, the same bytes every time."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import shapely
from matplotlib.collections import Collection, LineCollection, PathCollection
from pyproj import Geod
from small_results import classified, small_results

from hmgeo.errors import OutputError
from hmgeo.intake.catalog import shipped_folder
from hmgeo.outputs import wording
from hmgeo.outputs.figure import scene as lettering
from hmgeo.outputs.figure.figure import lines_of, map_figure, write_figures
from hmgeo.outputs.figure.scene import degrees_at, mercator, sheet, view
from hmgeo.outputs.map import layers, parcels
from hmgeo.outputs.map.ground import grey_png
from hmgeo.outputs.map.labels import LABELS, labels
from hmgeo.results.results import Backdrop, ContextLayer, Presentation
from hmgeo.vocabulary import Basis, Classification

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from hmgeo.outputs.figure.figure import Line


SHOWN = Presentation(maker="示例单位")
GEOD = Geod(a=6378137, rf=298.257222101)
HERE = Path(__file__).resolve().parent
RARE = "𪛖"


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def ground(figure: Figure) -> list[Collection]:
    """Return what is drawn on the ground, the first axes but one."""
    return list(figure.axes[1].collections)


def test_two_writes_give_the_same_bytes_and_no_date(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_figures(small_results(), SHOWN, [tmp_path / f"{name}.pdf", tmp_path / f"{name}.png"])
    for suffix in ("pdf", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-1.4")
    assert b"CreationDate" not in pdf
    assert b"hmgeoSansSC" in pdf
    assert (tmp_path / "a.png").read_bytes()[16:24] == (1753).to_bytes(4, "big") + (1240).to_bytes(4, "big")


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


def test_every_letter_is_set_in_our_font_whatever_the_machine_has() -> None:
    files = {
        Path(text.get_fontproperties().get_file() or "").name
        for axes in map_figure(small_results(), SHOWN).axes
        for text in axes.texts
    }
    assert files == {"hmgeo-sans-sc.ttf"}


def test_a_character_that_the_font_lacks_is_shown_as_lacking() -> None:
    figure = map_figure(replace(small_results(), title=f"{RARE}镇 $x$"), SHOWN)
    assert r"〓镇 \$x\$" in texts(figure)


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
    assert tuple(round(25.4 * inches) for inches in figure.get_size_inches()) == (297, 210)


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


def test_every_parcel_is_drawn_few_as_lines_many_as_a_picture() -> None:
    for count, is_picture in ((40, False), (3001, True)):
        results = small_results(count)
        drawn = [one for one in ground(map_figure(results, SHOWN)) if one.get_zorder() == 2]
        ends = sum(int((path.codes == path.CLOSEPOLY).sum()) for one in drawn for path in one.get_paths())
        assert (ends, {bool(one.get_rasterized()) for one in drawn}) == (count, {is_picture})


def test_sources_that_could_flip_are_dashed_and_the_gravest_lie_on_top() -> None:
    drawn = [one for one in ground(map_figure(small_results(), SHOWN)) if one.get_zorder() >= 7]
    verdicts = [row for row in small_results().sources.to_pylist() if row["status"] == "assessed"]
    assert sum(len(one.get_offsets()) for one in drawn) == len(verdicts)
    dashed = [one for one in drawn if one.get_linestyle()[0][1]]
    assert [len(one.get_offsets()) for one in dashed] == [sum(row["certainty"] == "ambiguous" for row in verdicts)]


def county(code: str, west: float) -> dict[str, object]:
    return {"id": code, "name": code, "geometry": shapely.box(west, 22, west + 1, 23).wkb}


@pytest.mark.parametrize("role", ["county", "key_area"])
def test_no_national_border_is_stroked(role: str) -> None:
    counties = ContextLayer(
        "county", "县界", Basis.REAL, "", pa.Table.from_pylist([county("451081", 106), county("451024", 107)])
    )
    area = ContextLayer("key_area", "重点区域", Basis.REAL, "", pa.Table.from_pylist([county("451081", 106)]))
    empty = replace(small_results(), sources=small_results().sources.slice(0, 0), context=(counties, area))
    figure = map_figure(empty, SHOWN, bounds=[[21.9, 105.9], [23.1, 108.1]])
    order = {"county": (3, 4), "key_area": (3, 4)}[role]
    shared, border = (shapely.Point(mercator(np.array([place]))[0]) for place in ([107, 22.5], [106, 22.5]))
    lines = [
        shapely.LineString(path.vertices)
        for one in ground(figure)
        if one.get_zorder() in order and isinstance(one, LineCollection)
        for path in one.get_paths()
    ]
    edges = [
        one
        for one in ground(figure)
        if isinstance(one, PathCollection) and one.get_zorder() == 3 and len(one.get_edgecolor())
    ]
    assert min(line.distance(shared) for line in lines) < 1
    assert min(line.distance(border) for line in lines) > 40_000
    assert edges == []


def test_a_public_figure_shows_sums_instead_of_parcels() -> None:
    figure = map_figure(classified(farmland=Classification.INTERNAL), Presentation(audience="public"))
    assert [one for one in ground(figure) if one.get_zorder() == 2] == []
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
    picture = map_figure(small_results(), replace(SHOWN, backdrop=backdrop)).axes[1].images[0]
    (left, bottom), (right, top) = mercator(np.array([[113.0, 23.5], [113.1, 23.6]]))
    assert picture.get_extent() == [left, right, bottom, top] or picture.get_extent() == (left, right, bottom, top)


def test_lines_break_where_chinese_type_setting_breaks_them() -> None:
    assert lettering.wrapped("甲乙丙，丁戊", 10, 3.1 * 10 * lettering.MM_PER_POINT) == ["甲乙", "丙，丁", "戊"]
    assert lettering.wrapped("见 map.html 文件", 10, 5.0 * 10 * lettering.MM_PER_POINT) == ["见", "map.html", "文件"]


def test_an_english_figure_speaks_english() -> None:
    said = texts(map_figure(small_results(), replace(SHOWN, language="en")))
    assert "N" in said
    assert any(text.startswith("Computed by software") for text in said)
    assert re.findall(r"[\u4e00-\u9fff]+", "".join(line.text for line in legend_in("en"))) == []
