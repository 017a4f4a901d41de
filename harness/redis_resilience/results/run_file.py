"""run.json: what a run's folder says of all its trials, for programs. `run.schema.json` beside this describes it."""

from __future__ import annotations

from importlib import resources
from inspect import cleandoc
from pathlib import Path

import msgspec

from redis_resilience.model.errors import BrokenRun, BrokenTrial
from redis_resilience.model.run import RunRecord
from redis_resilience.trials.documents import decode_json, encode_json
from redis_resilience.trials.folder import write_whole

RUN = "run.json"
SCHEMA_FILE = "run.schema.json"


def write_run(folder: Path, run: RunRecord) -> None:
    """Raises BrokenTrial where the disk refuses."""
    write_whole(folder / RUN, encode_json(run))


def read_run(folder: Path) -> RunRecord:
    """Raises BrokenRun where there is none, or one that cannot be read."""
    path = folder / RUN
    try:
        return decode_json(path.read_bytes(), RunRecord)
    except OSError as error:
        raise BrokenRun(
            f"expected {RUN} in {folder}; {error.strerror}; is this the folder of a run? "
            "`redis-resilience index` makes it from the trials"
        ) from error
    except BrokenTrial as error:
        raise BrokenRun(f"{path}: {error}") from error


def schema() -> bytes:
    """The JSON Schema as it is stored in the package."""
    return resources.files("redis_resilience.results").joinpath(SCHEMA_FILE).read_bytes()


def made_schema() -> bytes:
    """The JSON Schema of today's `RunRecord`, the same by every Python and msgspec.

    Without the indentation of docstrings, which Python 3.13 leaves out, and defaults of empty objects, which msgspec
    adds from 0.23 on.
    """
    schema = msgspec.json.schema(RunRecord)
    for described in schema["$defs"].values():
        if "description" in described:
            described["description"] = cleandoc(described["description"])
        for field in described.get("properties", {}).values():
            if field.get("default") == {}:
                del field["default"]
    return encode_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
