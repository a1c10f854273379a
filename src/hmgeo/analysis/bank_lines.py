"""Setbacks from rivers are measured from a bank line (岸线): no centreline and no small-scale river stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.facts import Unknown, missing_layer
from hmgeo.rules.words import LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.analysis.layer_index import LayerIndex

RIVERS = "rivers"
BANK_LINES = frozenset({"river_shoreline_main", "river_shoreline_tributary", "river_shoreline_important_tributary"})
"""Layers whose features are bank lines, or areas of water whose edge is one."""

_CENTRELINES = ("中心线", "中泓线", "centreline", "centerline")


def bank_line_fault(code: str, indexes: Mapping[str, LayerIndex]) -> Unknown | None:
    """Return why nothing can be measured from a layer of bank lines; None for other layers and for usable ones.

    Parameters
    ----------
    code
        Of a layer in `hmgeo.rules.words.LAYERS`.
    """
    if code not in BANK_LINES:
        return None
    word = LAYERS[code]
    index = indexes.get(code)
    if index is None:
        missing = missing_layer(code).why
        instead = "「河流」图层只有中心线或比例尺过小，不能代替岸线量距。" if RIVERS in indexes else ""
        return Unknown(f"{missing}{instead}")
    ask = f"本条未评估。请向{word.department}获取岸线。"
    if index.is_approximate:
        return Unknown(f"「{word.zh}」为示意数据，不能作岸线量距，{ask}")
    if any(mark in text.casefold() for text in index.class_words for mark in _CENTRELINES):
        return Unknown(f"「{word.zh}」含河道中心线，不能作岸线量距，{ask}")
    return None
