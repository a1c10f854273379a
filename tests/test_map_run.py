"""What a run folder's map shows: the hillshade, the public page, the watermark, and no page of classified layers."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from msgspec.structs import replace
from rasterio.windows import Window
from small_results import data_of, small_results

from hmgeo.errors import OutputError
from hmgeo.outputs.map.ground import hillshade
from hmgeo.outputs.map.page import map_page
from hmgeo.outputs.map.panels import watermark_tile
from hmgeo.project.folder import Wish
from hmgeo.project.run import run_project
from hmgeo.records import Provenance, Raster
from hmgeo.results.results import Presentation
from hmgeo.vocabulary import Basis, Classification

if TYPE_CHECKING:
    from collections.abc import Callable

BROKEN = Path(__file__).resolve().parent / "broken_projects"
DEM = "  elevation: {path: dem.tif, basis: synthetic, classification: 公开, vintage: 2019}\n"
LIMIT_BYTES = 1_000_000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a hill of 40 cells under it."""
    shutil.copytree(BROKEN / "data", tmp_path / "p" / "data")
    text = (BROKEN / "good.yml").read_text(encoding="utf-8").replace("screening_rule:", DEM + "screening_rule:", 1)
    (tmp_path / "p" / "project.yml").write_text(text, encoding="utf-8")
    rows, columns = np.mgrid[0:40, 0:40]
    heights = (500 - 6 * np.hypot(rows - 20, columns - 20)).astype("float32")
    grid = rasterio.Affine(0.01, 0, 112.9, 0, -0.01, 23.9)
    with rasterio.open(
        tmp_path / "p" / "dem.tif", "w", driver="GTiff", width=40, height=40, count=1, dtype="float32",
        crs="EPSG:4490", transform=grid, nodata=-9999.0,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    return tmp_path / "p"


def mark(project: Path, kind: str, word: str) -> None:
    """Give one layer another 密级."""
    file = project / "project.yml"
    lines = [
        line.replace("classification: 公开", f"classification: {word}") if line.startswith(f"  {kind}:") else line
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_run_draws_the_hillshade_and_says_that_it_is_invented(project: Path, tmp_path: Path) -> None:
    run_project(project, tmp_path / "out")
    backdrop = data_of((tmp_path / "out" / "map.html").read_text(encoding="utf-8"))["backdrop"]
    assert backdrop["title"] == "地形晕渲（合成高程）"
    corners = [round(degrees, 1) for corner in backdrop["bounds"] for degrees in corner]
    assert corners == [23.5, 112.9, 23.9, 113.3]


def test_a_public_run_leaves_an_elevation_layer_out_that_is_not_public(project: Path, tmp_path: Path) -> None:
    mark(project, "elevation", "内部")
    results = run_project(project, tmp_path / "out", wish=Wish(public=True)).results
    assert data_of((tmp_path / "out" / "map.html").read_text(encoding="utf-8"))["backdrop"] is None
    assert "公开版仅指本文件夹的地图和图件" in results.warnings[-1]
    manifest = json.loads((tmp_path / "out" / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["command"].endswith(" --public")
    assert manifest["warnings"][-1] == results.warnings[-1]


def test_a_public_run_shows_no_parcel_that_is_not_public(project: Path, tmp_path: Path) -> None:
    mark(project, "farmland", "内部")
    results = run_project(project, tmp_path / "out", wish=Wish(public=True)).results
    text = (tmp_path / "out" / "map.html").read_text(encoding="utf-8")
    data = data_of((tmp_path / "out" / "map.html").read_text(encoding="utf-8"))
    parcels = results.receptors["receptor_id"].to_pylist()
    assert [name for name in parcels if f'"{name}"' in text] == []
    assert [(layer["features"], layer["packed"]) for layer in data["receptors"]] == [([], None)]
    assert [(source["nearest_m"], source["nearest_id"], source["nearest_at"]) for source in data["sources"]] == [
        (None, "", None)
    ] * len(data["sources"])
    assert [fact for finding in data["findings"] for fact in finding["facts"] if fact[0] == "measured"] == []
    assert results.sources["visit_reason"].drop_null().to_pylist() != []
    told = [(one["number"], one["visit"]) for one in (*data["sources"], *data["unmapped"])]
    assert (data["visits"], [one for one in told if one != (None, ["", "", ""])]) == (None, [])
    assert "未列入公开版的图层：耕地" in text
    assert "脱密" not in text


@pytest.mark.parametrize("word", ["未标注", "涉密"])
def test_a_public_run_of_such_layers_is_refused_before_anything_is_written(
    project: Path, tmp_path: Path, word: str
) -> None:
    mark(project, "farmland", word)
    with pytest.raises(OutputError, match="「耕地」密级未标注或为涉密，已拒绝公开导出"):
        run_project(project, tmp_path / "out", wish=Wish(public=True))
    assert not (tmp_path / "out").exists()


def test_a_run_of_a_classified_layer_has_every_table_and_says_why_there_is_no_page(
    project: Path, tmp_path: Path, hmgeo_command: Callable[..., Any]
) -> None:
    mark(project, "farmland", "涉密")
    ended = hmgeo_command("run", project, "--out", tmp_path / "out")
    reason = "「耕地」为涉密：未写网页地图 map.html；其余结果文件按涉密资料管理。"
    names = {path.name for path in (tmp_path / "out").rglob("*")}
    manifest = json.loads((tmp_path / "out" / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert ended.code == 0
    assert reason in ended.err
    assert "map.html" not in ended.out
    assert names >= {"sources.csv", "findings.parquet", "findings.gpkg", "screening.xlsx"}
    assert "map.html" not in names
    assert reason in manifest["warnings"]


def test_the_watermark_stands_as_written_beside_that_of_the_data(
    project: Path, tmp_path: Path, hmgeo_command: Callable[..., Any]
) -> None:
    words = "某局·张三·2026-11-22 09:30·R-0001"
    for name in ("a", "b"):
        assert hmgeo_command("run", project, "--out", tmp_path / name, "--watermark", words).code == 0
    first, second = ((tmp_path / name / "map.html").read_text(encoding="utf-8") for name in ("a", "b"))
    tile = re.search(r'<pattern id="watermark-tile" width="(\d+)".*?</pattern>', first)
    assert tile is not None
    assert re.findall(r"<text[^>]*>(.*?)</text>", tile[0]) == ["合成数据，仅供软件演示", words]
    assert int(tile[1]) == 2 * (16 * len(words) + 34)
    assert first == second


def test_a_page_that_opens_in_english_has_its_watermark_in_english_and_whole() -> None:
    text = map_page(small_results(), Presentation(language="en"))
    assert (
        re.findall(r'<text x="\d+" y="\d+">(.*?)</text>', text)
        == ["Synthetic data, for software demonstration only"] * 2
    )
    width = int(re.search(r'<pattern id="watermark-tile" width="(\d+)"', text)[1])
    assert width == 2 * (9 * 47 + 34)  # 47 letters of 16 px, none wider than 9 px on average


def test_a_page_of_real_data_has_the_users_watermark_alone() -> None:
    results = small_results(basis=Basis.REAL)
    assert watermark_tile([]) is None
    text = map_page(results, Presentation(watermark="<b>某局"))
    assert re.findall(r'<text x="\d+" y="\d+">(.*?)</text>', text) == ["&lt;b&gt;某局"] * 2


def noise(side: int, step: int) -> Raster:
    """Return a raster of noise in strips of `step` rows."""
    heights = np.random.default_rng(5).uniform(0, 900, (side, side)).astype("float32")

    def strips() -> Any:  # noqa: ANN401 - pairs of window and cells
        starts = range(0, side, step)
        return (
            (Window(0, at, side, min(step, side - at)), np.ma.masked_array(heights[at : at + step])) for at in starts
        )

    grid = (30.0, 0.0, 500000.0, 0.0, -30.0, 2610000.0)
    return Raster("dem", Basis.SYNTHETIC, Provenance("dem.tif"), "EPSG:4547", grid, side, side, strips)


def test_the_picture_is_small_and_the_same_in_strips_of_any_height() -> None:
    picture = hillshade(noise(3000, 256)).png
    assert len(picture) < LIMIT_BYTES
    assert picture == hillshade(noise(3000, 1000)).png


def test_a_raster_without_a_height_gives_no_picture() -> None:
    void = replace(
        noise(4, 4), open_windows=lambda: iter([(Window(0, 0, 4, 4), np.ma.masked_all((4, 4), dtype="float32"))])
    )
    assert hillshade(void) is None


def test_classified_heights_are_never_drawn(project: Path, tmp_path: Path) -> None:
    mark(project, "elevation", Classification.CLASSIFIED.value)
    run_project(project, tmp_path / "out")
    assert not (tmp_path / "out" / "map.html").exists()


def test_parcels_carry_the_year_of_their_class_where_the_layer_says_it(project: Path, tmp_path: Path) -> None:
    file = project / "data" / "farmland.geojson"
    land = json.loads(file.read_text(encoding="utf-8"))
    for place, feature in enumerate(land["features"]):
        feature["properties"]["划分年度"] = ("2019", "2021")[place % 2]
    file.write_text(json.dumps(land, ensure_ascii=False), encoding="utf-8")
    receptors = run_project(project, tmp_path / "out").results.receptors
    assert receptors["class_year"].to_pylist() == ["2019", "2021"] * (len(receptors) // 2) + ["2019"] * (
        len(receptors) % 2
    )
