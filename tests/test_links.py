"""What rows say of other lists: read from office columns, blanks left out, the row's own id never a link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.intake.load import load_receptors
from hmgeo.reference.tables import links_by_row, same_name
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path


def test_the_most_telling_column_wins_and_blanks_say_nothing() -> None:
    columns = {"受纳水体": ["东河", ""], "水源": ["西河", "南河"], "企业编号*": ["A", " "]}
    assert links_by_row(columns, [0, 1]) == [{"enterprise": "A", "water": "东河"}, {"water": "南河"}]


def test_an_outfall_is_known_by_its_own_number_and_points_at_its_enterprise(tmp_path: Path) -> None:
    file = tmp_path / "outfalls.csv"
    file.write_text(
        "企业编号,排污口编号,类型,经度,纬度,坐标系,受纳水体\nQ1,RH01,废水,113.1,23.6,CGCS2000,东河\n",
        encoding="utf-8-sig",
    )
    layer, _ = load_receptors(file, kind=LayerKind.OUTFALLS, basis=Basis.SYNTHETIC)
    row = layer.read().to_pylist()[0]
    assert (row["receptor_id"], row["class"]) == ("RH01", "废水")
    assert {("enterprise", "Q1"), ("water", "东河")} <= set(row["links"])


def test_names_are_compared_without_width_case_and_spaces() -> None:
    assert same_name("示例河 0１A") == same_name("示例河01a")
    assert same_name("东河") != same_name("东河支流")
