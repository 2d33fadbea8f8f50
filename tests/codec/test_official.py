"""The official weights: names, places, and what is said when they are absent."""

from pathlib import Path

import pytest

from amhctl.codec.dac import import_dac
from amhctl.codec.official import OFFICIAL, OfficialWeights, codec_name, find_weights, require_rate, weights_folder
from amhctl.core.errors import CodecError, MissingExtra


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home folder."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("official", OFFICIAL, ids=lambda official: official.name)
def test_names_and_places_are_those_of_the_package(official: OfficialWeights, home: Path) -> None:
    package = import_dac().utils
    key = (official.rate, official.bitrate)
    assert package.__MODEL_LATEST_TAGS__[key] == official.tag
    assert official.rate == f"{official.sample_rate // 1000}khz"
    assert package.__MODEL_URLS__[(official.rate, official.tag, official.bitrate)] == official.url
    official.path.parent.mkdir(parents=True)
    official.path.write_bytes(b"weights")
    # With the file in place, the package's own download answers with its path and needs no network.
    assert package.download(official.rate, official.bitrate) == official.path


def test_an_absent_file_is_told_with_the_command_that_brings_it(home: Path) -> None:
    with pytest.raises(MissingExtra) as caught:
        find_weights("dac-44khz-16kbps")
    assert "python -m dac download --model_type 44khz --model_bitrate 16kbps" in caught.value.hint
    assert caught.value.subject == str(home / ".cache/descript/dac/weights_44khz_16kbps_1.0.0.pth")
    with pytest.raises(MissingExtra) as caught:
        find_weights("dac-24khz")
    assert "--model_type 24khz`" in caught.value.hint


def test_files_are_found_by_either_name(home: Path) -> None:
    folder = weights_folder()
    folder.mkdir(parents=True)
    official = OFFICIAL[1]
    official.path.write_bytes(b"weights")
    (folder / "mine.pth").write_bytes(b"weights")
    assert find_weights("dac-24khz") == find_weights("weights_24khz_8kbps_0.0.4") == official.path
    assert find_weights("mine") == folder / "mine.pth"
    assert find_weights("other") is None
    assert find_weights("../dac/mine") is None


def test_a_codec_is_called_by_its_official_name_or_by_its_file() -> None:
    assert codec_name(Path("elsewhere/weights_24khz_8kbps_0.0.4.pth")) == "dac-24khz"
    assert codec_name(Path("elsewhere/mine.pth")) == "mine"


def test_the_name_of_official_weights_goes_with_their_rate(home: Path) -> None:
    for official in OFFICIAL:
        require_rate(official.path, official.sample_rate)
        with pytest.raises(CodecError, match="but the file holds a DAC of 8000 Hz"):
            require_rate(official.path, 8_000)
    require_rate(Path("mine.pth"), 8_000)
