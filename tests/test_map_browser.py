"""The map page in a real browser, from file://, with the network cut."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING, NoReturn
from weakref import WeakKeyDictionary

import pyarrow as pa
import pytest
from msgspec.structs import replace
from small_results import HOSTILE, small_results

from hmgeo.outputs import wording
from hmgeo.outputs.map.page import write_map
from hmgeo.results.columns import VISITS_SCHEMA
from hmgeo.results.results import Presentation
from hmgeo.results.used import VisitOrder
from hmgeo.screening.evidence import visiting
from hmgeo.words import say

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from hmgeo.results.results import Results

pytestmark = pytest.mark.browser

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""The first is the same engine without windows: two thirds of the CPU. `make test-full` takes a whole browser."""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]


def browser_path() -> str:
    """Return the Chromium to drive; skip visibly where there is none, or fail if one is required."""
    found = os.environ.get("HMGEO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
    if not found:
        go_without("no Chromium: set HMGEO_CHROMIUM to its path")
    return found


def go_without(reason: str) -> NoReturn:
    """Skip visibly, or fail where HMGEO_REQUIRE_BROWSER=1 says that a browser must be there."""
    if os.environ.get("HMGEO_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = browser_path()
    if sync_playwright is None:
        go_without("playwright is not installed")
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


LEFT: WeakKeyDictionary[Browser, list[Page]] = WeakKeyDictionary()
"""Tabs that stand empty: a page in one of them takes two fifths of what it takes in a new one."""


class Opened:
    """A page with everything it asked for and complained about."""

    def __init__(self, browser: Browser, path: Path, width: int = 1440, height: int = 900, link: str = "") -> None:
        self._left = LEFT.setdefault(browser, [])
        self.page: Page = self._left.pop() if self._left else browser.new_page(reduced_motion="reduce")
        self.page.set_viewport_size({"width": width, "height": height})
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self.page.route(re.compile(r"^(?!file:|data:)"), lambda route: route.abort())
        self._heard = {
            "request": lambda request: self.requests.append(request.url),
            "console": lambda message: self.complaints.append(f"{message.type}: {message.text}"),
            "pageerror": lambda error: self.complaints.append(str(error)),
            "dialog": self._note_dialog,
        }
        for event, note in self._heard.items():
            self.page.on(event, note)
        self.url = path.as_uri()
        self.page.goto(self.url + link)
        self.page.wait_for_selector("html[data-ready=yes]")

    def close(self) -> None:
        """Leave the tab as it was found, for the next page."""
        self.page.mouse.move(0, 0)
        self.page.goto("about:blank")
        for event, note in self._heard.items():
            self.page.remove_listener(event, note)
        self.page.unroute_all()
        self.page.emulate_media(media="null")
        self._left.append(self.page)

    def _note_dialog(self, dialog: object) -> None:
        self.dialogs.append(str(dialog))
        dialog.dismiss()

    def search(self, text: str, *keys: str) -> None:
        box = self.page.locator("#search-box")
        box.fill(text)
        for key in keys:
            box.press(key)

    def outside_requests(self) -> list[str]:
        return [url for url in self.requests if url != self.url and not url.startswith("data:")]


@pytest.fixture(scope="module")
def small_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    write_map(small_results(), Presentation(maker="示例单位"), path)
    return path


@contextmanager
def opened_whole(browser: Browser, path: Path) -> Iterator[Opened]:
    """Open a page, and see at the end that it asked for nothing and complained of nothing."""
    view = Opened(browser, path)
    yield view
    view.close()
    assert (view.outside_requests(), view.complaints, view.dialogs) == ([], [], [])


@pytest.fixture(scope="module")
def calm(browser: Browser, small_page: Path) -> Iterator[Opened]:
    """One page for all tests that only look at it."""
    with opened_whole(browser, small_page) as view:
        yield view


@pytest.fixture
def opened(browser: Browser, small_page: Path) -> Iterator[Opened]:
    with opened_whole(browser, small_page) as view:
        yield view


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1366, 768), (1024, 768)])
def test_the_page_opens_without_asking_for_anything(
    browser: Browser, small_page: Path, width: int, height: int
) -> None:
    view = Opened(browser, small_page, width, height)
    boxes = {
        name: view.page.locator(selector).bounding_box()
        for name, selector in {"map": "#map_hmgeo", "side": "#side", "foot": "#page-foot", "head": "#page-head"}.items()
    }
    scroll = view.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    view.close()
    assert (view.outside_requests(), view.complaints) == ([], [])
    assert scroll == [width, height]
    assert boxes["side"]["x"] + boxes["side"]["width"] == boxes["map"]["x"]
    assert boxes["map"]["y"] + boxes["map"]["height"] == boxes["foot"]["y"]
    assert boxes["map"]["height"] > 0.85 * height
    if width > 1180:  # below that the tools take a line of their own
        assert boxes["map"]["width"] * boxes["map"]["height"] >= 0.75 * width * height  # all else a quarter at most


