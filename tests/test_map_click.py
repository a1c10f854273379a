"""The siting check of a clicked place, run in a browser, against `analysis.siting` at the same points."""

from __future__ import annotations

import os
import re
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from msgspec.structs import replace
from siting_world import COUNTY, LONGTANG, bench, layer, layers
from small_results import HOSTILE, small_results
from test_map_browser import Opened, browser, opened_whole

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.judging.facts import Features
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.siting_words import certainty_text
from hmgeo.project.sites.desk import open_desk
from hmgeo.results.results import Presentation
from hmgeo.results.siting import SiteAnswer, grouped
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.overlay import zone_within
from hmgeo.siting.page_rules import compile_rules
from hmgeo.siting.site import Site
from hmgeo.siting.targets import Surroundings
from hmgeo.vocabulary import Action, Basis, Classification, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from hmgeo.records import Layer

pytestmark = pytest.mark.browser

__all__ = ["browser"]

IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
FEW_OR_MANY = "600" if IS_THOROUGH else "100"
POINTS = int(os.environ.get("HMGEO_CLICK_POINTS", FEW_OR_MANY))
"""Random points of the pencil world and of each shipped project: HMGEO_CLICK_POINTS=5000 takes some minutes."""
BESIDE = 40 if IS_THOROUGH else 10
"""Places at each limit, all around what it is measured from."""
SEED = 20261121
ASKED = (
    ("2017", "3212", "new"),
    ("2017", "3360", "expand"),
    ("2011", "3130", "reconstruct"),
    ("2017", "", "technical_upgrade"),
    ("2017", "32", "new"),
    ("2017", "2614", "expand"),
    ("2017", "9800", "new"),
)
ASK = """
questions => { const clauses = hmgeo.page.ask.clauses();
  return questions.map(one => clauses.ask(one.lon, one.lat, one).clauses.map(
    found => ({ rule: clauses.data.citations[found.cite].rule, verdict: found.verdict, possible: found.possible,
                off: found.off, unsaid: found.unsaid, why: found.why,
                measure: found.measure }))); }
"""

Question = dict[str, Any]
Found = dict[str, dict[str, Any]]


def questions(points: list[list[float]], names: list[str]) -> list[Question]:
    """Return a question for each point: trades and actions in turn, facts by lot."""
    rng = np.random.default_rng(SEED)
    lots = rng.choice(["yes", "no", ""], p=[0.55, 0.25, 0.2], size=(len(points), len(names)))
    return [
        {
            "lon": lon,
            "lat": lat,
            "edition": ASKED[number % len(ASKED)][0],
            "trade": ASKED[number % len(ASKED)][1],
            "action": ASKED[number % len(ASKED)][2],
            "facts": {name: str(word) for name, word in zip(names, lots[number], strict=True) if word},
        }
        for number, (lon, lat) in enumerate(points)
    ]


def asked_of(view: Opened, wanted: list[Question]) -> list[Found]:
    found = view.page.evaluate(ASK, wanted)
    return [{one["rule"]: one for one in clauses} for clauses in found]


def asked_of_page(browser: Browser, path: Path, wanted: list[Question]) -> list[Found]:
    with opened_whole(browser, path) as view:
        return asked_of(view, wanted)


def site_of(one: Question) -> Site:
    facts = {name: word == "yes" for name, word in one["facts"].items()}
    point = shapely.Point(one["lon"], one["lat"])
    action = Action.of(one["action"])
    return Site("X", "", point, 0.0, one["trade"], one["edition"], action, basis=Basis.UNDECLARED, attributes=facts)


def answers_to(held: SitingBench, wanted: list[Question]) -> list[SiteAnswer]:
    """Return what Python says, asked together as those of a list are."""
    return [answer for _, answer in held.check_all(map(site_of, wanted))]


def compared(one: Question, answer: SiteAnswer, found: Found) -> tuple[int, int]:
    """Hold one answer of the page against Python's; return how many clauses, and how many could flip."""
    told = {clause.citation.rule_id: clause for clause in answer.clauses}
    for rule in found.keys() - told.keys():  # only on the other side of a line within the margin
        assert "not_applicable" in found[rule]["possible"]
    for rule, clause in told.items():
        mine = found[rule]
        assert clause.verdict.value in mine["possible"], (one, rule, clause.verdict, mine)
        if len(mine["possible"]) > 1:
            assert not mine["unsaid"] or "资料未说清" in certainty_text(clause), (one, rule)
            continue
        assert (rule, mine["verdict"]) == (rule, clause.verdict.value)
        if clause.measured.value is not None:
            assert abs(mine["measure"]["metres"] - clause.measured.value) < 0.01
            assert mine["measure"]["label"] == clause.measured.receptor_name
        if not mine["off"]:
            assert tuple(mine["why"]) == clause.reasons
    both = {rule for rule, clause in told.items() if clause.other is not None}  # for a fact that nobody stated
    return len(told), sum(len(mine["possible"]) > 1 for rule, mine in found.items() if rule not in both)


