"""Where places are looked up: a project's own administrative layers first, those that ship with the program second."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.places import Areas
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from hmgeo.layers.areas import Context
    from hmgeo.records import Layer

_COLUMNS = ("id", "name", "geometry")


def administrative_areas(contexts: Iterable[Context], layers: Iterable[Layer] = ()) -> Areas:
    """Return counties and townships to look places up in.

    Parameters
    ----------
    contexts
        What ships with the program around the project.
    layers
        The project's own; a layer of counties or townships goes before what ships. Its ids are administrative codes.
    """
    held = {one.role: (one.table, one.basis) for one in contexts}
    own = {layer.kind: (_table(layer), layer.basis) for layer in layers if layer.kind in _ADMINISTRATIVE}
    counties = own.get(LayerKind.COUNTIES) or held.get("county")
    townships = own.get(LayerKind.TOWNSHIPS) or held.get("township")
    return Areas(
        None if counties is None else counties[0],
        None if townships is None else townships[0],
        townships_are_approximate=townships is None or townships[1] is Basis.APPROXIMATE,
    )


_ADMINISTRATIVE = frozenset({LayerKind.COUNTIES, LayerKind.TOWNSHIPS})


def _table(layer: Layer) -> pa.Table:
    return layer.read().select(["receptor_id", "name", "geometry"]).rename_columns(list(_COLUMNS))
