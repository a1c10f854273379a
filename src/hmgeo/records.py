"""What travels between the rooms: layers, positions, rasters, provenance, ledger. Frozen; no input or output.

All geometry here is WKB in lon/lat on CGCS2000 (EPSG:4490).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
from msgspec import Struct, field

from hmgeo.errors import Problem, UsageError, hide_passwords
from hmgeo.vocabulary import Basis, Classification, Completeness, LayerKind
from hmgeo.words import packed, unpacked

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


LON_LAT_CRS = "EPSG:4490"


class _ToldCell(pa.ExtensionScalar):  # type: ignore[misc]  # pyarrow comes without types
    """A cell of a column of reasons."""

    def as_py(self, **_: object) -> str | None:
        """Return the reason, or the text where the cell holds none."""
        return None if self.value is None else unpacked(self.value.as_py())


class _ToldInPandas:
    """Puts the Chinese text in place of each reason, as `plain_table` does."""

    def __from_arrow__(self, cells: pa.ChunkedArray) -> Any:  # noqa: ANN401 -- an array of pandas, which loads slowly
        """Return what a column of these texts becomes in pandas."""
        texts = [None if cell is None else str(cell) for cell in cells.to_pylist()]
        return pa.array(texts, pa.string()).to_pandas().array


class Told(pa.ExtensionType):  # type: ignore[misc]  # pyarrow comes without types
    """The type of a column of reasons: each cell gives back code and values, and reads as its Chinese text.

    Fill one by `told_cells` or `table_of`; `plain_table` puts texts in place of the reasons, for files.
    """

    def __init__(self) -> None:
        """Make the type; all are the same."""
        super().__init__(pa.string(), "hmgeo.told")

    def __arrow_ext_serialize__(self) -> bytes:
        """Return nothing: the type has no parameters."""
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> Told:
        """Return the type."""
        return cls()

    def to_pandas_dtype(self) -> _ToldInPandas:
        """Return what makes a column of pandas of it."""
        return _ToldInPandas()

    def __arrow_ext_scalar_class__(self) -> type[_ToldCell]:
        """Return what its cells are."""
        return _ToldCell


TOLD = Told()


def told_cells(texts: Iterable[str | None]) -> pa.Array:
    """Return texts as a column of `TOLD`; reasons among them keep their codes."""
    cells = [None if text is None else packed(text) for text in texts]
    return pa.ExtensionArray.from_storage(TOLD, pa.array(cells, pa.string()))


def table_of(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Return rows as a table of `schema`; what a row leaves out is null."""
    columns = [
        told_cells(row.get(column.name) for row in rows)
        if column.type == TOLD
        else pa.array([row.get(column.name) for row in rows], column.type)
        for column in schema
    ]
    return pa.table(columns, schema)


def plain_table(table: pa.Table) -> pa.Table:
    """Return `table` with the Chinese text in place of each reason."""
    for at, schema_field in enumerate(table.schema):
        if schema_field.type == TOLD:
            texts = pa.array(table.column(at).to_pylist(), pa.string())
            table = table.set_column(
                at, pa.field(schema_field.name, pa.string(), metadata=schema_field.metadata), texts
            )
    return table


class Record(Struct, frozen=True):
    """A record whose repr tells tables, shapes and long collections by their size alone."""

    def __repr__(self) -> str:
        """Return the record as it would be made, what is large left out."""
        return _fields_in_short(self)


_SHORT = 4
_PLAIN = str | int | float | Enum | date | None


def _fields_in_short(record: Struct) -> str:
    fields = (f"{name}={_in_short(getattr(record, name))}" for name in record.__struct_fields__)
    return f"{type(record).__name__}({', '.join(fields)})"


def _in_short(value: object) -> str:
    if isinstance(value, Struct) and type(value).__repr__ is Struct.__repr__:
        return _fields_in_short(value)
    is_few = isinstance(value, tuple) and len(value) <= _SHORT and all(isinstance(part, _PLAIN) for part in value)
    if is_few or isinstance(value, _PLAIN | Struct):
        return repr(value)
    return f"<{type(value).__name__} of {len(value)}>" if isinstance(value, Sized) else f"<{type(value).__name__}>"


class WordMeaning(Struct, frozen=True):
    """What a person says that a word of theirs means, whole cells only, with who said so, when and why."""

    word: str
    means: str
    by: str = ""
    on: str = ""
    reason: str = ""


class UnreadWord(Struct, frozen=True):
    """A word in a column with a closed list that doesn't hold it.

    Parameters
    ----------
    rows
        How many rows say it.
    allowed
        The official words of the list.
    verdicts
        How many findings aren't assessed for its sake, as far as it is counted.
    """

    column: str
    word: str
    rows: int
    allowed: tuple[str, ...]
    verdicts: int = 0


