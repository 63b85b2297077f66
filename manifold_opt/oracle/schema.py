"""The JSON schema of the manifest, of draft 2020-12."""
from __future__ import annotations

from typing import Any

from manifold_opt.oracle.expectations import LEVELS
from manifold_opt.oracle.format import SCHEMA
from manifold_opt.oracle.method_quantities import SCHEDULES
from manifold_opt.oracle.quantities import KINDS, METHODS

__all__ = ["MANIFEST_SCHEMA"]


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members and no others."""
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required),
            "additionalProperties": False}


def _table(values: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values}


TEXT, NUMBER = {"type": "string", "minLength": 1}, {"type": "number"}
POSITIVE = {"type": "number", "exclusiveMinimum": 0}
COUNT, TEXTS = {"type": "integer", "minimum": 0}, {"type": "array", "items": {"type": "string"}}
SPACE = {"enum": ["stiefel", "grassmann", "symplectic_stiefel", "symplectic_grassmann", "euclidean",
                  "complex_stiefel", "complex_grassmann"]}
DTYPE = {"enum": ["float64", "float32"]}

PARAMETERS = _object({"dtype": DTYPE}, {
    "space": SPACE, "shape": {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2},
    "method": {"enum": [*METHODS, "adam_w", "muon"]}, "retraction": {"enum": ["cayley", "geodesic"]},
    "hyper": _table(NUMBER),
    "condition": NUMBER, "norm": NUMBER, "problem": {"enum": ["brockett", "procrustes", "symplectic_eigenvalues"]},
    "steps": COUNT, "loss": {"enum": ["relative", "cross_entropy"]}, "blocks": COUNT, "heads": COUNT, "width": COUNT,
    "tokens": COUNT, "batch": COUNT, "classes": COUNT, "skip": {"type": "boolean"}, "gain": NUMBER,
    "operation": TEXT, "reason": TEXT, "connection": {"enum": ["canonical", "levi_civita"]},
    "schedule": {"enum": list(SCHEDULES)}})

ARRAY = {"oneOf": [_object({"shape": {"type": "array", "items": COUNT}, "role": {"const": "input"}}),
                   _object({"shape": {"type": "array", "items": COUNT}, "role": {"const": "expected"},
                            "scale": POSITIVE}, {"step_scale": POSITIVE})]}

CASE = _object({"kind": {"enum": list(KINDS)}, "level": {"enum": list(LEVELS)}, "parameters": PARAMETERS,
                "arrays": _table(ARRAY)})

MANIFEST_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Manifest of the reference cases", **_object({
        "schema": {"const": SCHEMA}, "library": {"const": "manifold_opt"}, "version": TEXT, "paper": TEXT,
        "conventions": _table(TEXT), "accuracy": _table(TEXT),
        "quantities": _table(_object({"meaning": TEXT, "formula": TEXT, "paper": TEXT}, {
            "tolerance": _object({"constant": POSITIVE, "float64": POSITIVE, "float32": POSITIVE})})),
        "operations": _table(_object({"arguments": TEXTS, "returns": TEXT, "quantities": TEXTS, "required": TEXTS})),
        "kinds": _table(TEXTS), "hyper": _table(TEXTS), "losses": TEXTS,
        "notes": {"type": "array", "items": _object({
            "operation": TEXT, "mistake": TEXT, "quantity": TEXT, "smallest": TEXT, "largest": TEXT,
            "questions": COUNT})},
        "groups": _table(_object({"file": TEXT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                                  "cases": _table(CASE)}))})}
"""What every manifest of this version satisfies."""
