"""A private PostgreSQL with PostGIS for the benchmark: load once, then peers.py asks it; or whole, for plain.py.

    python benchmarks/postgis.py load city --data benchmarks/data      (needs the packages postgresql and postgis)
    python benchmarks/postgis.py stop --data benchmarks/data

The cluster lies in `DATA/postgis`, listens on a socket in there alone, and belongs to the user `postgres` where this
runs as root. Loading, indexing (GiST on the projected geometry and on the geography) and ANALYZE are measured by
`whole` alone.
"""

from __future__ import annotations

import argparse
import csv
import os
import pwd
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

PORT = 54_329
METRIC_SRID = 4547
RADIUS_M = 10_000.0
CONDITIONS = {
    "postgis-projected": "ST_DWithin(s.g, p.g, {radius})",
    "postgis-geography": "ST_DWithin(s.b, p.b, {radius})",
}
OWN_STATUS = "SELECT pg_read_file('/proc/self/status')"
"""What Linux says of the process that answers: it is gone when its client is."""
SETTINGS = ("shared_buffers=1GB", "work_mem=256MB", "maintenance_work_mem=1GB", "max_parallel_workers_per_gather=1",
            "jit=off", "fsync=off", "max_wal_size=8GB", "autovacuum=off", "synchronous_commit=off")  # fmt: skip


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL installed."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))


def as_owner(command: list[str]) -> list[str]:
    """Run as `postgres` where root may not."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def start(cluster: Path) -> None:
    """Make the cluster if need be and start its server."""
    if not (cluster / "PG_VERSION").exists():
        cluster.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(cluster, owner.pw_uid, owner.pw_gid)
        cluster.chmod(0o700)
        run([str(binaries() / "initdb"), "-D", str(cluster), "-A", "trust", "-E", "UTF8", "--locale=C"])
    if not (cluster / "postmaster.pid").exists():
        options = f"-p {PORT} -k {cluster} -c listen_addresses='' " + " ".join(f"-c {word}" for word in SETTINGS)
        run([str(binaries() / "pg_ctl"), "-D", str(cluster), "-w", "-o", options, "-l", str(cluster / "log"), "start"])


def run(command: list[str]) -> str:
    """Run a command as the owner and return what it printed."""
    done = subprocess.run(as_owner(command), capture_output=True, text=True, check=False, cwd="/")  # noqa: S603 -- own commands
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    return done.stdout


def sql(cluster: Path, text: str, database: str = "postgres") -> str:
    """Run SQL and return what it printed."""
    return run([*psql_of(cluster, database), "-qAt", "-c", text])


def psql_of(cluster: Path, database: str) -> list[str]:
    """Return the command of PostgreSQL's client on a database."""
    psql = [str(binaries() / "psql"), "-h", str(cluster), "-p", str(PORT), "-U", "postgres", "-d", database]
    return [*psql, "-v", "ON_ERROR_STOP=1"]


def load(cluster: Path, folder: Path) -> None:
    """Load a size into a database of its own, with indexes."""
    name = folder.name
    sql(cluster, f"DROP DATABASE IF EXISTS {name}")
    sql(cluster, f"CREATE DATABASE {name}")
    sql(cluster, "CREATE EXTENSION postgis", name)
    for table, key, file in (("s", "enterprise_id", "sources.parquet"), ("p", "receptor_id", "parcels.parquet")):
        sql(cluster, f"CREATE TABLE raw_{table} (id text, wkb text)", name)
        with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="") as held:
            writer = csv.writer(held)
            for batch in pq.ParquetFile(folder / file).iter_batches(columns=[key, "geometry"]):
                pairs = zip(batch.column(key).to_pylist(), batch.column("geometry").to_pylist(), strict=True)
                writer.writerows((one, wkb.hex()) for one, wkb in pairs)
            held.flush()
            Path(held.name).chmod(0o644)
            sql(cluster, f"COPY raw_{table} FROM '{held.name}' CSV", name)
        shape = "ST_GeomFromWKB(decode(wkb, 'hex'), 4490)"
        sql(
            cluster,
            f"CREATE TABLE {table} AS SELECT id, ST_Transform({shape}, {METRIC_SRID}) AS g, {shape}::geography AS b "
            f"FROM raw_{table}; DROP TABLE raw_{table}; CREATE INDEX ON {table} USING gist (g); "
            f"CREATE INDEX ON {table} USING gist (b); ANALYZE {table}",
            name,
        )


