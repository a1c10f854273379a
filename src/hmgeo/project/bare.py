"""Bare files: what a user says of them, and how they are loaded. Nothing slow is imported here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

from hmgeo.errors import HmgeoError, InputError, Place, Problem, UsageError, raise_problems
from hmgeo.intake.formats.archive import RemoteFile, Stored, stored_at
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.records import Gates, Layer, Ledger, Positions, Provenance
from hmgeo.vocabulary import INVENTED, Basis, Completeness, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from geopandas import GeoDataFrame

    from hmgeo.intake.areas import Area


class Progress(Protocol):
    """Hears how far a run is."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Take the stage in words, and how much of it is done."""


def silent(stage: str, done: int, total: int | None) -> None:
    """Tell nobody of `stage`, `done` or `total`, as `Progress` hears them."""


Loaded = TypeVar("Loaded")

_UNITS = {"km": 1000.0, "公里": 1000.0, "千米": 1000.0, "m": 1.0, "米": 1.0}
_LONGEST_M = 1_000_000.0


class BareFile(Struct, frozen=True):
    """A file with what the user says of it.

    Parameters
    ----------
    path
        A file, an address where the command reads one, or a GeoDataFrame.
    options
        What the file doesn't state itself: CRS, datum, sheet, columns.
    basis
        Whether the data are real, approximate or invented; undeclared where nobody said.
    covers
        Area code, key-area id or polygon file that the layer covers completely; empty where nobody said.
    credit
        The line that must be shown with the data, as its licence asks.
    """

    path: Stored | GeoDataFrame
    options: ReadOptions = field(default_factory=ReadOptions)
    basis: Basis = Basis.UNDECLARED
    covers: str = ""
    credit: str = ""

    def __post_init__(self) -> None:
        """Take a path written as text for the path it is; refuse what is neither a file nor a GeoDataFrame."""
        if isinstance(self.path, str):
            force_setattr(self, "path", stored_at(self.path))
        if not (isinstance(self.path, Path | RemoteFile) or self.is_frame):
            kind = type(self.path).__name__
            raise UsageError(Problem("只读文件路径或 GeoDataFrame", found=kind, remedy="路径写成 Path(…)"))

    @property
    def is_frame(self) -> bool:
        """Whether it is a GeoDataFrame."""
        return hasattr(self.path, "to_parquet")

    @property
    def shown(self) -> str:
        """What tables and ledger call it."""
        return "GeoDataFrame" if self.is_frame else str(self.path.name)

    @property
    def local(self) -> Path | GeoDataFrame:
        """The path of a file on this machine, or the GeoDataFrame.

        `InputError`: it is an address.
        """
        if isinstance(self.path, Path) or self.is_frame:
            return self.path
        remedy = "下载到本机再用；hmgeo pairs 的 --receptors 可以写 parquet 文件的地址"
        raise InputError(Problem("这里只读本机文件，不读网络地址", Place(file=repr(self.path)), remedy=remedy))


def parse_radius_m(text: str) -> float:
    """Return a radius in metres from text such as 10km, 500m, 10公里.

    `UsageError` where the unit is missing or unknown, or the number isn't positive.

    >>> parse_radius_m("10km"), parse_radius_m("500 m")
    (10000.0, 500.0)
    """
    compact = text.strip().lower().replace(" ", "")
    unit = next((unit for unit in _UNITS if compact.endswith(unit)), "")
    number = compact.removesuffix(unit)
    try:
        radius_m = float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        radius_m = -1.0
    if not 0 < radius_m <= _LONGEST_M:
        allowed = f"数字加单位 {'、'.join(_UNITS)}，大于 0，不超过 1000km"
        raise UsageError(Problem("半径看不懂", Place(key="--radius"), found=text, allowed=allowed, remedy="如 10km"))
    return radius_m


def parse_radii_m(text: str) -> tuple[float, ...]:
    """Return radii in metres, the least first, from text such as 1km,5km,10km.

    `UsageError` as `parse_radius_m`.

    >>> parse_radii_m("5km, 500m"), parse_radii_m("1km、10公里")
    ((500.0, 5000.0), (1000.0, 10000.0))
    """
    return tuple(sorted({parse_radius_m(part) for part in re.split("[,，、]", text)}))


