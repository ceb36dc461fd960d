"""A configuration as people's editors save it."""

from pathlib import Path

import pytest

from flameblue import config
from flameblue.domain.errors import BadInput

TEXT = '[messages]\nsms_channel = "console"\n\n[smpp]\nhost = "禾木"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_or_without_its_mark(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "flameblue.toml"
    file.write_text(TEXT, encoding=encoding)
    assert config.load(file, {}).smpp.host == "禾木"


@pytest.mark.parametrize("content", [TEXT.encode("gb18030"), bytes(range(128, 256)) * 9])
def test_what_is_no_utf_8_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "flameblue.toml"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=r"is no text in UTF-8 .* save it as UTF-8"):
        config.load(file, {})
