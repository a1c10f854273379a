"""The folder of an overlay: the same clauses and numbers in every file, styles, a map that never says allowed."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pyogrio
import pytest
from typer.testing import CliRunner

from hmgeo.cli import app

PROJECT = Path(__file__).resolve().parent.parent / "layers" / "projects" / "nandan"
ASKED = ["--trade", "3212", "--edition", "2017", "--action", "new", "--metal", "Pb=12", "--set", "may_pollute_soil=yes"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("overlay") / "out"
    command = ["overlay", "--project", str(PROJECT), *ASKED, "--area", "451221", "--out", str(out)]
    told = CliRunner().invoke(app, command, catch_exceptions=False)
    assert told.exit_code == 0
    assert "｜｜" not in told.output  # no empty cells in the terminal
    return out


def test_tables_and_layers_say_the_same(folder: Path) -> None:
    with (folder / "overlay.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    sheet = openpyxl.load_workbook(folder / "overlay.xlsx")["已评估条款叠加"]
    cells = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert [list(row.values()) for row in rows] == cells[1 : len(rows) + 1]
    zones = pq.read_table(folder / "zones.parquet").to_pylist()
    drawn = [row for row in rows if row["次序"]]
    assert [(row["规则"], row["结论"], float(row["单独触及(ha)"])) for row in drawn] == [
        (zone["rule_id"], zone["verdict_text"], round(zone["alone_ha"], 2)) for zone in zones
    ]
    by_rule = {row["规则"]: row["结论"] for row in drawn}
    assert by_rule["SIT-LAW-ART32"] == "示例判定：触及禁止性规定"  # schools are synthetic
    assert by_rule["SIT-GX-OFFSET-KEY"] == "有附加条件"  # the key area is not
    layers = pyogrio.read_dataframe(folder / "overlay.gpkg", layer="zones")
    assert layers["rule_id"].tolist() == [zone["rule_id"] for zone in zones]


def test_qgis_finds_a_style_for_every_layer_hatched_where_data_end(folder: Path) -> None:
    held = pyogrio.list_layers(folder / "overlay.gpkg")[:, 0].tolist()
    assert held == ["zones", "untouched", "data_end", "layer_styles"]
    styles = pyogrio.read_dataframe(folder / "overlay.gpkg", layer="layer_styles")
    looks = dict(zip(styles["f_table_name"], styles["styleQML"], strict=True))
    assert list(looks) == ["zones", "untouched", "data_end"]
    assert "b_diagonal" in looks["data_end"]
    assert all(code in looks["zones"] for code in ("prohibited", "conditional", "listed"))


def test_the_map_shows_clauses_and_never_calls_the_rest_allowed(folder: Path) -> None:
    page = (folder / "map.html").read_text(encoding="utf-8")
    assert "未触及不等于可以建设：未评估的条款没有画在里面，斜线处数据不足。" in page
    assert "各条款触及的范围，没有总的结论。" in page
    assert "至少一个所用图层的数据范围以外" in page
    assert "SIT-GX-PARK" in page
    assert not any(word in page for word in ("允许建设", "可以选址", "适宜建设", "合规"))
