"""Parcels by address: the same bytes as from a path, only what is needed travels, and no secret is shown."""

from __future__ import annotations

import http.server
import json
import pickle
import re
import shlex
import sys
import threading
import urllib.parse
import zipfile
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace
from strategies import offset, star

from hmgeo.commands.options import LOG
from hmgeo.errors import InputError, OutputError, Place, Problem, ProjectError, UsageError, without_passwords
from hmgeo.intake.formats.archive import RemoteFile, refuse_address, stored_at, without_secrets
from hmgeo.intake.formats.packed import is_packed, pack_layer, stream_receptors, write_packed
from hmgeo.intake.load import load_receptors
from hmgeo.project.bare import BareFile
from hmgeo.project.pairs.measure import pairs_files
from hmgeo.project.screening import screen_files
from hmgeo.project.spec import read_spec
from hmgeo.records import Provenance
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

fsspec = pytest.importorskip("fsspec")

PLACE = (113.05, 23.68)
COUNT = 60
FARMLAND = {"kind": LayerKind.FARMLAND, "basis": Basis.SYNTHETIC}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    path = tmp_path / "sources.csv"
    lines = [f"E{i},{PLACE[0] + i * 0.05:.6f},{PLACE[1]:.6f}" for i in range(3)]
    path.write_text("\n".join(["enterprise_id,lon,lat", *lines]), encoding="utf-8")
    return path


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    random = np.random.default_rng(8)
    shapes = [star(offset(PLACE, *random.uniform(-15_000, 15_000, 2)), [80.0] * 6, [0.0] * 6) for _ in range(COUNT)]
    ids = [f"P{i}" for i in range(COUNT)]
    geopandas.GeoDataFrame({"parcel_id": ids}, geometry=shapes, crs=4490).to_parquet(tmp_path / "plain.parquet")
    return tmp_path / "plain.parquet"


@pytest.fixture
def packed(plain: Path) -> Path:
    """Ten row groups a degree apart; the sources reach the first."""
    parts = []
    for away in range(10):
        frame = geopandas.read_parquet(plain)
        frame.geometry = frame.geometry.translate(float(away))
        frame.to_parquet(plain.with_name("part.parquet"))
        parts.append(load_receptors(plain.with_name("part.parquet"), **FARMLAND)[0].read())
    write_packed(parts, plain.with_name("packed.parquet"), LayerKind.FARMLAND)
    return plain.with_name("packed.parquet")


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Serves byte ranges, to whoever knows the signature."""

    sent = 0

    def do_GET(self) -> None:
        self.answer(with_content=True)

    def do_HEAD(self) -> None:
        self.answer(with_content=False)

    def answer(self, *, with_content: bool) -> None:
        address = urllib.parse.urlsplit(self.path)
        if "sign=f00" not in address.query:
            return self.send_error(403)
        try:
            with open(self.translate_path(address.path), "rb") as file:  # noqa: PTH123 -- a text
                content = file.read()
        except OSError:
            return self.send_error(404)
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        first, last = (int(asked[1]), min(int(asked[2]), len(content) - 1)) if asked else (0, len(content) - 1)
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.end_headers()
        if with_content:
            type(self).sent += last + 1 - first
            self.wfile.write(content[first : last + 1])
        return None

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; yields its address."""
    Ranges.sent = 0
    handler = lambda *given, **said: Ranges(*given, directory=str(folder), **said)  # noqa: E731 -- an argument
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def zipped(path: Path) -> str:
    """Return the address of a file in an archive beside it; other processes can read that too."""
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as file:
        file.write(path, path.name)
    return f"zip://{path.name}::{archive}"


def in_memory(path: Path) -> str:
    fsspec.filesystem("memory").pipe(f"/{path.name}", path.read_bytes())
    return f"memory://{path.name}"


