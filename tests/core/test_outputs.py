"""What may be written: in the place of an earlier output of the same kind, never of a source."""

import os
import re
import tempfile
from pathlib import Path

import pytest

from amhctl.core.errors import FileExistsRefused
from amhctl.core.outputs import (
    JSON,
    PAGE,
    FolderKind,
    require_output_file,
    require_output_files,
    require_output_folder,
    require_output_place,
)
from amhctl.core.temporaries import name_beside

VOICE = FolderKind("a voice", "manifest.json", frozenset({"kind"}), ("*.safetensors", "codec"))
RUN = FolderKind("a run", "config.json")
CLIPS = FolderKind("a folder of clips", members=("*.flac",))


def voice(folder: Path) -> Path:
    (folder / "codec").mkdir(parents=True)
    (folder / "manifest.json").write_text('{"kind": "voice"}', encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_nothing_stands_in_the_way_of_a_new_output(tmp_path: Path) -> None:
    require_output_file(tmp_path / "new" / "out.html", PAGE, force=False, sources=(tmp_path,))
    require_output_folder(tmp_path / "new" / "voice", VOICE, force=False, sources=(tmp_path,))
    require_output_place(tmp_path / "new" / "store")
    require_output_place(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_output_is_replaced_if_forced(tmp_path: Path) -> None:
    page, folder = tmp_path / "out.html", voice(tmp_path / "voice")
    page.write_text("<!DOCTYPE html><title>x</title>", encoding="utf-8")
    with pytest.raises(FileExistsRefused, match="already exists") as caught:
        require_output_file(page, PAGE, force=False)
    assert "--force" in caught.value.hint
    with pytest.raises(FileExistsRefused, match="already exists"):
        require_output_folder(folder, VOICE, force=False)
    require_output_file(page, PAGE, force=True)
    require_output_folder(folder, VOICE, force=True)


def test_what_is_empty_is_replaced_if_forced(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    # What a killed process left is nothing that a user has.
    name_beside(tmp_path / "empty" / "x", "new").mkdir()
    (tmp_path / "out.html").touch()
    require_output_folder(tmp_path / "empty", VOICE, force=True)
    require_output_file(tmp_path / "out.html", PAGE, force=True)
    with pytest.raises(FileExistsRefused, match="already exists"):
        require_output_folder(tmp_path / "empty", VOICE, force=False)
    with pytest.raises(FileExistsRefused, match="already exists"):
        require_output_file(tmp_path / "out.html", PAGE, force=False)


@pytest.mark.parametrize("content", [b"notes", b"{}", b"\x00\x01", b"RIFF"])
def test_a_file_of_another_kind_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "out.html"
    path.write_bytes(content)
    with pytest.raises(FileExistsRefused, match="not an HTML page"):
        require_output_file(path, PAGE, force=True)


@pytest.mark.parametrize(
    "manifest", ["", "[]", "not JSON", '{"name": "an app"}', "[" * 100_000, '{"kind": "\ud800"}', '"kind"']
)
def test_a_folder_without_the_marker_is_never_replaced(tmp_path: Path, manifest: str) -> None:
    folder = voice(tmp_path / "voice")
    (folder / "manifest.json").write_text(manifest, encoding="utf-8", errors="surrogatepass")
    with pytest.raises(FileExistsRefused, match="not a voice"):
        require_output_folder(folder, VOICE, force=True)
    (folder / "manifest.json").unlink()
    with pytest.raises(FileExistsRefused, match="not a voice"):
        require_output_folder(folder, VOICE, force=True)


def test_a_folder_that_holds_something_else_is_never_replaced(tmp_path: Path) -> None:
    folder = voice(tmp_path / "voice")
    for name in (".git", "notes.txt", "a", "b"):
        (folder / name).mkdir()
    with pytest.raises(FileExistsRefused, match=re.escape("this kind of output: .git, a, b and 1 more")):
        require_output_folder(folder, VOICE, force=True)
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "000.flac").touch()
    require_output_folder(tmp_path / "clips", CLIPS, force=True)
    (tmp_path / "clips" / "holiday.jpg").touch()
    with pytest.raises(FileExistsRefused, match=re.escape("this kind of output: holiday.jpg")):
        require_output_folder(tmp_path / "clips", CLIPS, force=True)
    (tmp_path / "run").mkdir()
    for name in ("config.json", "notes.txt"):
        (tmp_path / "run" / name).touch()
    require_output_folder(tmp_path / "run", RUN, force=True)


def test_what_is_read_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "corpus.txt"
    source.write_text("{}", encoding="utf-8")
    (tmp_path / "link").symlink_to(source)
    (tmp_path / "hard").hardlink_to(source)
    (tmp_path / "x").mkdir()
    for output in (source, tmp_path / "link", tmp_path / "hard", tmp_path / "x" / ".." / "corpus.txt"):
        for force in (True, False):
            with pytest.raises(FileExistsRefused, match="also the input"):
                require_output_file(output, JSON, force=force, sources=(tmp_path / "absent", source))
    (tmp_path / "other").write_text("{}", encoding="utf-8")
    require_output_file(tmp_path / "other", JSON, force=True, sources=(source, tmp_path / "x"))


def test_no_part_of_what_is_read_is_replaced(tmp_path: Path) -> None:
    folder = voice(tmp_path / "voice")
    with pytest.raises(FileExistsRefused, match=r"a part of .*voice, which the command reads"):
        require_output_file(folder / "manifest.json", JSON, force=True, sources=(folder,))
    inner = voice(folder / "codec" / "inner")
    with pytest.raises(FileExistsRefused, match="a part of"):
        require_output_folder(inner, VOICE, force=True, sources=(folder,))
    require_output_folder(folder / "codec" / "new", VOICE, force=True, sources=(folder,))


def test_no_folder_is_replaced_that_holds_what_is_read_or_that_it_links_into(tmp_path: Path) -> None:
    output = voice(tmp_path / "voice")
    (tmp_path / "link").symlink_to(output / "codec")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "codec").symlink_to(output / "codec")
    (tmp_path / "circle").mkdir()
    (tmp_path / "circle" / "a").symlink_to("a")
    (tmp_path / "out").symlink_to(output)
    for place in (output, tmp_path / "out"):
        for source in (output / "codec", output / "model.safetensors", tmp_path / "link"):
            with pytest.raises(FileExistsRefused, match=r"replace .* reads"):
                require_output_folder(place, VOICE, force=True, sources=(source,))
        with pytest.raises(FileExistsRefused, match=r"target of the link .*other/codec"):
            require_output_folder(place, VOICE, force=True, sources=(tmp_path / "circle", tmp_path / "other"))
    require_output_folder(output, VOICE, force=True, sources=(tmp_path / "circle",))


def test_the_current_folder_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = voice(tmp_path / "voice")
    for current in (folder, folder / "codec"):
        monkeypatch.chdir(current)
        with pytest.raises(FileExistsRefused, match="current folder"):
            require_output_folder(folder, VOICE, force=True)
    monkeypatch.chdir(folder)
    with pytest.raises(FileExistsRefused, match="current folder"):
        require_output_folder(Path(), VOICE, force=True)


def test_files_of_any_name_do_not_go_where_something_is_read(tmp_path: Path) -> None:
    (tmp_path / "wavs").mkdir()
    recording = tmp_path / "wavs" / "a.wav"
    recording.touch()
    (tmp_path / "link.wav").symlink_to(recording)
    for source in (recording, tmp_path / "link.wav"):
        with pytest.raises(FileExistsRefused, match="could replace"):
            require_output_files(tmp_path / "wavs", sources=(source,))
    require_output_files(tmp_path / "wavs", sources=(tmp_path / "b.wav",))


@pytest.mark.parametrize("what", ["file", "folder", "place"])
@pytest.mark.parametrize("force", [False, True])
def test_what_could_not_be_written_is_refused_before_the_work(tmp_path: Path, what: str, force: bool) -> None:
    def require(path: Path) -> None:
        if what == "file":
            require_output_file(path, JSON, force=force)
        elif what == "folder":
            require_output_folder(path, RUN, force=force)
        else:
            require_output_place(path)

    (tmp_path / "file").write_bytes(b"{}")
    for output in (tmp_path / "file" / "out.wav", tmp_path / "file" / "deep" / "out.wav"):
        with pytest.raises(FileExistsRefused, match="the path is a file, not a folder") as caught:
            require(output)
        assert caught.value.subject == str(tmp_path / "file")
    (tmp_path / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "null").symlink_to(os.devnull)
    wanted = "not a file" if what == "file" else "not a folder"
    for name, message in (
        ("circle", "symbolic links"),
        ("circle/out", "symbolic links"),
        ("x" * 256, "name too long"),
        ("ሀ" * 86, "name too long"),
        ("pipe", "device or a pipe" if what == "file" else wanted),
        ("null", "device or a pipe" if what == "file" else wanted),
    ):
        with pytest.raises(OSError, match=message):
            require(tmp_path / name)
    with pytest.raises(FileExistsRefused, match="standard output"):
        require(Path("-"))
    if what == "file":
        with pytest.raises(FileExistsRefused, match="the path is a folder, not a file"):
            require(tmp_path)
    else:
        with pytest.raises(FileExistsRefused, match="the path is a file, not a folder"):
            require(tmp_path / "file")


def test_a_folder_in_which_nothing_can_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The superuser may write anywhere, so what the system would answer others is put in its place.
    def refuse(*, dir: Path) -> None:
        raise PermissionError(13, "Permission denied", str(dir / "tmpx"))

    (tmp_path / "there").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    for name in ("new/deep/out", "new", "there"):
        with pytest.raises(PermissionError) as denied:
            require_output_file(tmp_path / name, JSON, force=True)
        assert denied.value.filename == str(tmp_path)


def test_what_a_killed_process_left_is_put_in_its_place_or_swept(tmp_path: Path) -> None:
    voice(name_beside(tmp_path / "voice", "new"))
    name_beside(tmp_path / "voice", "tmp").mkdir()
    require_output_folder(tmp_path / "voice", VOICE, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["voice"]
    with pytest.raises(FileExistsRefused, match="already exists"):
        require_output_folder(tmp_path / "voice", VOICE, force=False)