def ask(name: str, folder: Path, out: Path) -> dict[str, Any]:
    """Join in the server and return what peers.py prints; the pairs go to a CSV in the clock, to Parquet after it."""
    cluster = folder.parent / "postgis"
    table = cluster / f"{name}.csv"
    condition = CONDITIONS[name].format(radius=RADIUS_M)
    query = f"COPY (SELECT s.id AS source_id, p.id AS receptor_id FROM s JOIN p ON {condition}) TO '{table}' CSV HEADER"
    before, wall = server_cpu_s(cluster), time.perf_counter()
    memory_mb = _peak_mb(sql(cluster, f"{query}; {OWN_STATUS}", folder.name))
    wall, cpu = time.perf_counter() - wall, server_cpu_s(cluster) - before
    pairs = pa.csv.read_csv(table)
    pq.write_table(pairs, out)
    run(["rm", str(table)])
    return {"rows": pairs.num_rows, "cpu_s": cpu, "wall_s": wall, "memory_mb": memory_mb}


def whole(folder: Path, out: Path) -> dict[str, Any]:
    """Take shapefiles to a pairs file as PostGIS's own loader does; return CPU seconds of client and server together.

    The server runs already. Memory is that of the process which joins, shared buffers that it touched included.
    """
    cluster = folder.parent / "postgis"
    start(cluster)
    name = folder.name.replace("-", "_")
    sql(cluster, f"DROP DATABASE IF EXISTS {name}")
    sql(cluster, f"CREATE DATABASE {name}")
    sql(cluster, "CREATE EXTENSION postgis", name)
    table = cluster / f"{name}.csv"
    before, clients = server_cpu_s(cluster), _clients_cpu_s()
    for made, file in (("s", "sources"), ("p", "parcels")):
        load_of = ["shp2pgsql", "-D", "-I", "-s", f"4490:{METRIC_SRID}", str(folder / f"{file}.shp"), made]
        with subprocess.Popen(load_of, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as loader:  # noqa: S603 -- own command
            subprocess.run(psql_of(cluster, name), stdin=loader.stdout, stdout=subprocess.DEVNULL, check=True, cwd="/")  # noqa: S603 -- own command
    pairs = "SELECT s.enterp_id AS source_id, p.parcel_id AS receptor_id FROM s JOIN p"
    query = f"COPY ({pairs} ON ST_DWithin(s.geom, p.geom, {RADIUS_M})) TO '{table}' CSV HEADER"
    memory_mb = _peak_mb(sql(cluster, f"ANALYZE; {query}; {OWN_STATUS}", name))
    cpu_s = server_cpu_s(cluster) - before + _clients_cpu_s() - clients
    pq.write_table(pa.csv.read_csv(table), out)
    run(["rm", str(table)])
    return {"cpu_s": cpu_s, "memory_mb": memory_mb}


def _clients_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def server_cpu_s(cluster: Path) -> float:
    """Return the CPU seconds of the server and all its processes so far, those that ended included."""
    ticks = 0
    for process in _processes(cluster):
        fields = (process / "stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        ticks += sum(int(field) for field in fields[11:15])  # own and waited-for children's, user and system
    return ticks / os.sysconf("SC_CLK_TCK")


def _processes(cluster: Path) -> list[Path]:
    server = (cluster / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0]
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
    return [Path("/proc", number) for number in (server, *children)]


def _peak_mb(status: str) -> float:
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def main() -> None:
    """Load sizes, or stop the server."""
    parser = argparse.ArgumentParser(description="PostGIS for the benchmark.")
    parser.add_argument("action", choices=["load", "stop"])
    parser.add_argument("sizes", nargs="*")
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"))
    asked = parser.parse_args()
    cluster = (asked.data / "postgis").resolve()
    if asked.action == "stop":
        run([str(binaries() / "pg_ctl"), "-D", str(cluster), "-m", "fast", "stop"])
        return
    start(cluster)
    for size in asked.sizes:
        begun = time.perf_counter()
        load(cluster, asked.data / size)
        print(f"{size} loaded and indexed in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
