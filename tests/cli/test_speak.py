"""Twin of ``cli/speak.py``."""

import json
from pathlib import Path

import pytest
import typer
from support.self_checks import content
from support.speechlike import vowel_train
from support.voices import tiny_voice_folder
from typer.testing import CliRunner, Result

from amhctl.audio import files
from amhctl.cli import speak
from amhctl.config.flow import FlowVoiceConfig
from amhctl.inference import code_voice as voice_module
from amhctl.model.flow_sampling import FlowSampling

app = typer.Typer()
app.command("speak")(speak.command)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge nothing: random weights do not speak."""
    monkeypatch.setattr(voice_module, "judge", lambda *_args, **_kwargs: ())
    content(monkeypatch)


def invoke(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments, "--device", "cpu"], input=text)


def test_a_text_becomes_a_file_and_one_json_object(voice: str, tmp_path: Path) -> None:
    output = tmp_path / "out.wav"
    result = invoke("ሰላም ዓለም", "-o", str(output), "--voice", voice, "--seed", "2", "--speed", "1.5", "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["command"], report["ok"], report["output"]) == ("speak", True, str(output))
    assert report["seconds"] > 0
    assert report["checks"]["stopped"] is True
    assert output.read_bytes()[:4] == b"RIFF"
    assert invoke("ሰላም", "-o", str(output), "--voice", voice).exit_code == 3
    assert invoke("ሰላም", "-o", str(output), "--voice", voice, "--force").exit_code == 0


def test_standard_input_and_output(voice: str) -> None:
    result = invoke("-", "-o", "-", "--voice", voice, text="ሰላም ዓለም።\n")
    assert result.exit_code == 0
    assert result.stdout_bytes[:4] == b"RIFF"


def test_findings_go_to_people_where_sound_goes_to_the_output(voice: str, tmp_path: Path) -> None:
    text = "ሰላም ዓለም 好 እንዴት ናችሁ ሁላችሁም።"
    result = invoke(text, "-o", "-", "--voice", voice)
    assert result.stdout_bytes[:4] == b"RIFF"
    assert "warning  T002  text, characters 8-9: '好' is not spoken" in result.stderr
    output = str(tmp_path / "out.wav")
    assert invoke("ሰላም 好好好", "-o", output, "--voice", voice).exit_code == 3
    report = json.loads(invoke("ሰላም 好好好", "-o", output, "--voice", voice, "--allow-unspoken", "--json").stdout)
    assert [finding["code"] for finding in report["findings"]] == ["T002"]


def test_an_empty_text_is_an_error_and_bad_usage_is_usage(voice: str, tmp_path: Path) -> None:
    output = str(tmp_path / "out.wav")
    assert invoke("", "-o", output, "--voice", voice).exit_code == 3
    assert invoke("-", "-o", output, "--voice", voice, text="\n").exit_code == 3
    for arguments in (
        ("ሰላም", "--format", "wav"),
        ("ሰላም", "-o", "-", "--play"),
        ("-o", output),
        ("ሰላም", "--file", "x.txt", "-o", output),
        ("ሰላም", "-o", output, "--speed", "3"),
        ("ሰላም", "-o", output, "--emotion-strength", "0.5"),
        ("ሰላም", "-o", output, "--emotion", "x.wav", "--emotion-weights", "sad=1"),
        ("ሰላም", "-o", output, "--emotion-weights", "joyful=1"),
        ("ሰላም", "-o", output, "--emotion-weights", ""),
        ("ሰላም", "-o", "-", "--json"),
        ("ሰላም", "--batch", "x.jsonl", "-o", output),
        ("--batch", "x.jsonl"),
        ("--batch", "x.jsonl", "-o", "-"),
        ("--batch", "x.jsonl", "-o", output, "--chapters", "headings"),
        ("ሰላም", "-o", output, "--workers", "2"),
        ("ሰላም", "-o", output, "--cast", "she"),
        ("ሰላም", "-o", output, "--cast", "she=m01", "--cast", "she=other"),
        ("ሰላም", "-o", output, "--volume", "7"),
        ("ሰላም", "-o", output, "--pause", "-1"),
        ("ሰላም", "-o", output, "--paragraph-pause", "nan"),
        ("ሰላም", "-o", output, "--max-speed", "3"),
        ("ሰላም", "-o", output, "--input-format", "doc"),
    ):
        assert invoke(*arguments, "--voice", voice).exit_code == 2
    refused = invoke("ሰላም", "-o", output, "--emotion-weights", "sad=1", "--voice", voice)
    assert refused.exit_code == 3
    assert "no emotions as numbers" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_batch_may_have_subtitles(voice: str, tmp_path: Path) -> None:
    batch, output = tmp_path / "b.jsonl", tmp_path / "out"
    batch.write_text('{"id": "a", "text": "ሰላም"}\n', encoding="utf-8")
    result = invoke("--batch", str(batch), "-o", str(output), "--voice", voice, "--subtitles", "srt")
    assert result.exit_code == 0
    assert sorted(path.name for path in output.iterdir()) == ["a.srt", "a.wav", "results.jsonl"]


def test_a_batch_becomes_a_folder_and_one_json_object(voice: str, tmp_path: Path) -> None:
    batch, output = tmp_path / "b.jsonl", tmp_path / "out"
    batch.write_text('{"id": "a", "text": "ሰላም"}\n{"id": "b"}\n', encoding="utf-8")
    result = invoke("--batch", str(batch), "-o", str(output), "--voice", voice, "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"], report["batch"]["spoken"], report["batch"]["failed"]) == (1, False, 1, 1)
    assert report["files"] == [str(output / "a.wav")]


def test_subtitles_and_markup_by_options(voice: str, tmp_path: Path) -> None:
    text = "<speak>ሰላም<break time='1s'/>ዓለም</speak>"
    output, subtitles = tmp_path / "o.wav", tmp_path / "o.srt"
    arguments = ("-", "-o", str(output), "--voice", voice, "--input-format", "ssml", "--subtitles", str(subtitles))
    assert invoke(*arguments, text=text).exit_code == 0
    assert subtitles.read_text(encoding="utf-8").count(" --> ") == 2
    assert invoke(*arguments, "--force", text="<speak>").exit_code == 3


def test_an_unknown_voice_is_an_error(tmp_path: Path) -> None:
    result = invoke("ሰላም", "-o", str(tmp_path / "out.wav"), "--voice", "nobody", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["where"] == "nobody"


def test_the_notice_of_a_reference_stands_in_the_talk_and_in_the_json_but_not_in_the_data(
    voice: str, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.wav"
    files.write(clip, vowel_train(seconds=1.2))
    arguments = ("ሰላም ዓለም", "-o", str(tmp_path / "out.wav"), "--voice", voice, "--reference", str(clip), "--force")
    result = invoke(*arguments)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr.count(f"info     S018  {clip}: a voice belongs to a person") == 1
    assert f"warning  S011  {clip}: 1.2 s of speech" in result.stderr
    assert invoke(*arguments, "--quiet").stderr == ""
    report = json.loads(invoke(*arguments, "--json").stdout)
    assert [finding["code"] for finding in report["findings"]] == ["S018", "S011"]


def test_a_quiet_success_writes_nothing_but_the_file(voice: str, tmp_path: Path) -> None:
    output = tmp_path / "o.wav"
    result = invoke("ሰላም", "-o", str(output), "--voice", voice, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert output.stat().st_size > 0


def test_help_names_the_values_that_voices_use_by_default() -> None:
    helps = {option.name: getattr(option, "help", "") for option in typer.main.get_command(app).params}
    several, alone = voice_module._OF_SEVERAL, voice_module._ALONE
    for name in ("temperature", "top_k", "top_p", "guidance"):
        assert f" {getattr(several, name):g}, or {getattr(alone, name):g} with --takes 1" in helps[name]
    assert f"By default {voice_module._TAKES} with explicit durations" in helps["takes"]
    assert f"By default {FlowSampling().steps};" in helps["steps"]
    distilled, plain = (FlowSampling().guidance_for(FlowVoiceConfig(distilled_guidance=value)) for value in (1.0, 0.0))
    assert f"By default {plain:g} for FlowVoices ({distilled:g} if distilled)" in helps["guidance"]
