"""Rules compiled for a page that judges a clicked place: plain tables, and the ground they are held against.

Nothing here decides: a page executes the trees, limits and sets as they stand, with the words that come with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from hmgeo.results.siting import Citation
    from hmgeo.vocabulary import Basis, Classification


MARGIN_M = 1.0
"""Within this distance of a limit or a border, in metres, a page says that the answer could flip."""


@dataclass(frozen=True, slots=True)
class CompiledLayer:
    """One layer that compiled tests ask.

    Parameters
    ----------
    code, title, department
        The layer, its word, and whom to ask for it.
    coverage
        WKB polygon in lon/lat inside which the layer was surveyed; None where nobody said.
    is_complete
        Whether it holds everything of its kind within its coverage.
    gaps
        Why finding nothing in it would prove nothing: `outside` its coverage, `near` the edge of it (`{reach}` and
        `{limit}` in metres), `undeclared`, `incomplete`.
    features
        Columns label (name, else id) and geometry (lon/lat WKB), in the order of the layer.
    off_m
        How far off any of them may lie.
    """

    code: str
    title: str
    department: str
    basis: Basis
    vintage: str
    classification: Classification
    coverage: bytes | None = field(repr=False)
    is_complete: bool
    gaps: Mapping[str, str] = field(repr=False)
    features: pa.Table = field(repr=False)
    off_m: float = 0.0


@dataclass(frozen=True, slots=True)
class CompiledSet:
    """Which features of a layer count.

    Parameters
    ----------
    title
        The layer in words, with the classes that count.
    states
        One byte per feature: 0 doesn't count, 1 counts, 2 nobody can tell.
    untold
        What is said where a feature that may count decides; `{name}` stands for it.
    """

    layer: str
    title: str
    states: bytes = field(repr=False)
    untold: str = ""


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Every clause that could apply to a project site, by place.

    Parameters
    ----------
    clauses
        Plain records (see `hmgeo.siting.page_rules`).
    citations
        Clauses as cited; records name them by number.
    places
        By administrative code (empty for a place that no polygon holds): numbers of the records, in no order.
    beside
        By the code of each county drawn: those of a place that no polygon holds and that may lie in this one, within
        `outline_error_m` metres.
    place_names
        County and township in words, by the same codes.
    attributes
        Yes/no facts that clauses ask for: code and Chinese word.
    missing
        Layers that clauses ask for and nobody gave: code, and (word, whom to ask).
    words
        Sentences on whom a clause reaches, with parts to fill in.
    counties, townships
        Tables with id and geometry that say which place holds a point; None where none are at hand.
    area
        WKB of the project's own area, over which zones are drawn; None for everywhere.
    """

    as_of: str
    clauses: tuple[Mapping[str, Any], ...] = field(repr=False)
    citations: tuple[Citation, ...] = field(repr=False)
    places: Mapping[str, tuple[int, ...]] = field(repr=False)
    beside: Mapping[str, tuple[int, ...]] = field(repr=False)
    outline_error_m: float
    place_names: Mapping[str, str] = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    missing: Mapping[str, tuple[str, str]] = field(repr=False)
    words: Mapping[str, str] = field(repr=False)
    sets: tuple[CompiledSet, ...] = field(repr=False)
    layers: Mapping[str, CompiledLayer] = field(repr=False)
    counties: pa.Table | None = field(repr=False)
    townships: pa.Table | None = field(repr=False)
    area: bytes | None = field(default=None, repr=False)
