"""The key of an extract is made once, where its owner alone reads it; a key that is none is told by one message."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import pandas as pd
import pytest

from pipeline.errors import InputError
from pipeline.pseudonyms.hashed import LEAST, Pseudonyms
from pipeline.pseudonyms.keys import digest_of, make_key, place_of, read_key
from pipeline.verify.plain.pseudonyms import pseudonym

OTHER = secrets.token_bytes(32)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    monkeypatch.delenv("PERSONS_KEY", raising=False)


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path):
    digest, where = make_key("spring")
    path = place_of("spring")
    assert (where, make_key("spring")) == (str(path), (digest, str(path)))
    assert path.is_relative_to(tmp_path / "configuration")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [each.name for each in path.parent.iterdir()] == ["spring.key"]
    assert digest_of(read_key("spring", digest)) == digest
    assert make_key("autumn")[0] != digest


def test_the_environment_holds_a_key_as_well_as_a_file(monkeypatch):
    monkeypatch.setenv("PERSONS_KEY", OTHER.hex())
    assert make_key("spring") == (digest_of(OTHER), "environment variable PERSONS_KEY")
    assert read_key("spring", digest_of(OTHER)) == OTHER
    assert not place_of("spring").exists()


def lost(path):
    path.unlink()


def other(path):
    path.write_text(OTHER.hex())


def short(path):
    path.write_text(OTHER.hex()[:40])


def typed(path):
    path.write_text("ab" * 32)


def open_to_the_group(path):
    path.chmod(0o640)


def beside_anybody(path):
    path.parent.parent.chmod(0o777)


def linked(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lost, r"the key of extract spring is lost: it is neither there nor in the environment variable PERSONS_KEY"),
        (other, r"spring\.key: not the key that extract\.toml names by key_digest"),
        (short, r"spring\.key: no key of 32 random bytes: .* 40 characters are there"),
        (typed, r"spring\.key: no key of 32 random bytes"),
        (
            open_to_the_group,
            r"spring\.key: the key is not a file that you own and nobody else can read\. Say chmod 600",
        ),
        (beside_anybody, r"ltjs-evaluation: anybody can write to this folder of the key .* Say chmod o-w"),
        (linked, r"spring\.key: the key cannot be read"),
    ],
)
def test_a_key_that_is_none_is_told_by_one_message_without_it(harm, message):
    digest, _ = make_key("spring")
    path = place_of("spring")
    text = path.read_text().strip()
    harm(path)
    with pytest.raises(InputError, match=message) as error:
        read_key("spring", digest)
    assert len(error.value.messages) == 1
    assert not any(part in str(error.value) for part in (text[:16], OTHER.hex()[:16]))


def test_an_extract_without_a_key_is_told_how_to_get_one():
    with pytest.raises(InputError, match=r"no key_digest.* Say make extract EXTRACT=spring"):
        read_key("spring", "")


@pytest.mark.parametrize("number", ["1", "0", "730000001", "a-key-of-text", "Ærø"])
def test_a_pseudonym_is_that_of_the_standard_and_of_the_second_route(number):
    own = Pseudonyms(OTHER)
    digest = hmac.new(OTHER, b"person\0" + number.encode(), hashlib.sha256).hexdigest()
    assert own.person(number) == LEAST + int(digest[:13], 16) == pseudonym(OTHER, number)
    assert LEAST <= own.person(number) < 2 * LEAST == 2**53
    key = hmac.new(OTHER, b"key\0" + number.encode(), hashlib.sha256).hexdigest()
    assert own.in_register(number) == f"k{key[:32]}"
    assert OTHER.hex() not in repr(own)
    assert repr(OTHER) not in repr(own)


def test_two_persons_with_one_pseudonym_are_an_error(monkeypatch):
    monkeypatch.setattr(Pseudonyms, "person", lambda self, number: 7)
    with pytest.raises(InputError, match="1 persons have the pseudonym of another by chance"):
        Pseudonyms(OTHER).persons(pd.Series(["1", "2"]))
