"""The records of a build: what reads them names a damaged one."""

import pytest

from pipeline.audit.lineage import changed_files, made_files
from pipeline.errors import InputError


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"outputs": {}}', '{"inputs": [], "outputs": {}, "code": {}}', "\0"]
)
@pytest.mark.parametrize("read", [changed_files, made_files])
def test_a_damaged_record_is_one_message_that_names_it(tmp_path, content, read):
    (tmp_path / "sample.json").write_text(content)
    with pytest.raises(InputError, match=r"sample\.json: no record as make writes it.*Delete it, and run make again\."):
        read(tmp_path)
