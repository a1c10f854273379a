"""What the page lets people do, driven in a real browser with the network cut; its numbers are those of the tables."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import shapely
from msgspec.structs import replace
from PIL import Image
from pyproj import Geod
from small_results import small_results
from test_map_browser import Opened, browser

from hmgeo.outputs.map import assets
from hmgeo.outputs.map.page import write_map
from hmgeo.results.results import Presentation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

GEOD = Geod(a=6378137, rf=298.257222101)
MODERN = re.compile(r"=>|`|\?\.(?!\d)|\?\?|\b(?:let|const|async|await|class|import|export)\b\s+[\w({*]")


__all__ = ["browser"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tools")
    for name, count in (("few", 40), ("many", 3000)):
        write_map(small_results(count), Presentation(maker="示例单位"), folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in ("few", "many")}


@pytest.fixture
def few(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    yield from opened(browser, pages["few"])


@pytest.fixture
def many(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    yield from opened(browser, pages["many"])


@pytest.fixture(scope="module")
def calm(browser: Browser, pages: dict[str, Path]) -> Iterator[Opened]:
    """One page for all tests that only ask it something and leave it as it is."""
    yield from opened(browser, pages["few"])


def opened(browser: Browser, path: Path) -> Iterator[Opened]:
    view = Opened(browser, path)
    yield view
    view.close()
    outside = [url for url in view.outside_requests() if not url.startswith(("blob:", view.url))]
    assert (outside, view.complaints, view.dialogs) == ([], [], [])


def column(view: Opened, number: int) -> list[str]:
    return view.page.locator(f"#dock-body tbody tr > :nth-child({number})").all_inner_texts()


def test_the_packed_layer_finds_what_shapely_finds(many: Opened) -> None:
    table = small_results(3000).receptors
    parcels = np.array(shapely.from_wkb(table["geometry"].to_pylist()))
    rng = np.random.default_rng(7)
    near = shapely.get_coordinates(shapely.centroid(parcels))[rng.integers(len(parcels), size=2000)]
    points = near + rng.normal(0, 0.0004, near.shape)
    # a point within a micro-degree's half diagonal of an edge may fall on either side of the rounded one
    clear = shapely.distance(shapely.points(points), shapely.union_all(shapely.boundary(parcels))) > 1e-6
    tree = shapely.STRtree(parcels)
    ids = table["receptor_id"].to_pylist()
    hits: dict[int, set[str]] = {}
    for point, parcel in zip(*tree.query(shapely.points(points), predicate="within"), strict=True):
        hits.setdefault(int(point), set()).add(ids[parcel])
    found = many.page.evaluate(
        "points => points.map(p => { const s = hmgeo.page.lots[0].store, i = s.hit(p[0], p[1], 0);"
        " return i < 0 ? '' : s.ids[i]; })",
        points.tolist(),
    )
    wrong = [i for i in range(2000) if clear[i] and (found[i] not in hits[i] if i in hits else found[i] != "")]
    assert (wrong, sum(clear) > 1980, 300 < len(hits) < 1900) == ([], True, True)


def test_a_packed_parcel_says_what_the_table_says(many: Opened) -> None:
    row = small_results(3000).receptors.slice(1234, 1).to_pylist()[0]
    many.search(row["receptor_id"], "Enter")
    popup = many.page.locator(".pop", has_text=row["receptor_id"])
    popup.wait_for()
    words = popup.inner_text()
    assert row["class"] in words
    assert row["township"] in words
    assert f"{row['source_count']} 个" in words
    assert row["nearest_source_id"] in words


def test_a_click_on_the_map_opens_the_packed_parcel_there(many: Opened) -> None:
    shape = shapely.from_wkb(small_results(3000).receptors["geometry"][77].as_py())
    at = shape.representative_point()
    many.page.evaluate(f"void map_hmgeo.setView([{at.y}, {at.x}], 17, {{ animate: false }})")
    box = many.page.locator("#map_hmgeo").bounding_box()
    many.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert many.page.locator(".pop-name").inner_text().startswith("P00077")


def test_the_tree_hides_a_class_of_packed_parcels(many: Opened) -> None:
    count = "Array.from({ length: 3000 }, (_, i) => hmgeo.page.lots[0].layer.isShown(i)).filter(Boolean).length"
    classes = small_results(3000).receptors["class"].to_pylist()
    assert many.page.evaluate(count) == 3000
    many.page.locator(".leaflet-layerstree-header", has_text="优先保护类").locator("input").click()
    assert many.page.evaluate(count) == 3000 - classes.count("优先保护类")


def test_the_table_sorts_by_number_with_unknown_last_and_leads_to_the_map(few: Opened) -> None:
    few.page.click("#tool-table")
    head = few.page.locator("#dock-body thead th", has_text="最近耕地")
    head.locator("button").click()
    metres = column(few, 6)
    assert metres == [*sorted((text for text in metres if text), key=float), "", ""]
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert column(few, 6)[-2:] == ["", ""]
    few.page.locator("#dock-body .go", has_text="示例企业07").click()
    assert few.page.locator(".pop-name").inner_text() == "示例企业07"


def test_counts_follow_the_radius_and_come_from_the_table(few: Opened) -> None:
    counts = {
        (row["source_id"], row["radius_m"]): row["count"]
        for row in small_results().counts.to_pylist()
        if row["class"] == "all"
    }
    few.page.click("#tool-table")
    for place, radius_m in enumerate(small_results().radii_m):
        few.page.select_option("#radius", str(place))
        shown = dict(zip(column(few, 1), column(few, 7), strict=True))
        for source_id, text in shown.items():
            known = counts.get((source_id, radius_m))
            assert (source_id, text.lstrip("≥")) == (source_id, "" if known is None else str(known))
        near = sum(count > 0 for (_, radius), count in counts.items() if radius == radius_m)
        assert f"污染源 {near} 个（计数已知 6 个）" in few.page.locator("#radius-says").inner_text()


def test_the_list_of_findings_is_gravest_first_and_only_counts_what_does_not_apply(few: Opened) -> None:
    few.page.click("#tool-table")
    few.page.get_by_role("tab", name="逐条结果").click()
    verdicts = Counter(small_results().findings["verdict"].to_pylist())
    words = (("符合排查条件", "listed"), ("未评估", "not_assessed"), ("未触及", "clear"))
    assert column(few, 1) == [word for word, code in words for _ in range(verdicts[code])]


def test_legend_counts_follow_the_filter(few: Opened) -> None:
    few.page.select_option("#filter-certainty", "ambiguous")
    rows = small_results().sources.to_pylist()
    listed = sum(row["verdict"] == "listed" for row in rows)
    left = sum(row["verdict"] == "listed" and row["certainty"] == "ambiguous" for row in rows)
    assert few.page.locator('[data-count="verdict:listed"]').inner_text() == f"{left} / {listed}"
    assert few.page.locator('[data-count="status:rejected"]').inner_text() == "0 / 1"
    assert few.page.locator("path.mark[data-source]").count() == 1
    few.page.click("#filter-reset")
    assert few.page.locator('[data-count="verdict:listed"]').inner_text() == str(listed)
    assert few.page.locator("path.mark[data-source]").count() == 6


def test_a_township_filter_leaves_that_townships_parcels(browser: Browser, tmp_path: Path) -> None:
    results = small_results()
    path = tmp_path / "map.html"
    write_map(results, Presentation(), path)
    view = Opened(browser, path)
    view.page.select_option("#filter-township", "龙塘镇")
    rows = [row for row in results.receptors.to_pylist() if row["township"] == "龙塘镇"]
    first = sum(row["class"] == "优先保护类" for row in rows)
    total = results.receptors["class"].to_pylist().count("优先保护类")
    shown = view.page.locator('[data-count="class:优先保护类"]').inner_text()
    drawn = view.page.evaluate("Object.values(map_hmgeo._layers).filter(l => l.kind === 'farmland').length")
    view.close()
    assert (shown, drawn) == (f"{first} / {total}", len(rows))


def test_who_reaches_a_parcel_is_as_many_as_the_table_says(few: Opened) -> None:
    row = max(small_results().receptors.to_pylist(), key=lambda row: row["source_count"])
    few.search(row["receptor_id"], "Enter")
    few.page.get_by_role("button", name="谁影响它").click()
    assert len(column(few, 1)) == row["source_count"]
    assert column(few, 1)[0] == row["nearest_source_id"]
    assert f"污染源 {row['source_count']} 个" in few.page.locator(".receptor-says").inner_text()


def test_who_reaches_a_township_is_the_union_over_its_parcels(few: Opened) -> None:
    few.page.click("#tool-receptors")
    few.page.select_option("#receptor-township", "石角镇")
    results = small_results()
    town = [row for row in results.receptors.to_pylist() if row["township"] == "石角镇"]
    areas = dict(
        zip(results.search_areas["source_id"].to_pylist(), results.search_areas["geometry"].to_pylist(), strict=True)
    )
    shapes = np.array([shapely.from_wkb(row["geometry"]) for row in town])
    reaching = {name for name, area in areas.items() if shapely.intersects(shapely.from_wkb(area), shapes).any()}
    assert set(column(few, 1)) == reaching
    reached = sum(row["source_count"] > 0 for row in town)
    assert f"地块 {len(town)} 块，其中 {reached} 块" in few.page.locator(".receptor-says").inner_text()


@pytest.mark.parametrize(
    "text",
    [
        "113.05, 23.6",
        "23.6，113.05",
        "113.05 23.6",
        "E113.05 N23.6",
        "23.6N 113.05E",
        "113°03′00″E 23°36′00″N",
        "东经113度3分0秒，北纬23度36分0秒",
        "113°3'0\" 23°36'0\"",
    ],
)
def test_a_coordinate_is_found_in_any_form(calm: Opened, text: str) -> None:
    calm.page.evaluate("void map_hmgeo.setView([24.5, 110.5], 9, { animate: false })")
    calm.search(text, "Enter")
    at = calm.page.evaluate("[map_hmgeo.getCenter().lng, map_hmgeo.getCenter().lat]")
    assert at == pytest.approx([113.05, 23.6], abs=2e-4)


@pytest.mark.parametrize("text", ["示例企业01", "QC-001", "9144180212345678", "113.05", "999, 23", "23.6, 23.7"])
def test_what_is_no_coordinate_is_none(calm: Opened, text: str) -> None:
    assert calm.page.evaluate("text => hmgeo.parsePlace(text)", text) is None


def test_lengths_are_geodesics_and_areas_those_of_the_ellipsoid(calm: Opened) -> None:
    rng = np.random.default_rng(3)
    starts = np.column_stack([rng.uniform(105, 120, 50), rng.uniform(20, 36, 50)])
    ends = starts + rng.uniform(-0.4, 0.4, (50, 2))
    told = calm.page.evaluate(
        "pairs => pairs.map(p => hmgeo.geodesic(L.latLng(p[1], p[0]), L.latLng(p[3], p[2])))",
        np.hstack([starts, ends]).tolist(),
    )
    _, _, exact = GEOD.inv(*starts.T, *ends.T)
    assert np.max(np.abs(np.array(told) - exact)) < 1e-3
    corners = [[113.0, 23.5], [113.1, 23.5], [113.1, 23.6], [113.0, 23.6]]
    area = calm.page.evaluate("ring => hmgeo.ringArea(ring.map(p => L.latLng(p[1], p[0])))", corners)
    assert area == pytest.approx(abs(GEOD.polygon_area_perimeter(*zip(*corners, strict=True))[0]) / 1e4, rel=1e-5)


def test_measuring_by_clicks_tells_length_and_method(few: Opened) -> None:
    few.page.click("#tool-measure")
    box = few.page.locator("#map_hmgeo").bounding_box()
    for x in (300, 420):
        few.page.mouse.click(box["x"] + x, box["y"] + 300)
    ends = few.page.evaluate("[300, 420].map(x => map_hmgeo.containerPointToLatLng([x, 300])).map(p => [p.lng, p.lat])")
    assert (box["width"] % 1, box["height"] % 1) == (0, 0)  # Leaflet scales clicks by them
    exact = GEOD.inv(*ends[0], *ends[1])[2]
    says = few.page.locator("#measure-says")
    assert float(says.get_attribute("data-metres")) == pytest.approx(exact, abs=0.02)
    assert "CGCS2000" in says.inner_text()
    few.page.keyboard.press("Escape")
    assert few.page.locator("#tool-measure").get_attribute("aria-pressed") == "false"


def test_the_link_leads_back_to_the_view(browser: Browser, few: Opened, pages: dict[str, Path]) -> None:
    few.page.select_option("#radius", "1")
    few.page.select_option("#filter-certainty", "certain")
    few.search("QC-002", "Enter")
    few.page.locator(".pop-name").wait_for()
    few.page.click("#tool-link")
    fragment = few.page.evaluate("location.hash")
    assert few.page.locator("#toast").inner_text().startswith("链接已复制")
    view = Opened(browser, pages["few"], 1280, 720, fragment)
    again = view.page
    told = (
        again.input_value("#radius"),
        again.input_value("#filter-certainty"),
        again.locator(".pop-name").inner_text(),
    )
    here, there = (one.evaluate("[map_hmgeo.getCenter().lng, map_hmgeo.getZoom()]") for one in (few.page, again))
    view.close()
    assert told == ("1", "certain", "示例企业02")
    assert there[1] == here[1]


@pytest.mark.parametrize("link", ["#%E0%A4%A", "#@113.1,23.1,12&s=%E0%A4%A&township=%"])
def test_a_torn_link_still_opens_the_page(browser: Browser, pages: dict[str, Path], link: str) -> None:
    view = Opened(browser, pages["few"], link=link)
    view.close()
    assert view.complaints == []


def test_a_link_with_a_radius_opens_a_page_that_counts_nothing(browser: Browser, tmp_path: Path) -> None:
    results = small_results(40)
    radius_m = results.radii_m[0]
    assert radius_m != results.radius_m
    write_map(replace(results, counts=results.counts.slice(0, 0)), Presentation(), tmp_path / "map.html")
    view = Opened(browser, tmp_path / "map.html", link=f"#@113.1,23.1,12&r={radius_m:g}")
    zoom = view.page.evaluate("map_hmgeo.getZoom()")
    view.close()
    assert (zoom, view.complaints) == (12, [])


def test_a_receptor_of_several_points_says_what_it_is(few: Opened) -> None:
    said = few.page.evaluate("""() => {
      const points = { type: "MultiPoint", coordinates: [[113.1, 23.1], [113.2, 23.2]] };
      const drawn = Object.assign(L.geoJSON({ type: "Feature", properties: {}, geometry: points }).getLayers()[0], {
        record: { id: "W-1", name: "", cls: "", area_ha: null, sources: null }, kind: "wells" });
      hmgeo.page.openParcel(drawn, L.latLng(23.1, 113.1));
      return [document.querySelector(".leaflet-popup .pop-name").textContent, hmgeo.ringsOf(drawn)];
    }""")
    assert said == ["W-1", [[[23.1, 113.1]], [[23.2, 113.2]]]]


def test_a_picture_that_the_browser_does_not_make_is_told_and_not_saved(few: Opened) -> None:
    few.page.evaluate("HTMLCanvasElement.prototype.toBlob = then => then(null); hmgeo.page.savePicture()")
    few.page.locator("#toast", has_text="没有生成图片").wait_for()


def test_the_link_keeps_what_the_tree_switched(browser: Browser, few: Opened, pages: dict[str, Path]) -> None:
    def box(page: Any, word: str) -> Any:  # noqa: ANN401 - of playwright
        return page.locator(".leaflet-layerstree-header", has_text=word).locator("input").first

    box(few.page, "安全利用类").click()
    box(few.page, "全部查询范围线").click()
    box(few.page, "河流").click()
    few.page.click("#tool-link")
    fragment = few.page.evaluate("location.hash")
    view = Opened(browser, pages["few"], 1280, 720, fragment)
    again = view.page
    told = [box(again, word).is_checked() for word in ("安全利用类", "全部查询范围线", "河流", "优先保护类")]
    view.close()
    assert told == [False, True, False, True]


def test_the_page_speaks_english_and_back(few: Opened) -> None:
    few.page.click("#tool-language")
    assert few.page.locator("html").get_attribute("lang") == "en"
    assert few.page.locator("#disclaimer").inner_text().startswith("Computed by software")
    classes = ["strictly controlled", "safe use", "priority protection", "not classified"]
    words = (
        few.page.locator("#legend [data-count^='class:']").locator("xpath=../span[@class='word']").all_text_contents()
    )
    assert sorted(words) == sorted(classes)
    tree = few.page.locator(".leaflet-control-layers-overlays").text_content()
    assert [word for word in classes if word not in tree] == []
    assert not re.search("优先保护类|安全利用类|严格管控类|未划分", few.page.locator("body").inner_text())
    spoken_of = few.page.locator("[aria-label]").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    names = "|".join(few.page.evaluate("Object.values(hmgeo.page.sources).map(mark => mark.source.name)"))
    assert [one for one in spoken_of if re.search("[\u3400-\u9fff，：]", re.sub(names, "", one))] == []
    places = few.page.locator(".label-township span")
    assert "龙塘镇 (approximate)" in places.all_text_contents()
    spoken = few.page.locator("path.mark[data-source='QC-001']").get_attribute("aria-label")
    assert spoken.endswith(", meets the survey condition")
    few.page.fill("#search-box", "龙塘镇")
    found = few.page.locator("#search-list li", has_text="township").locator(".word")
    assert found.first.inner_text() == "龙塘镇 (approximate)"
    few.search("QC-001", "Enter")
    popup = few.page.locator(".pop")
    popup.wait_for()
    assert popup.locator(".pop-verdict b").inner_text() == "meets the survey condition"
    assert popup.locator("blockquote").inner_text().startswith("2021年底前")
    few.page.click("#tool-language")
    assert few.page.locator("#legend h2").first.inner_text().startswith("污染源（筛查结论）")
    assert "龙塘镇（示意）" in places.all_text_contents()
    assert few.page.locator("path.mark[data-source='QC-001']").get_attribute("aria-label") == spoken.replace(
        ", meets the survey condition", "，符合排查条件"
    )


def test_csv_holds_what_the_table_shows_and_no_formula(few: Opened, tmp_path: Path) -> None:
    few.page.click("#tool-table")
    with few.page.expect_download() as done:
        few.page.click("#export-csv")
    done.value.save_as(tmp_path / "t.csv")
    raw = (tmp_path / "t.csv").read_bytes()
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert raw.startswith(b"\xef\xbb\xbf")
    assert lines[0].startswith("编号,名称,乡镇,行业代码,结论,最近耕地（m）")
    assert [line.split(",")[0] for line in lines[1:9]] == column(few, 1)
    assert few.page.evaluate("hmgeo.csv({ head: ['a'], rows: [['=1+1'], [-2.5], ['x\"y']], notes: [] })").splitlines()[
        1:
    ] == [
        "'=1+1",
        "-2.5",
        '"x""y"',
    ]


def test_xlsx_holds_numbers_as_numbers_and_texts_as_texts(few: Opened, tmp_path: Path) -> None:
    few.page.click("#tool-table")
    with few.page.expect_download() as done:
        few.page.click("#export-xlsx")
    done.value.save_as(tmp_path / "t.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "t.xlsx").active.iter_rows(values_only=True))
    table = small_results().sources.to_pylist()
    assert [(row[0], row[5]) for row in rows[1:9]] == [(row["source_id"], row["nearest_farmland_m"]) for row in table]
    assert rows[3][1].startswith('"><img')
    assert "不是环评审批" in rows[10][0]


def test_the_picture_is_a_png_of_map_and_caption(many: Opened, tmp_path: Path) -> None:
    with many.page.expect_download() as done:
        many.page.click("#tool-picture")
    done.value.save_as(tmp_path / "p.png")
    content = (tmp_path / "p.png").read_bytes()
    box = many.page.locator("#map_hmgeo").bounding_box()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(content[16:20], "big") == int(2 * (box["width"] + 236))  # the legend stands beside the map
    assert len(content) > 50_000
    with Image.open(tmp_path / "p.png") as picture:
        beside = picture.convert("RGB").crop((int(2 * box["width"]) + 20, 80, picture.width, 80 + int(box["height"])))
    orange, green = ((213, 94, 0), (127, 207, 184))  # the mark of 符合排查条件, the area of 优先保护类
    seen = {colour for _, colour in beside.getcolors(1 << 24)}
    assert [
        min(max(abs(a - b) for a, b in zip(one, other, strict=True)) for other in seen) < 24 for one in (orange, green)
    ] == [True, True]


WRITTEN = """() => {
  const told = [], draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text) { told.push(text); draw.apply(this, arguments); };
  return new Promise((done) => hmgeo.page.picture(1, () => {
    CanvasRenderingContext2D.prototype.fillText = draw;
    done(told);
  }));
}"""


def test_a_picture_tells_what_is_shown_and_all_that_is_said_below_it(few: Opened) -> None:
    page = few.page
    assert {"符合排查条件", "优先保护类"} < set(page.evaluate(WRITTEN))
    for word in ("符合排查条件", "优先保护类"):
        page.locator(".leaflet-control-layers label", has_text=word).first.click()
    page.set_viewport_size({"width": 390, "height": 844})
    told = page.evaluate(WRITTEN)
    assert not {"符合排查条件", "优先保护类"} & set(told)
    assert {"未评估", "安全利用类"} < set(told)
    said = "".join(told)
    assert page.locator("#disclaimer").text_content() in said
    assert page.locator(".leaflet-control-attribution p").text_content() in said


@pytest.mark.parametrize(("paper", "width_mm"), [("A4", 297), ("A3", 420)])
def test_paper_has_the_scale_asked_for(few: Opened, paper: str, width_mm: int) -> None:
    few.page.evaluate("window.print = function () {}")
    few.page.click("#tool-print")
    few.page.select_option("#print-paper", paper)
    few.page.select_option("#print-scale", "50000")
    few.page.click("#print-go")
    few.page.locator("html.printing").wait_for()
    ends = few.page.evaluate(
        "[100, 478].map(x => map_hmgeo.containerPointToLatLng([x, map_hmgeo.getSize().y / 2])).map(p => [p.lng, p.lat])"
    )
    paper_m = 378 / 96 * 0.0254
    assert GEOD.inv(*ends[0], *ends[1])[2] / paper_m == pytest.approx(50_000, rel=2e-4)
    assert few.page.locator("#furniture .bar").inner_text().startswith("1:50 000")
    bar = few.page.locator("#furniture .bar text").last.text_content()
    assert bar == "2,000 m"
    assert f"size: {width_mm}mm" in few.page.locator("#sheet").text_content()
    few.page.emulate_media(media="print")
    shown = {
        name: few.page.locator(name).is_visible()
        for name in ("#caption", "#disclaimer", "#legend", "#watermark", ".north")
    }
    assert shown == dict.fromkeys(shown, True)
    few.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert few.page.locator("html.printing").count() == 0


def test_the_page_can_be_used_without_a_mouse(few: Opened) -> None:
    few.page.locator("#tool-table").focus()
    few.page.keyboard.press("Enter")
    few.page.get_by_role("tab", name="按污染源").focus()
    few.page.keyboard.press("ArrowRight")
    assert few.page.get_by_role("tab", name="逐条结果").get_attribute("aria-selected") == "true"
    few.page.locator("#tool-print").focus()
    few.page.keyboard.press("Enter")
    assert few.page.locator("#print-paper").evaluate("node => node === document.activeElement")
    few.page.keyboard.press("Escape")
    assert few.page.locator("#print-dialog").is_hidden()
    nameless = few.page.evaluate(
        "Array.from(document.querySelectorAll('button, select, input'))"
        ".filter(n => !n.closest('.leaflet-control-layers')"
        " && !(n.textContent.trim() || n.labels && n.labels.length || n.getAttribute('aria-label'))).map(n => n.id)"
    )
    assert nameless == []


def test_a_popup_stays_short_when_a_source_has_dozens_of_findings(browser: Browser, tmp_path: Path) -> None:
    results = small_results()
    row = results.findings.to_pylist()[0]
    words = ["not_applicable"] * 30 + ["not_assessed"] * 9 + ["prohibited"]
    extra = [row | {"rule_id": f"R-{i:02d}", "verdict": word, "note": f"说明{i}"} for i, word in enumerate(words)]
    table = pa.Table.from_pylist([*results.findings.to_pylist(), *extra], results.findings.schema)
    path = tmp_path / "map.html"
    write_map(replace(results, findings=table), Presentation(), path)
    view = Opened(browser, path)
    view.search("QC-001", "Enter")
    popup = view.page.locator(".pop")
    popup.wait_for()
    lines = popup.locator(".pop-others > *").all_inner_texts()
    view.close()
    assert [line.split("\n")[0] for line in lines] == [
        "其他条款",
        "触及禁止性规定 R-39",
        "未评估 9 条",
        "不适用 30 条，见结果表。",
    ]


@pytest.mark.parametrize("name", assets.OWN_SCRIPTS)
def test_own_scripts_use_no_syntax_that_old_browsers_lack(name: str) -> None:
    bare = re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", "", assets.read_text(name), flags=re.DOTALL)
    assert MODERN.findall(bare) == []


@pytest.fixture(scope="module")
def acorn(browser: Browser) -> Iterator[Any]:
    """A blank page that holds acorn, a parser of JavaScript by edition."""
    page = browser.new_page()
    page.add_script_tag(content=(Path(__file__).parent / "acorn" / "acorn.js").read_text(encoding="utf-8"))
    yield page
    page.close()


PARSE = "text => { try { acorn.parse(text, { ecmaVersion: 2019 }); return ''; } catch (e) { return e.message; } }"


@pytest.mark.parametrize("url", [url for url, _ in assets.page_links("js")])
def test_every_script_parses_as_ecmascript_2019(acorn: Any, url: str) -> None:  # noqa: ANN401 - a page of playwright
    assert acorn.evaluate(PARSE, assets.read_text(assets.path_of(url))) == ""


@pytest.mark.parametrize("newer", ["a ?? b", "a?.b", "a ||= b", "1_000", "class A { #x }"])
def test_syntax_of_later_editions_is_told(acorn: Any, newer: str) -> None:  # noqa: ANN401 - a page of playwright
    assert acorn.evaluate(PARSE, newer) != ""


@pytest.mark.parametrize("count", [40, 3000])
def test_a_year_filter_leaves_the_parcels_classed_then_and_the_legend_counts_them(
    browser: Browser, tmp_path: Path, count: int
) -> None:
    results = small_results(count)
    years = [("2019", "2021", "")[index % 3] for index in range(count)]
    classes = results.receptors["class"].to_pylist()
    receptors = results.receptors.append_column("class_year", pa.array(years))
    write_map(replace(results, receptors=receptors), Presentation(), tmp_path / "map.html")
    view = Opened(browser, tmp_path / "map.html")
    offered = view.page.locator("#filter-year option").all_inner_texts()
    view.page.select_option("#filter-year", "2021")
    shown = view.page.locator('[data-count="class:优先保护类"]').inner_text()
    drawn = view.page.evaluate(
        "hmgeo.page.lots.length"
        " ? hmgeo.page.lots[0].store.ids.filter((_, i) => hmgeo.page.lots[0].layer.isShown(i)).length"
        " : Object.values(map_hmgeo._layers).filter(l => l.kind === 'farmland').length"
    )
    view.search("P00001", "Enter")
    view.page.locator(".pop").wait_for()
    popup = view.page.locator(".pop").inner_text()
    view.close()
    of_year = [word for word, year in zip(classes, years, strict=True) if year == "2021"]
    total = classes.count("优先保护类")
    assert offered == ["全部", "2019", "2021"]
    assert drawn == len(of_year)
    assert shown == f"{of_year.count('优先保护类'):,} / {total:,}"
    assert "划分年度" in popup
    assert "2021" in popup


def test_a_page_whose_parcels_say_no_year_has_no_such_filter(calm: Opened) -> None:
    assert calm.page.locator("#filter-year").count() == 0