def far_shore() -> Layer:
    """Return a tributary's shoreline farther away than anyone searches."""
    shore = shapely.LineString([(120.0, 30.0), (120.1, 30.0)])
    return layer(LayerKind.RIVER_SHORELINE_TRIBUTARY, [("T1", "远处支流", "", shore)])


def pencil_layers() -> list[Layer]:
    """Return layers of every state: complete, incomplete, covering half, with features of which nothing is stated."""
    parks = [("P1", "示例园区", "省级", shapely.box(113.05, 23.02, 113.08, 23.05))]
    farms = [
        ("F1", "", "", shapely.box(113.3, 22.9, 113.31, 22.93)),
        ("F2", "", "", shapely.box(113.31, 22.9, 113.33, 22.93)),
    ]
    shore = [("R1", "示例干流", "", shapely.LineString([(112.85, 22.85), (113.0, 23.3), (113.35, 23.35)]))]
    return [
        *layers(),
        layer(LayerKind.INDUSTRIAL_PARKS, parks),
        layer(LayerKind.PBF_CONCENTRATED_AREAS, farms, coverage=LONGTANG.union(shapely.box(113.1, 22.8, 113.4, 23.0))),
        layer(LayerKind.RIVER_SHORELINE_MAIN, shore),
        far_shore(),
    ]


@pytest.fixture(scope="module")
def pencil() -> SitingBench:
    made = bench(pencil_layers(), as_of="2022-06-30", pbf_concentrated_source="official")
    # 清城区 drains to the Pearl River: the law on the Yangtze is looked at there as a method.
    return SitingBench(pencil_layers(), replace(made.question, adopted=frozenset({"SIT-CJ-1KM-CHEM"})))


def page_of(held: SitingBench, path: Path) -> list[str]:
    """Write the page of a bench; return the facts that its clauses ask for."""
    compiled = compile_rules(held)
    write_map(replace(small_results(), compiled_rules=compiled), Presentation(), path)
    return list(compiled.attributes)


