"""Slopes, steep farmland and ways down from tailings ponds on the page: the tables' words and counts, hostile text."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from ground_results import NOTE, ground_results
from msgspec.structs import replace
from small_results import HOSTILE, data_of, small_results
from test_map_browser import Opened, browser, opened_whole
from test_map_page import numbers as varints

from hmgeo.outputs.map import shapes
from hmgeo.outputs.map.page import map_page, write_map
from hmgeo.outputs.map.parcels import OVERHEAD_REMARK
from hmgeo.results.results import Presentation
from hmgeo.vocabulary import Classification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

__all__ = ["browser"]
SHOWN = Presentation(maker="示例单位")
LIGHTS = "hmgeo.page.branches.filter(b => b.key === 'tree_steep')[0].children"


def shown_counts(text: str) -> dict[str, str]:
    return dict(re.findall(r'data-count="steep:(\d)">([^<]*)<', text))


def overhead_of(text: str) -> dict[str, Any]:
    return next(dict(one) for one in data_of(text)["context"] if one["role"] == "overhead_path")


@pytest.fixture(scope="module")
def text() -> str:
    return map_page(ground_results(), SHOWN)


def test_a_parcel_carries_its_slope_and_its_list_and_one_without_carries_neither(text: str) -> None:
    features = data_of(text)["receptors"][0]["features"]
    told = {one["properties"]["id"]: one["properties"] for one in features}
    assert [(told[f"P0000{n}"].get("slope"), told[f"P0000{n}"].get("steep")) for n in range(6)] == [
        ([5, 30.0, 1], 1),
        ([4, 15.3, 2], 2),
        ([4, None, 1], 3),
        ([1, 0.0, 2], None),
        ([3, None, 1], None),
        (None, None),
    ]


def test_steep_counts_in_the_legend_are_those_of_the_table(text: str) -> None:
    assert shown_counts(text) == {"1": "4", "2": "4", "3": "4"}
    assert "坡耕地线索（高亮，默认不显示）" in text
    assert shown_counts(map_page(small_results(), SHOWN)) == {}


def test_a_way_down_says_what_its_row_says_in_both_languages(text: str) -> None:
    layer = overhead_of(text)
    assert (layer["title"], layer["title_en"]) == (
        "头顶库下游路径（复核线索）",
        "Ways down from tailings ponds (leads for checking)",
    )
    first, second = (one["properties"] for one in layer["features"])
    assert first["facts"] == [
        ["designated", "头顶库：是", "overhead pond: yes"],
        ["overhead_path", f"1 处：{HOSTILE}（492 m）", f"1: {HOSTILE}（492 m）"],
        ["path_ends", "到达追踪距离", "reaches the limit"],
        ["overhead_circle", f"2 处：{HOSTILE}（100 m）；乙村（900 m）", f"2: {HOSTILE}（100 m）；乙村（900 m）"],
        ["only_by_circle", "乙村"],
    ]
    assert second["facts"][1][1] == "0 处；现有数据无记录，不等于实地不存在"
    assert second["facts"][-1][:2] == ["note", NOTE]
    assert layer["remark"][0] == f"{OVERHEAD_REMARK}四周直线为国家文本的量法。"
    assert "两种量法只作复核线索，不代替认定" in layer["remark"][0]
    assert not re.search("[一-鿿]", layer["remark"][1])


def test_a_pond_without_a_way_is_not_drawn(text: str) -> None:
    assert [one["properties"]["name"] for one in overhead_of(text)["features"]] == [HOSTILE, "二号库"]


def test_packed_parcels_carry_slope_grade_and_list() -> None:
    found = re.search(r'id="packed-0-0">([^<]*)<', map_page(ground_results(3000), SHOWN))
    content = zlib.decompress(base64.b64decode(found[1] if found else ""), -15)
    ends = [place + 1 for place, byte in enumerate(content) if byte < 128][: len(shapes.SECTIONS)]
    parts, start = {}, ends[-1]
    for name, length in zip(shapes.SECTIONS, varints(content[: ends[-1]]), strict=True):
        parts[name] = content[start : start + length]
        start += length
    rows = zip(
        parts["ids"].decode().split("\n"), *(varints(parts[name]) for name in ("grade", "slope", "steep")), strict=True
    )
    told = {name: numbers for name, *numbers in rows}
    # Twice the grade, one more where heights gave it; tenths of a degree plus one; the list.
    assert [told[f"P{n:05d}"] for n in range(6)] == [
        [10, 301, 1], [9, 154, 2], [8, 0, 3], [3, 1, 0], [6, 0, 0], [0, 0, 0],
    ]  # fmt: skip


def test_a_public_page_beside_hidden_layers_shows_nothing_of_the_ground() -> None:
    results = ground_results()
    hidden = replace(results.layers[0].gates, classification=Classification.INTERNAL)
    results = replace(results, layers=(replace(results.layers[0], gates=hidden), *results.layers[1:]))
    public = map_page(results, Presentation(audience="public"))
    assert shown_counts(public) == {}
    assert [one for one in data_of(public)["context"] if one["role"] == "overhead_path"] == []
    assert '"slope"' not in json.dumps(data_of(public)["receptors"])


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("ground")
    for count in (40, 3000):
        write_map(ground_results(count), SHOWN, folder / f"{count}.html")
    return {count: folder / f"{count}.html" for count in (40, 3000)}


@pytest.fixture(params=[40, 3000])
def opened(browser: Browser, pages: dict[int, Path], request: pytest.FixtureRequest) -> Iterator[Opened]:
    with opened_whole(browser, pages[request.param]) as view:
        yield view


def leaf(view: Opened, word: str) -> Any:  # noqa: ANN401 -- a locator
    return view.page.locator(".leaflet-layerstree-header", has_text=word).locator("input").first


@pytest.mark.browser
def test_steep_parcels_are_lit_on_wish_and_follow_the_filter(opened: Opened) -> None:
    """Drawn one by one or packed alike: off at first, as many as the table says, fewer under a filter."""
    page = opened.page
    lit = (
        "(() => { const p = hmgeo.page; if (p.lights.length) { const l = p.lights[0].layer; return l._map ?"
        " Array.from({ length: l.store.size }, (_, i) => l.isShown(i)).filter(Boolean).length : 0; }"
        f" return {LIGHTS}.filter(c => p.map.hasLayer(c.layer)).map(c => c.layer.getLayers().length)"
        ".reduce((a, b) => a + b, 0); })()"
    )
    total = page.evaluate("hmgeo.page.data.receptors[0].by_township.reduce((n, line) => n + line[2], 0)")
    assert page.evaluate(lit) == 0
    leaf(opened, "25 度以上坡耕地").click()
    assert page.evaluate(lit) == total // 10
    leaf(opened, "坡耕地线索").click()
    assert page.evaluate(lit) == 3 * total // 10
    # Every other parcel lies in each township, so that 25 degrees and more (numbers 0, 10, 20 ...) lies in the first.
    page.select_option("#filter-township", "龙塘镇")
    counts = page.locator("#steep .n").all_inner_texts()
    each = f"{total // 10}"
    assert counts == [f"{each} / {each}", f"0 / {each}", f"{each} / {each}"]
    assert page.evaluate(lit) == 2 * total // 10
    leaf(opened, "坡耕地线索").click()
    assert page.evaluate(lit) == 0


@pytest.mark.browser
@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (
            0,
            "5 级（>25°），图斑坡度级（GDPDJB）；高程推算平均 30.0°",
            "grade 5 (>25°), from the parcel (GDPDJB); mean by heights 30.0°",
        ),
        (1, "4 级（15°–25°），由高程推算平均 15.3°", "grade 4 (15°–25°), mean by heights 15.3°"),
        (2, "4 级（15°–25°），图斑坡度级（GDPDJB）", "grade 4 (15°–25°), from the parcel (GDPDJB)"),
        (5, "", ""),
    ],
)
def test_a_parcels_popup_says_its_slope_and_where_it_comes_from(opened: Opened, number: int, zh: str, en: str) -> None:
    steep = ["25 度以上坡耕地", "重要水源地 15—25 度坡耕地", "15—25 度坡耕地，是否在重要水源地未评估"]
    for language, words, label in (("zh", zh, "坡度"), ("en", en, "Slope")):
        if language == "en":
            opened.page.click("#tool-language")
        opened.search(f"P0000{number}", "Enter")
        popup = opened.page.locator(".pop", has_text=f"P0000{number}").last  # the one before fades out
        popup.wait_for()
        labels, values = popup.locator("dt").all_inner_texts(), popup.locator("dd").all_inner_texts()
        assert dict(zip(labels, values, strict=True)).get(label, "") == words
        if language == "zh" and number < 3:
            assert dict(zip(labels, values, strict=True))["坡耕地线索"] == steep[number]


@pytest.mark.browser
def test_a_click_on_a_way_down_opens_its_lead_with_names_as_text(opened: Opened) -> None:
    page = opened.page
    told = {"zh": ("头顶库下游路径（复核线索）", f"1 处：{HOSTILE}（492 m）", "以认定为准")}
    told["en"] = (
        "Ways down from tailings ponds (leads for checking)",
        f"1: {HOSTILE}（492 m）",
        "for the emergency management department to find",
    )
    for title, met, remark in told.values():
        page.evaluate("void map_hmgeo.setView([23.5725, 113.02], 16, { animate: false })")
        box = page.locator("#map_hmgeo").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        popup = page.locator(".pop")
        popup.get_by_text(title).wait_for()
        assert popup.locator(".pop-name").inner_text() == HOSTILE
        assert met in popup.locator("dl").inner_text()
        assert remark in popup.locator(".aside").inner_text()
        page.click("#tool-language")
        page.wait_for_selector(".leaflet-popup", state="detached")  # the one before fades out


@pytest.mark.browser
def test_the_tree_takes_the_ways_down_away(opened: Opened) -> None:
    drawn = "hmgeo.page.context.filter(c => /头顶库/.test(c.title)).map(c => hmgeo.page.map.hasLayer(c.layer))"
    assert opened.page.evaluate(drawn) == [True]
    leaf(opened, "头顶库下游路径").click()
    assert opened.page.evaluate(drawn) == [False]
