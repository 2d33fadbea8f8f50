import json
from pathlib import Path

from amhctl.corpus.formats.jsonlines import json_row, parse_object, read_json_lines, write_json_lines


def test_a_line_is_an_object_or_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_bytes(b'{"audio_filepath": "a.wav", "text": "x"}\n[1]\n{broken\n\xff\n')
    rows = list(read_json_lines(path))
    assert rows[0].values == {"audio": tmp_path / "a.wav", "text": "x", "id": "a"}
    assert [(row.subject, row.fault.partition(" (")[0]) for row in rows[1:]] == [
        ("m.json:2", "not a JSON object"),
        ("m.json:3", "not JSON"),
        ("m.json:4", "the line is not UTF-8"),
    ]


def test_json_nested_without_end_is_a_fault() -> None:
    assert parse_object("[" * 100_000 + "]" * 100_000)[0] is None
    assert parse_object('{"duration": ' + "1" * 6_000 + "}")[0] is None


def test_segments_of_one_file_have_ids_of_their_own() -> None:
    rows = [json_row(Path("/d"), "m:1", {"audio": "a.wav", "offset": start}) for start in (0, 1.5)]
    assert [row.values["id"] for row in rows] == ["a", "a-1.500"]


def test_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    row = {"id": "ሀ", "audio": "a.wav", "text": "ሰላም\nዓለም", "offset": 0.25, "duration": 0.1, "session": "s"}
    write_json_lines(path, [row])
    assert json.loads(path.read_text(encoding="utf-8"))["audio_filepath"] == "a.wav"
    (back,) = read_json_lines(path)
    assert back.values == {**row, "audio": tmp_path / "a.wav"}
    assert back.unknown == ()
