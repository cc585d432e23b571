"""What the standard library raises of a zip archive that is cut off, changed, encrypted, or of an unknown kind."""

from __future__ import annotations

import zipfile
import zlib

# A method of compression that is not known is a NotImplementedError, and so a RuntimeError, as is a password.
UNREADABLE = (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, zlib.error, EOFError)
