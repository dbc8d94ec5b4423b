"""validate.py [--closed] SCHEMA FILE: says where FILE is not valid; --closed: nor may it have members
that the schema does not name."""
import json
import sys

import jsonschema


def close(schema):
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            close(part)
    elif isinstance(schema, list):
        for part in schema:
            close(part)


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


*options, schema_path, path = sys.argv[1:]
schema = load(schema_path)
if options == ["--closed"]:
    close(schema)
validator = jsonschema.validators.validator_for(schema)(schema)
validator.check_schema(schema)
errors = list(validator.iter_errors(load(path)))
for error in errors[:20]:
    print("/".join(map(str, error.absolute_path)), error.message[:300])
sys.exit(1 if errors else 0)