def test_on_a_phone_the_map_takes_the_width_and_the_panel_comes_from_below(browser: Browser, small_page: Path) -> None:
    view = Opened(browser, small_page, 390, 844)
    page = view.page
    scroll = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    chart, foot = page.locator("#map_hmgeo").bounding_box(), page.locator("#page-foot").bounding_box()
    folded = page.locator("#side").is_visible()
    page.locator("#tool-side").focus()
    page.keyboard.press("Enter")
    sheet, handle = page.locator("#side").bounding_box(), page.locator("#tool-side").bounding_box()
    page.click("#tool-side")
    gone = page.locator("#side").is_hidden()
    view.close()
    assert (view.outside_requests(), view.complaints, scroll) == ([], [], [390, 844])
    assert (chart["x"], chart["width"], folded, gone) == (0, 390, False, True)
    assert chart["height"] > 0.75 * 844
    assert foot["y"] + foot["height"] == handle["y"] == sheet["y"] + sheet["height"]
    assert (sheet["width"], sheet["height"] > 400) == (390, True)


def ordered(results: Results, value: str = "group") -> Results:
    """Return results with an order of visits: every other source stands in 甲."""
    rows = results.sources.to_pylist()
    groups = ["甲丁"[place % 2] for place in range(len(rows))]
    visiting(rows, [{"visit_group": group, "visit_reason": f"理由{group}。"} for group in groups], VisitOrder(value))
    schema = pa.schema([*results.sources.schema, *VISITS_SCHEMA])
    return replace(results, sources=pa.Table.from_pylist(rows, schema), visit_order=VisitOrder(value, by="某局"))


def test_each_group_is_counted_once_whatever_the_order(browser: Browser, tmp_path: Path) -> None:
    results = ordered(small_results(), "distance")
    write_map(results, Presentation(), tmp_path / "map.html")
    view = Opened(browser, tmp_path / "map.html")
    rows = sorted(
        (row for row in results.sources.to_pylist() if row["list_number"]), key=lambda row: row["list_number"]
    )
    groups = [row["visit_group"] for row in rows]
    assert [*dict.fromkeys(groups)] != [group for group, _ in groupby(groups)]  # the order isn't by group
    told = view.page.locator("#visits-says").inner_text()
    assert told == "｜".join(f"{group} {groups.count(group)}" for group in dict.fromkeys(groups))
    view.close()


def test_the_list_of_visits_stands_in_the_panel_with_its_words_and_its_numbers_on_the_map(
    browser: Browser, tmp_path: Path
) -> None:
    results = ordered(small_results())
    write_map(results, Presentation(), tmp_path / "map.html")
    view = Opened(browser, tmp_path / "map.html")
    page = view.page
    told = page.locator("#visits-list button").all_inner_texts()
    rows = sorted(
        (row for row in results.sources.to_pylist() if row["list_number"]), key=lambda row: row["list_number"]
    )
    assert [text.split("\n")[0] for text in told] == [str(row["list_number"]) for row in rows]
    assert [text.split("\n")[1] for text in told] == [row["name"] for row in rows]
    counts = [f"{group} {sum(row['visit_group'] == group for row in rows)}" for group in ("甲", "丁")]
    assert page.locator("#visits-says").inner_text() == "｜".join(counts)
    assert page.locator("#visits-text").inner_text() == wording.visit_order(results)
    numbers = set(page.locator(".label-number span").all_inner_texts())
    assert numbers == {str(row["list_number"]) for row in rows if row["lon"] is not None}
    assert rows[0]["lon"] is None
    page.locator("#visits-list button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#unmapped li.found").get_attribute("data-source") == rows[0]["source_id"]
    page.locator("#visits-list button").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator(".pop-name").wait_for()
    assert page.locator(".pop-name").inner_text() == rows[1]["name"]
    page.select_option("#filter-certainty", "ambiguous")
    assert page.locator("#visits-list button").count() == sum(row["certainty"] == "ambiguous" for row in rows)
    view.close()
    assert (view.complaints, view.outside_requests()) == ([], [])


