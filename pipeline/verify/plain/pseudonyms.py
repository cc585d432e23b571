"""What stands for a person's number: HMAC-SHA256 written out, as RFC 2104 has it."""

from __future__ import annotations

import hashlib

BLOCK = 64
LEADING = 2**52  # a pseudonym has 53 binary digits, of which the first is 1 and the others are the hash's first


def pseudonym(key: bytes, number: str) -> int:
    """The pseudonym of a trial number, written as files are linked by it, under the key of the extract."""
    padded = key + bytes(BLOCK - len(key))
    inner = hashlib.sha256(bytes(b ^ 54 for b in padded) + b"person" + bytes(1) + number.encode()).digest()
    outer = hashlib.sha256(bytes(b ^ 92 for b in padded) + inner).hexdigest()
    return LEADING + int(outer[:13], 16)
