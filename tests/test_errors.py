"""How a command ends."""

import pytest

from pipeline.errors import InputError, command


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (None, 0, ""),
        (InputError("x.csv, line 2: no."), 2, "error: x.csv, line 2: no.\n"),
        (KeyboardInterrupt(), 130, "interrupted; nothing half-written is left\n"),
    ],
)
def test_a_command_ends_with_a_code_and_one_message(raised, code, said, capsys):
    @command
    def act() -> None:
        if raised is not None:
            raise raised

    assert act() == code
    assert capsys.readouterr().err == said


def test_a_fault_of_the_program_is_not_hidden():
    @command
    def act() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
