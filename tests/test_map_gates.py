"""Who may see what, which lines are stroked, and the list of maps."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from msgspec.structs import replace
from rasterio.io import MemoryFile
from rasterio.windows import Window
from small_results import classified, data_of, small_results

from hmgeo.errors import OutputError, ProjectError
from hmgeo.outputs.map import shapes
from hmgeo.outputs.map.ground import grey_png, hillshade
from hmgeo.outputs.map.page import map_page
from hmgeo.project.maps import build_maps, read_map
from hmgeo.records import Provenance, Raster
from hmgeo.results.results import Backdrop, ContextLayer, Presentation
from hmgeo.vocabulary import Basis, Classification, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


PUBLIC = Presentation(audience="public")


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_a_classified_layer_gives_no_page(audience: str) -> None:
    results = classified(farmland=Classification.CLASSIFIED)
    with pytest.raises(OutputError, match="「耕地」") as caught:
        map_page(results, Presentation(audience=audience))
    assert caught.value.problems[0].found == "涉密"


def test_an_unmarked_layer_keeps_the_page_internal_and_the_page_says_so() -> None:
    results = classified(enterprises=Classification.UNMARKED)
    assert "含密级未标注图层，本页仅限内部使用" in map_page(results, Presentation())
    with pytest.raises(OutputError, match="「涉重金属企业」密级未标注或为涉密，已拒绝公开导出"):
        map_page(results, PUBLIC)


def test_all_refused_layers_are_named_at_once() -> None:
    results = classified(enterprises=Classification.UNMARKED, farmland=Classification.CLASSIFIED)
    with pytest.raises(OutputError) as caught:
        map_page(results, PUBLIC)
    assert [problem.where.key for problem in caught.value.problems] == ["enterprises", "farmland"]


def test_a_page_whose_layers_are_all_public_shows_them() -> None:
    data = data_of(map_page(classified(), PUBLIC))
    assert (len(data["sources"]), len(data["receptors"][0]["features"])) == (6, 40)


def test_parcels_that_are_not_public_become_township_sums() -> None:
    text = map_page(classified(farmland=Classification.INTERNAL), PUBLIC)
    farmland = data_of(text)["receptors"][0]
    assert (farmland["features"], farmland["packed"]) == ([], None)
    assert [(town["name"], town["count"], town["area_ha"]) for town in farmland["townships"]] == [
        ("龙塘镇", 20, 6.0),
        ("石角镇", 20, 6.0),
    ]
    assert "未列入公开版的图层：耕地" in text


def test_sources_that_are_not_public_become_numbers_by_township() -> None:
    text = map_page(classified(enterprises=Classification.SENSITIVE), PUBLIC)
    data = data_of(text)
    assert (data["sources"], data["unmapped"], data["findings"], data["searched"]) == ([], [], [], None)
    verdicts = Counter(small_results().sources["verdict"].to_pylist())
    assert [town for town, _, _ in data["statistics"]] == ["龙塘镇"] * len(verdicts)
    assert {verdict: count for _, verdict, count in data["statistics"]} == verdicts
    assert "示例企业" not in text
    assert "QC-00" not in text
    assert [feature["properties"]["source"] for feature in data["receptors"][0]["features"]] == [""] * 40


def test_a_context_layer_of_a_hidden_kind_goes_too() -> None:
    results = classified(enterprises=Classification.PUBLIC)
    parks = ContextLayer("industrial_parks", "工业园区", Basis.REAL, "", results.context[0].table)
    shown = data_of(map_page(replace(results, context=(*results.context, parks)), PUBLIC))
    assert "industrial_parks" not in [layer["role"] for layer in shown["context"]]


def test_the_backdrop_stands_in_the_page() -> None:
    png = grey_png(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8))
    backdrop = Backdrop(png, (113.0, 23.0, 114.0, 24.0), "地形晕渲", "某单位")
    found = data_of(map_page(classified(), Presentation(backdrop=backdrop)))["backdrop"]
    assert found["uri"].startswith("data:image/png;base64,iVBOR")
    assert (found["bounds"], found["credit"]) == ([[23.0, 113.0], [24.0, 114.0]], "某单位")


def county(code: str, name: str, west: float) -> dict[str, object]:
    return {"id": code, "name": name, "geometry": shapely.box(west, 22, west + 1, 23).wkb}


def test_of_a_border_county_only_shared_lines_are_stroked() -> None:
    table = pa.Table.from_pylist([county("451081", "靖西市", 106), county("451024", "德保县", 107)])
    layer = ContextLayer("county", "县界", Basis.REAL, "", table)
    left_open = shapes.open_stretch([layer])
    stroked = shapely.geometry.shape(
        shapes.stroked(np.array([shapely.box(106, 22, 107, 23), shapely.box(107, 22, 108, 23)]), left_open)
    )
    assert stroked.length == pytest.approx(4, abs=0.01)  # the shared side and three sides of 德保县
    assert shapely.Point(107, 22.5).distance(stroked) < 1e-9
    assert shapely.Point(106, 22.5).distance(stroked) > 0.4


def test_inland_counties_keep_their_whole_outline() -> None:
    table = pa.Table.from_pylist([county("451221", "南丹县", 107)])
    assert shapes.open_stretch([ContextLayer("county", "县界", Basis.REAL, "", table)]) is None


def grey_of(png: bytes) -> np.ndarray:
    """Return grey and alpha of a PNG, read by GDAL."""
    with MemoryFile(png) as file, file.open() as picture:
        return picture.read()


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_light_comes_from_the_north_west() -> None:
    rows, columns = np.mgrid[0:40, 0:40]
    heights = np.ma.masked_array(1000.0 - 8.0 * np.hypot(rows - 20, columns - 20))  # a cone
    heights[0, 0] = np.ma.masked

    raster = Raster(
        "dem", Basis.REAL, Provenance("dem.tif"), "EPSG:4547", (30.0, 0.0, 500000.0, 0.0, -30.0, 2610000.0), 40, 40,
        lambda: iter([(Window(0, 0, 40, 40), heights)]),
    )  # fmt: skip
    backdrop = hillshade(raster)
    west, south, east, north = backdrop.bounds
    assert 113.99 < west < east < 114.02
    assert 23.5 < south < north < 23.7
    assert hillshade(raster).png == backdrop.png
    grey, alpha = grey_of(backdrop.png)
    size = len(grey)
    assert int(grey[size // 4, size // 4]) > int(grey[3 * size // 4, 3 * size // 4])
    assert (int(alpha[0, 0]), int(alpha[size // 2, size // 2])) == (0, 255)


MAP = "schema: 1\ntitle: 南丹县底图\narea: [GX-ND]\n"


def test_a_folder_of_definitions_gives_pages_and_a_list(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(MAP, encoding="utf-8")
    (tmp_path / "a.yml").write_text(MAP.replace("南丹县底图", "<b>图</b>"), encoding="utf-8")
    built = build_maps(tmp_path, tmp_path / "out")
    assert [one.path.name for one in built] == ["a.html", "b.html"]
    index = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]*)">(.*?)</a>', index) == [
        ("a.html", "&lt;b&gt;图&lt;/b&gt;"),
        ("a.pdf", "PDF"),
        ("b.html", "南丹县底图"),
        ("b.pdf", "PDF"),
    ]
    assert [(tmp_path / "out" / name).read_bytes()[:5] for name in ("a.pdf", "b.pdf")] == [b"%PDF-"] * 2
    assert "本图为底图，未作任何判断。" in built[1].path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema: 1\ntitle: 图\n", "须写明 project 或 area 之一"),
        (MAP + "colour: red\n", "colour"),
        (MAP + "paper: A0\n", "A0"),
        (MAP.replace("schema: 1", "schema: 2"), "不认识的 schema 版本"),
    ],
)
def test_a_faulty_definition_is_told(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "m.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=re.escape(words)):
        read_map(file)


def test_an_unknown_area_is_told_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(MAP.replace("GX-ND", "GX-NN"), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"m\.yml"):
        build_maps(tmp_path / "m.yml", tmp_path)


def test_the_map_command_writes_beside_the_definition(tmp_path: Path, hmgeo_command: Callable[..., Any]) -> None:
    (tmp_path / "m.yml").write_text(MAP, encoding="utf-8")
    ended = hmgeo_command("map", tmp_path / "m.yml")
    assert (ended.code, (tmp_path / "m.html").is_file()) == (0, True)
    assert hmgeo_command("map", tmp_path / "nothing.yml").code == 2


def test_the_caption_of_a_page_is_there_in_english() -> None:
    found = re.search(r'<p id="caption" data-en="(.*?)">(.*?)</p>', map_page(classified(), Presentation()), re.DOTALL)
    assert found is not None
    assert found[2].startswith("坐标系：2000国家大地坐标系")
    assert re.findall(r"坐标系|制图|地图审核|界线", found[1]) == []


def test_kinds_of_layers_that_nobody_gave_are_called_not_checked() -> None:
    text = map_page(classified(), Presentation())
    missing = re.search(r'<details id="missing">.*?<p data-en="(.*?)">(.*?)</p>', text, re.DOTALL)
    assert missing is not None
    english, chinese = missing[1].split("; "), missing[2].split("；")
    assert (LayerKind.ELEVATION.en in english, LayerKind.ELEVATION.zh in chinese) == (True, True)
    assert (LayerKind.FARMLAND.en in english, LayerKind.FARMLAND.zh in chinese) == (False, False)
