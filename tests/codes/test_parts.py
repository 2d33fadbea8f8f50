import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.stores import toy_store

from amhctl.codes.store import CodeStore

_ENDLESS = """
import itertools, sys
from pathlib import Path
from support.stores import fill
from amhctl.codes.writer import StoreWriter
store = StoreWriter.open(Path(sys.argv[1]))
for number in itertools.count(2):
    fill(store, number, number + 1)
    sys.stdout.write("x")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("acoustic", [False, True])
def test_a_killed_writer_leaves_a_store_that_goes_on(tmp_path: Path, *, acoustic: bool) -> None:
    path = tmp_path / "store"
    toy_store(path, 2, acoustic=acoustic)
    tests = Path(__file__).parents[1]
    for kept in (3, 20):
        with subprocess.Popen(
            [sys.executable, "-c", _ENDLESS.replace("count(2)", f"count({len(CodeStore.open(path))})"), str(path)],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent / 'src'}", "PATH": ""},
        ) as process:
            assert process.stdout is not None
            process.stdout.read(kept)
            process.kill()
        store = CodeStore.open(path)
        assert len(store) >= 2 + kept
        assert [entry.id for entry in store.entries] == [f"u{n}" for n in range(len(store))]
        assert all(store.is_intact(entry.id) for entry in store.entries)


# The system refuses to let a file grow beyond a limit as it refuses on a full disk: in the middle of a write.
_LIMITED = """
import itertools, resource, signal, sys
from pathlib import Path
from support.stores import fill
from amhctl.core.errors import DatasetError
from amhctl.codes.writer import StoreWriter
store = StoreWriter.open(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    for number in itertools.count(len(store)):
        fill(store, number, number + 1)
except DatasetError as error:
    sys.stderr.write(str(error) + "|" + error.hint)
# The same process goes on once there is room.
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
fill(store, number, number + 1)
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
@pytest.mark.parametrize(("room", "acoustic"), [(1_801, False), (2_400, False), (3_333, False), (2_500, True)])
def test_a_write_that_the_system_refuses_leaves_a_store_that_goes_on(
    tmp_path: Path, room: int, *, acoustic: bool
) -> None:
    path = tmp_path / "store"
    toy_store(path, 2, acoustic=acoustic)
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(path), str(room)],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent / 'src'}"},
    )
    assert "the store cannot be written: file too large" in done.stderr
    assert "again to resume" in done.stderr
    store = CodeStore.open(path)
    assert len(store) > 3
    assert [entry.id for entry in store.entries] == [f"u{n}" for n in range(len(store))]
    assert all(store.is_intact(entry.id) for entry in store.entries)
    layout = store.document.layout
    sizes = tuple(file.stat().st_size for file in layout.files(path, "1-of-1"))
    assert sizes == layout.ends(store.entries[-1])
