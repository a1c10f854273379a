"""One contender on one size, in a process of its own: prints seconds of CPU, peak memory and where its pairs are.

    python benchmarks/peers.py NAME FOLDER

Each reads FOLDER/parcels.parquet and FOLDER/sources.parquet and writes FOLDER/out-NAME.parquet with the source's and
the parcel's id of every pair within 10 km. The clock starts after imports and runs from files to file; servers and
their loading are left out, as said in README.md. Indexes are built where the contender has them.
"""

from __future__ import annotations

import gc
import importlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.records import Positions

RADIUS_M = 10_000.0
METRIC_CRS = "EPSG:4547"
"""CGCS2000 / 3-degree Gauss-Kruger, central meridian 114: what a practitioner here would project to."""

PARCELS, SOURCES = "parcels.parquet", "sources.parquet"


def positions(folder: Path) -> Positions:
    """Return the sources as the engine takes them."""
    from hmgeo.records import POSITION_SCHEMA, Positions, Provenance
    from hmgeo.vocabulary import Basis, LayerKind

    table = pq.read_table(folder / SOURCES)
    rows = table.num_rows
    given = {
        "source_id": table["enterprise_id"],
        "status": pa.array(["assessed"] * rows),
        "position_kind": pa.array(["point"] * rows),
        "position_uncertainty_m": pa.array(np.zeros(rows)),
        "geometry": table["geometry"],
    }
    columns = [given.get(field.name, pa.nulls(rows, field.type)) for field in POSITION_SCHEMA]
    made = pa.table(columns, schema=POSITION_SCHEMA)
    return Positions("sources", LayerKind.ENTERPRISES, Basis.SYNTHETIC, Provenance(SOURCES), made, made)


def _hmgeo(folder: Path, out: Path | None, threads: int) -> int:
    from hmgeo.intake.formats.packed import stream_receptors
    from hmgeo.project.pairs.file import CodedPairsSink
    from hmgeo.proximity.measure import measure_proximity
    from hmgeo.vocabulary import Basis, LayerKind

    layer = stream_receptors(folder / PARCELS, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, fingerprint=False)
    if out is None:
        measured = measure_proximity(positions(folder), layer, radii_m=[1e3, 5e3, RADIUS_M], threads=threads)
        return measured.counts.num_rows
    with CodedPairsSink(out) as sink:
        measure_proximity(positions(folder), layer, radii_m=[1e3, 5e3, RADIUS_M], pairs=sink, threads=threads)
    return sink.rows


def hmgeo(folder: Path, out: Path) -> int:
    """Pairs, counts, areas and nearest."""
    return _hmgeo(folder, out, 0)


def hmgeo_aggregate(folder: Path, _out: Path) -> int:
    """Measure counts, areas and nearest only."""
    return _hmgeo(folder, None, 0)


def _frames(folder: Path) -> tuple[Any, Any]:
    import geopandas

    parcels = geopandas.read_parquet(folder / PARCELS, columns=["receptor_id", "geometry"]).to_crs(METRIC_CRS)
    return parcels, geopandas.read_parquet(folder / SOURCES).to_crs(METRIC_CRS)


def _write(source: Any, receptor: Any, out: Path) -> int:
    table = pa.table({"source_id": source, "receptor_id": receptor})
    pq.write_table(table, out)
    return table.num_rows


def geopandas_buffer(folder: Path, out: Path) -> int:
    """Planar circles of 64 corners, joined by intersection."""
    import geopandas

    parcels, sources = _frames(folder)
    sources["geometry"] = sources.buffer(RADIUS_M)
    joined = geopandas.sjoin(parcels, sources, predicate="intersects")
    return _write(joined["enterprise_id"].to_numpy(), joined["receptor_id"].to_numpy(), out)


def geopandas_dwithin(folder: Path, out: Path) -> int:
    """Planar distance, joined by dwithin."""
    import geopandas

    parcels, sources = _frames(folder)
    joined = geopandas.sjoin(sources, parcels, predicate="dwithin", distance=RADIUS_M)
    return _write(joined["enterprise_id"].to_numpy(), joined["receptor_id"].to_numpy(), out)


def shapely_strtree(folder: Path, out: Path) -> int:
    """Planar distance, a tree over the parcels, queried by all sources at once."""
    import shapely

    parcels, sources = _frames(folder)
    tree = shapely.STRtree(parcels.geometry.to_numpy())
    source, parcel = tree.query(sources.geometry.to_numpy(), predicate="dwithin", distance=RADIUS_M)
    ids = parcels["receptor_id"].to_numpy()[parcel]
    return _write(sources["enterprise_id"].to_numpy()[source], ids, out)


def rtree_index(folder: Path, out: Path) -> int:
    """Planar distance, candidates from an R-tree of boxes, measured by shapely."""
    import shapely
    from rtree import index

    parcels, sources = _frames(folder)
    shapes, points = parcels.geometry.to_numpy(), sources.geometry.to_numpy()
    held = index.Index(((i, tuple(box), None) for i, box in enumerate(shapely.bounds(shapes))))
    found = []
    for number, point in enumerate(points):
        reach = (point.x - RADIUS_M, point.y - RADIUS_M, point.x + RADIUS_M, point.y + RADIUS_M)
        near = np.fromiter(held.intersection(reach), np.int64)
        near = near[shapely.dwithin(shapes[near], point, RADIUS_M)] if len(near) else near
        found.append(np.stack([np.full(len(near), number), near]))
    source, parcel = np.concatenate(found, axis=1)
    ids = parcels["receptor_id"].to_numpy()[parcel]
    return _write(sources["enterprise_id"].to_numpy()[source], ids, out)


