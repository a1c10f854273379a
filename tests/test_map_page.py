"""The map page as text: same bytes, no network, nothing of the data read as HTML, counts that equal the tables."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import zlib
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import branca
import folium
import numpy as np
import pyarrow as pa
import pytest
import shapely
from branca.element import CssLink, JavascriptLink
from msgspec.structs import replace
from small_results import HOSTILE, data_of, small_results

from hmgeo.errors import OutputError
from hmgeo.outputs import wording
from hmgeo.outputs.map import assets, layers, page, parcels, shapes, sources
from hmgeo.outputs.map.page import map_page, refuse_outside_links, script_safe_json, write_map
from hmgeo.outputs.map.shell import SLOTS, OfflineHeader
from hmgeo.outputs.map.sources import Judgements
from hmgeo.outputs.wording import compass
from hmgeo.results.results import ContextLayer, Presentation, Results
from hmgeo.results.text import WINDS
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Callable

SHOWN = Presentation(maker="示例单位")


class Page(HTMLParser):
    """Elements, attributes and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.counts: dict[str, str] = {}
        self.texts: list[str] = []
        self._counting = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._counting = dict(attrs).get("data-count") or ""

    def handle_data(self, data: str) -> None:
        if self._counting:
            self.counts[self._counting] = data
            self._counting = ""
        self.texts.append(data)


def numbers(data: bytes) -> list[int]:
    """Read numbers of seven-bit groups, low ones first."""
    found, value, shift = [], 0, 0
    for byte in data:
        value |= (byte & 127) << shift
        shift = shift + 7 if byte > 127 else 0
        if not shift:
            found.append(value)
            value = 0
    return found


def read_chunk(base64_text: str) -> dict[str, shapely.Geometry]:
    """Return polygons by id from a packed chunk, read without a line of the code that wrote it."""
    content = zlib.decompress(base64.b64decode(base64_text), -15)
    ends = [place + 1 for place, byte in enumerate(content) if byte < 128][: len(shapes.SECTIONS)]
    parts, start = {}, ends[-1]
    for name, length in zip(shapes.SECTIONS, numbers(content[: ends[-1]]), strict=True):
        parts[name] = content[start : start + length]
        start += length
    lon, lat = (np.cumsum([n >> 1 ^ -(n & 1) for n in numbers(parts[axis])]) / 1e6 for axis in "xy")
    places, vertices = iter(zip(lon, lat, strict=True)), iter(numbers(parts["vertices"]))
    shapes_of: dict[str, shapely.Geometry] = {}
    for name, rings in zip(parts["ids"].decode().split("\n"), numbers(parts["rings"]), strict=True):
        outlines = [shapely.Polygon([next(places) for _ in range(next(vertices))]) for _ in range(rings)]
        shape = outlines[0]
        for other in outlines[1:]:
            shape = shapely.symmetric_difference(shape, other)
        shapes_of[name] = shape
    return shapes_of


def unpacked(text: str, kind: int, chunk: int) -> dict[str, shapely.Geometry]:
    found = re.search(rf'id="packed-{kind}-{chunk}">([^<]*)<', text)
    return read_chunk(found[1]) if found else {}


@pytest.fixture(scope="module")
def page_text() -> str:
    return map_page(small_results(), SHOWN)


def nothing_found(results: Results) -> Results:
    """Return an overview map: no findings, no sources, no receptors."""
    return replace(
        results,
        sources=results.sources.slice(0, 0),
        findings=results.findings.slice(0, 0),
        counts=results.counts.slice(0, 0),
        receptors=results.receptors.slice(0, 0),
        search_areas=results.search_areas.slice(0, 0),
        screening_rule_id="",
    )


