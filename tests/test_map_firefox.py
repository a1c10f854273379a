"""The map page in Firefox, from file://, with the network refused: what matters most of what Chromium does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from firefox import Firefox, firefox_path
from small_results import HOSTILE, small_results
from test_map_browser import go_without

from hmgeo.outputs.map.page import write_map
from hmgeo.results.results import Presentation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEARCH = """
const box = document.getElementById("search-box");
box.focus();
box.value = arguments[0];
box.dispatchEvent(new Event("input", { bubbles: true }));
box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
"""
POPUP = "return Boolean(document.querySelector('.leaflet-popup .pop-name'))"
NAME = "return document.querySelector('.leaflet-popup .pop-name').textContent"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, count in (("few", 40), ("many", 3000)):
        write_map(small_results(count), Presentation(maker="示例单位"), folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in ("few", "many")}


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    path = firefox_path()
    if not path:
        go_without("no Firefox: apt install firefox-esr, or set HMGEO_FIREFOX to its path")
    with Firefox(path, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_asked_and_nothing_wrong(firefox: Firefox) -> Iterator[None]:
    yield
    assert (firefox.asked(), firefox.complaints()) == ([], [])


def test_requests_and_errors_would_be_seen(firefox: Firefox, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text(
        "<html data-ready=yes><img src='http://example.org/a.png'><script>throw new Error('heard')</script>",
        encoding="utf-8",
    )
    firefox.open(page.as_uri())
    assert firefox.asked()[0] == "http://example.org/a.png"
    assert [("heard" in text, "bad.html" in text) for text in firefox.complaints()] == [(True, True)]
    firefox.forget()


@pytest.mark.parametrize("name", ["few", "many"])
def test_the_page_opens_and_counts(firefox: Firefox, pages: dict[str, Path], name: str) -> None:
    firefox.open(pages[name].as_uri())
    classes = Counter(small_results(40 if name == "few" else 3000).receptors["class"].to_pylist())
    for word, count in classes.items():
        shown = firefox.run(f"return document.querySelector('[data-count=\"class:{word}\"]').textContent")
        assert (word, shown) == (word, f"{count:,}")
    assert firefox.run("return document.querySelectorAll('path.mark[data-source]').length") == 6


def test_search_opens_the_popup_with_clause_and_quote(firefox: Firefox, pages: dict[str, Path]) -> None:
    firefox.open(pages["few"].as_uri())
    firefox.run(SEARCH, "QC-002")
    firefox.until(POPUP)
    assert firefox.run(NAME) == "示例企业02"
    assert "本地参照（非本地有效依据）" in firefox.run(
        "return document.querySelector('.leaflet-popup .pop').textContent"
    )
    assert firefox.run("return document.querySelector('blockquote').textContent").startswith("2021年底前")


def test_a_packed_parcel_is_found_and_shown(firefox: Firefox, pages: dict[str, Path]) -> None:
    firefox.open(pages["many"].as_uri())
    row = small_results(3000).receptors.slice(1234, 1).to_pylist()[0]
    firefox.run(SEARCH, row["receptor_id"])
    firefox.until(POPUP)
    assert firefox.run(NAME).startswith(row["receptor_id"])


def test_a_hostile_name_stays_text(firefox: Firefox, pages: dict[str, Path]) -> None:
    firefox.open(pages["few"].as_uri())
    firefox.run(SEARCH, "QC-003")
    firefox.until(POPUP)
    assert firefox.run(NAME) == HOSTILE
    assert firefox.run("return document.querySelectorAll('img, script[src]').length") == 0


def test_the_table_opens_and_sorts(firefox: Firefox, pages: dict[str, Path]) -> None:
    firefox.open(pages["few"].as_uri())
    firefox.run("document.getElementById('tool-table').click()")
    assert firefox.run("return document.querySelectorAll('#dock-body tbody tr').length") == 8