def test_the_head_counts_sources_and_clauses_stand_behind_a_click(opened: Opened) -> None:
    words = opened.page.locator("#head-numbers").inner_text()
    rows = small_results().sources["verdict"].to_pylist()
    for text in (f"污染源 {len(rows)}", f"符合排查条件 {rows.count('listed')}", "未上图 2 行"):
        assert text in words
    assert opened.page.locator("#verdict-header").is_hidden()
    opened.page.click("#tool-more")
    assert "符合排查条件 4 条" in opened.page.locator("#verdict-header").inner_text()
    assert "基准日" in opened.page.locator(".head-facts").inner_text()


def test_no_count_in_the_head_is_cut_off_in_english(browser: Browser, small_page: Path) -> None:
    view = Opened(browser, small_page, width=1024, height=768)
    view.page.click("#tool-language")
    words = view.page.locator("#head-numbers")
    assert "Not on the map: 2 rows" in words.inner_text()
    assert words.evaluate("one => [one.scrollWidth - one.clientWidth, getComputedStyle(one).whiteSpace]") == [
        0,
        "normal",
    ]
    view.close()


def test_the_page_opens_on_its_sources(calm: Opened) -> None:
    view = calm.page.evaluate("(b => [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()])(map_hmgeo.getBounds())")
    rows = [row for row in small_results().sources.to_pylist() if row["lon"] is not None and row["geometry"]]
    west, east = (pick(row["lon"] for row in rows) for pick in (min, max))
    south, north = (pick(row["lat"] for row in rows) for pick in (min, max))
    assert view[0] < west < east < view[2]
    assert view[1] < south < north < view[3]
    assert (east - west) / (view[2] - view[0]) > 0.3 or (north - south) / (view[3] - view[1]) > 0.3


def test_search_leads_to_the_popup_with_clause_and_quote(opened: Opened) -> None:
    opened.search("示例企业", "ArrowDown", "Enter")
    popup = opened.page.locator(".leaflet-popup .pop")
    popup.wait_for()
    assert popup.locator(".pop-name").inner_text() == "示例企业02"
    assert popup.locator(".pop-verdict b").inner_text() == "符合排查条件"
    popup.locator(".pop-why").last.locator("summary").click()  # written when it is opened
    assert popup.locator(".pop-why code").inner_text() == 'hmgeo explain . "QC-002" SCR-JY-10KM'
    why = popup.locator(".pop-why").last.inner_text().splitlines()
    assert why[why.index("所据") + 1] == "行内所填、图层、条文数值、参数取值或基准日改变时，重新运行"
    words = popup.inner_text()
    assert "《济源产城融合示范区2021年土壤污染防治攻坚战实施方案》二（三）3" in words
    assert "位置误差内结论不变" in words
    assert "生态环境部门会同农业农村等" in words
    assert popup.locator("blockquote").inner_text().startswith("2021年底前完成耕地周边")
    heads = (
        popup.locator("thead th, thead td").all_inner_texts()
        or popup.locator("tr").first.locator("th").all_inner_texts()
    )
    assert heads == ["类别", "1 km 内", "2 km 内", "3 km 内", "5 km 内", "10 km 内"]
    assert popup.locator("tr.sum th").all_inner_texts() == ["合计"]


@pytest.mark.parametrize(("words", "name"), [("qc-007", "示例企业07"), ("QC-004", "示例企业04")])
def test_search_finds_ids_in_any_case(opened: Opened, words: str, name: str) -> None:
    opened.search(words, "Enter")
    assert opened.page.locator(".pop-name").inner_text() == name


def test_search_says_when_nothing_matches_and_escape_closes_it(opened: Opened) -> None:
    opened.search("没有这家")
    assert opened.page.locator("#search-list").inner_text() == "没有匹配的记录"
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#search-list").is_hidden()


def test_search_for_an_unlocated_row_shows_it_in_its_list(opened: Opened) -> None:
    opened.search("示例企业06", "Enter")
    assert opened.page.locator("#unmapped li.found").get_attribute("data-source") == "QC-006"
    assert opened.page.locator(".leaflet-popup").count() == 0


