"""Layers that real sources may not be held against: questions to them stay open, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.facts import UnansweredFacts, Unknown, missing_layer
from hmgeo.vocabulary import INVENTED, Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hmgeo.records import Layer, Raster


def barred_kinds(
    sources: Basis, layers: Iterable[Layer], elevation: Raster | None = None, *, mixes: bool
) -> tuple[LayerKind, ...]:
    """Return the kinds of layers that sources of a basis may not be held against.

    Parameters
    ----------
    mixes
        Whether the project says that it holds real sources against invented data: then there is none.
    """
    if mixes or sources is not Basis.REAL:
        return ()
    heights = (LayerKind.ELEVATION,) if elevation is not None and elevation.basis in INVENTED else ()
    return (*(layer.kind for layer in layers if layer.basis in INVENTED), *heights)


def barred_text(kinds: Sequence[LayerKind]) -> str:
    """Return what is said of barred layers; empty where there is none."""
    return f"真实污染源不对照合成或示意的「{'、'.join(kind.zh for kind in kinds)}」。" if kinds else ""


def not_asked(code: str, barred: Iterable[LayerKind]) -> Unknown:
    """Return why a layer that isn't among those held can't be asked: barred, or not given."""
    kinds = [kind for kind in barred if kind.value == code]
    return Unknown(f"{barred_text(kinds)}本条未作判断。") if kinds else missing_layer(code)


class BarredFacts(UnansweredFacts):
    """Answers all questions about water and slope with one reason."""

    def __init__(self, why: Unknown) -> None:
        self.flow_needed = self.slope_needed = why
