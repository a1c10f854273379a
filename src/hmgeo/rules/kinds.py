"""The closed set of test kinds: what each asks, which fields it takes, which layers and measure it needs.

Declared here, implemented in `hmgeo.judging.clause_tests`. `met` below is what an effect then turns into a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.reference.tables import key_areas
from hmgeo.rules.parameters import declared
from hmgeo.rules.words import ATTRIBUTES, LAYERS, MEASURED_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.rules.model import Test


class FieldType(StrEnum):
    """What a field of a test may hold."""

    LAYER = "layer"
    CLASSES = "classes"
    PARAMETER = "parameter"
    WORD = "word"
    ATTRIBUTE = "attribute"
    ATTRIBUTES = "attributes"
    MEASURED = "measured"
    KEY_AREAS = "key_areas"
    TEXT = "text"


DISTANCE_KINDS = frozenset({"maximum_distance", "minimum_distance"})
INSIDE_KINDS = frozenset({"within", "not_within"})
FLOW_KINDS = frozenset({"upstream_of", "downstream_of"})

LIST_TYPES = frozenset({FieldType.CLASSES, FieldType.ATTRIBUTES, FieldType.KEY_AREAS})
"""Field types that hold a list of words."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a kind."""

    name: str
    type: FieldType
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of test.

    Parameters
    ----------
    limit_unit
        Unit of the dated value that the kind compares with; empty where it compares with none.
    extra_layers
        Layers needed beside those that the test names.
    """

    name: str
    zh: str
    fields: tuple[FieldSpec, ...] = ()
    limit_unit: str = ""
    extra_layers: tuple[str, ...] = ()
    takes_parts: bool = False

    def field(self, name: str) -> FieldSpec | None:
        """Return the field of that name, None where the kind has none."""
        return next((spec for spec in self.fields if spec.name == name), None)


LAYER = FieldSpec("layer", FieldType.LAYER, "the layer that is met or missed", required=True)
CLASSES = FieldSpec("classes", FieldType.CLASSES, "only features of these official classes")
EXTENT = FieldSpec("extent", FieldType.PARAMETER, "parameter that chooses which features count")
LIMIT = FieldSpec("limit", FieldType.PARAMETER, "parameter that holds the limit where the text gives no number")
PART = FieldSpec("part", FieldType.PARAMETER, "parameter that says what partly inside means")
HAVING = FieldSpec("having", FieldType.ATTRIBUTES, "only features of which all these facts are known to be so")
LACKING = FieldSpec("lacking", FieldType.ATTRIBUTES, "only features of which all these facts are known not to be so")
AREA_IDS = FieldSpec("area_ids", FieldType.KEY_AREAS, "only these key areas")
TOLERANCE = FieldSpec("tolerance", FieldType.PARAMETER, "parameter with the tolerance", required=True)
OVERLAY_FIELDS = (LAYER, CLASSES, EXTENT, PART, HAVING, LACKING, AREA_IDS)
COMPARISON = FieldSpec(
    "comparison",
    FieldType.WORD,
    "met where the measured number is at least or at most the limit; limits are inclusive",
    required=True,
    allowed=("at_least", "at_most"),
)
FLOW_FIELDS = (
    LAYER,
    CLASSES,
    FieldSpec("limit", FieldType.PARAMETER, "parameter that holds how far along the water"),
    FieldSpec("mode", FieldType.PARAMETER, "parameter that chooses network, catchment or both"),
)
DISTANCE_FIELDS = (
    LAYER,
    CLASSES,
    EXTENT,
    HAVING,
    LACKING,
    LIMIT,
    FieldSpec("terrain", FieldType.PARAMETER, "parameter that says whether hills shorten the distance"),
    FieldSpec("mode", FieldType.PARAMETER, "parameter that chooses the straight line or the flow path"),
    FieldSpec("further", FieldType.PARAMETER, "parameter that lists classes that count beside those named"),
)

_SPECS = (
    KindSpec("within", "位于其内", OVERLAY_FIELDS),
    KindSpec("not_within", "位于其外", OVERLAY_FIELDS),
    KindSpec("minimum_distance", "不近于", DISTANCE_FIELDS, limit_unit="m"),
    KindSpec("maximum_distance", "不远于", DISTANCE_FIELDS, limit_unit="m"),
    KindSpec("overlap_share", "重叠占比", (LAYER, CLASSES, LIMIT), limit_unit="%"),
    KindSpec("adjacency", "毗邻", (LAYER, CLASSES, HAVING, LACKING, TOLERANCE)),
    KindSpec("upstream_of", "位于上游", FLOW_FIELDS, extra_layers=("rivers", "elevation")),
    KindSpec("downstream_of", "位于下游", FLOW_FIELDS, extra_layers=("rivers", "elevation")),
    KindSpec(
        "classification",
        "类别",
        (
            FieldSpec("layer", FieldType.LAYER, "the layer whose classes are meant", required=True),
            FieldSpec("classes", FieldType.CLASSES, "the classes that meet the test"),
            FieldSpec("scheme", FieldType.TEXT, "standard by which the class is found"),
        ),
    ),
    KindSpec(
        "ratio",
        "比值",
        (
            FieldSpec("numerator", FieldType.MEASURED, "the number above", required=True),
            FieldSpec("denominator", FieldType.MEASURED, "the number below", required=True),
            COMPARISON,
            FieldSpec("by", FieldType.PARAMETER, "parameter that says per metal or summed"),
            FieldSpec("equal", FieldType.WORD, "yes: held against one to one (等量)", allowed=("yes",)),
        ),
        limit_unit="1",
    ),
    KindSpec(
        "attribute",
        "属性",
        (
            FieldSpec("attribute", FieldType.ATTRIBUTE, "the fact or number", required=True),
            FieldSpec("expected", FieldType.WORD, "met where the fact is so", allowed=("yes", "no")),
            FieldSpec("comparison", FieldType.WORD, "for numbers", allowed=("at_least", "at_most")),
        ),
    ),
    KindSpec("slope", "坡度", (COMPARISON,), limit_unit="°", extra_layers=("elevation",)),
    KindSpec(
        "key_area",
        "重点区域",
        (
            FieldSpec("area_ids", FieldType.KEY_AREAS, "ids in the key-area table", required=True),
            FieldSpec("extent", FieldType.PARAMETER, "parameter that chooses between two extents"),
        ),
    ),
    KindSpec("all_of", "全部满足", takes_parts=True),
    KindSpec("any_of", "满足其一", takes_parts=True),
)

KINDS: Mapping[str, KindSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every kind by name."""


