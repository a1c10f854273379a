"""The adapter for hmgeo: each folder of cases as a project, its answers as a line of JSON.

Another program needs a script like this one: folders as arguments, a line of JSON for each on standard output.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import hmgeo

CLAUSES = Path(__file__).resolve().parent / "clauses.yml"


def project_text(folder: Path) -> str:
    """Return project.yml for a folder of cases, with all files beside it."""
    question = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    layers = {"enterprises": {"path": question["sources"], "basis": "synthetic"}}
    for kind, stated in question["layers"].items():
        entry = {"path": stated["file"], "basis": "synthetic"}
        entry |= {"completeness": "complete"} if stated["complete"] else {}
        entry |= {"coverage": {"file": stated["covers"]}} if "covers" in stated else {}
        layers[kind] = entry
    spec = {"schema": 1, "title": question["title"], "as_of": question["as_of"], "area": {"codes": ["441802"]},
            "layers": layers, "screening_rule": "none", "rule_packs": [CLAUSES.name]}  # fmt: skip
    return json.dumps(spec, ensure_ascii=False, indent=1)  # JSON is YAML, too


def answers(folder: Path) -> dict[str, object]:
    """Return the rows and findings of one folder."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project.yml"
        for path in (CLAUSES, *folder.iterdir()):  # a project reads what lies beside it
            shutil.copy(path, project.parent)
        project.write_text(project_text(folder), encoding="utf-8")
        try:
            results = hmgeo.project_results(project, page=False)
        except hmgeo.HmgeoError as refusal:
            return {"folder": folder.name, "refused": str(refusal), "rows": [], "findings": {}}
    rows = [{key: row[key] for key in ("source_id", "lon", "lat")} for row in results.sources.to_pylist()]
    kept = ("verdict", "certainty", "measured")
    findings = {
        row["finding_id"]: {key: row[key] for key in kept}
        for row in results.findings.to_pylist()
        if row["rule_id"].startswith("CF-")
    }
    return {"folder": folder.name, "rows": rows, "findings": findings}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(json.dumps(answers(Path(argument)), ensure_ascii=False), flush=True)