KINDS: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "text": pa.string(),
        "told": TOLD,
        "number": pa.float64(),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "shape": pa.binary(),
    }
)
"""Type of a column by its kind: words, codes or ids; reasons told in the run's language when written; numbers in the
unit; counts; yes or no; shapes as WKB in lon/lat."""


def schema_of(*columns: str) -> pa.Schema:
    """Return a schema of `columns`: a kind of `KINDS` and the names that are of it, parted by blanks.

    >>> schema_of("text id name", "number lon").names
    ['id', 'name', 'lon']
    """
    return pa.schema([(name, KINDS[kind]) for kind, *names in map(str.split, columns) for name in names])


POSITION_SCHEMA = schema_of(
    "text source_id name status position_kind",
    "number lon lat position_uncertainty_m",
    "shape geometry",
    "text trade_code trade_edition county township",
    "told note",
)
"""Columns of `Positions.table`: one row per input row, in input order; empty text where a file says nothing.

lon and lat are null where a row is not located; for a shape they hold a point on it. geometry is null unless
status is assessed. position_uncertainty_m is null where geometry is; it sums the last digit given, the datum and the
error that the row states.
"""

RECEPTOR_SCHEMA = pa.schema(
    [
        ("receptor_id", pa.string()),
        ("name", pa.string()),
        ("class", pa.string()),
        ("official_area_m2", pa.float64()),
        ("township", pa.string()),
        ("geometry", pa.binary()),
        ("stated", pa.map_(pa.string(), pa.bool_())),
        ("links", pa.map_(pa.string(), pa.string())),
        ("land_class", pa.string()),
    ]
)
"""Columns of every batch of a receptor layer (farmland and whatever else is protected).

class holds the layer's official class word (for farmland a `SoilQualityClass`), official_area_m2 is null where the
layer carries no official area. stated holds the yes/no facts that the layer's own columns state, by their code in
`hmgeo.rules.words.ATTRIBUTES`; null or missing where they say nothing. links holds what a row says of other things:
ids and names by the codes of `hmgeo.reference.tables.LINKS` (which water, intake, irrigation district,
enterprise, what exceeds limits). land_class holds a `LandClass`; null in a layer that says nothing of land use.
"""


class Provenance(Struct, frozen=True):
    """Where a layer comes from.

    Parameters
    ----------
    path
        The file as the project or the command names it, never an absolute machine path.
    sha256
        Of the bytes read; of the concatenated members for a shapefile.
    source, licence, credit
        Where the data come from, under which licence, and the line that must be shown with them.
    """

    path: str
    sha256: str = ""
    source: str = ""
    licence: str = ""
    credit: str = ""

    def __post_init__(self) -> None:
        """Hold no password: this goes into every output."""
        hide_passwords(self, "path", "source", "licence", "credit")


class Gates(Struct, frozen=True):
    """The four things to know before a layer may clear anything.

    Parameters
    ----------
    coverage
        Shapely polygon in lon/lat inside which the layer was surveyed, less the ground where features that were set
        aside may lie; None where nobody said.
    coverage_name
        What the user wrote for it (area code, key-area id, file).
    completeness
        Never complete where features were set aside that may lie anywhere.
    aside
        What is said of features that were set aside and that nobody accepted as absent; empty where there are none.
    """

    coverage: Any = None
    coverage_name: str = ""
    completeness: Completeness = Completeness.UNKNOWN
    vintage: str = ""
    classification: Classification = Classification.UNMARKED
    aside: str = ""


class LedgerEntry(Struct, frozen=True):
    """One thing that happened to one row, or to a file as a whole (row 0), or to `row_count` of its rows."""

    file: str
    sheet: str = ""
    row: int = 0
    field: str = ""
    value: str = ""
    event: str = ""
    reason: str = ""
    action: str = ""
    source_id: str = ""
    row_count: int = 0


class Ledger(Record, frozen=True):
    """Everything that was dropped, repaired, assumed or suspected, in the order it was met."""

    entries: tuple[LedgerEntry, ...] = ()

    def __add__(self, other: Ledger) -> Ledger:
        """Return both ledgers, this one first."""
        return Ledger(self.entries + other.entries)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self.entries)

    def events(self, file: str = "") -> Counter[str]:
        """Return what befell rows, of one file or of all, and how many."""
        befell: Counter[str] = Counter()
        for entry in self.entries:
            if (rows := entry.row_count or bool(entry.row)) and file in {"", entry.file}:
                befell[entry.event] += rows
        return befell