WAYS: dict[str, Callable[[Path], str]] = {"memory": in_memory, "zip": zipped, "file": lambda path: path.as_uri()}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["packed", "plain"])
def test_an_address_gives_the_bytes_of_the_path(
    tmp_path: Path, sources: Path, request: pytest.FixtureRequest, way: str, kind: str
) -> None:
    path = request.getfixturevalue(kind)
    pairs_files(BareFile(sources), BareFile(path), tmp_path / "path.parquet")
    told: list[str] = []
    address = stored_at(WAYS[way](path))
    found = pairs_files(BareFile(sources), BareFile(address), tmp_path / "address.parquet", tell=told.append)
    assert found.receptor_count == COUNT
    assert pq.read_metadata(tmp_path / "path.parquet").num_rows > 50
    assert (tmp_path / "address.parquet").read_bytes() == (tmp_path / "path.parquet").read_bytes()
    ways = {
        "packed": "packed.parquet 为工作格式：读取行组 1 个，共 10 个。",
        "plain": "plain.parquet 分批读取整理 60 行",
    }
    assert told[0].startswith(ways[kind])


def test_only_the_row_groups_in_reach_travel(tmp_path: Path, sources: Path, packed: Path) -> None:
    pytest.importorskip("aiohttp")
    pairs_files(BareFile(sources), BareFile(packed), tmp_path / "path.parquet")
    with served(tmp_path) as server:
        address = stored_at(f"{server}/packed.parquet?sign=f00")
        opened = stream_receptors(address, **FARMLAND, fingerprint=False)
        Ranges.sent = 0
        rows = sum(batch.num_rows for batch in opened.open_batches.of_group(0))
        one, Ranges.sent = Ranges.sent, 0
        assert rows == opened.feature_count // 10 == COUNT
        assert sum(batch.num_rows for batch in opened.batches()) == 10 * COUNT
        assert one < Ranges.sent
        pairs_files(BareFile(sources), BareFile(address), tmp_path / "address.parquet")
    assert (tmp_path / "address.parquet").read_bytes() == (tmp_path / "path.parquet").read_bytes()


