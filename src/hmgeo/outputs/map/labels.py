"""Short labels of the map page and its siting check, Chinese and English by key; sentences live in `wording`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.outputs import wording
from hmgeo.results.columns import popup_columns
from hmgeo.results.text import bearing_text
from hmgeo.words import ENGLISH, table_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


_BOTH = {key: (zh, en) for key, zh, en in table_rows("hmgeo.outputs.map", "labels.tsv")}
"""Chinese and English by key; `{…}` parts are filled in where they are used."""
_BOTH |= {"visit": wording.VISITS, **{column.name: (column.zh, column.en) for column in popup_columns()}}

LABELS: Mapping[str, str] = MappingProxyType({key: zh for key, (zh, _) in _BOTH.items()})
"""Chinese labels by key."""

LABELS_EN: Mapping[str, str] = MappingProxyType({key: en for key, (_, en) in _BOTH.items()})
"""English labels by key."""


def labels(language: str) -> Mapping[str, str]:
    """Return the labels of `language` by key."""
    return LABELS_EN if language == ENGLISH else LABELS


def compass(bearing_deg: float) -> str:
    """Return `bearing_deg`, from true north, in words with its degrees.

    Examples
    --------
    >>> compass(44.6)
    '东北（45°）'
    >>> compass(359.8)
    '北（0°）'
    """
    return f"{bearing_text(bearing_deg)}（{round(bearing_deg) % 360}°）"