def test_search_by_township_moves_the_map_there(opened: Opened) -> None:
    opened.search("石角镇", "Enter")
    centre = opened.page.evaluate("[map_hmgeo.getCenter().lng, map_hmgeo.getCenter().lat]")
    assert centre == pytest.approx([112.95, 23.6], abs=0.01)


def test_the_nearest_parcel_is_one_click_away_and_back(opened: Opened) -> None:
    opened.search("QC-001", "Enter")
    nearest = small_results().sources["nearest_farmland_id"].to_pylist()[0]
    opened.page.get_by_role("button", name="查看最近地块").click()
    parcel = opened.page.locator(".pop", has_text="耕地地块")
    assert parcel.locator(".pop-name").inner_text().startswith(nearest)
    assert "优先保护类" in parcel.inner_text()
    opened.page.get_by_role("button", name="查看最近污染源").click()
    opened.page.locator(".pop-verdict").last.wait_for()


def test_marks_differ_by_form_and_stroke_and_open_by_click_or_key(opened: Opened) -> None:
    marks = opened.page.locator("path.mark[data-source]")
    assert marks.count() == 6
    assert opened.page.locator("path.mark-ambiguous[data-source]").get_attribute("data-source") == "QC-004"
    assert opened.page.locator('path[data-source="QC-007"]').get_attribute("class").split()[1] == "mark-ring"
    opened.page.locator('path[data-source="QC-007"]').click()
    assert opened.page.locator(".pop-name").inner_text() == "示例企业07"
    opened.page.locator('path[data-source="QC-001"]').focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.locator(".pop-name", has_text="示例企业01").count() == 1


def test_escape_closes_what_was_opened_last_wherever_the_focus_is(opened: Opened) -> None:
    """Leaflet closes a popup only while the map itself has the focus; elsewhere it stayed open."""
    page = opened.page
    opened.search("QC-007", "Enter")
    page.locator(".pop-name").wait_for()
    page.keyboard.press("Escape")
    page.locator(".leaflet-popup").wait_for(state="detached")
    page.locator("#tool-table").focus()
    page.keyboard.press("Enter")
    opened.search("QC-001", "Enter")
    page.locator(".pop-name").wait_for()
    page.keyboard.press("Escape")
    page.locator(".leaflet-popup").wait_for(state="detached")
    assert page.locator("#dock").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#dock").is_hidden()
    assert page.evaluate("document.activeElement.id") == "tool-table"


def test_the_search_line_is_drawn_for_the_selected_source_only(opened: Opened) -> None:
    count = "Object.values(map_hmgeo._layers).filter(l => l.options.weight === 2.2).length"
    assert opened.page.evaluate(count) == 0
    opened.search("QC-001", "Enter")
    assert opened.page.evaluate(count) == 1
    opened.search("QC-002", "Enter")
    opened.page.locator(".pop-name", has_text="示例企业02").wait_for()
    assert opened.page.evaluate(count) == 1


def test_the_layer_tree_switches_farmland_off_and_on(opened: Opened) -> None:
    drawn = "Object.values(map_hmgeo._layers).filter(l => l.kind === 'farmland').length"
    box = opened.page.locator(".leaflet-layerstree-header", has_text="耕地").locator("input").first
    assert opened.page.evaluate(drawn) == 40
    box.click()
    assert opened.page.evaluate(drawn) == 0
    box.click()
    assert opened.page.evaluate(drawn) == 40


def test_legend_counts_equal_the_tables(calm: Opened) -> None:
    results = small_results()
    for table, column, prefix in (
        (results.sources, "verdict", "verdict"),
        (results.sources, "status", "status"),
        (results.receptors, "class", "class"),
    ):
        words = table[column].to_pylist()
        for word in dict.fromkeys(words):
            shown = calm.page.locator(f'[data-count="{prefix}:{word}"]').inner_text()
            assert (word, shown) == (word, str(words.count(word)))


def test_hostile_names_stay_text(opened: Opened) -> None:
    opened.search("QC-003", "Enter")
    assert opened.page.locator(".pop-name").inner_text() == HOSTILE
    opened.page.locator('path[data-source="QC-003"]').hover(force=True)
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("script[src]").count() == 0


