"""A name for what numba and llvmlite hand to code generators; neither library types it."""

from __future__ import annotations

from typing import Any, TypeAlias

Ir: TypeAlias = Any
"""A context, builder, signature, type or value of the code being generated."""
