"""`hmgeo layers pack`: a receptor layer in the working format, with the ledger of what was mended on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.layers.pack import pack_layer
from hmgeo.layers.remote import RemoteFile, stored_at
from hmgeo.layers.stream import is_packed
from hmgeo.outputs.tables import write_entries
from hmgeo.project.folder import whole_file
from hmgeo.project.progress import silent
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from hmgeo.layers.load import ReadOptions
    from hmgeo.layers.pack import Packed
    from hmgeo.project.progress import Progress


@dataclass(frozen=True, slots=True)
class PackedFile:
    """Where a packed layer and its ledger were written, and what was packed."""

    path: Path
    ledger_path: Path
    packed: Packed


def pack_file(
    path: str | Path | RemoteFile,
    out: str | Path | None,
    *,
    options: ReadOptions,
    kind: LayerKind = LayerKind.FARMLAND,
    progress: Progress = silent,
) -> PackedFile:
    """Pack a file of receptors; by default beside it, or here if it lies at an address, as `NAME.packed.parquet`.

    Raises
    ------
    InputError, OutputError
        As `screen_files`.
    """
    given = path if isinstance(path, RemoteFile) else stored_at(path)
    folder, inputs = (given.parent, [given]) if isinstance(given, Path) else (Path(), [])
    target = Path(out) if out is not None else folder / f"{given.stem}.packed.parquet"
    ledger_path = target.with_name(f"{target.stem}.ledger.csv")
    _refuse_foreign(target, ledger_path)
    with whole_file(target, inputs, ledger_path.name) as temporary:
        packed = pack_layer(
            given,
            temporary,
            kind=kind,
            options=options,
            shown_as=given.name,
            progress=lambda rows: progress("读取整理", rows, None),
        )
        write_entries(packed.ledger.entries, temporary.with_name(ledger_path.name))
    return PackedFile(target, ledger_path, packed)


def _refuse_foreign(target: Path, ledger_path: Path) -> None:
    """Refuse names taken by what isn't ours: neither was typed, but where the target was; a packed file bears our mark.

    A ledger belongs to the packed file beside it.
    """
    taken = [path for path in (target, ledger_path) if path.exists()]
    if taken and not (target.is_file() and is_packed(target)):
        what = "已有同名文件，不是 hmgeo 打包的，未作改动"
        raise OutputError(
            [Problem(what, Place(file=str(one)), remedy="移走或改名后重试，或用 --out 换一个文件名") for one in taken]
        )
