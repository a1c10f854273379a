"""Water and slope in siting: a plane that falls to the south, strictly controlled farmland below a mine."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from situation_projects import box, write_collection, write_situation

from hmgeo.intake.columns import ReadOptions
from hmgeo.project.sites.desk import open_desk, read_sites
from hmgeo.project.sites.files import answer_text
from hmgeo.project.sites.given import Typed
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from pathlib import Path

MINE = {
    "id": "FLOW",
    "title": "示例矿区",
    "as_of": date(2024, 6, 30),
    "place": "451224",
    "planned": {"kind": "mines"},
    "chosen": {"max_downstream_m": 3000, "surroundings_m": 100},
    "expect": {},
}
LAYERS = {"elevation": {"state": "完整"}, "farmland": {"state": "完整", "class": "严格管控类", "inside": "在外"}}
CLASS = {"编号": "F1", "名称": "示例地块", "土壤环境质量类别": "严格管控类"}


def downhill(folder: Path, south_m: float, *layers: str) -> dict[str, Any]:
    """Return what the clause on mines above polluted farmland says, with farmland so far south of the mine."""
    disk = write_situation(MINE | {"layers": {kind: LAYERS[kind] for kind in layers}}, folder)
    if "farmland" in layers:
        rows = [(CLASS, box(-200.0, -south_m - 400.0, 200.0, -south_m))]
        write_collection(folder / "farmland.geojson", rows)
    desk = open_desk(disk.project)
    sites, ledger = read_sites(
        desk, disk.sites, basis=Basis.SYNTHETIC, options=ReadOptions(), defaults=Typed("", kind=disk.kind)
    )
    results = desk.results(desk.dossiers(sites), ledger)
    clauses = json.loads("".join(answer_text(results)))["sites"][0]["clauses"]
    found: dict[str, Any] = next(one for one in clauses if one["rule_id"] == "SCR-GX-MINE-PRIORITY")
    return found


def test_farmland_down_the_water_is_found_by_name_and_way(tmp_path: Path) -> None:
    found = downhill(tmp_path / "near", 2000.0, "elevation", "farmland")
    assert (found["verdict"], found["certainty"]) == ("listed", "certain")
    assert "下游为耕地（严格管控类）「示例地块」，沿水流 2.0" in found["measured_text"]
    assert found["data"].endswith("高程（2024，合成（演示），完整性：未申明）")


def test_beyond_the_limit_along_the_water_nothing_is_touched(tmp_path: Path) -> None:
    found = downhill(tmp_path / "far", 3500.0, "elevation", "farmland")
    assert found["verdict"] == "clear"
    assert "下游沿水流 3.0 km 内现有数据未见耕地（严格管控类）。" in found["measured_text"]


def test_without_heights_it_is_not_assessed_and_says_whom_to_ask(tmp_path: Path) -> None:
    found = downhill(tmp_path / "flat", 2000.0, "farmland")
    assert found["verdict"] == "not_assessed"
    assert found["missing_layers"] == ["elevation"]
    assert "未提供「高程」，水流方向未作判断。请向自然资源部门获取。" in found["note"]
    assert "提供「高程」图层后可作判断。" in found["changes"]
