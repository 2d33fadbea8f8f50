"""Files of PyTorch are read in no more memory than they take on disk, and nothing in them is run."""

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from amhctl.checkpoint.torchfile import read_torch_file
from amhctl.core.errors import CheckpointError


def saved(path: Path, document: object) -> Path:
    torch.save(document, path)
    return path


def packed_again(path: Path, compression: int) -> Path:
    """Write the members of an archive anew, as other programs do."""
    with zipfile.ZipFile(path) as archive:
        members = {member.filename: archive.read(member) for member in archive.infolist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_tensors_and_plain_values_come_back(tmp_path: Path) -> None:
    tensor = torch.arange(6.0).reshape(2, 3)
    path = saved(tmp_path / "a.pth", {"a": tensor, "alias": tensor, "turned": tensor.T, "steps": [3, "x"]})
    document = read_torch_file(path)
    assert isinstance(document, dict)
    assert torch.equal(document["alias"], tensor)
    assert torch.equal(document["turned"], tensor.T)
    assert document["steps"] == [3, "x"]


def test_the_old_format_is_read_where_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    torch.save({"a": torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(CheckpointError, match="not a PyTorch file in the current format"):
        read_torch_file(path)
    document = read_torch_file(path, allow_old=True)
    assert isinstance(document, dict)
    assert torch.equal(document["a"], torch.ones(2))


def test_a_compressed_archive_is_not_unpacked(tmp_path: Path) -> None:
    path = packed_again(saved(tmp_path / "bomb.pth", {"a": torch.zeros(1 << 20)}), zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10_000
    with pytest.raises(CheckpointError, match="compressed"):
        read_torch_file(path)


def test_an_archive_that_declares_more_than_it_is(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pth", {"a": torch.zeros(64)})
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 20 : place + 28] = (2**31).to_bytes(4, "little") * 2
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="declares"):
        read_torch_file(path)


def test_a_number_repeated_a_billion_times(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pth", {"model": {"a": torch.zeros(1).expand(50_000, 50_000)}})
    with pytest.raises(CheckpointError, match="repeats fewer numbers than it declares"):
        read_torch_file(path)


def test_a_truncated_archive_is_told_in_one_sentence(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1_000)}, path := tmp_path / "cut.pt")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="damaged") as error:
        read_torch_file(path, allow_old=True)
    assert ". " not in error.value.message


def test_one_tensor_under_a_thousand_names(tmp_path: Path) -> None:
    tensor = torch.zeros(100_000)
    path = saved(tmp_path / "a.pth", {str(name): tensor.view(100, 1000) for name in range(1000)})
    with pytest.raises(CheckpointError, match="the tensors declare"):
        read_torch_file(path)


def test_sparse_tensors_are_refused(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a.pth",
        {"a": torch.sparse_coo_tensor(torch.zeros(1, 0), torch.zeros(0), (2**31,), check_invariants=True)},
    )
    with pytest.raises(CheckpointError, match="sparse"):
        read_torch_file(path)


def test_containers_that_hold_each_other_are_walked_once(tmp_path: Path) -> None:
    laughs: list[object] = [torch.zeros(1)]
    for _ in range(60):
        laughs = [laughs, laughs]
    laughs.append(laughs)
    assert isinstance(read_torch_file(saved(tmp_path / "a.pth", laughs)), list)


class Harmful:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.getpid, ())


@pytest.mark.parametrize("zipped", [True, False])
def test_nobody_is_told_how_to_load_what_was_refused(zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": Harmful()}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        CheckpointError, match=r"contains more than tensors and plain values \(posix\.getpid\)"
    ) as error:
        read_torch_file(path, allow_old=True)
    said = f"{error.value.message} {error.value.hint} {error.value.__cause__}"
    assert [word for word in ("weights_only", "trust", "safe_globals", "still be loaded") if word in said] == []


@pytest.mark.parametrize("content", [b"", b"noise" * 100, pickle.dumps([1]), b"PK\x05\x06" + bytes(18)])
def test_junk_is_damage(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as error:
        read_torch_file(path, allow_old=True)
    assert "\n" not in error.value.message
