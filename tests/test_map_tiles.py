"""Online tiles come only on request, from a host that is named, in a datum that is declared, never shifted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from small_results import data_of, small_results
from test_map_browser import FLAGS, browser_path, sync_playwright

from hmgeo.errors import ProjectError
from hmgeo.outputs.map.ground import grey_png
from hmgeo.outputs.map.page import map_page
from hmgeo.project.maps import read_map
from hmgeo.results.results import Presentation, Tiles

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Route

    from hmgeo.project.maps import MapSpec

MAP = "schema: 1\ntitle: 南丹县底图\narea: [GX-ND]\n"
PIXEL = grey_png(np.zeros((1, 1), np.uint8), np.full((1, 1), 255, np.uint8))
KEY = "0123456789abcdef0123456789abcdef"


def definition(folder: Path, tiles: str) -> MapSpec:
    file = folder / "m.yml"
    file.write_text(f"{MAP}tiles: [{tiles}]\n" if tiles else MAP, encoding="utf-8")
    return read_map(file)


def policy_of(text: str) -> list[str]:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    return found[1].split("; ") if found else []


def test_an_address_with_a_key_stands_in_no_repr() -> None:
    tiles = Tiles("天地图", "https://t0.tianditu.gov.cn/{z}/{x}/{y}?tk=GEHEIM", "t0.tianditu.gov.cn", "", "", 18)
    assert repr(tiles) == "Tiles('天地图', host='t0.tianditu.gov.cn')"
    assert "GEHEIM" not in repr(Presentation(tiles=(tiles,)))


def test_a_page_without_tiles_may_ask_nothing_of_anyone(tmp_path: Path) -> None:
    assert definition(tmp_path, "").tiles == ()
    text = map_page(small_results(), Presentation())
    assert "img-src data:" in policy_of(text)
    assert data_of(text)["tiles"] == []
    assert "需要网络" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_tianditu_opens_its_host_alone_and_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HMGEO_TIANDITU_KEY", KEY)
    tiles = definition(tmp_path, "{provider: tianditu, layer: vec}, {provider: tianditu, layer: cva}").tiles
    text = map_page(small_results(), Presentation(tiles=tiles))
    assert [one.title for one in tiles] == ["天地图矢量", "天地图矢量注记"]
    assert re.fullmatch(r"script-src( 'sha256-[A-Za-z0-9+/]{43}=')+", policy_of(text)[1])
    assert [one for one in policy_of(text) if not one.startswith("script-src")] == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        "img-src data: https://t0.tianditu.gov.cn",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default",
    ]
    assert "在线底图「天地图矢量」需要网络（t0.tianditu.gov.cn），坐标系 CGCS2000；其内容与界线由提供方负责" in text
    url = data_of(text)["tiles"][0]["url"]
    assert url.startswith("https://t0.tianditu.gov.cn/vec_w/wmts?")
    assert url.endswith(f"TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={KEY}")


@pytest.mark.parametrize("key", ["", "x'\"><img>", "short"])
def test_tianditu_without_a_key_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("HMGEO_TIANDITU_KEY", key)
    with pytest.raises(ProjectError, match="天地图需要使用单位自己的密钥") as caught:
        definition(tmp_path, "{provider: tianditu}")
    assert "HMGEO_TIANDITU_KEY" in caught.value.problems[0].remedy
    assert key == "" or key not in str(caught.value)


def test_another_provider_needs_its_datum_declared(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"在线底图 OpenStreetMap\.Mapnik 须写明坐标系 datum"):
        definition(tmp_path, "{provider: OpenStreetMap.Mapnik}")
    tiles = definition(tmp_path, "{provider: OpenStreetMap.Mapnik, datum: wgs84}").tiles
    text = map_page(small_results(), Presentation(tiles=tiles))
    assert "img-src data: https://tile.openstreetmap.org" in policy_of(text)
    assert "坐标系 WGS84（与 CGCS2000 相差不到 1 m）" in text
    assert data_of(text)["tiles"][0]["attribution"] == "(C) OpenStreetMap contributors"


@pytest.mark.parametrize(
    "tiles",
    [
        "{provider: Gaode.Normal, datum: gcj02}",
        "{provider: Gaode.Satellite, datum: cgcs2000}",
        "{provider: gaode.normal}",
        "{provider: OpenStreetMap.Mapnik, datum: gcj02}",
        "{provider: OpenStreetMap.Mapnik, datum: bd09}",
    ],
)
def test_shifted_tiles_are_refused_whatever_is_said_of_them(tmp_path: Path, tiles: str) -> None:
    with pytest.raises(ProjectError, match="为互联网加密坐标，与 CGCS2000 数据相差约 500 m，不得垫在其下"):
        definition(tmp_path, tiles)


@pytest.mark.parametrize(
    ("tiles", "words"),
    [
        ("{provider: Nowhere.Maps, datum: wgs84}", "不认识的在线底图"),
        ("{provider: Thunderforest.Landscape, datum: wgs84}", "需要密钥，只支持天地图的密钥"),
        ("{provider: OpenStreetMap.Mapnik, datum: wgs84, key: x}", "key"),
        ("{provider: tianditu, layer: road}", "road"),
    ],
)
def test_other_faults_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiles: str, words: str) -> None:
    monkeypatch.setenv("HMGEO_TIANDITU_KEY", KEY)
    with pytest.raises(ProjectError, match=words):
        definition(tmp_path, tiles)


@pytest.mark.browser
def test_the_browser_asks_that_host_for_pictures_and_nobody_else(tmp_path: Path) -> None:
    chromium = browser_path()
    tiles = definition(tmp_path, "{provider: OpenStreetMap.Mapnik, datum: wgs84}").tiles
    (tmp_path / "m.html").write_text(map_page(small_results(), Presentation(tiles=tiles)), encoding="utf-8")
    asked, complaints = set(), []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def answer(route: Route) -> None:
            asked.add(route.request.url.split("/")[2])
            route.fulfill(body=PIXEL, content_type="image/png")

        page.route(re.compile("^https?:"), answer)
        page.goto((tmp_path / "m.html").as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        page.wait_for_selector(".leaflet-tile-pane img.leaflet-tile-loaded", state="attached")
        tree = page.locator(".leaflet-control-layers").inner_text()
        shown = page.locator(".leaflet-control-attribution p")
        told = (shown.is_visible(), "OpenStreetMap contributors" in shown.inner_text())
        in_pictures = page.evaluate("hmgeo.page.pictureCredits")
        elsewhere = page.evaluate(
            "new Promise(done => { const i = new Image(); i.onload = () => done('shown');"
            " i.onerror = () => done('refused'); i.src = 'https://example.org/a.png'; })"
        )
        browser.close()
    assert (asked, elsewhere) == ({"tile.openstreetmap.org"}, "refused")
    assert "OpenStreetMap.Mapnik（在线，需联网）" in tree
    assert told == (True, True)
    assert "OpenStreetMap" not in in_pictures
    assert len(complaints) == 1
    assert "example.org" in complaints[0]
