"""Which printed numbers the fit aims at, against the stored table of targets."""

from calibration.declared import declared_roles, place_of
from calibration.printed.targets import TABLES
from pipeline.twin.files import TARGETS
from pipeline.twin.stored import read_rows

# What is no target: the report contradicts it (docs/decisions/published_numbers.md).
CONTRADICTED = {
    ("table_2_2", "Dag for allokering (dato)", "short_wait", "date"),
    ("table_2_3", "Dag for allokering", "all", "coef"),
    ("table_3_6", "Observationer", "self_efficacy", "n"),
    ("table_6_1", "Ordinært job", "group_size_pct", "pct"),
    ("table_6_1", "Ikke Ordinært job", "group_size_pct", "pct"),
}


def test_every_printed_number_is_a_target_or_contradicted():
    """Standard errors and p-values follow from the model: they are steered at most."""
    roles = {place_of(row): row["role"] for row in read_rows(TARGETS)}
    assert roles == declared_roles()
    rows = [row for row in read_rows(TABLES) if row["statistic"] not in ("se", "p_value")]
    left_out = {place_of(row)[:1] + place_of(row)[2:] for row in rows if place_of(row) not in roles}
    assert left_out == CONTRADICTED
    assert {role for place, role in roles.items() if place[-1] == "se"} == {"steered"}
    assert {role for place, role in roles.items() if place[-1] != "se"} == {"target"}
