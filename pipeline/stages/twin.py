"""The synthetic trial as an analyst would receive it (docs/decisions/synthetic_trial.md)."""

from pipeline.twin.files import twin_files


def run() -> dict[str, bytes]:
    """The files of data_raw/twin; the only stage whose source is not data but the package itself."""
    return twin_files()
