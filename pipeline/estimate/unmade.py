"""Why statistics of resampling are missing: what the note of their row says.

A part of a note is the names, or beginnings of names, of statistics, a colon, and what is to be said of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

NO_LIMITS = "no effect however large is rejected, for too few draws or clusters"
NO_LIMIT = "no effect however far {} is rejected, for too few draws or clusters"
NO_CLUSTERS = "its errors are not clustered"
NO_FAMILY = "no family of tests is declared"
MEANS_OF_SPLITS = "the lot is drawn again for one effect of clustered means only"
OF_WEIGHTS = "weights follow from who answered in which arm, so every lot would have others"
NONE_WITHOUT = "without any one cluster there is no estimate"
# Of a hazard: what is made, and how; and what is not.
NOT_OF_HAZARD = "wild, cr2, stepdown, joint, band, family: made of least squares alone"
OF_HAZARD = (
    f"ri: by the score, which gives no limits; {NOT_OF_HAZARD}; jackknife, without: by one step from the maximum"
)
OF_ONE_CLUSTER = f"ri, jackknife, without: fewer than two clusters; {NOT_OF_HAZARD}"
FAMILIES = "stepdown, joint, band, family"
SEPARATOR = "; "


def limits_known(values: Mapping[str, float]) -> tuple[dict[str, float], list[str]]:
    """The statistics by name, those that are not finite missing, and the parts of the note that say why."""
    parts = [part for name in ("ri", "wild") for part in _unbounded(name, values)]
    return {name: value if np.isfinite(value) else np.nan for name, value in values.items()}, parts


def _unbounded(name: str, values: Mapping[str, float]) -> Iterator[str]:
    below, above = (bool(np.isinf(values.get(f"{name}_{end}", 0.0))) for end in ("low", "high"))
    if below and above:
        yield f"{name}: {NO_LIMITS}"
    elif below or above:
        yield f"{name}_{'low' if below else 'high'}: {NO_LIMIT.format('below' if below else 'above')}"