def test_watermark_scale_attribution_and_caption(opened: Opened) -> None:
    mark = opened.page.locator("#watermark")
    assert mark.evaluate("node => getComputedStyle(node).pointerEvents") == "none"
    assert set(mark.locator("text").all_text_contents()) == {"合成数据，仅供软件演示"}
    scale = opened.page.locator(".leaflet-control-scale").inner_text()
    assert re.fullmatch(r"\d+ k?m", scale)
    credit = opened.page.locator(".leaflet-control-attribution")
    assert "Natural Earth" not in credit.inner_text()
    credit.locator("summary").click()
    assert "Natural Earth" in credit.inner_text()
    assert credit.locator("svg, a").count() == 0
    assert opened.page.locator("#disclaimer").is_visible()
    assert "地图审核：未送审" in opened.page.locator("#caption").inner_text()


def test_labels_neither_overlap_nor_repeat(calm: Opened) -> None:
    boxes = calm.page.evaluate(
        "Array.from(document.querySelectorAll('.map-label span')).filter(n => n.style.visibility !== 'hidden')"
        ".map(n => [n.textContent, n.getBoundingClientRect().toJSON()])"
    )
    assert [text for text, _ in boxes].count("清城区") == 1
    for place, (_, one) in enumerate(boxes):
        for _, other in boxes[place + 1 :]:
            beside = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


def test_labels_keep_off_the_marks(calm: Opened) -> None:
    met = calm.page.evaluate(
        "Array.from(document.querySelectorAll('.map-label span')).filter(n => n.style.visibility !== 'hidden')"
        ".filter(n => Array.from(document.querySelectorAll('path.mark[data-source]')).some(m => {"
        " const a = n.getBoundingClientRect(), b = m.getBoundingClientRect();"
        " return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom; })).length"
    )
    assert met == 0


def test_warnings_are_counted_on_a_button_and_printed_all_the_same(opened: Opened) -> None:
    warning = opened.page.locator("#warnings")
    assert warning.is_hidden()
    assert opened.page.locator("#tool-more").inner_text() == "▲ 提示 1 条、逐条计数"
    opened.page.click("#tool-more")
    assert warning.is_visible()
    opened.page.click("#tool-more")
    opened.page.emulate_media(media="print")
    assert warning.is_visible()


def test_warnings_and_the_question_are_told_in_the_page_s_language(browser: Browser, tmp_path: Path) -> None:
    """They stayed Chinese, also on the page of an English run."""
    told = replace(small_results(), warnings=(say("rows_without_crs", rows="3"),))
    for language in ("zh", "en"):
        write_map(told, Presentation(language=language), tmp_path / "map.html")
        view = Opened(browser, tmp_path / "map.html")
        heard = []
        for _ in range(2):
            heard.append([view.page.locator(part).text_content() for part in ("#warnings", ".head-facts")])
            view.page.click("#tool-language")
        view.close()
        zh, en = heard if language == "zh" else heard[::-1]
        assert zh[0] == "共 3没有声明坐标系"
        assert en[0] == "3 declare no CRS"
        assert ("筛查规则" in zh[1], "adopted as a method" in en[1], "screening rule" in en[1].lower()) == (True,) * 3


def test_nothing_runs_that_the_page_was_not_written_with(browser: Browser, small_page: Path) -> None:
    view = Opened(browser, small_page)
    shown = view.page.evaluate(
        """() => {
          const box = document.createElement("div");
          document.body.append(box);
          box.innerHTML = "<b>甲厂</b>";
          const told = [box.innerHTML];
          for (const text of ["<img src=x onerror='window.hit=1'>", "<script>window.hit=1<\\/script>",
                              "<a href='javascript:window.hit=1'>x</a>"]) {
            box.innerHTML = text;
            told.push(box.children.length);
          }
          const script = document.createElement("script");
          try { script.text = "window.hit = 1"; document.body.append(script); } catch (error) { told.push(error.name); }
          try { box.setAttribute("onclick", "window.hit = 1"); } catch (error) { told.push(error.name); }
          box.click();
          told.push(window.hit === undefined);
          return told;
        }"""
    )
    view.close()
    assert shown == ["<b>甲厂</b>", 0, 0, 0, "TypeError", "TypeError", True]
    assert all("Content Security Policy" in one or "TrustedScript" in one for one in view.complaints)