def kind_of(word: str) -> LayerKind:
    """Return the kind of layer that a code or a Chinese word means.

    `UsageError`: an unknown word.
    """
    kind = next((kind for kind in LayerKind if word in {kind.value, kind.zh}), None)
    if kind is None:
        allowed = "、".join(f"{kind.value}（{kind.zh}）" for kind in LayerKind)
        raise UsageError(Problem("没有这种图层", Place(key="--kind"), word, allowed, "改为其中之一"))
    return kind


class Collector:
    """Runs loading steps, keeps the problems of those that fail, and the ledgers of those that don't."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.ledger = Ledger()

    def attempt(self, step: Callable[..., Loaded], *args: object, **options: object) -> Loaded | None:
        """Return what `step` gives for `args` and `options`; None where it raises one of our errors, kept."""
        try:
            return step(*args, **options)
        except HmgeoError as error:
            self.problems.extend(error.problems)
            return None

    def layer(self, step: Callable[..., tuple[Loaded, Ledger]], **options: object) -> Loaded | None:
        """Return the layer that `step` gives for `options`, and keep its ledger; None as `attempt`."""
        loaded = self.attempt(step, **options)
        if loaded is None:
            return None
        self.ledger += loaded[1]
        return loaded[0]

    def area(self, code: str, base: Path, place: Place) -> Area | None:
        """Return the area of a `code`, id or file, looked for from `base`; None as `attempt`, told at `place`."""
        from hmgeo.intake.areas import resolve_area  # noqa: PLC0415 -- hardly ever asked for

        before = len(self.problems)
        area = self.attempt(resolve_area, code, base=base)
        raised = self.problems[before:]
        self.problems[before:] = [
            problem if problem.where.file else replace(problem, where=place) for problem in raised
        ]
        return area


def mixed_basis(sources: Basis, receptors: Basis, place: Place) -> list[Problem]:
    """Return the problem, at `place`, of real `sources` on synthetic or approximate `receptors`, if it is one."""
    if sources is not Basis.REAL or receptors not in INVENTED:
        return []
    return [
        Problem(
            "真实污染源不得对照合成或示意的受体数据作出判断",
            place,
            found=f"污染源 {sources.value}，受体 {receptors.value}",
            remedy="改用真实受体数据；确需演示时在 project.yml 写 mix_basis: 理由，全部结论将标为示例判定",
        )
    ]


def load_bare(
    sources: BareFile,
    farmland: BareFile,
    *,
    kind: LayerKind = LayerKind.FARMLAND,
    opener: Callable[..., tuple[Layer, Ledger]] | None = None,
) -> tuple[Positions, Layer, Ledger]:
    """Load both files, `sources` by position; what they hold comes with one ledger.

    `kind`: what the second file holds.
    `opener`: opens the farmland, by address too; takes what `load_receptors` takes, which opens it otherwise.
    `InputError` with every problem of both files.
    """
    collector = Collector()
    opener = None if farmland.is_frame else opener
    paths = sources.local, farmland.path if opener else farmland.local
    collector.problems += mixed_basis(sources.basis, farmland.basis, Place(key="--sources-basis"))
    gates = Gates()
    if farmland.covers:
        area = collector.area(farmland.covers, Path(), Place(key="--farmland-covers"))
        if area is not None:
            gates = Gates(area.geometry, f"{area.name}（{farmland.covers}）", Completeness.COMPLETE)
    positions = collector.layer(
        load_positions,
        path=paths[0],
        kind=LayerKind.ENTERPRISES,
        basis=sources.basis,
        name="sources",
        provenance=Provenance(sources.shown, credit=sources.credit),
        options=sources.options,
        shown_as=sources.shown,
    )
    layer = collector.layer(
        opener or load_receptors,
        path=paths[1],
        kind=kind,
        basis=farmland.basis,
        name=kind.value,
        provenance=Provenance(farmland.shown, credit=farmland.credit),
        gates=gates,
        options=farmland.options,
        shown_as=farmland.shown,
    )
    raise_problems(InputError, collector.problems)
    if positions is None or layer is None:
        raise InputError(Problem("文件读不出", Place(file=sources.shown)))
    return positions, layer, collector.ledger
