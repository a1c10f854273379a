"""The same 385 enterprises, however they are written down, are the same places and the same findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import intake
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from hmgeo.datum import bd09_to_gcj02, bd09_to_wgs84, gcj02_to_wgs84
from hmgeo.layers.load import load_positions
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

GEOD = Geod(a=6378137.0, rf=298.257222101)


def read(way: intake.Way, folder: Path) -> pa.Table:
    positions, _ = load_positions(
        way.write(folder), kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=way.options
    )
    return positions.table


@pytest.mark.parametrize("name", intake.WAYS)
def test_every_way_gives_the_same_places(name: str, tmp_path: Path) -> None:
    way = intake.WAYS[name]
    table = read(way, tmp_path)
    rows = {source_id: row for row, source_id in enumerate(table["source_id"].to_pylist())}
    assert sorted(rows) == intake.IDS
    order = [rows[source_id] for source_id in intake.IDS]
    assert [table["name"][row].as_py() for row in order] == intake.NAMES
    assert set(table["status"].to_pylist()) == {"assessed"}
    lon, lat = table["lon"].to_numpy()[order], table["lat"].to_numpy()[order]
    _, _, apart_m = GEOD.inv(intake.LON, intake.LAT, lon, lat)
    assert np.max(apart_m) < way.within_m
    if way.within_m < 0.1:
        # from the nearest parcel too, whichever way the position came
        parcel = shapely.Point(113.05, 23.6)
        _, _, away_m = GEOD.inv(*np.broadcast_arrays(parcel.x, parcel.y, lon, lat))
        _, _, truly_m = GEOD.inv(*np.broadcast_arrays(parcel.x, parcel.y, intake.LON, intake.LAT))
        assert np.max(np.abs(away_m - truly_m)) < 0.01


LON = st.floats(73.6, 135.0)
LAT = st.floats(18.0, 53.5)


@given(lon=LON, lat=LAT)
def test_the_inverse_closes_on_a_second_writing_of_the_formula(lon: float, lat: float) -> None:
    there = intake.shift_to_gcj02(lon, lat)
    back = gcj02_to_wgs84(*there)
    again = intake.shift_to_gcj02(float(back[0]), float(back[1]))
    assert GEOD.inv(*there, *again)[2] < 0.001
    assert GEOD.inv(lon, lat, float(back[0]), float(back[1]))[2] < 0.001


@given(lon=LON, lat=LAT)
def test_the_inverse_of_bd09_closes_too(lon: float, lat: float) -> None:
    gcj = intake.shift_to_gcj02(lon, lat)
    there = intake.shift_to_bd09(*gcj)
    middle = bd09_to_gcj02(*there)
    assert GEOD.inv(*gcj, float(middle[0]), float(middle[1]))[2] < 0.001
    back = bd09_to_wgs84(*there)
    assert GEOD.inv(lon, lat, float(back[0]), float(back[1]))[2] < 0.001
