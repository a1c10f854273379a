"""Raises the version of the packaged rules: `python tools/raise_version.py 2026.4`, after the last change to them.

Every file says then which version its content is; `hmgeo rules check` faults a change after that.
"""

from __future__ import annotations

import re
import sys

from hmgeo.rules.book import shipped_rule_files
from hmgeo.rules.parameters import FILE
from hmgeo.rules.read import load_rules

HEAD = re.compile(r"^version: .*\n(fingerprint: .*\n)?", re.MULTILINE)

if __name__ == "__main__":
    version = " ".join(sys.argv[1:])
    if not re.fullmatch(r"[0-9]{4}\.[0-9]+", version):
        sys.exit("Type the version as year.number: python tools/raise_version.py 2026.4")
    for name, path in shipped_rule_files().items():
        if name != FILE:
            content = load_rules(path.read_bytes(), name).content
            head = f'version: "{version}"\nfingerprint: {version} {content}\n'
            path.write_text(HEAD.sub(head, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