@pytest.fixture(scope="module")
def pencil_page(pencil: SitingBench, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    path = tmp_path_factory.mktemp("click") / "map.html"
    return path, page_of(pencil, path)


@pytest.fixture(scope="module")
def pencil_view(browser: Browser, pencil_page: tuple[Path, list[str]]) -> Iterator[Opened]:
    """The page open, for questions that leave it as it is."""
    with opened_whole(browser, pencil_page[0]) as view:
        yield view


def random_points(bounds: tuple[float, ...], count: int) -> list[list[float]]:
    rng = np.random.default_rng(SEED + count)
    return rng.uniform(bounds[:2], bounds[2:], (count, 2)).tolist()


def test_the_page_agrees_with_python_on_random_points(
    pencil: SitingBench, pencil_page: tuple[Path, list[str]], pencil_view: Opened
) -> None:
    wanted = questions(random_points((112.75, 22.75, 113.65, 23.45), POINTS), pencil_page[1])
    asked = zip(wanted, answers_to(pencil, wanted), asked_of(pencil_view, wanted), strict=True)
    counts = [compared(*one) for one in asked]
    assert sum(told for told, _ in counts) > 20 * POINTS
    assert sum(flip > 0 for _, flip in counts) < 0.01 * POINTS


PARTS = """
questions => { const clauses = hmgeo.page.ask.clauses(), rule = one => clauses.data.citations[one.cite].rule;
  return questions.map(one => { const answer = clauses.ask(one.lon, one.lat, one); return {
    flips: answer.clauses.some(found => found.possible.length > 1),
    parts: clauses.parts(answer).map(part => [part.part, part.clauses.map(rule)]),
    groups: [].concat(...clauses.parts(answer).map(part => (part.groups || []).map(
      group => [group.settling, group.clauses.map(rule)]))),
    around: clauses.around(one.lon, one.lat).map(found => [found.layer, found.label, found.metres]) }; }); }
"""


def test_the_panel_reads_in_the_parts_and_the_order_of_the_printed_answer(
    pencil: SitingBench, pencil_page: tuple[Path, list[str]], pencil_view: Opened
) -> None:
    wanted = questions(random_points((112.82, 22.82, 113.38, 23.38), 120), pencil_page[1])
    told = pencil_view.page.evaluate(PARTS, wanted)
    compared_parts = 0
    for one, answer, found in zip(wanted, answers_to(pencil, wanted), told, strict=True):
        if found["flips"]:
            continue
        parts = answer.parts()
        mine = [[name, [clause.citation.rule_id for clause in held]] for name, held in parts.items()]
        assert found["parts"] == mine, one
        groups = [group for name in ("open_ban", "open_other") for group in grouped(parts[name])]
        assert found["groups"] == [
            [group.settling.value, [clause.citation.rule_id for clause in group.clauses]] for group in groups
        ]
        near = Surroundings(pencil.indexes).nearest(pencil.facts_of(site_of(one)))
        assert [layer for layer, *_ in found["around"]] == [each.layer for each in near]
        seen = [each for each in near if each.distance_m is not None]
        assert [name for _, name, _ in found["around"]][: len(seen)] == [each.name for each in seen]
        metres = [metres for *_, metres in found["around"]][: len(seen)]
        assert metres == pytest.approx([each.distance_m for each in seen], abs=0.01)
        assert len(near) - len(seen) == 1  # a shoreline farther away than anyone searches
        compared_parts += 1
    assert compared_parts > 80


def test_a_stated_no_that_the_trade_contradicts_is_followed_by_neither(browser: Browser, tmp_path: Path) -> None:
    made = bench()
    held = SitingBench(layers(), replace(made.question, adopted=frozenset({"EIA-JY-SOIL"})))
    page_of(held, tmp_path / "map.html")
    one = questions([[113.1, 23.6]], [])[0] | {"facts": {"may_pollute_soil": "no"}}
    found = asked_of_page(browser, tmp_path / "map.html", [one])[0]
    compared(one, held.check(site_of(one)), found)
    assert found["EIA-JY-SOIL"]["verdict"] == "not_assessed"
    why = "行业代码为 3212，而填报“可能造成土壤污染”为否，两者矛盾"
    assert why in found["EIA-JY-SOIL"]["why"][0]
    view = Opened(browser, tmp_path / "map.html")
    view.page.evaluate(ZONES, [[], "3212", {"may_pollute_soil": "no"}])
    assert {rule for rule, told in unpainted(view).items() if why in told} == {
        "SIT-LAW-ART32",  # asked of whom the clause is for
        "SIT-LAW-ART50",
        "EIA-JY-SOIL",  # asked by the clause itself
    }
    view.close()


@pytest.mark.parametrize("project", ["qingcheng", "nandan"])
def test_the_page_agrees_with_python_on_the_shipped_projects(browser: Browser, project: str, tmp_path: Path) -> None:
    desk = open_desk(f"layers/projects/{project}")
    names = page_of(desk.bench, tmp_path / "map.html")
    area = shapely.union_all([one.geometry for one in desk.inputs.areas])
    west, south, east, north = area.bounds
    wanted = questions(random_points((west - 0.02, south - 0.02, east + 0.02, north + 0.02), POINTS), names)
    seen = asked_of_page(browser, tmp_path / "map.html", wanted)
    for one, answer, found in zip(wanted, answers_to(desk.bench, wanted), seen, strict=True):
        compared(one, answer, found)


def test_the_page_knows_how_far_off_a_layer_may_lie(browser: Browser, tmp_path: Path) -> None:
    """Beside a school give or take 100 m, the limit of 500 m could flip from 400 to 600 m, as Python says."""
    wide = [replace(one, margin_m=100.0) for one in layers()]
    held = SitingBench(wide, bench().question)
    page_of(held, tmp_path / "map.html")
    asked = {"edition": "2017", "trade": "3212", "action": "new", "facts": {"may_pollute_soil": "yes"}}
    flips = {-150.0: False, -50.0: True, 50.0: True, 150.0: False}
    places = [near_limit(held, "sensitive_sites", 500.0, off_m)[0] for off_m in flips]
    wanted = [{"lon": lon, "lat": lat, **asked} for lon, lat in places]
    answers = asked_of_page(browser, tmp_path / "map.html", wanted)
    for one, answer, may_flip in zip(wanted, answers, flips.values(), strict=True):
        found = answer["SIT-LAW-ART32"]
        told = {clause.citation.rule_id: clause for clause in held.check(site_of(one)).clauses}["SIT-LAW-ART32"]
        assert (len(found["possible"]) > 1, told.certainty.value == "ambiguous") == (may_flip, may_flip)
        assert found["verdict"] == told.verdict.value


def near_limit(held: SitingBench, code: str, limit_m: float, off_m: float) -> list[list[float]]:
    """Return points whose distance to the nearest feature of a layer is the limit and `off_m` more, within 0.06 m."""
    shapes = held.indexes[code].shapes.geometries
    border = shapely.get_coordinates(shapely.boundary(zone_within(shapes, limit_m + off_m)))
    return border[:: max(1, len(border) // BESIDE)].tolist()


def near_border(held: SitingBench, code: str, off_m: float) -> list[list[float]]:
    """Return points so far from the outline of a layer's shapes, outside it where `off_m` is positive."""
    found = []
    for shape in shapely.get_parts(shapely.union_all(held.indexes[code].shapes.geometries)):
        xy = shapely.get_coordinates(shapely.orient_polygons(shape).exterior)
        for (x, y), (u, v) in pairwise(xy):
            here, there = ((2 * x + u) / 3, (2 * y + v) / 3), ((x + u) / 2, (y + v) / 2)
            azimuth, _, _ = ELLIPSOID.inv(*here, *there)
            lon, lat, _ = ELLIPSOID.fwd(*here, azimuth + 90, off_m)
            found.append([lon, lat])
    return found


@pytest.mark.parametrize("off_m", [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
def test_at_each_limit_the_page_agrees_or_says_that_it_could_flip(
    pencil: SitingBench, pencil_view: Opened, off_m: float
) -> None:
    facts = {
        "may_pollute_soil": "yes",
        "is_chemical": "yes",
        "discharges_pollutants": "yes",
        "serves_water_supply": "no",
    }
    places = {
        "SIT-LAW-ART32": near_limit(pencil, "sensitive_sites", 500.0, off_m),
        "SIT-CJ-1KM-CHEM": near_limit(pencil, "river_shoreline_main", 1000.0, off_m),
        "WAT-LAW-66": near_border(pencil, "water_source_zones", off_m),
        "SIT-LAW-ART50": near_border(pencil, "pbf_concentrated_areas", off_m),
    }
    wanted = [
        (rule, {"lon": lon, "lat": lat, "edition": "2017", "trade": "3212", "action": "new", "facts": facts})
        for rule, points in places.items()
        for lon, lat in points
    ]
    asked = [one for _, one in wanted]
    answers = answers_to(pencil, asked)
    for (rule, one), answer, found in zip(wanted, answers, asked_of(pencil_view, asked), strict=True):
        compared(one, answer, found)
        if abs(off_m) != 1.0 and COUNTY.buffer(-0.02).contains(shapely.Point(one["lon"], one["lat"])):
            assert (one, rule, len(found[rule]["possible"])) == (one, rule, 2 if abs(off_m) < 1 else 1)


def test_two_parcels_that_share_a_border_leave_nothing_open_on_it(pencil: SitingBench, pencil_view: Opened) -> None:
    facts = {"may_pollute_soil": "yes"}
    one = {"lon": 113.31, "lat": 22.915, "edition": "2017", "trade": "", "action": "new", "facts": facts}
    found = asked_of(pencil_view, [one])[0]
    assert found["SIT-LAW-ART50"]["possible"] == ["prohibited"]
    assert compared(one, pencil.check(site_of(one)), found)[1] == 0


def test_far_objects_are_measured_within_a_centimetre(browser: Browser, tmp_path: Path) -> None:
    shore = shapely.LineString([(112.0, 23.0), (113.2, 23.9), (115.0, 23.2)])  # edges of 150 km
    rows = [("R1", "示例干流", "", shore)]
    ground = [*layers(), layer(LayerKind.RIVER_SHORELINE_MAIN, rows), far_shore()]
    made = bench(ground, as_of="2022-06-30")
    held = SitingBench(ground, replace(made.question, adopted=frozenset({"SIT-CJ-1KM-CHEM"})))
    page_of(held, tmp_path / "map.html")
    wanted = [
        {"lon": lon, "lat": lat, "edition": "2017", "trade": "", "action": "new", "facts": {"is_chemical": "yes"}}
        for lon, lat in random_points((111.5, 22.0, 115.5, 24.5), 200)
    ]
    for one, found in zip(wanted, asked_of_page(browser, tmp_path / "map.html", wanted), strict=True):
        told = held.facts_of(site_of(one)).layers.distance(Features("river_shoreline_main"))
        assert abs(found["SIT-CJ-1KM-CHEM"]["measure"]["metres"] - told.measured_m) < 0.01


@pytest.fixture(scope="module")
def school_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ask") / "map.html"
    page_of(bench(), path)
    return path


@pytest.fixture
def opened(browser: Browser, school_page: Path) -> Iterator[Opened]:
    with opened_whole(browser, school_page) as view:
        yield view


def ask_at(view: Opened, place: str, trade: str = "3212") -> None:
    view.page.click("#tool-ask")
    view.page.fill("#ask-trade", trade)
    view.page.fill("#ask-place", place)
    view.page.keyboard.press("Enter")


def test_a_typed_place_is_answered_clause_by_clause_with_quote_and_nearest_object(opened: Opened) -> None:
    ask_at(opened, "113.0, 23.101")
    says = opened.page.locator("#ask-says").inner_text()
    assert says.startswith("位于清城区龙塘镇　触及禁止性规定 2 条｜有附加条件 0 条｜")
    clause = opened.page.locator('.ask-clause[data-rule="SIT-QY-SENSITIVE"]')
    assert "最近敏感目标（居民区、学校、医院、疗养院、养老院）「示例小学」111 m；限值 500 m" in clause.inner_text()
    assert clause.locator("blockquote").inner_text().startswith("禁止在居民区、学校")
    assert clause.locator(".badge").inner_text() == "示例判定：触及禁止性规定"
    around = opened.page.locator('.ask-clause[data-rule="SIT-LAW-ART32"]')
    assert around.get_attribute("data-verdict") == "prohibited"
    assert "按行业代码 3212 推定：可能造成土壤污染（依据：" in around.inner_text()
    opened.page.locator("#ask-form .ask-more summary").click()
    opened.page.select_option("#ask-fact-may_pollute_soil", "no")
    assert around.get_attribute("data-verdict") == "not_assessed"
    opened.page.select_option("#ask-fact-may_pollute_soil", "yes")
    assert opened.page.locator('.ask-clause[data-rule="SIT-LAW-ART32"]').get_attribute("data-verdict") == "prohibited"
    opened.page.select_option("#ask-action", "technical_upgrade")
    assert (
        opened.page.locator('.ask-clause[data-rule="SIT-LAW-ART32"]').get_attribute("data-verdict") == "not_applicable"
    )


def test_a_click_on_the_map_asks_instead_of_opening_what_lies_there(opened: Opened) -> None:
    opened.page.click("#tool-ask")
    at = opened.page.evaluate(
        "(() => { const p = hmgeo.page.data.sources[0].at; map_hmgeo.setView(p, 15, {animate: false}); return p; })()"
    )
    box = opened.page.locator("#map_hmgeo").bounding_box()
    opened.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lon, lat = map(float, opened.page.input_value("#ask-place").split(","))
    assert (lat, lon) == pytest.approx(at, abs=1e-4)
    assert opened.page.locator(".leaflet-popup").count() == 0
    assert opened.page.locator("#ask-answer li").count() > 10
    opened.page.click("#ask-close")
    opened.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    opened.page.locator(".leaflet-popup").wait_for()


def test_keys_alone_ask_read_and_leave(opened: Opened) -> None:
    opened.page.focus("#tool-ask")
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "ask-trade"
    opened.page.keyboard.type("3212")
    for _ in range(2):
        opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.id") == "ask-place"
    opened.page.keyboard.type("东经113度，北纬23.101度")
    opened.page.keyboard.press("Enter")
    assert opened.page.locator("#ask-says").get_attribute("aria-live") == "polite"
    levels = opened.page.locator("#ask :is(h2, h3, h4)").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))
    opened.page.keyboard.press("Escape")
    assert opened.page.locator("#ask").is_hidden()
    assert opened.page.evaluate("document.activeElement.id") == "tool-ask"


def test_the_address_brings_the_question_back_and_english_changes_the_words(opened: Opened) -> None:
    ask_at(opened, "113.0, 23.101")
    url = opened.page.url
    assert "ask=113.0000000,23.1010000,2017,3212,new" in url
    opened.page.goto("about:blank")
    opened.page.goto(url)
    opened.page.wait_for_selector("html[data-ready=yes]")
    assert opened.page.locator('.ask-clause[data-verdict="prohibited"]').count() == 2
    opened.page.click("#tool-language")
    assert "touches a prohibition 2" in opened.page.locator("#ask-says").inner_text()
    assert opened.page.locator("#ask-title").inner_text() == "Siting check: click anywhere"
    says = """() => [1, 2, "1"].map(n => hmgeo.say(hmgeo.page.data.labels.gone, { n: n }))"""
    assert opened.page.evaluate(says) == ["1 source shown", "2 sources shown", "1 source shown"]
    opened.requests.clear()


def test_a_long_label_leaves_most_of_a_popup_to_what_it_labels(opened: Opened) -> None:
    """An English label took two thirds of the popup, and sentences stood in a strip of three words."""
    width = """() => {
      const box = document.body.appendChild(hmgeo.el("div", "pop"));
      box.style.width = "300px";
      box.innerHTML = "<dl><dt>Relief in between (for information)</dt><dd>" + "Highest point on the line. ".repeat(9);
      return box.querySelector("dd").getBoundingClientRect().width; }"""
    assert opened.page.evaluate(width) > 160


def test_near_a_limit_the_page_says_that_it_could_flip(opened: Opened, pencil: SitingBench) -> None:
    lon, lat = near_limit(pencil, "sensitive_sites", 500.0, 0.5)[0]
    ask_at(opened, f"{lon:.9f}, {lat:.9f}")
    clause = opened.page.locator('.ask-clause[data-rule="SIT-QY-SENSITIVE"]')
    assert clause.get_attribute("data-verdict") == "prohibited"
    assert "临界，待核实" in clause.locator(".ask-ambiguous").inner_text()
    assert "另一可能：未触及" in clause.locator(".ask-ambiguous").inner_text()
    assert re.search(r"「示例小学」500\.[45]\d m；限值 500 m", clause.inner_text())


def test_a_wide_code_is_told_as_open_and_near_the_limit_as_a_place_that_may_be_nearer(
    opened: Opened, pencil: SitingBench
) -> None:
    """A school 111 m off was called 临界, for the trade's code alone."""
    ask_at(opened, "113.0, 23.101", "3360")
    told = opened.page.locator('.ask-clause[data-rule="SIT-LAW-ART32"] .ask-ambiguous')
    assert told.inner_text() == "资料未说清，从严　另一可能：不适用"
    opened.page.click("#tool-language")
    assert told.inner_text() == "not stated, graver side taken　Other possibility: not applicable"
    opened.page.click("#tool-language")
    lon, lat = near_limit(pencil, "sensitive_sites", 500.0, 0.5)[0]
    opened.page.fill("#ask-place", f"{lon:.9f}, {lat:.9f}")
    opened.page.keyboard.press("Enter")
    assert told.inner_text().startswith("临界，待核实　")
    opened.page.locator("#ask-form .ask-more summary").click()
    opened.page.select_option("#ask-fact-may_pollute_soil", "yes")
    assert told.inner_text().startswith("临界，待核实　")


def test_hostile_words_stay_text_in_the_answer(browser: Browser, tmp_path: Path) -> None:
    rows = [
        ("A1", HOSTILE, "学校", shapely.Point(113.0, 23.1)),
        ("A2", '"><img src=x onerror=alert(1)>', "学校", COUNTY),
    ]
    held = bench([layer(LayerKind.SENSITIVE_SITES, rows[:1]), layer(LayerKind.INDUSTRIAL_PARKS, rows[1:])])
    compiled = compile_rules(held)
    cited = [
        replace(one, quote=HOSTILE, title=HOSTILE, decider=HOSTILE, document=HOSTILE) for one in compiled.citations
    ]
    names = dict.fromkeys(compiled.place_names, HOSTILE)
    made = replace(compiled, citations=tuple(cited), place_names=names)
    write_map(replace(small_results(), compiled_rules=made), Presentation(), tmp_path / "map.html")
    view = Opened(browser, tmp_path / "map.html")
    ask_at(view, "113.0, 23.101", HOSTILE[:6])
    view.page.fill("#ask-trade", "3212")
    view.page.keyboard.press("Tab")
    for line in view.page.locator("#ask summary").all():
        if line.is_visible():
            line.click()
    words = view.page.locator("#ask-answer").inner_text()
    counted = view.page.locator("#ask img, #ask script, #ask iframe").count()
    view.close()
    assert words.count(HOSTILE) > 5
    assert '"><img src=x onerror=alert(1)>' in words
    assert (counted, view.dialogs, view.complaints, view.outside_requests()) == (0, [], [], [])


def test_a_public_page_says_which_layers_it_did_not_ask(browser: Browser, tmp_path: Path) -> None:
    compiled = compile_rules(bench())
    marked = {code: replace(one, classification=Classification.PUBLIC) for code, one in compiled.layers.items()}
    marked["sensitive_sites"] = replace(marked["sensitive_sites"], classification=Classification.INTERNAL)
    small = small_results()
    shown = [replace(one, gates=replace(one.gates, classification=Classification.PUBLIC)) for one in small.layers]
    results = replace(small, layers=tuple(shown), compiled_rules=replace(compiled, layers=marked))
    write_map(results, Presentation(audience="public"), tmp_path / "map.html")
    view = Opened(browser, tmp_path / "map.html")
    ask_at(view, "113.0, 23.101")
    view.page.locator(".ask-group summary").first.click()
    clause = view.page.locator('.ask-clause[data-rule="SIT-QY-SENSITIVE"]')
    assert clause.get_attribute("data-verdict") == "not_assessed"
    assert clause.locator(".chip").inner_text() == "未在页面评估"
    assert "「敏感目标」未标为公开，未载入公开版页面，未在页面评估。" in clause.inner_text()
    assert "示例小学" not in view.page.content()
    view.close()


ZONES = """
([wanted, trade, facts]) => {
  const ask = hmgeo.page.ask, clauses = ask.clauses();
  Object.assign(ask.asked, { edition: "2017", trade: trade, action: "new", facts: facts });
  ask.open(true); ask.zones.update();
  const told = { touched: ["prohibited", "conditional", "listed"], open: ["not_assessed"], "": ["clear"] };
  const wrong = [], counted = {}, ways = [[1, 1], [-1, -1], [1, -1], [-1, 1]];
  const drawn = ask.zones.shown.filter(one => !one.why).map(one => one.rule);
  const verdicts = (lon, lat) => {
    const found = {};
    clauses.ask(lon, lat, ask.asked).clauses.forEach(one => {
      const rule = clauses.data.citations[one.cite].rule;
      if (!(rule in found)) { found[rule] = one.verdict; }
    });
    return found;
  };
  const world = 256 * Math.pow(2, 13), step = 4 * 360 / world, tiles = {};
  const kindAt = (rule, lon, lat) => {
    const x = (lon + 180) / 360 * world, sine = Math.sin(lat * Math.PI / 180);
    const y = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * world;
    const coords = { x: Math.floor(x / 512), y: Math.floor(y / 512), z: 13 }, key = [rule, coords.x, coords.y].join();
    if (!tiles[key]) {
      const painted = ask.zones.where(ask.zones.shown.find(zone => zone.rule === rule), coords);
      tiles[key] = [painted.touched, painted.open].map(pen => pen.getImageData(0, 0, 512, 512).data);
    }
    const at = 4 * (Math.floor(y) % 512 * 512 + Math.floor(x) % 512) + 3;
    const [touched, open] = tiles[key].map(pixels => pixels[at] > 127);
    return touched ? "touched" : open ? "open" : "";
  };
  wanted.forEach(([lon, lat]) => {
    const here = verdicts(lon, lat), around = ways.map(([x, y]) => verdicts(lon + x * step, lat + y * step));
    drawn.filter(rule => here[rule] && around.every(one => one[rule] === here[rule])).forEach(rule => {
      const kind = kindAt(rule, lon, lat);
      counted[rule + ":" + kind] = (counted[rule + ":" + kind] || 0) + 1;
      if (told[kind].indexOf(here[rule]) < 0) { wrong.push([rule, lon, lat, here[rule], kind]); }
    });
  });
  return { drawn, wrong, counted };
}
"""


@pytest.mark.parametrize("points", [60, pytest.param(250, marks=pytest.mark.slow)])
def test_what_is_painted_is_what_a_click_says(
    points: int, browser: Browser, pencil: SitingBench, pencil_page: tuple[Path, list[str]]
) -> None:
    facts = dict.fromkeys(("may_pollute_soil", "is_chemical", "discharges_pollutants"), "yes")
    view = Opened(browser, pencil_page[0])
    places = [
        [113.01, 22.91],
        *random_points((112.82, 22.82, 113.38, 23.38), points),
    ]  # in the first zone, and anywhere
    for code, off_m in product(("water_source_zones", "pbf_concentrated_areas"), (-300.0, 300.0)):
        places += near_border(pencil, code, off_m)
    for code, limit_m in (("sensitive_sites", 500.0), ("river_shoreline_main", 1000.0)):
        places += near_limit(pencil, code, limit_m, -300.0)
    found = view.page.evaluate(ZONES, [places, "3212", facts])
    view.close()
    assert found["wrong"] == []
    touched = {rule for rule, _, kind in (key.partition(":") for key in found["counted"]) if kind == "touched"}
    assert touched == {"SIT-LAW-ART32", "SIT-CJ-1KM-CHEM", "WAT-LAW-65", "WAT-LAW-66", "SIT-LAW-ART50"}
    kinds = {key.partition(":")[2] for key in found["counted"]}
    assert kinds == {"touched", "open", ""}
    assert sum(found["counted"].values()) > 3.2 * points
    assert (view.complaints, view.outside_requests()) == ([], [])


def test_a_feature_of_which_nobody_can_tell_is_hatched_alone_and_the_rest_is_painted(
    browser: Browser, pencil: SitingBench, tmp_path: Path
) -> None:
    compiled = compile_rules(pencil)
    sets = tuple(replace(one, states=one.states.replace(b"\x01", b"\x02", 1)) for one in compiled.sets)
    assert sets != compiled.sets
    write_map(
        replace(small_results(), compiled_rules=replace(compiled, sets=sets)), Presentation(), tmp_path / "map.html"
    )
    facts = dict.fromkeys(("may_pollute_soil", "is_chemical", "discharges_pollutants"), "yes")
    view = Opened(browser, tmp_path / "map.html")
    found = view.page.evaluate(ZONES, [random_points((112.97, 23.06, 113.05, 23.12), 40), "3212", facts])
    view.close()
    assert found["wrong"] == []
    assert {"SIT-LAW-ART32", "SIT-CJ-1KM-CHEM", "WAT-LAW-66", "SIT-LAW-ART50"} <= set(found["drawn"])


def test_zones_follow_the_question_and_are_never_called_allowed(opened: Opened) -> None:
    ask_at(opened, "113.0, 23.101")
    opened.page.locator("#ask-zones summary").first.click()
    words = opened.page.locator("#ask-zones").inner_text()
    assert "已评估条款叠加示意" in words
    assert "没有着色的地方不等于可以建设" in words
    boxes = opened.page.locator("[data-zone]")
    assert boxes.evaluate_all("all => all.map(one => one.dataset.zone)") == [
        "SIT-LAW-ART32",
        "WAT-LAW-65",
        "WAT-LAW-66",
        "SIT-QY-SENSITIVE",
        "SIT-QY-OTHER-OFFSET",
    ]
    opened.page.locator("[data-zone='SIT-QY-SENSITIVE']").click()
    opened.page.wait_for_selector(".leaflet-zones-pane canvas")
    opened.page.emulate_media(media="print")
    assert opened.page.get_by_text("没有着色的地方不等于可以建设").is_visible()
    opened.page.emulate_media(media="screen")
    opened.page.select_option("#ask-action", "technical_upgrade")
    assert "SIT-QY-SENSITIVE" not in opened.page.locator("[data-zone]").evaluate_all(
        "all => all.map(one => one.dataset.zone)"
    )
    assert opened.page.locator(".leaflet-zones-pane canvas").count() == 0
    opened.page.click("#ask-close")
    assert opened.page.locator(".leaflet-zones-pane canvas").count() == 0


def unpainted(view: Opened) -> dict[str, str]:
    """Return why clauses have no box: a word that is followed gives one that colours nothing, as a click would say."""
    zones = "hmgeo.page.ask.zones.shown.filter(one => one.why).map(one => [one.rule, one.why])"
    found: dict[str, str] = view.page.evaluate(f"() => Object.fromEntries({zones})")
    assert not found.keys() & set(
        view.page.locator("[data-zone]").evaluate_all("all => all.map(one => one.dataset.zone)")
    )
    return found


def test_a_clause_is_not_painted_by_a_statement_that_the_trade_contradicts(
    browser: Browser, pencil_page: tuple[Path, list[str]]
) -> None:
    view = Opened(browser, pencil_page[0])
    points = random_points((112.82, 22.82, 113.38, 23.38), 60)
    found = view.page.evaluate(ZONES, [points, "2614", {"is_chemical": "no", "may_pollute_soil": "yes"}])
    why = unpainted(view)
    view.close()
    assert why["SIT-CJ-1KM-CHEM"].startswith("行业代码为 2614，而填报“化工项目或化工园区”为否，两者矛盾，待核实")
    assert found["wrong"] == []
    assert len(found["drawn"]) > 1


def test_every_record_that_a_place_names_is_in_the_page(pencil: SitingBench) -> None:
    compiled = compile_rules(pencil)
    named = {number for numbers in (*compiled.places.values(), *compiled.beside.values()) for number in numbers}
    assert named == set(range(len(compiled.clauses)))
