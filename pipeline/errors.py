"""The one exception a user can cause."""


class InputError(Exception):
    """Input or settings that cannot be used.

    The message names the file, the line or column, the value and how often it occurs, and the remedy. It never holds
    a person's number or any other value of a person's row than the offending one. The command line ends with exit
    code 2 and prints the message alone.
    """
