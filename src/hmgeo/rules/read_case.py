"""From YAML to cases: the closed vocabulary of situations that a lawyer can write."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from hmgeo.rules.cases import ANY_LAYER, Case, Expected, Given, LayerState
from hmgeo.rules.nodes import line_of
from hmgeo.rules.parameters import declared
from hmgeo.rules.words import ATTRIBUTES, LAYERS, MEASURED_ATTRIBUTES, SOURCE_KINDS
from hmgeo.vocabulary import Action, Certainty, Standing, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import yaml

    from hmgeo.rules.model import FieldValue
    from hmgeo.rules.nodes import Reader

GIVEN_KEYS = (
    "as_of",
    "place",
    "adopted",
    "source_kind",
    "trade",
    "edition",
    "action",
    "attributes",
    "parameters",
    "layers",
    "distance_m",
    "distance_high_m",
    "inside",
    "touches",
    "upstream",
    "downstream",
    "share_percent",
    "ratio",
    "number",
    "slope_deg",
    "class",
)
T = TypeVar("T")
YES_NO_PARTLY = ("yes", "no", "partly")
YES_NO = ("yes", "no")


def read_case(reader: Reader, node: yaml.Node) -> Case:
    """Return one case; faults go to the reader."""
    entries = reader.mapping(node, ("id", "given", "expect"), ("id", "given", "expect"), "cases")
    given = _read_given(reader, entries["given"]) if "given" in entries else Given(date.min, "")
    expected = _read_expected(reader, entries["expect"]) if "expect" in entries else Expected(Standing.IN_FORCE)
    return Case(reader.text(entries.get("id"), "cases.id"), given, expected, line_of(node))


def _read_given(reader: Reader, node: yaml.Node) -> Given:
    entries = reader.mapping(node, GIVEN_KEYS, ("as_of", "place"), "given")
    action = reader.member(entries["action"], "given.action", Action, Action.NEW) if "action" in entries else None

    def flags(name: str, allowed: Sequence[str]) -> Mapping[str, str]:
        return _by_layer(reader, entries.get(name), name, lambda value: reader.word(value, name, allowed))

    def numbers(name: str) -> Mapping[str, float]:
        return _by_layer(reader, entries.get(name), name, lambda value: reader.number(value, name) or 0.0)

    return Given(
        as_of=reader.day(entries.get("as_of"), "as_of") or date.min,
        place=reader.text(entries.get("place"), "place"),
        adopted=reader.truth(entries.get("adopted"), "adopted"),
        source_kind=reader.word(entries.get("source_kind"), "source_kind", SOURCE_KINDS),
        trade=reader.text(entries.get("trade"), "trade"),
        edition=reader.integer(entries.get("edition"), "edition"),
        action=action,
        attributes=_keyed(reader, entries.get("attributes"), "attributes", ATTRIBUTES, reader.truth),
        parameters=_read_choices(reader, entries.get("parameters")),
        layers=_read_states(reader, entries.get("layers")),
        distance_m=numbers("distance_m"),
        distance_high_m=numbers("distance_high_m"),
        inside=flags("inside", YES_NO_PARTLY),
        touches=flags("touches", YES_NO),
        upstream=flags("upstream", YES_NO),
        downstream=flags("downstream", YES_NO),
        share_percent=numbers("share_percent"),
        ratio=reader.number(entries.get("ratio"), "ratio"),
        number=_keyed(
            reader,
            entries.get("number"),
            "number",
            MEASURED_ATTRIBUTES,
            lambda value, of: reader.number(value, of) or 0.0,
        ),
        slope_deg=reader.number(entries.get("slope_deg"), "slope_deg"),
        classes=_by_layer(reader, entries.get("class"), "class", lambda value: reader.text(value, "class")),
    )


def _read_expected(reader: Reader, node: yaml.Node) -> Expected:
    known = ("standing", "verdict", "certainty", "key_areas", "reason")
    entries = reader.mapping(node, known, ("standing",), "expect")
    verdict = None
    if "verdict" in entries:
        verdict = reader.member(entries["verdict"], "expect.verdict", Verdict, Verdict.NOT_ASSESSED)
    return Expected(
        standing=reader.member(entries.get("standing"), "expect.standing", Standing, Standing.IN_FORCE),
        verdict=verdict,
        certainty=reader.word(entries.get("certainty"), "expect.certainty", [one.value for one in Certainty]),
        key_areas=reader.texts(entries.get("key_areas"), "expect.key_areas"),
        reason=reader.text(entries.get("reason"), "expect.reason"),
    )


def _by_layer(reader: Reader, node: yaml.Node | None, of: str, read: Callable[[yaml.Node], T]) -> Mapping[str, T]:
    """Return values by layer code; a bare value speaks of every layer, under `*`."""
    if node is None:
        return MappingProxyType({})
    if getattr(node, "id", "") != "mapping":
        return MappingProxyType({ANY_LAYER: read(node)})
    found: dict[str, T] = {}
    for key, (key_node, value_node) in reader.free_mapping(node, of).items():
        if reader.word(key_node, of, LAYERS):
            found[key] = read(value_node)
    return MappingProxyType(found)


def _keyed(
    reader: Reader, node: yaml.Node | None, of: str, known: Mapping[str, object], read: Callable[[yaml.Node, str], T]
) -> Mapping[str, T]:
    """Return values by a key of a closed list."""
    if node is None:
        return MappingProxyType({})
    found: dict[str, T] = {}
    for key, (key_node, value_node) in reader.free_mapping(node, of).items():
        if reader.word(key_node, of, known):
            found[key] = read(value_node, key)
    return MappingProxyType(found)


def _read_states(reader: Reader, node: yaml.Node | None) -> Mapping[str, LayerState]:
    states = [state.value for state in LayerState]
    found = _keyed(reader, node, "layers", LAYERS, lambda value, of: reader.word(value, of, states))
    return MappingProxyType({layer: LayerState(state) for layer, state in found.items() if state})


def _read_choices(reader: Reader, node: yaml.Node | None) -> Mapping[str, FieldValue]:
    """Return parameter choices: a number, a word or a list of codes."""
    names = {one.name: one for one in declared()}
    return _keyed(reader, node, "parameters", names, lambda value, of: _read_choice(reader, value, of))


def _read_choice(reader: Reader, node: yaml.Node, of: str) -> FieldValue:
    kind = getattr(node, "id", "")
    if kind == "sequence":
        return reader.texts(node, of)
    if str(getattr(node, "tag", "")).endswith((":int", ":float")):
        return reader.number(node, of) or 0.0
    return reader.text(node, of)