def duckdb_spatial(folder: Path, out: Path) -> int:
    """Planar distance in DuckDB: both sides projected, joined by its spatial join on ST_DWithin."""
    import duckdb

    database = duckdb.connect()
    database.execute("SET threads = 2")
    load_duckdb_spatial(database)
    project = f"ST_Transform({{}}, 'EPSG:4490', '{METRIC_CRS}', always_xy := true)"
    shape = "geometry"
    database.execute(f"""
        CREATE TABLE s AS SELECT enterprise_id, {project.format(shape)} AS g FROM '{folder / SOURCES}';
        CREATE TABLE p AS SELECT receptor_id, {project.format(shape)} AS g FROM '{folder / PARCELS}';
        COPY (SELECT s.enterprise_id AS source_id, p.receptor_id FROM p JOIN s ON ST_DWithin(p.g, s.g, {RADIUS_M}))
        TO '{out}' (FORMAT parquet);
    """)
    return int(pq.read_metadata(out).num_rows)


def load_duckdb_spatial(database: Any) -> None:
    """Load the spatial extension: from the package that carries it, else from DuckDB's server."""
    for package in ("duckdb_ext", "duckdb_extension_spatial", "duckdb_extensions"):
        try:
            folder = Path(importlib.import_module(package).__path__[0])
        except ImportError:
            continue
        for held in sorted(folder.rglob("spatial.duckdb_extension")):
            database.execute(f"LOAD '{held}'")
            return
    database.execute("INSTALL spatial; LOAD spatial")


def sedona_db(folder: Path, out: Path) -> int:
    """Planar distance in SedonaDB: both sides projected, joined by ST_DWithin."""
    import sedonadb

    session = sedonadb.connect()
    session.read_parquet(str(folder / SOURCES)).to_view("s0")
    session.read_parquet(str(folder / PARCELS)).to_view("p0")
    for name, key in (("s", "enterprise_id"), ("p", "receptor_id")):
        shape = f"ST_Transform(geometry, '{METRIC_CRS}')"
        session.sql(f"SELECT {key}, {shape} AS g FROM {name}0").to_memtable().to_view(name)
    joined = session.sql(
        f"SELECT s.enterprise_id AS source_id, p.receptor_id FROM p JOIN s ON ST_DWithin(p.g, s.g, {RADIUS_M})"
    )
    joined.to_parquet(str(out), single_file_output=True)
    return int(pq.read_metadata(out).num_rows)


CONTENDERS: dict[str, Callable[[Path, Path], int]] = {
    "hmgeo": hmgeo,
    "hmgeo-aggregate": hmgeo_aggregate,
    "duckdb": duckdb_spatial,
    "sedonadb": sedona_db,
    "geopandas-buffer": geopandas_buffer,
    "geopandas-dwithin": geopandas_dwithin,
    "shapely-strtree": shapely_strtree,
    "rtree": rtree_index,
}
_IMPORTS = {
    "hmgeo": ("hmgeo.proximity.run", "hmgeo.intake.formats.packed"),
    "hmgeo-aggregate": ("hmgeo.proximity.run", "hmgeo.intake.formats.packed"),
    "duckdb": ("duckdb",),
    "sedonadb": ("sedonadb",),
    "rtree": ("geopandas", "rtree"),
    "postgis-projected": (),
    "postgis-geography": (),
}


def main() -> None:
    """Run one contender."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    for module in _IMPORTS.get(name, ("geopandas",)):
        importlib.import_module(module)
    if name.startswith("postgis"):
        import postgis

        print(json.dumps(postgis.ask(name, folder, folder / f"out-{name}.parquet")))
        return
    if name.startswith("hmgeo"):
        _warm(folder)
    (folder / f"out-{name}.parquet").unlink(missing_ok=True)  # freeing an earlier run's pages isn't this one's work
    gc.collect()  # nor is looking through what imports left
    gc.freeze()
    wall, cpu = time.perf_counter(), time.process_time()
    rows = CONTENDERS[name](folder, folder / f"out-{name}.parquet")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rows": rows, "cpu_s": cpu, "wall_s": wall, "memory_mb": memory_mb}))


def _warm(folder: Path) -> None:
    """Load the compiled code from its cache (or compile it) on a few rows, as an import would."""
    from tempfile import TemporaryDirectory

    from msgspec.structs import replace

    from hmgeo.intake.formats.packed import stream_receptors
    from hmgeo.project.pairs.file import CodedPairsSink
    from hmgeo.proximity.measure import measure_proximity
    from hmgeo.vocabulary import Basis, LayerKind

    layer = stream_receptors(folder / PARCELS, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, fingerprint=False)
    few = next(layer.batches()).slice(0, 50)
    small = replace(layer, open_batches=lambda: [few])
    every = positions(folder)
    some = replace(every, table=every.table.slice(0, 10))
    with TemporaryDirectory() as temporary, CodedPairsSink(Path(temporary, "pairs"), 1_000) as sink:
        measure_proximity(some, small, radii_m=[RADIUS_M], pairs=sink, threads=1)


if __name__ == "__main__":
    main()
