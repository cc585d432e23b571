"""Write the documents that follow from the settings, the tests and what was measured: python -m pipeline.documents."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline.documents.checks import write_checks
from pipeline.documents.confidentiality import write_confidentiality
from pipeline.documents.inference import draw_size, draw_speed, write_inference
from pipeline.documents.models import write_models
from pipeline.documents.outcomes import write_outcomes
from pipeline.documents.power import draw_power, write_power
from pipeline.documents.variables import write_variables
from pipeline.errors import command
from pipeline.estimate.estimators import checked_models
from pipeline.runner.inputs import load_input
from pipeline.runner.schemas import every_column
from pipeline.settings.described import read_exhibits
from pipeline.storage import write_if_changed

CONFIG, SPECIFICATIONS, DOCUMENTS = Path("config"), Path("tests/register"), Path("docs")
MEASURED = DOCUMENTS / "measured"
MALFORMED = Path("tests/checks/malformed.csv")


def write_documents() -> dict[str, str]:
    """The text of every generated document by its name under docs/."""
    settings = {path.stem: load_input(path) for path in CONFIG.iterdir() if path.is_file()}
    tests = {name: load_input(SPECIFICATIONS / f"{name}.csv") for name in ("states", "exits", "shares")}
    models, exhibits = checked_models(settings["models"], settings["study"].design), read_exhibits(settings["exhibits"])
    study, variables = settings["study"], settings["variables"]
    measured = [load_input(MEASURED / f"{name}.csv") for name in ("disclosure", "confidentiality", "printed", "faults")]
    simulated, plan = (load_input(MEASURED / f"{name}.csv") for name in ("power", "plan"))
    size, speed, growth = (load_input(MEASURED / f"inference_{name}.csv") for name in ("size", "speed", "growth"))
    return {
        "inference.md": write_inference(size, speed, growth),
        "inference_size.svg": draw_size(size),
        "inference_speed.svg": draw_speed(speed),
        "confidentiality.md": write_confidentiality(settings["disclosure"], *measured),
        "checks.md": write_checks(load_input(MALFORMED)),
        "outcomes.md": write_outcomes(settings["outcomes"], study, variables, settings["benefit_codes"], **tests),
        "models.md": write_models(models, exhibits, study, variables),
        "power.md": write_power(simulated, plan),
        "power.svg": draw_power(simulated),
        "variables.md": write_variables(every_column(variables), models),
    }


@command
def main() -> None:
    """Write what changed and name it."""
    os.umask(0o022)  # they are part of the project, and hold nobody
    for name, text in write_documents().items():
        changed = write_if_changed(DOCUMENTS / name, text.encode())
        print(f"{DOCUMENTS / name}: {'written' if changed else 'nothing changed'}")


if __name__ == "__main__":
    sys.exit(main())
