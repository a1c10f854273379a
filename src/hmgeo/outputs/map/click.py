"""What the page needs to answer a click: compiled clauses with their words, and the ground its audience may see."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.outputs import wording
from hmgeo.outputs.map import shapes
from hmgeo.outputs.map.audience import PUBLIC
from hmgeo.outputs.map.ground import can_carry, ground
from hmgeo.outputs.wording import LABELS
from hmgeo.reference.tables import implied_facts, renumbered, trades
from hmgeo.results.results import Presentation
from hmgeo.results.siting import MARGIN_M, Citation, CompiledLayer, CompiledRules
from hmgeo.rules.model import VerificationState
from hmgeo.rules.words import EDITIONS
from hmgeo.vocabulary import INVENTED, Action, Basis, Classification, Effect, Settling, Standing, Verdict

MAX_VERTICES = 1_000_000
"""Of one layer: beyond, its clauses are not run on the page, which would grow by more than 5 MB."""


class ClickPage:
    """The compiled clauses as the page holds them.

    `compiled`: from a run. `presentation`: its audience decides which layers may go in.
    """

    def __init__(self, compiled: CompiledRules, presentation: Presentation) -> None:
        self._compiled = compiled
        self._is_public = presentation.audience == PUBLIC
        self._grounds: list[str] = []
        self._state_counts: list[int] = []
        self._known: dict[bytes, int] = {}
        self._left_out = {code: why for code, layer in compiled.layers.items() if (why := self._refusal(layer))}
        self._orders = {order: rank for rank, order in enumerate(sorted({tuple(r["order"]) for r in compiled.clauses}))}
        self.data = self._data()

    def scripts(self) -> Iterator[tuple[str, str]]:
        """Yield (element id, base64) of every ground."""
        for number, text in enumerate(self._grounds):
            yield f"ground-{number}", text

    def _refusal(self, layer: CompiledLayer) -> str:
        """Return why a layer doesn't go into the page; empty where it does."""
        if layer.classification is Classification.CLASSIFIED:
            return "classified"
        if self._is_public and layer.classification is not Classification.PUBLIC:
            return "not_public"
        geometries = shapes.read(layer.features["geometry"].to_pylist())
        if shapely.get_num_coordinates(geometries).sum() > MAX_VERTICES or not can_carry(geometries):
            return "too_large"
        return ""

    def _data(self) -> dict[str, Any]:
        compiled = self._compiled
        layers = {
            code: self._layer(code, layer) for code, layer in compiled.layers.items() if code not in self._left_out
        }
        numbers: dict[str, int] = dict.fromkeys(compiled.layers, 0)
        sets = []
        for members in compiled.sets:
            sets.append(
                {
                    "layer": members.layer,
                    "index": numbers[members.layer],
                    "title": members.title,
                    "untold": members.untold,
                }
            )
            numbers[members.layer] += 1
        return {
            "margin_m": MARGIN_M,
            "as_of": compiled.as_of,
            "gravity": [verdict.value for verdict in Verdict],
            "effects": [effect.value for effect in Effect],
            "settling": {settling.value: {"zh": settling.zh, "en": settling.en} for settling in Settling},
            "subject_words": dict(compiled.words),
            "actions": {action.value: {"zh": action.zh, "en": action.en} for action in Action},
            "implied": [
                [fact.fact, fact.edition, fact.code, fact.means, fact.source]
                for fact in implied_facts()
                if fact.kind in {"", "project_sites"}
            ],
            "renumbered": {
                str(edition): [code for other, code in renumbered() if other == edition] for edition in EDITIONS
            },
            "trades": [[trade.edition, trade.code, trade.name] for trade in trades().values()],
            "attributes": dict(compiled.attributes),
            "missing": {code: list(words) for code, words in compiled.missing.items()},
            "left_out": {code: [compiled.layers[code].title, why] for code, why in self._left_out.items()},
            "layers": layers,
            "sets": sets,
            "records": [self._record(record) for record in compiled.clauses],
            "citations": [self._citation(cited) for cited in compiled.citations],
            "places": {code: list(numbers) for code, numbers in compiled.places.items()},
            "beside": {code: list(numbers) for code, numbers in compiled.beside.items()},
            "outline_error_m": compiled.outline_error_m,
            "names": dict(compiled.place_names),
            "counties": self._areas(compiled.counties),
            "townships": self._areas(compiled.townships),
            "area": None if compiled.area is None else self._coverage(compiled.area),
            "badges": _badges(),
            "standings": {
                standing.value: {"zh": standing.zh, "en": standing.en}
                for standing in (*Standing, VerificationState.UNVERIFIED)
            },
            "grounds": len(self._grounds),
            "states": self._state_counts,
        }

    def _layer(self, code: str, layer: CompiledLayer) -> dict[str, Any]:
        geometries = shapes.read(layer.features["geometry"].to_pylist())
        has_shape = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
        labels = np.array(layer.features["label"].to_pylist(), dtype=object)[has_shape].tolist()
        states = [
            np.frombuffer(members.states, np.uint8)[has_shape].tobytes()
            for members in self._compiled.sets
            if members.layer == code
        ]
        return {
            "title": layer.title,
            "vintage": layer.vintage,
            "basis": layer.basis.zh,
            "approx": layer.basis is Basis.APPROXIMATE,
            "coverage": None if layer.coverage is None else self._coverage(layer.coverage),
            "complete": layer.is_complete,
            "off_m": layer.off_m,
            "gaps": dict(layer.gaps),
            "ground": self._keep(ground(geometries[has_shape], labels, states), len(states)),
        }

    def _coverage(self, wkb: bytes) -> int:
        """Return the ground of a coverage; layers of one coverage share it."""
        if wkb not in self._known:
            self._known[wkb] = self._keep(ground(shapes.read([wkb])), 0)
        return self._known[wkb]

    def _areas(self, table: pa.Table | None) -> dict[str, Any] | None:
        if table is None or not table.num_rows:
            return None
        return {
            "ground": self._keep(ground(shapes.read(table["geometry"].to_pylist())), 0),
            "codes": table["id"].to_pylist(),
        }

    def _keep(self, text: str, states: int) -> int:
        self._grounds.append(text)
        self._state_counts.append(states)
        return len(self._grounds) - 1

    def _record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        made = dict(record) | {"order": self._orders[tuple(record["order"])]}
        invented = [
            code
            for code in record["layers"]
            if code in self._compiled.layers and self._compiled.layers[code].basis in INVENTED
        ]
        made["example"] = bool(invented)
        if "trees" in record:
            made["trees"] = [self._tree(tree) for tree in record["trees"]]
        return made

    def _tree(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Return a tree in which what asks a layer that isn't in the page is off."""
        if "of" in tree:
            return dict(tree) | {"of": [self._tree(part) for part in tree["of"]]}
        if "set" in tree and (code := self._compiled.sets[tree["set"]].layer) in self._left_out:
            why = LABELS[f"off_{self._left_out[code]}"].format(layer=self._compiled.layers[code].title)
            return {"op": "off", "why": [why]}
        return dict(tree)

    def _citation(self, cited: Citation) -> dict[str, Any]:
        finding = {"document": cited.document, "clause": cited.clause, "decider": cited.decider, "note": ""}
        return {
            "rule": cited.rule_id,
            "title": cited.title,
            "clause": wording.citation(finding),
            "number": cited.document_number,
            "quote": cited.quote,
            "rank": {"zh": cited.legal_rank.zh, "en": cited.legal_rank.en},
            "effect_code": cited.effect,
            "effect": {"zh": Effect.of(cited.effect).zh, "en": Effect.of(cited.effect).en},
            "authority": cited.authority,
            "decider": cited.decider,
            "verified": cited.verified,
            "sentences": {
                verdict.value: {
                    language: wording.verdict_sentence(finding | {"verdict": verdict.value}, language=language)
                    for language in ("zh", "en")
                }
                for verdict in (Verdict.PROHIBITED, Verdict.LISTED)
            },
        }


def _badges() -> dict[str, dict[str, dict[str, str]]]:
    """Return the badge of each verdict, plain and as an example, in both languages."""
    kinds = {
        "plain": (False, False), "example": (True, False), "unmet": (False, True), "unmet_example": (True, True)
    }  # fmt: skip
    return {
        kind: {
            verdict.value: {
                language: wording.badge({"verdict": verdict.value}, example=example, is_unmet=unmet, language=language)
                for language in ("zh", "en")
            }
            for verdict in Verdict
        }
        for kind, (example, unmet) in kinds.items()
    }