def test_two_writes_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_map(small_results(), SHOWN, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_page_whose_texts_look_like_slots_is_put_together_right() -> None:
    title = "".join(SLOTS)
    text = map_page(replace(small_results(), title=title), Presentation())
    assert f"<title>{title}</title>" in text
    assert text.count('content="default-src') == 1
    assert [text.count(slot) for slot in SLOTS] == [text.count(title)] * 3


def test_two_processes_with_different_hash_seeds_give_the_same_bytes(
    with_another_hash_seed: Callable[[str], str],
) -> None:
    code = (
        "import hashlib; from small_results import small_results; from hmgeo.outputs.map.page import map_page;"
        "from hmgeo.results.results import Presentation;"
        "print(hashlib.sha256(map_page(small_results(), Presentation()).encode()).hexdigest())"
    )
    ours = hashlib.sha256(map_page(small_results(), Presentation()).encode()).hexdigest()
    assert with_another_hash_seed(code) == ours


def test_no_element_refers_to_anything_outside_the_page(page_text: str) -> None:
    page = Page(page_text)
    linking = {"src", "href", "srcset", "data", "action", "poster"}
    assert [found for found in page.attributes if found[1] in linking] == []
    assert page.tags["link"] == 0
    styles = "".join(re.findall(r"<style>(.*?)</style>", page_text, re.DOTALL))
    assert re.findall(r"url\((?!['\"]?(?:data:|#))[^)]*\)", styles) == []
    assert "sourceMappingURL" not in page_text


def test_the_policy_stands_before_every_script(page_text: str) -> None:
    policy = page_text.index("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in page_text[policy : page_text.index("style-src", policy)]
    assert policy < page_text.index("<script")
    assert "connect-src" not in page_text


def test_the_page_is_chinese_and_carries_the_licences(page_text: str) -> None:
    assert '<html lang="zh">' in page_text
    assert "Copyright (c) 2010-2023, Volodymyr Agafonkin" in page_text
    assert "Jimenez Shaw" in page_text


@pytest.mark.parametrize("link", [JavascriptLink, CssLink])
def test_an_unknown_link_is_refused(link: type[JavascriptLink]) -> None:
    url = "https://cdn.example.org/jquery-3.7.1.min.js"
    with pytest.raises(OutputError, match="引用了未随软件提供的外部文件") as caught:
        OfflineHeader().add_child(link(url))
    assert caught.value.problems[0].found == url


def test_outside_references_in_markup_are_refused_all_at_once() -> None:
    with pytest.raises(OutputError, match="页面以外的内容") as caught:
        refuse_outside_links('<img src="https://a.example/x.png"><a href="//b.example">b</a><a href="#c">c</a>')
    assert [p.found for p in caught.value.problems] == ["<img src=https://a.example/x.png>", "<a href=//b.example>"]


def test_pictures_of_style_sheets_become_data() -> None:
    style = assets.inline_style("https://cdn.jsdelivr.net/npm/leaflet@1.9.4/dist/leaflet.css")
    assert style.count('url("data:image/png;base64,iVBOR') == 3


def test_vendored_files_are_those_of_the_lock() -> None:
    tool = Path(__file__).parents[1] / "tools" / "vendor_assets.py"
    command = [sys.executable, str(tool), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - a tool of this repository
    assert (done.returncode, done.stdout.strip()) == (0, "vendored files agree with the lock")


def test_hostile_text_stays_text_everywhere() -> None:
    results = small_results()
    rows = [row | {"note": HOSTILE, "township": HOSTILE} for row in results.sources.to_pylist()]
    found = [row | {"quote": HOSTILE, "clause": HOSTILE, "decider": HOSTILE} for row in results.findings.to_pylist()]
    parcel_rows = [row | {"name": HOSTILE, "class": HOSTILE} for row in results.receptors.to_pylist()]
    evil = replace(
        results,
        title=HOSTILE,
        area_name=HOSTILE,
        warnings=(HOSTILE,),
        sources=pa.Table.from_pylist(rows, results.sources.schema),
        findings=pa.Table.from_pylist(found, results.findings.schema),
        receptors=pa.Table.from_pylist(parcel_rows, results.receptors.schema),
        context=tuple(replace(layer, title=HOSTILE, credit=HOSTILE) for layer in results.context),
    )
    text = map_page(evil, Presentation(maker=HOSTILE))
    plain, hostile = Page(map_page(results, SHOWN)), Page(text)
    assert hostile.tags["img"] == 0
    assert hostile.tags["script"] == plain.tags["script"]
    assert [found for found in hostile.attributes if found[1].startswith("on")] == []
    assert data_of(text)["sources"][2]["name"] == HOSTILE
    assert any(HOSTILE in part for part in hostile.texts)


def test_json_cannot_close_its_script() -> None:
    assert script_safe_json("</script><!--") == '"\\u003c/script>\\u003c!--"'


def test_counts_in_the_legend_equal_the_tables(page_text: str) -> None:
    results = small_results()
    rows = results.sources.to_pylist()
    classes = Counter(results.receptors["class"].to_pylist())
    expected = {f"verdict:{word}": n for word, n in Counter(row["verdict"] for row in rows).items()}
    expected |= {f"certainty:{word}": n for word, n in Counter(r["certainty"] for r in rows if r["certainty"]).items()}
    expected |= {f"status:{word}": n for word, n in Counter(row["status"] for row in rows).items()}
    expected |= {f"class:{word}": n for word, n in classes.items()}
    assert Page(page_text).counts == {key: str(n) for key, n in expected.items()}
    assert expected["status:not_located"] == 1
    assert sum(classes.values()) == 40


def test_the_header_counts_findings_and_gives_no_overall_verdict(page_text: str) -> None:
    shown = "".join(Page(page_text).texts)
    results = small_results()
    for part in wording.verdict_header(results.verdict_counts(), results.unassessed_counts()).split("｜"):
        assert part in shown
    assert wording.caption(small_results(), SHOWN) in shown
    assert wording.DISCLAIMER in shown
    assert "✔" not in shown


def test_rows_that_cannot_be_drawn_are_listed_with_their_reason(page_text: str) -> None:
    data = data_of(page_text)
    assert [row["id"] for row in data["sources"]] == ["QC-001", "QC-002", "QC-003", "QC-004", "QC-007", "QC-008"]
    assert [(row["id"], row["status"], row["note"]) for row in data["unmapped"]] == [
        ("QC-005", "未定位", "缺少坐标，仅知所在乡镇（龙塘镇）。"),
        ("QC-006", "退回补正", "经度「待补」不是数字。"),
    ]
    assert "未上图 2 行" in page_text


def test_a_source_carries_its_facts_clause_and_search_line(page_text: str) -> None:
    data = data_of(page_text)
    source = data["sources"][0]
    results = small_results()
    nearest = results.sources["nearest_farmland_id"].to_pylist()[0]
    finding = data["findings"][source["findings"][0]]
    law = data["laws"][finding["law"]]
    assert source["nearest"][0][1].startswith(f"{nearest}，")
    assert ["clause", "《济源产城融合示范区2021年土壤污染防治攻坚战实施方案》二（三）3"] in law["facts"]
    assert ["decider", "生态环境部门会同农业农村等"] in law["facts"]
    assert finding["sentence"] == "建议列入排查清单，是否列入由生态环境主管部门确定。"
    assert law["quote"] == results.findings["quote"].to_pylist()[0]
    drawn = unpacked(page_text, 1, 0)
    computed = shapely.from_wkb(results.search_areas["geometry"].to_pylist()[0])
    assert shapely.hausdorff_distance(drawn["QC-001"], computed) < 1e-6


def test_what_many_sources_share_is_held_once_and_the_gravest_stands_first() -> None:
    results = small_results()
    row = results.findings.to_pylist()[0]
    more = [
        row | {"source_id": source_id, "rule_id": rule_id, "verdict": verdict, "certainty": "", "measured_text": ""}
        for source_id in ("QC-001", "QC-002")
        for rule_id, verdict in (("R-1", "clear"), ("R-2", "prohibited"))
    ]
    rows = [*results.findings.to_pylist(), *more]
    judged = Judgements(replace(results, findings=pa.Table.from_pylist(rows, results.findings.schema)))
    first, second = judged.of("QC-001"), judged.of("QC-002")
    assert [judged.findings[index]["verdict"] for index in first] == ["listed", "prohibited", "clear"]
    assert first[1:] == second[1:]
    assert [law["title"] for law in judged.laws] == ["耕地周边涉镉等重金属行业企业排查", "R-2", "R-1"]


def test_counts_by_radius_stand_in_official_order() -> None:
    rows = [
        {"class": word, "radius_m": radius_m, "count": count, "area_ha": 1.5 * count}
        for radius_m, count in ((10000.0, 4), (1000.0, 0))
        for word in ("all", "未划分", "优先保护类")
    ]
    assert sources.count_table(rows, [10000.0]) == {
        "head": ["1 km 内", "10 km 内"],
        "rows": [
            ["优先保护类", "0 · 0.0", "≥4 · 6.0"],
            ["未划分", "0 · 0.0", "≥4 · 6.0"],
            ["合计", "0 · 0.0", "≥4 · 6.0"],
        ],
    }


def test_garden_land_stands_below_the_sum_and_says_that_it_is_not_in_it() -> None:
    kinds = {"all": "all", "未划分": "soil_quality", "园地": "land_use", "水田": "land_use"}
    rows = [
        {"class": word, "radius_m": 1000.0, "count": 1, "area_ha": 1.5, "class_kind": kind}
        for word, kind in kinds.items()
    ]
    assert [cells[0] for cells in sources.count_table(rows)["rows"]] == ["未划分", "合计", "水田", "园地（另计）"]


def test_approximate_townships_are_dashed_and_say_so(page_text: str) -> None:
    towns = next(layer for layer in data_of(page_text)["context"] if layer["role"] == "township")
    assert towns["title"] == "乡级行政区（示意）"
    assert towns["style"]["dash"] == "4 3"
    assert [f["properties"]["name"] for f in towns["features"]] == ["龙塘镇", "石角镇"]
    assert towns["approximate"] is True


def test_a_title_that_says_so_already_is_left_alone_and_only_borders_are_labelled() -> None:
    table = pa.table({"id": ["1"], "name": ["学校"], "geometry": pa.array([shapely.Point(113, 23).wkb], pa.binary())})
    drawn = layers.context_layer(ContextLayer("sensitive_sites", "敏感目标（示意）", Basis.APPROXIMATE, "", table))
    assert (drawn["title"], drawn["labelled"]) == ("敏感目标（示意）", False)


def test_an_english_page_names_an_approximate_layer_in_english_alone() -> None:
    table = pa.table({"id": ["1"], "name": [""], "geometry": pa.array([shapely.Point(113, 23).wkb], pa.binary())})
    title = "仅知所在行政区的污染源（斜线范围）"
    drawn = layers.context_layer(ContextLayer("source_place", title, Basis.APPROXIMATE, "", table))
    assert (drawn["title"], drawn["title_en"]) == (
        "仅知所在行政区的污染源（斜线范围）（示意）",
        "Sources known by place only (hatched) (approximate)",
    )


def test_a_border_shared_by_two_townships_is_drawn_once() -> None:
    towns = shapes.stroked(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]), None)
    assert shapely.geometry.shape(towns).length == 7  # two outlines of 4, less the shared side


def test_an_approximate_line_without_a_dash_gets_one() -> None:
    table = pa.table({"id": ["1"], "name": ["北江"], "geometry": pa.array([shapely.Point(113, 23).wkb], pa.binary())})
    drawn = layers.context_layer(ContextLayer("river", "河流", Basis.APPROXIMATE, "", table))
    assert (drawn["title"], drawn["style"]["dash"]) == ("河流（示意）", "4 3")


@pytest.mark.parametrize(
    ("shape", "swatch"),
    [
        (shapely.Point(113, 23), "dot"),
        (shapely.LineString([(113, 23), (113.1, 23)]), "line"),
        (shapely.box(113, 23, 114, 24), "area"),
    ],
)
def test_the_legend_shows_a_layer_as_what_it_is(shape: shapely.Geometry, swatch: str) -> None:
    table = pa.table({"id": ["1", "2"], "name": ["甲", "乙"], "geometry": pa.array([shape.wkb, None], pa.binary())})
    drawn = layers.context_layer(ContextLayer("intakes", "取水口", Basis.SYNTHETIC, "", table))
    assert (drawn["swatch"], len(drawn["features"])) == (swatch, 1)


@pytest.mark.parametrize(
    ("basis", "words"),
    [(Basis.SYNTHETIC, "合成数据，仅供软件演示"), (Basis.APPROXIMATE, "示意"), (Basis.REAL, "")],
)
def test_the_watermark_says_how_real_the_data_are(basis: Basis, words: str) -> None:
    text = map_page(small_results(basis=basis), SHOWN)
    assert re.findall(r'<text x="10" y="60">(.*?)</text>', text) == ([words] if words else [])


def test_two_thousand_parcels_are_drawn_one_by_one() -> None:
    picture = parcels.picture(small_results(2000), "farmland")
    assert (len(picture.drawn), picture.packed, picture.townships) == (2000, None, ())


def test_more_parcels_are_packed_and_none_is_left_out() -> None:
    results = small_results(3000)
    text = map_page(results, SHOWN)
    farmland = data_of(text)["receptors"][0]
    assert (farmland["features"], farmland["packed"]["count"], farmland["packed"]["chunks"]) == ([], 3000, 1)
    drawn = unpacked(text, 0, 0)
    given = dict(
        zip(results.receptors["receptor_id"].to_pylist(), results.receptors["geometry"].to_pylist(), strict=True)
    )
    assert drawn.keys() == given.keys()
    worst = max(
        shapely.hausdorff_distance(shape, shapely.from_wkb(given[parcel_id])) for parcel_id, shape in drawn.items()
    )
    assert worst < 1e-6
    counted = Counter()
    for _, word, count, _ in farmland["by_township"]:
        counted[word] += count
    assert counted == Counter(results.receptors["class"].to_pylist())


def test_a_packed_polygon_keeps_its_holes_and_parts() -> None:
    ring = shapely.Polygon(
        shapely.box(113, 23, 113.01, 23.01).exterior, [shapely.box(113.002, 23.002, 113.004, 23.004).exterior]
    )
    shape = shapely.MultiPolygon([ring, shapely.box(113.02, 23, 113.03, 23.01)])
    rows = small_results(1).receptors.append_column("class_year", pa.array([""]))
    read = read_chunk(shapes.pack(rows, np.array([shape])).chunks[0])
    assert shapely.equals_exact(shapely.normalize(read["P00000"]), shapely.normalize(shape), 1e-9)


def test_points_are_not_packed() -> None:
    assert not shapes.can_pack(np.array([shapely.Point(113, 23)]))


@pytest.mark.parametrize(
    ("distance_m", "steps"),
    [(None, 0), (0.04, 1), (9.96, 101), (823.4, 8231), (999.4, 9991), (4349.0, 43001), (9999.9, 100001)],
)
def test_a_packed_distance_is_the_one_that_tables_show(distance_m: float | None, steps: int) -> None:
    assert shapes._decimetres(np.array([distance_m, 1.0], dtype=float)).tolist() == [steps, 11]


def test_an_overview_map_has_no_verdicts_and_does_not_fall() -> None:
    text = map_page(nothing_found(small_results()), SHOWN)
    assert "本图为底图，未作任何判断。" in text
    assert Page(text).counts == {}
    assert data_of(text)["bounds"] == [[23.46, 112.9], [23.88, 113.36]]


def test_a_page_with_nothing_on_it_opens_somewhere() -> None:
    empty = replace(nothing_found(small_results()), context=(), layers=(), as_of=None, warnings=())
    assert data_of(map_page(empty, SHOWN))["bounds"] == layers.EVERYWHERE


def test_a_source_known_by_place_gets_a_mark_inside_its_outline() -> None:
    results = small_results()
    town = shapely.box(113.0, 23.5, 113.1, 23.7)
    rows = results.sources.to_pylist()
    rows[0] |= {"position_kind": "place", "lon": None, "lat": None, "geometry": town.wkb}
    changed = replace(results, sources=pa.Table.from_pylist(rows, results.sources.schema))
    placed = sources.mapped(changed, Judgements(changed))[0]
    assert town.contains(shapely.Point(placed["at"][1], placed["at"][0]))
    assert shapely.geometry.shape(placed["outline"]).equals(town)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"map\.html：地图写不出"):
        write_map(small_results(), SHOWN, tmp_path / "absent" / "map.html")


