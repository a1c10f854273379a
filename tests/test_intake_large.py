"""Large inputs by hand (pytest -m slow): the whole sheet and the huge polygon are read, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyogrio.raw
import pytest
import shapely
import xlsxwriter

from hmgeo.intake.load import load_positions, load_receptors
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
LAST_ROW = 1_048_576


def test_a_sheet_filled_to_its_last_row(tmp_path: Path) -> None:
    path = tmp_path / "满.xlsx"
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["企业编号", "经度", "纬度"])
        for row in range(1, LAST_ROW):
            sheet.write_row(row, 0, [f"E{row}", 113 + row % 1000 / 1e4 + 1e-6, 23.6])
    positions, _ = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table.num_rows == LAST_ROW - 1
    assert positions.table["source_id"][-1].as_py() == f"E{LAST_ROW - 1}"
    assert set(positions.table["status"].to_pylist()) == {"assessed"}


def test_a_polygon_of_a_million_vertices(tmp_path: Path) -> None:
    turn = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    reach = 0.1 * (1 + 0.02 * np.sin(5000 * turn))
    shape = shapely.Polygon(np.column_stack([113.05 + reach * np.cos(turn), 23.6 + reach * np.sin(turn)]))
    path = tmp_path / "大.gpkg"
    wkb = np.array([shapely.to_wkb(shape)], dtype=object)
    pyogrio.raw.write(path, wkb, [], [], geometry_type="Polygon", crs="EPSG:4490", driver="GPKG")
    layer, _ = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    back = shapely.from_wkb(layer.read()["geometry"][0].as_py())
    assert shapely.get_num_coordinates(back) == 1_000_001
    assert back.equals_exact(shape)
