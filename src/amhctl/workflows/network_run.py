"""What the commands that train one network of a manifest share: the folder of a run, and the clips of a split.

``codec train`` and ``recogniser train``; a voice's run is another thing (``run_parts``).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from amhctl.core.errors import AudioError, ConfigError, DatasetError, FileExistsRefused
from amhctl.core.lock import LOCK_FILE, hold, is_occupied
from amhctl.core.outputs import require_output_folder, require_output_place
from amhctl.core.progress import Progress
from amhctl.corpus.records import Record
from amhctl.training.codec_state import CODEC_RUN

_Clip = TypeVar("_Clip")


def require_run_folder(folder: Path, *, resume: bool, force: bool, sources: Iterable[Path]) -> None:
    """Refuse a run folder that cannot be one, before anything is read.

    Parameters
    ----------
    folder : Path
        Where the run is to be.
    resume, force : bool
        Whether a run is resumed, or one that is there may be replaced.
    sources : Iterable[Path]
        What is read: none of it may lie in the folder.

    Raises
    ------
    ConfigError
        If both are asked for.
    OutputError
        If something else is there, or a source is in it.
    """
    if not resume:
        require_output_folder(folder, CODEC_RUN, force=True, sources=tuple(sources))
        return
    if force:
        raise ConfigError(
            "--resume and --force cannot be combined", subject="--force", hint="omit --resume to start again"
        )
    require_output_place(folder)


@contextmanager
def hold_run(folder: Path, *, resume: bool, force: bool, progress: Progress) -> Iterator[None]:
    """Keep other processes out of a run folder while one trains there.

    Parameters
    ----------
    folder : Path
        The folder.
    resume, force : bool
        Whether a run is resumed, or one that is there is replaced.
    progress : Progress
        Told of a lock that is taken over.

    Raises
    ------
    FileExistsRefused
        If there is a run, and it is neither resumed nor replaced.
    InUseError
        If another process trains there.
    """
    with hold(folder / LOCK_FILE, what="the run") as previous:
        if previous is not None:
            progress.say(f"{folder} was locked by {previous}, which has ended: the lock is taken over")
        if not (resume or force) and is_occupied(folder):
            raise FileExistsRefused(
                "the run folder exists already",
                subject=str(folder),
                hint="resume with --resume, or start again with --force",
            )
        yield


def load_split(
    manifests: Sequence[Path],
    records: Sequence[tuple[Path, Record]],
    split: str,
    read_clip: Callable[[Path, Record], _Clip],
    left_out: dict[str, str],
    progress: Progress,
) -> list[_Clip]:
    """Read the clips of a split; why one is left out is noted by its id.

    Parameters
    ----------
    manifests : Sequence[Path]
        Where the records are from, for the errors.
    records : Sequence[tuple[Path, Record]]
        The records, each with the folder that its audio is relative to.
    split : str
        Which of them.
    read_clip : Callable[[Path, Record], _Clip]
        Reads one; an ``AudioError`` leaves it out.
    left_out : dict[str, str]
        Gets the reasons.
    progress : Progress
        Told of each clip.

    Raises
    ------
    DatasetError
        If the split has no records, or none that can be used.
    """
    shown = ", ".join(map(str, manifests))
    chosen = [(folder, record) for folder, record in records if record.split == split]
    if not chosen:
        raise DatasetError(
            f"no clips of split {split!r}", subject=shown, hint="run `amhctl data split` on the manifest first"
        )
    progress.start(f"reading {split} clips", len(chosen), "clip")
    clips = []
    for folder, record in chosen:
        progress.advance()
        try:
            clips.append(read_clip(folder, record))
        except AudioError as error:
            left_out[record.id] = error.message
    progress.finish()
    if not clips:
        first = chosen[0][1].id
        raise DatasetError(
            f"none of the {len(chosen)} clips of split {split!r} can be used",
            subject=shown,
            hint=f"the first is {first}: {left_out[first]}",
        )
    return clips
