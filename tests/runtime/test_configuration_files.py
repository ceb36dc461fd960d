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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mqtt]\nport = "abc"', r"^mqtt\.port is 'abc'; it should be like 1883\.$"),
        ("data = 5", r"^data is 5; it should be like "),
        ("[mqtt]\nprot = 1", r"^\[mqtt\] has an unknown setting 'prot'; did you mean port\?$"),
        ("[voice]\nx = 1", r"^\[voice\] has an unknown setting 'x'; there are: url, token\.$"),
        ("[mqqt]\nport = 1", r"^The configuration has an unknown setting 'mqqt'; did you mean mqtt\?$"),
        ("mqtt = 1883", r"^mqtt is 1883; it should be a section, \[mqtt\] in a line of its own\.$"),
    ],
)
def test_a_mistake_is_named_with_its_section(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "flameblue.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        config.load(file, {})


def test_a_mistake_of_the_environment_is_named_as_the_environment_calls_it() -> None:
    with pytest.raises(BadInput, match=r"^FLAMEBLUE_MQTT_PORT is 'abc'; it should be like 1883\.$"):
        config.load(None, {"FLAMEBLUE_MQTT_PORT": "abc"})