class Layer(Record, frozen=True):
    """One kind of thing on the ground, as Arrow record batches with provenance and gates.

    Parameters
    ----------
    open_batches
        Called anew for each pass; yields batches with the kind's columns, geometry as lon/lat WKB.
    feature_count
        Usable features; None where only a full pass can tell.
    row_count
        All features of the file, those set aside too; None where nobody counted them.
    margin_m
        How far off the features may lie, in metres: what the way from their datum to CGCS2000 leaves open.
    unread
        Words of its class that its list does not hold.
    left_open
        Features set aside, wholly or in part, that may be of this kind: they are not absent.
    errors_m
        How far off single features may lie beyond that, by id: what their rows state, and their last digit.
    beside
        What the same file holds of land that is counted beside the layer's and is none of it: 园地 beside 耕地. No
        clause asks for it. None where nobody knows of any, as of packed layers.
    shown
        Cells of the file's own columns that siting shows, texts by title, and under "" the ids; None where it has none.
    """

    name: str
    kind: LayerKind
    basis: Basis
    provenance: Provenance
    open_batches: Callable[[], Iterable[pa.RecordBatch]]
    gates: Gates = field(default_factory=Gates)
    feature_count: int | None = None
    row_count: int | None = None
    margin_m: float = 0.0
    unread: tuple[UnreadWord, ...] = ()
    left_open: int = 0
    errors_m: Mapping[str, float] = field(default_factory=dict)
    beside: Layer | None = None
    shown: pa.Table | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Start a new pass over the layer."""
        return iter(self.open_batches())

    def read(self) -> pa.Table:
        """Return the whole layer as one table."""
        return pa.Table.from_batches(list(self.batches()))

    def to_geopandas(self) -> GeoDataFrame:
        """Return the whole layer as a GeoDataFrame on CGCS2000 (EPSG:4490), one row for each usable feature.

        What is counted beside the layer follows behind it: 园地 of a farmland layer, told apart by `land_class`.
        """
        return geo_frame(pa.concat_tables(part.read() for part in (self, self.beside) if part is not None))


WIND_SCHEMA = schema_of("number from_deg percent", "text station years")
"""Share of the time that wind comes from each direction (degrees from true north); from_deg is null for calm."""

OUTLET_SCHEMA = schema_of(
    "whole row",
    "text enterprise_id outlet_id medium position_text",
    "number stack_height_m",
    "text pollutant",
    "number emission_kg",
    "text receiving_water",
    "told note",
    "whole year",
)
"""Outlets of enterprises, every input row once, in input order; row counts data rows from 1.

medium is 废气, 废水 or empty; emission_kg is a year's, year says which (null where nobody did); position_text is
carried along, never measured from.
"""


class SideTable(Record, frozen=True):
    """A table without shapes that says more of sources or of an area: wind frequencies, outlets.

    `table`: the schema of its kind.
    """

    name: str
    kind: LayerKind
    basis: Basis
    provenance: Provenance
    table: pa.Table
    gates: Gates = field(default_factory=Gates)


class Positions(Record, frozen=True):
    """Sources with where they may be: every input row once, whatever is wrong with it.

    Parameters
    ----------
    table
        `POSITION_SCHEMA`, in input order.
    attributes
        The input's own columns as text, same rows, for outputs to carry along.
    """

    name: str
    kind: LayerKind
    basis: Basis
    provenance: Provenance
    table: pa.Table
    attributes: pa.Table
    gates: Gates = field(default_factory=Gates)
    unread: tuple[UnreadWord, ...] = ()

    def to_geopandas(self) -> GeoDataFrame:
        """Return every input row as a GeoDataFrame on CGCS2000 (EPSG:4490); without a shape where none is known."""
        return geo_frame(self.table)


class Raster(Record, frozen=True):
    """A raster and how to read it by windows.

    `open_windows`: called anew for each pass; yields (window, array) pairs whose masked cells are nodata.
    `transform`: six affine coefficients (a, b, c, d, e, f) from cell to CRS units.
    """

    name: str
    basis: Basis
    provenance: Provenance
    crs: str
    transform: tuple[float, float, float, float, float, float]
    height: int
    width: int
    open_windows: Callable[[], Iterable[tuple[Any, Any]]]
    gates: Gates = field(default_factory=Gates)

    def windows(self) -> Iterator[tuple[Any, Any]]:
        """Start a new pass over the raster."""
        return iter(self.open_windows())


class Sink(Protocol):
    """Takes record batches as they are made.

    A sink for pairs whose attribute `takes_coded` is true gets text as dictionaries, which costs a tenth. One
    whose attribute `forgets` is true doesn't look at a batch again after `write` has returned: its memory may be used
    for the next ones.
    """

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""


def geo_frame(table: pa.Table) -> GeoDataFrame:
    """Return a table whose column geometry holds lon/lat WKB on CGCS2000 as a GeoDataFrame; null stays None.

    `UsageError`: the table has no shapes.
    """
    if "geometry" not in table.column_names:
        raise UsageError(Problem("这张表没有图形，用 .to_pandas()"))
    from geopandas import GeoDataFrame, GeoSeries  # noqa: PLC0415 -- pandas loads slowly

    shapes = GeoSeries.from_wkb(table["geometry"].to_pylist(), crs=LON_LAT_CRS)
    return GeoDataFrame(plain_table(table.drop_columns("geometry")).to_pandas(), geometry=shapes)
