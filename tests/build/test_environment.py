"""The two descriptions of the environment say the same."""

import re
from pathlib import Path


def test_environment_yml_holds_the_pins_of_the_lock_file_and_names_make_and_python():
    lock = re.findall(r"^([a-z0-9][^\\\n]*?) \\$", Path("requirements.lock").read_text(), re.MULTILINE)
    environment = Path("environment.yml").read_text()
    pins = re.findall(r"^      - (.+)$", environment, re.MULTILINE)
    assert pins == lock
    assert re.search(r"^  - python=3\.\d+$", environment, re.MULTILINE)
    assert re.search(r"^  - make$", environment, re.MULTILINE)


def test_every_pin_is_exact_and_pandas_stays_below_3():
    pins = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", Path("requirements.lock").read_text(), re.MULTILINE))
    assert int(pins["pandas"].split(".")[0]) < 3
    assert pins["lifelines"] == "0.30.3"
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in pins)
