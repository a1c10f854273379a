"""The closed set of test kinds: what each asks, which fields it takes, which layers and measure it needs.

Declared in `kinds.tsv` and `fields.tsv`, implemented in `hmgeo.judging.clause_tests`. What `fields.tsv` calls met is
what an effect then turns into a verdict.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from hmgeo.reference.tables import key_areas
from hmgeo.rules.model import Test
from hmgeo.rules.parameters import declared
from hmgeo.rules.words import ATTRIBUTES, LAYERS, MEASURED_ATTRIBUTES
from hmgeo.words import table_rows


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


class FieldSpec(Struct, frozen=True):
    """One field of a kind."""

    name: str
    type: FieldType
    required: bool
    allowed: tuple[str, ...]


class KindSpec(Struct, frozen=True):
    """One kind of test.

    `limit_unit`: unit of the dated value that the kind compares with; empty where it compares with none.
    `extra_layers`: layers needed beside those that the test names.
    """

    name: str
    zh: str
    fields: tuple[FieldSpec, ...]
    limit_unit: str
    extra_layers: tuple[str, ...]

    @property
    def takes_parts(self) -> bool:
        """Whether a test of the kind is made of tests: it has no field of its own."""
        return not self.fields


_FIELDS = defaultdict[str, list[FieldSpec]](list)
for _name, _kinds, _type, _required, _allowed, _ in table_rows("hmgeo.rules", "fields.tsv"):
    for _kind in _kinds.split():
        _FIELDS[_kind].append(FieldSpec(_name, FieldType(_type), bool(_required), tuple(_allowed.split())))

KINDS: Mapping[str, KindSpec] = MappingProxyType(
    {
        name: KindSpec(name, zh, tuple(_FIELDS[name]), unit, tuple(layers.split()))
        for name, unit, layers, zh in table_rows("hmgeo.rules", "kinds.tsv")
    }
)
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
