"""A vocabulary is trained from written text, through the frontend."""

from pathlib import Path

import pytest

from amhctl.config.text import TextConfig
from amhctl.core.errors import ConfigError, DatasetError, FileExistsRefused, VocabularyError
from amhctl.core.progress import SilentProgress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.vocab.train import TrainVocabularyReport, TrainVocabularyRequest, run

LINES = ("ሰላም ለዓለም ሁሉ።", "ዋጋው 25 ብር ነው፣ ውድ አይደለም!", "wow 😀", "😀", "ማን ነህ?")


def _train(tmp_path: Path, **options: object) -> TrainVocabularyReport:
    request = TrainVocabularyRequest(
        corpus=(),
        standard_input=LINES,
        output=tmp_path / "v.model",
        **options,  # type: ignore[arg-type]
    )
    return run(request, SilentProgress())


@pytest.mark.parametrize(("units", "model_type"), [("phones", "char"), ("fidel", "char"), ("fidel", "bpe")])
def test_nothing_the_frontend_makes_is_unknown(tmp_path: Path, units: str, model_type: str) -> None:
    report = _train(tmp_path, units=units, model_type=model_type, size=400)
    vocabulary = Vocabulary.read(tmp_path / "v.model")
    assert vocabulary == report.vocabulary
    assert (vocabulary.units, vocabulary.model_type) == (units, model_type)
    payload = report.payload()
    assert (payload["coverage"], payload["unknown_rate"]) == (1.0, 0.0)
    assert (payload["pieces"], payload["fingerprint"]) == (vocabulary.size, vocabulary.fingerprint)
    tokenizer, frontend = Tokenizer(vocabulary), Frontend(TextConfig.model_validate({"units": units}))
    for line in ("ጳጳሱ በ1990 ዓ.ም. መጡ።", "ቋንቋ፤ ጯኂ!"):
        read = frontend.units(line)
        assert tokenizer.decode(tokenizer.encode(read)) == read


def test_lines_that_cannot_be_spoken_are_findings(tmp_path: Path) -> None:
    report = _train(tmp_path, units="phones")
    assert report.ok
    assert "standard input:4" in [finding.subject for finding in report.findings]


def test_a_size_that_was_asked_for_and_not_reached_is_a_finding(tmp_path: Path) -> None:
    (finding,) = (item for item in _train(tmp_path, units="phones", size=400).findings if item.code == "V006")
    assert finding.message.endswith(" pieces, 400 were requested")
    assert "one piece for each phone" in finding.hint
    report = _train(tmp_path, units="fidel", model_type="bpe", size=400, force=True)
    assert ("V006" in [item.code for item in report.findings]) == (report.vocabulary.size < 400)
    sizes = ("vocabulary.size=400",)
    assert "V006" in [item.code for item in _train(tmp_path, units="phones", sets=sizes, force=True).findings]


def test_a_size_that_nobody_asked_for_is_no_finding(tmp_path: Path) -> None:
    assert "V006" not in [item.code for item in _train(tmp_path, units="phones").findings]


def test_an_existing_output_is_kept(tmp_path: Path) -> None:
    (tmp_path / "v.model").write_text("mine")
    for force in (False, True):
        with pytest.raises(FileExistsRefused):
            _train(tmp_path, force=force)
    assert (tmp_path / "v.model").read_text() == "mine"
    (tmp_path / "v.model").unlink()
    _train(tmp_path, units="fidel")
    with pytest.raises(FileExistsRefused):
        _train(tmp_path)
    assert _train(tmp_path, force=True).vocabulary == Vocabulary.read(tmp_path / "v.model")


def test_what_cannot_be_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError):
        _train(tmp_path, units="fidel", size=100)
    with pytest.raises(ConfigError):
        _train(tmp_path, size=3)
    with pytest.raises(DatasetError):
        run(TrainVocabularyRequest(corpus=(tmp_path / "no.txt",), output=tmp_path / "v.model"), SilentProgress())
    assert list(tmp_path.iterdir()) == []


def test_the_projects_lexicon_is_read_as_everywhere(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("ሰላም ዓለም።\n☃\n", encoding="utf-8")
    (tmp_path / "snow.tsv").write_text("☃\tበረዶ\n", encoding="utf-8")
    request = TrainVocabularyRequest((corpus,), tmp_path / "v.model", units="fidel")
    assert [finding.code for finding in run(request, SilentProgress()).findings] == ["V001"]
    (tmp_path / "amhctl.toml").write_text('[paths]\nlexicons = ["snow.tsv"]\n', encoding="utf-8")
    request = TrainVocabularyRequest((corpus,), tmp_path / "w.model", units="fidel", project=tmp_path)
    report = run(request, SilentProgress())
    assert (report.findings, report.measured.lines) == ((), 2)
