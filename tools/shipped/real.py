"""Merge the real and approximate layers of all regions into single files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from shipped.writing import write_geojson

if TYPE_CHECKING:
    from pathlib import Path

REGION_CODES = {
    "qingcheng": ("441802", "清城区"),
    "nandan": ("451221", "南丹县"),
    "jinchengjiang": ("451202", "金城江区"),
    "xingbin": ("451302", "兴宾区"),
    "wuxuan": ("451323", "武宣县"),
    "leye": ("451028", "乐业县"),
    "jingxi": ("451081", "靖西市"),
    "jiyuan": ("419001", "济源市"),
}
RIVER_NAMES = {
    "Bei": "北江", "Dong": "东江", "Duliu": "都柳江", "Hongshui": "红水河", "Huang": "黄河", "Liu": "柳江",
    "Nanpan": "南盘江", "Qin": "沁河", "Rong": "融江", "Xi": "西江", "Xun": "浔江", "Yong": "邕江", "You": "右江",
    "Yu": "郁江", "Zuo": "左江",
}  # fmt: skip


def make_real(raw: Path, out: Path) -> None:
    """Write layers/real from the collected raw folder.

    Parameters
    ----------
    raw
        Folder with one sub-folder a region and ``key-areas``.
    out
        The folder layers/real.
    """
    write_geojson(counties(raw), out / "counties.geojson")
    write_geojson(townships(raw), out / "townships.geojson")
    write_geojson(seats(raw), out / "township_seats.geojson")
    write_geojson(villages(raw), out / "villages.geojson")
    write_geojson(rivers(raw), out / "rivers.geojson", decimals=5)
    township_codes(raw).to_csv(out / "township_codes.csv", index=False, encoding="utf-8-sig", lineterminator="\n")


def _read(file: Path) -> gpd.GeoDataFrame:
    # CGCS2000 and WGS84 lon/lat are taken as the same: some of the files say one, some the other.
    return gpd.read_file(file).set_crs(4490, allow_override=True)


def _names(raw: Path, key: str) -> dict[str, str]:
    # Codes that were abolished before 2023 keep their name of 2016.
    frame = pd.read_csv(raw / key / "township_names_codes.csv", dtype=str, encoding="utf-8-sig")
    return dict(zip(frame["code9"], frame["name_2023"].fillna(frame["name_2016"]), strict=True))


def counties(raw: Path) -> gpd.GeoDataFrame:
    """Return every county polygon once, by adcode."""
    files = [raw / "key-areas/counties_tianditu.geojson"]
    files += [
        raw / key / name
        for key in REGION_CODES
        for name in ("county_tianditu.geojson", "counties_within15km_tianditu.geojson")
    ]
    frame = pd.concat([_read(file)[["adcode", "name", "geometry"]] for file in files])
    frame["adcode"] = frame["adcode"].astype(str)
    return frame.drop_duplicates("adcode").sort_values("adcode").reset_index(drop=True)


def townships(raw: Path) -> gpd.GeoDataFrame:
    """Return the approximate township cells of all regions that have them."""
    parts = []
    for key, (adcode, _) in REGION_CODES.items():
        file = raw / key / "townships_voronoi_APPROX.geojson"
        if file.exists():
            frame = _read(file)
            codes = frame["code9"].astype(str)
            columns = {"code9": codes, "name": codes.map(_names(raw, key)), "county": adcode, "approximate": True}
            parts.append(gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=4490))
    return pd.concat(parts).sort_values("code9").reset_index(drop=True)


def seats(raw: Path) -> gpd.GeoDataFrame:
    """Return township seats that have a coordinate, with where it comes from."""
    parts = []
    for key, (adcode, _) in REGION_CODES.items():
        frame = _read(raw / key / "township_seats.geojson")
        columns = {
            "code9": frame["code9"].astype(str),
            "name": frame["code9"].astype(str).map(_names(raw, key)),
            "county": adcode,
            "coord_source": frame["coord_source"],
        }
        parts.append(gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=4490))
    merged = pd.concat(parts)
    return merged[~merged.geometry.is_empty].sort_values("code9").reset_index(drop=True)


def villages(raw: Path) -> gpd.GeoDataFrame:
    """Return villages and communities that have a coordinate."""
    parts = []
    for key, (adcode, _) in REGION_CODES.items():
        frame = _read(raw / key / "villages_communities.geojson")
        columns = {
            "code12": frame["code"].astype(str),
            "name": frame["name"],
            "township": frame["town_code"].astype(str).str[:9],
            "county": adcode,
        }
        parts.append(gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=4490))
    return pd.concat(parts).sort_values("code12").reset_index(drop=True)


def rivers(raw: Path) -> gpd.GeoDataFrame:
    """Return river lines merged by name over the overlapping clips of the regions."""
    frames = [_read(raw / key / "rivers_naturalearth10m.geojson") for key in REGION_CODES]
    merged = pd.concat(frames)[["name", "geometry"]]
    merged["name"] = merged["name"].fillna("")
    rows = []
    for name, group in merged.groupby("name", sort=True):
        whole = shapely.set_precision(shapely.union_all(group.geometry.to_numpy()), 1e-5)
        rows.append((name, shapely.normalize(shapely.line_merge(whole))))
    names = {"name": [RIVER_NAMES.get(row[0], row[0]) for row in rows], "name_en": [row[0] for row in rows]}
    return gpd.GeoDataFrame(names, geometry=[row[1] for row in rows], crs=4490)


def township_codes(raw: Path) -> pd.DataFrame:
    """Return township codes and names of 2023 for all regions."""
    parts = []
    for key, (adcode, county) in REGION_CODES.items():
        names = _names(raw, key)
        columns = {"code9": list(names), "name": list(names.values()), "county_code": adcode, "county_name": county}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts).sort_values("code9").reset_index(drop=True)