def layers_of(test: Test) -> tuple[str, ...]:
    """Return the codes of all layers that a test needs, in order, each once."""
    codes = (code for leaf in test.leaves() for code in (leaf.text("layer"), *KINDS[leaf.kind].extra_layers))
    return tuple(dict.fromkeys(filter(None, codes)))


def parameters_of(test: Test) -> tuple[str, ...]:
    """Return the names of the parameters that a test's fields hold, in order, each once."""
    names = (
        leaf.text(spec.name)
        for leaf in test.leaves()
        for spec in KINDS[leaf.kind].fields
        if spec.type is FieldType.PARAMETER
    )
    return tuple(dict.fromkeys(name for name in names if name))


def known_words(kind: FieldType) -> tuple[str, ...]:
    """Return the closed words of a field type (`kind`), empty where it has none of its own.

    Examples
    --------
    >>> "farmland" in known_words(FieldType.LAYER)
    True
    """
    words: Mapping[FieldType, Iterable[str]] = {
        FieldType.LAYER: LAYERS,
        FieldType.ATTRIBUTE: (*ATTRIBUTES, *MEASURED_ATTRIBUTES),
        FieldType.ATTRIBUTES: ATTRIBUTES,
        FieldType.MEASURED: MEASURED_ATTRIBUTES,
        FieldType.PARAMETER: (parameter.name for parameter in declared()),
        FieldType.KEY_AREAS: (area.id for area in key_areas()),
    }
    return tuple(words.get(kind, ()))
