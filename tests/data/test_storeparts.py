import subprocess
import sys
from pathlib import Path

from support.stores import toy_store

from amhctl.data.codestore import CodeStore

_ENDLESS = """
import itertools, sys
from pathlib import Path
from support.stores import fill
from amhctl.data.codestore import CodeStore
store = CodeStore.open(Path(sys.argv[1]))
for number in itertools.count(2):
    fill(store, number, number + 1)
    sys.stdout.write("x")
    sys.stdout.flush()
"""


def test_a_killed_writer_leaves_a_store_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "store"
    toy_store(path, 2)
    tests = Path(__file__).parents[1]
    for kept in (3, 20):
        with subprocess.Popen(
            [sys.executable, "-c", _ENDLESS.replace("count(2)", f"count({len(CodeStore.open(path))})"), str(path)],
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": str(tests), "PATH": ""},
        ) as process:
            assert process.stdout is not None
            process.stdout.read(kept)
            process.kill()
        store = CodeStore.open(path)
        assert len(store) >= 2 + kept
        assert [entry.id for entry in store.entries] == [f"u{n}" for n in range(len(store))]
        assert all(store.is_intact(entry.id) for entry in store.entries)
