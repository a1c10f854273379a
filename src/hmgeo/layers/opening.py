"""Receptors opened in the way that holds least in memory: in parts where the format allows it, else as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.batchwise import plain_parts
from hmgeo.layers.load import load_receptors
from hmgeo.layers.remote import RemoteFile

if TYPE_CHECKING:
    from hmgeo.layers.remote import Stored
    from hmgeo.records import Layer, Ledger


def open_parts(path: Stored, **said: Any) -> tuple[Layer, Ledger]:  # noqa: ANN401 -- as `load_receptors`
    """Open a file that isn't packed; takes what `load_receptors` takes.

    Raises
    ------
    InputError
        The file can't be used, or lies at an address and would have to be seen as a whole.
    """
    opened = plain_parts(path, **said)
    if opened is not None:
        return opened
    if isinstance(path, RemoteFile):
        remedy = "写明坐标系重新导出，或下载到本机再用"
        raise InputError(Problem("按地址读的 parquet 须有几何和坐标系", Place(file=repr(path)), remedy=remedy))
    return load_receptors(path, **said)