def test_empty_and_missing_geometry_draws_nothing() -> None:
    assert shapes.feature(None) is None
    assert shapes.anchor(shapely.Point()) is None
    assert shapes.bounds([shapes.read([None])]) is None


def test_compass_words_turn_clockwise_from_north() -> None:
    assert [compass(45.0 * step) for step in range(8)] == [f"{word}（{45 * i}°）" for i, word in enumerate(WINDS)]


def test_scripts_stand_in_the_page_without_the_types_that_they_note() -> None:
    noted = [name for name in assets.OWN_SCRIPTS if "/**" in assets.read_text(name)]
    assert "hmgeo-ground.js" in noted
    for name in noted:
        script = assets.inline_script(name)
        assert "/**" not in script
        assert len(script) < len(assets.read_text(name))
    assert "var Tree = (function (boxes, chosen) {" in assets.inline_script("hmgeo-ground.js")


def test_the_types_know_which_elements_a_page_may_lack() -> None:
    declared = (Path(__file__).parents[1] / "tools" / "page.d.ts").read_text(encoding="utf-8")
    known = {
        name: "Nullable" in kind for name, kind in re.findall(r'"([\w-]+)": ([^;]+);', declared) if "Element" in kind
    }
    known = {name: lacks for name, lacks in known.items() if name not in {"toast", "measure-says"}}  # scripts make them
    stands: dict[str, tuple[str, ...]] = {}
    asked: list[str] = []
    for opens, ends, name in re.findall(
        r'{%-? if ([^%]*) %}|{%-? (endif) %}|\bid="([\w-]+)"', assets.read_text("panels.html")
    ):
        if opens:
            asked.append(opens)
        elif ends:
            asked.pop()
        else:
            stands[name] = tuple(asked)
    assert known.keys() - stands.keys() == set()
    gates = {stands[name] for name, lacks in known.items() if lacks}
    assert () not in gates
    assert [name for name, lacks in known.items() if not lacks and stands[name] and stands[name] not in gates] == []


def test_the_frame_is_kept_as_long_as_nothing_that_decides_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(page, "kept", lambda *given: asked.extend(given[2]) or given[3]())
    assert page._frame.__wrapped__() == page._frame()
    room = Path(page.__file__).parent
    held = {path for path in (room / "assets").rglob("*") if path.is_file()}
    libraries = {Path(library.__file__).with_name("_version.py") for library in (branca, folium)}
    assert {room / "shell.py", room / "assets.py", *held, *libraries} <= set(asked)
