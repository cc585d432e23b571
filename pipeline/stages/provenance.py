"""Where every file before the report comes from, and the head of the chain of records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.runner.provenance import describe_build


def run(ran: Mapping[str, Any], **records: Mapping[str, Any]) -> dict[str, str]:
    """provenance.json of the build whose stages before the report have the `records`; `ran` is what this run runs with.

    The code of the records is that of its commit, or make would have run them again.
    """
    return {"provenance.json": describe_build(ran, records.values())}