def test_a_server_that_refuses_is_told_without_the_signature(tmp_path: Path, sources: Path, packed: Path) -> None:
    pytest.importorskip("aiohttp")
    with served(tmp_path) as server:
        faults = {}
        for name, address in (
            ("refused", f"{server}/{packed.name}?sign=bad"),
            ("missing", f"{server}/none.parquet?sign=f00"),
        ):
            with pytest.raises(InputError) as raised:
                pairs_files(BareFile(sources), BareFile(stored_at(address)), tmp_path / "out.parquet")
            faults[name] = str(raised.value)
    assert f"{server}/packed.parquet：没有权限" in faults["refused"]
    assert f"{server}/none.parquet：文件不存在" in faults["missing"]
    assert "sign" not in faults["refused"] + faults["missing"]
    with pytest.raises(InputError, match=r"packed\.parquet：按地址读写失败（现为「ClientConnectorError "):
        pairs_files(BareFile(sources), BareFile(stored_at(f"{server}/{packed.name}")), tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning")
def test_workers_open_the_address_themselves(tmp_path: Path, sources: Path, packed: Path) -> None:
    distributed = pytest.importorskip("distributed")
    pairs_files(BareFile(sources), BareFile(packed), tmp_path / "path.parquet")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers:
        given = {"scheduler": workers.scheduler_address}
        address = stored_at(zipped(packed))
        pairs_files(BareFile(sources), BareFile(address), tmp_path / "address.parquet", **given)
        with pytest.raises(InputError) as raised:  # a memory of its own in each process
            pairs_files(BareFile(sources), BareFile(stored_at(in_memory(packed))), tmp_path / "no.parquet", **given)
    assert (tmp_path / "address.parquet").read_bytes() == (tmp_path / "path.parquet").read_bytes()
    assert str(raised.value) == "memory://packed.parquet：文件不存在。处理：核对地址"


def test_a_file_that_is_another_by_now_is_refused(packed: Path) -> None:
    layer = stream_receptors(stored_at(in_memory(packed)), **FARMLAND)
    other = pq.read_table(packed)
    pq.write_table(other.slice(5), packed, row_group_size=COUNT)
    in_memory(packed)
    with pytest.raises(InputError, match=r"memory://packed\.parquet：文件与开始测算时不是同一份"):
        layer.read()


def test_the_fingerprint_is_that_of_the_bytes(packed: Path) -> None:
    here = stream_receptors(packed, **FARMLAND).provenance
    there = stream_receptors(stored_at(in_memory(packed)), **FARMLAND).provenance
    assert there.sha256 == here.sha256
    assert there.path == "memory://packed.parquet"


def test_results_go_to_an_address_whole_or_not_at_all(
    tmp_path: Path, sources: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = fsspec.filesystem("memory")
    pairs_files(BareFile(sources), BareFile(packed), tmp_path / "path.parquet")
    pairs_files(BareFile(sources), BareFile(packed), "memory://results/pairs.parquet")
    assert memory.cat("/results/pairs.parquet") == (tmp_path / "path.parquet").read_bytes()
    receptors = BareFile(stored_at(in_memory(packed)))
    with pytest.raises(OutputError, match="输出文件就是本次的输入文件"):
        pairs_files(BareFile(sources), receptors, "memory://packed.parquet")
    assert memory.cat("/packed.parquet") == packed.read_bytes()
    with pytest.raises(UsageError, match="不认识地址开头的协议"):
        pairs_files(BareFile(sources), BareFile(packed), "nowhere://pairs.parquet")
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda address: (Refusing(OSError("disk full")), address))
    with pytest.raises(OutputError, match=r"s3://b/pairs\.parquet：按地址读写失败（现为「OSError disk full」）"):
        pairs_files(BareFile(sources), BareFile(packed), "s3://K:SECRET@b/pairs.parquet")


SHOWN = [
    ("s3://KEY:SECRET@bucket/a/b.parquet", "s3://bucket/a/b.parquet", "b.parquet"),
    ("https://h:8080/b.parquet?X-Amz-Signature=SECRET#SECRET", "https://h:8080/b.parquet", "b.parquet"),
    ("ftp://me:SE/CRET@host/b.parquet", "ftp://host/b.parquet", "b.parquet"),
    ("hdfs://node:8020/user/a@b.parquet", "hdfs://node:8020/user/a@b.parquet", "a@b.parquet"),
    ("zip://b.parquet::s3://K:SECRET@x/y.zip", "zip://b.parquet::s3://x/y.zip", "b.parquet"),
    ("zip://b.parquet::abfs://container@account/y.zip", "zip://b.parquet::abfs://account/y.zip", "b.parquet"),
    ("simplecache::https://me:SECRET@h/b.parquet", "simplecache::https://h/b.parquet", "b.parquet"),
    ("ftp://me:SEC@RET@host/b.parquet", "ftp://host/b.parquet", "b.parquet"),
    ("s3://AK:1a/bSECRET@bucket/b.parquet", "s3://bucket/b.parquet", "b.parquet"),
    ("zip://b.parquet::https://u:1x/SECRET@h/c.zip", "zip://b.parquet::https://h/c.zip", "b.parquet"),
]


@pytest.mark.parametrize(("address", "shown", "name"), SHOWN)
def test_no_secret_is_shown(address: str, shown: str, name: str) -> None:
    file = RemoteFile(address)
    assert (repr(file), str(file), f"{[file]}", file.name) == (shown, shown, f"[{shown}]", name)
    assert without_secrets(f"no such thing: {address}") == f"no such thing: {shown}"
    assert pickle.loads(pickle.dumps(file)) == file  # noqa: S301 -- our own bytes


def test_no_query_is_shown_of_what_a_library_says() -> None:
    said = "Max retries exceeded with url: /webhdfs/v1/a.parquet?delegation=SECRET&op=OPEN (Caused by …)"
    assert without_secrets(said) == "Max retries exceeded with url: /webhdfs/v1/a.parquet (Caused by …)"


def libpq(word: str) -> str:
    return word.replace("\\", "\\\\").replace("'", "\\'")


def escaped(word: str) -> str:
    return urllib.parse.quote(word, safe="")


PIECE = "S3CR"
"""Stands at both ends of every drawn password and between its signs."""
QUOTED = {
    "libpq": lambda word: f"PG:host=h user=u password='{libpq(word)}' dbname=d",
    "libpq, spaces": lambda word: f"PG:host=h password = '{libpq(word)}'",
    "shell": lambda word: f"PGPASSWORD={shlex.quote(word)} psql",
    "json": lambda word: json.dumps({"user": "u", "password": word, "port": 1}, ensure_ascii=False),
    "odbc": lambda word: "MSSQL:server=h;UID=u;PWD={" + word.replace("}", "}}") + "};DATABASE=d",
    "escaped": lambda word: f"postgresql://u:{escaped(word)}@h:5432/d",
    "escaped, its slashes not": lambda word: f"postgresql://u:{urllib.parse.quote(word)}@h/d?sslmode=require",
    "query": lambda word: f"postgresql://h/d?user=u&password={escaped(word)}&connect_timeout=1",
    "all escaped": lambda word: escaped(f"postgresql://u:{escaped(word)}@h/d"),
}
BARE = {
    "address": lambda word: f"postgresql://u:{word}@h:5432/d",
    "one slash lost": lambda word: f"postgresql:/u:{word}@h/d",
    "jdbc": lambda word: f"jdbc:postgresql://h/d?user=u&password={word}",
    "begins as a port": lambda word: f"postgis://u:1/{word}@h/d",
    "no user": lambda word: f"mysql://:{word}@h",
    "no protocol": lambda word: f"u:{word}@h:5432/d",
    "oracle": lambda word: f"OCI:u/{word}@h:1521/d",
    "full-width @": lambda word: f"postgresql://u:{word}＠h:5432/d",
    "chained": lambda word: f"zip://a.parquet::https://u:{word}@h/c.zip",
}


def drawn(signs: str) -> st.SearchStrategy[str]:
    return st.lists(st.text(signs, max_size=3), min_size=1, max_size=4).map(
        lambda between: PIECE + "".join(part + PIECE for part in between)
    )


def test_a_record_made_of_another_hides_passwords_too(tmp_path: Path) -> None:
    assert replace(Provenance("a.csv"), source="https://u:hush@h/x").source == "https://h/x"
    assert replace(Problem("x"), found="https://u:hush@h/x").found == "https://h/x"
    with pytest.raises(UsageError):
        replace(BareFile(tmp_path / "a.csv"), path=3)  # type: ignore[arg-type]


PRINTED = "".join(map(chr, range(33, 127))) + "é密￥"


@pytest.mark.parametrize("form", QUOTED)
@given(word=drawn(PRINTED + " ，。：；」"))
def test_no_password_is_left_of_what_is_quoted_or_escaped(form: str, word: str) -> None:
    told = QUOTED[form](word)
    assert PIECE in told
    assert PIECE not in without_passwords(told)
    assert PIECE not in str(Problem(f"打不开 {told}", Place(told, told, field=told, key=told), told, told, told))


@pytest.mark.parametrize("form", BARE)
@given(word=drawn(PRINTED))
def test_no_password_is_left_of_what_is_written_as_it_is(form: str, word: str) -> None:
    assume("::" not in word)  # begins the next address of a chain
    told = BARE[form](word)
    assert PIECE not in without_passwords(told)
    assert PIECE not in without_passwords(f"打不开 {told}：没有这个库")
    assert PIECE not in without_secrets(told)


@given(word=drawn(PRINTED.replace("@", "") + " \u3000\xa0"))
def test_a_password_with_blanks_in_an_address_is_left_out(word: str) -> None:
    """With an @ of its own it can't be told from a host and a word behind it."""
    assume(not re.match(r"\S*::", word))
    for told in (f"postgresql://u:{word}@h:5432/d", f"打不开 mysql://u:{word}＠h，没有这个库"):
        assert PIECE not in without_passwords(told)


@pytest.mark.parametrize(
    "text",
    [
        "http://10.1.2.3:8080/清单 请联系 li@dept.cn", "https://www.mee.gov.cn/a.html 邮箱 me@mee.cn",
        "hdfs://node:8020/user/a b@c.parquet", "邮箱 me＠example.cn",
        "data/企业:甲@乙.csv", "me@example.cn", "邮箱:me@example.cn", "2024-06-30T12:30", "C:\\a@b\\c.csv",
        "https://www.mee.gov.cn/a.html?id=3#top", "hdfs://node:8020/user/a@b.parquet", "https://h/a@b.parquet",
        "A1|SCR-JY-10KM", "lon=经度,lat=纬度", "EPSG:4547", "passwordless=1", "路径：a@b.csv",
        "工作簿加了密码。处理：取消密码", "# 电话口令：无", "口令: 见附件", "http://10.1.2.3:8080/share/li@dept/清单.xlsx",
    ],
)  # fmt: skip
def test_what_holds_no_password_stays(text: str) -> None:
    assert without_passwords(text) == text


def test_no_password_reaches_a_log_or_an_output(capsys: pytest.CaptureFixture[str]) -> None:
    told = "postgresql://u:SECRET@h/d password='SE CRET' dbname=d"
    LOG.print(told, markup=False)
    assert capsys.readouterr().err == "postgresql://h/d password=*** dbname=d\n"
    shown = "postgresql://h/d password=*** dbname=d"
    assert Provenance("a.csv", source=told, licence=told, credit=told) == Provenance("a.csv", "", shown, shown, shown)


@pytest.mark.parametrize("at", ["title: ", "# ", "layers:\n  farmland: {path: a.gpkg, basis: real, source: "])
def test_a_project_with_a_password_is_not_read(at: str, tmp_path: Path) -> None:
    tail = "}" if "{" in at else ""
    file = tmp_path / "project.yml"
    file.write_text(f'schema: 1\n{at}"postgresql://u:SECRET@h/d"{tail}\n', encoding="utf-8")
    with pytest.raises(ProjectError, match=r"写有口令，未读入（现为「.*postgresql://h/d.*去掉账号和口令再试") as raised:
        read_spec(file)
    assert "SECRET" not in str(raised.value)
    assert raised.value.problems[0].where.line == at.count("\n") + 2


@pytest.mark.parametrize("option", ["--farmland", "--out", "--sources-credit"])
@pytest.mark.parametrize(
    "word", ["PG:host=h password=SE/CRET", "postgresql://u:1/SECRET@h", "dbname=d password='a/SECRET'"]
)
def test_a_command_with_a_password_is_refused(
    option: str, word: str, tmp_path: Path, sources: Path, hmgeo_command: Callable[..., Any]
) -> None:
    given = {"--sources": sources, "--farmland": sources, "--out": tmp_path / "out"} | {option: word}
    ended = hmgeo_command("screen", *(part for pair in given.items() for part in pair))
    assert ended.code == 2
    assert len(ended.faults) == 1
    assert "命令里写有口令，未运行" in ended.faults[0] or "这里只读本机文件，不读网络地址" in ended.faults[0]
    assert "CRET" not in ended.out + ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["sources.csv"]


@pytest.mark.parametrize("word", ["PG:host=h password=SE/CRET", "postgresql://u:1/SECRET@h/d"])
def test_parcels_of_a_database_are_refused_without_its_password(
    word: str, tmp_path: Path, sources: Path, hmgeo_command: Callable[..., Any]
) -> None:
    for command in (
        ("pairs", "--sources", sources, "--receptors", word, "--out", tmp_path / "o.parquet"),
        ("layers", "pack", word),
        ("layers", "check", word),
        ("check", word),
        ("screen", "--sources", sources, word),
    ):
        ended = hmgeo_command(*command)
        assert ended.code == 2, command
        assert "CRET" not in ended.out + ended.err, command


@pytest.mark.parametrize(
    ("address", "kind", "words"),
    [
        ("nowhere://a.parquet", InputError, r"nowhere://a\.parquet：不认识地址开头的协议"),
        ("memory://missing.parquet", InputError, r"memory://missing\.parquet：文件不存在"),
        (
            "memory://parcels.gpkg",
            InputError,
            r"按地址只能读 parquet 文件（现为「\.gpkg」）；允许：\.parquet。处理：下载",
        ),
        ("memory://parcels", InputError, "按地址只能读 parquet 文件（现为「parcels」）"),
    ],
)
def test_what_cannot_be_opened_is_told_in_words(
    tmp_path: Path, sources: Path, address: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        pairs_files(BareFile(sources), BareFile(stored_at(address)), tmp_path / "out.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["sources.csv"]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(UsageError, match=r"没有安装这种地址所需的包.*处理：pip install s3fs"):
        is_packed(stored_at("s3://bucket/a.parquet"))
    for name in [name for name in sys.modules if name.split(".")[0] == "fsspec"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=r'按地址读写文件需要 fsspec。处理：pip install "hmgeo\[dask\]"'):
        is_packed(stored_at("memory://a.parquet"))
    assert not is_packed(stored_at((tmp_path / "a.parquet").as_uri()))


class NoCredentialsError(Exception):
    """As botocore names it."""


class Refusing:
    """A storage that opens nothing."""

    transaction = nullcontext()

    def __init__(self, error: Exception) -> None:
        self.error = error

    def open(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 -- raises
        raise self.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError("Unable to locate credentials"), "没有账号，或账号无效（现为「NoCredentialsError Unable"),
        (
            PermissionError("Forbidden s3://K:SECRET@b/a.parquet"),
            "没有权限（现为「PermissionError Forbidden s3://b/a.par",
        ),
        (TimeoutError(), "按地址读写失败（现为「TimeoutError」）"),
    ],
)
def test_accounts_and_permissions(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda address: (Refusing(error), address))
    with pytest.raises(InputError) as raised:
        is_packed(RemoteFile("s3://K:SECRET@b/a.parquet"))
    assert words in str(raised.value)
    assert "SECRET" not in str(raised.value)


def test_what_a_worker_raises_arrives_as_it_was() -> None:
    error = InputError([Problem("文件不存在", Place(file="a.csv")), Problem("没有权限", Place(file="b.csv"))])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own bytes
    assert (type(again), again.problems, str(again)) == (InputError, error.problems, str(error))


def test_other_commands_say_that_they_read_no_address(
    tmp_path: Path, sources: Path, hmgeo_command: Callable[..., Any]
) -> None:
    remote = BareFile(stored_at("s3://K:SECRET@b/a.parquet"))
    words = r"s3://b/a\.parquet：这里只读本机文件，不读网络地址。处理：下载到本机再用"
    with pytest.raises(InputError, match=words):
        screen_files(BareFile(sources), remote, tmp_path / "out")
    with pytest.raises(InputError, match=words):
        pairs_files(remote, BareFile(sources), tmp_path / "out.parquet")
    ended = hmgeo_command("layers", "check", "s3://K:SECRET@b/a.parquet", "--kind", "farmland")
    assert ended.code == 2
    assert "s3://b/a.parquet：这里只读本机文件" in ended.out + ended.err
    assert "SECRET" not in ended.out + ended.err
    refuse_address(tmp_path / "missing.csv", "missing.csv")


def test_the_command_takes_addresses(
    tmp_path: Path, sources: Path, packed: Path, hmgeo_command: Callable[..., Any]
) -> None:
    given = ("--sources", sources, "--radius", "10km", "--out")
    hmgeo_command("pairs", "--receptors", packed, *given, tmp_path / "path.parquet")
    ended = hmgeo_command("pairs", "--receptors", in_memory(packed), *given, "memory://results/p.parquet")
    assert ended.code == 0
    assert "已写出 p.parquet：受体 60 个。" in ended.err
    assert fsspec.filesystem("memory").cat("/results/p.parquet") == (tmp_path / "path.parquet").read_bytes()


def test_a_plain_file_is_packed_from_an_address(
    tmp_path: Path, plain: Path, hmgeo_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack_layer(plain, tmp_path / "here.parquet")
    monkeypatch.chdir(tmp_path)
    ended = hmgeo_command("layers", "pack", in_memory(plain))
    assert (ended.code, ended.out.strip()) == (0, "plain.packed.parquet")
    assert (tmp_path / "plain.packed.parquet").read_bytes() == (tmp_path / "here.parquet").read_bytes()
    assert (tmp_path / "plain.packed.ledger.csv").is_file()


def test_what_must_be_seen_as_a_whole_is_not_read_from_an_address(tmp_path: Path, sources: Path, plain: Path) -> None:
    table = pq.read_table(plain).drop_columns("geometry").replace_schema_metadata(None)
    pq.write_table(table, tmp_path / "bare.parquet")
    with pytest.raises(InputError, match="按地址读的 parquet 须有几何和坐标系"):
        pairs_files(
            BareFile(sources), BareFile(stored_at(in_memory(tmp_path / "bare.parquet"))), tmp_path / "no.parquet"
        )
