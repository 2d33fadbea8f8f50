"""Work on a cluster of machines, by ray: each piece in a process of its own, all told of in one place.

The cluster is the one that ``RAY_ADDRESS`` names, or one that is started on this machine and ended with the work. Its
machines need the same version of amhctl, and folders that all of them see. Knows no audio and no codes. ``ray`` is an
extra, imported on use; it reports nothing to anyone and opens no dashboard.
"""

import importlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from amhctl.core.errors import AmhctlError, DatasetError, MissingExtra
from amhctl.core.progress import Progress

ATTEMPTS = 3
"""How often a piece of work is begun whose process ends unexpectedly."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_ADDRESS = "RAY_ADDRESS"
_SECONDS_BETWEEN_LOOKS = 1.0


@dataclass(frozen=True, slots=True)
class Task(Generic[_Item]):
    """A piece of work.

    Attributes
    ----------
    name : str
        What people call it.
    item : _Item
        What is to be done.
    size : int
        Units of it, some of which may be done already.
    """

    name: str
    item: _Item
    size: int


class Cluster:
    """A cluster one is connected to; made by ``open_cluster``."""

    def __init__(self, ray: Any) -> None:  # noqa: ANN401  (an extra, without types that can be relied on)
        self._ray = ray

    def most_of(self, resource: str) -> int:
        """Return how much of ``CPU`` or ``GPU`` the machine has that has most of it."""
        alive = (node["Resources"] for node in self._ray.nodes() if node["Alive"])
        return max((int(resources.get(resource, 0)) for resources in alive), default=0)

    def all_of(self, resource: str) -> int:
        """Return how much of ``CPU`` or ``GPU`` all machines have together."""
        return int(self._ray.cluster_resources().get(resource, 0))

    def run(
        self,
        work: Callable[[_Item, Progress], _Result],
        tasks: Sequence[Task[_Item]],
        progress: Progress,
        *,
        title: str,
        unit: str,
        cpus: int,
        gpus: int,
    ) -> list[_Result | AmhctlError]:
        """Return what came of each task, in their order: its result, or why there is none.

        A task whose process ends unexpectedly is begun again, ``ATTEMPTS`` times in all; one that refuses its work is
        not. Whatever ends this call ends the tasks that are under way.

        Parameters
        ----------
        work : Callable[[_Item, Progress], _Result]
            Does one task, in a process on some machine. Of the progress it reports, that in ``unit`` counts.
        tasks : Sequence[Task[_Item]]
            What to do.
        progress : Progress
            Told of all tasks together.
        title, unit : str
            What is done, and in which units.
        cpus, gpus : int
            What a task takes of a machine.

        Raises
        ------
        DatasetError
            If no machine has what a task takes.
        """
        self._require_room(cpus, gpus)
        ray = self._ray
        # It keeps what has been done by its number: a board that a lost machine takes along fills again.
        board = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(_Board).remote()
        begin = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_do)
        attempts: _Attempts[_Result] = _Attempts(
            ray, lambda place: begin.remote(work, tasks[place], place, board, unit), [task.name for task in tasks]
        )
        reported = 0
        progress.start(title, sum(task.size for task in tasks), unit)
        try:
            while attempts.under_way:
                attempts.wait(_SECONDS_BETWEEN_LOOKS, progress)
                done = sum(ray.get(board.read.remote()))
                if done > reported:
                    progress.advance(done - reported)
                    reported = done
        finally:
            attempts.cancel()
        progress.finish()
        return [outcome for outcome in attempts.outcomes if outcome is not None]

    def _require_room(self, cpus: int, gpus: int) -> None:
        for resource, wanted in (("CPU", cpus), ("GPU", gpus)):
            if wanted > (most := self.most_of(resource)):
                raise DatasetError(
                    f"a task needs {wanted} {resource}, but no machine of the cluster has more than {most}",
                    hint="use fewer --workers, or another --device",
                )


class _Attempts(Generic[_Result]):
    """Tasks that are under way, and what came of those that have ended.

    Parameters
    ----------
    ray : Any
        The connection.
    begin : Callable[[int], Any]
        Begins the task of a place in the list; returns ray's reference to what will come of it.
    names : Sequence[str]
        What people call the tasks.
    """

    def __init__(self, ray: Any, begin: Callable[[int], Any], names: Sequence[str]) -> None:  # noqa: ANN401
        self._ray = ray
        self._begin = begin
        self._names = names
        self.outcomes: list[_Result | AmhctlError | None] = [None] * len(names)
        self.under_way = {begin(place): (place, 1) for place in range(len(names))}

    def wait(self, seconds: float, progress: Progress) -> None:
        """Wait a while, then take what has ended; a task whose process ended unexpectedly is begun again."""
        ended, _ = self._ray.wait(list(self.under_way), timeout=seconds)
        for reference in ended:
            place, attempt = self.under_way.pop(reference)
            try:
                self.outcomes[place] = self._ray.get(reference)
            except self._ray.exceptions.RayError as fault:
                self._begin_again(place, attempt, _reason(fault), progress)

    def cancel(self) -> None:
        """End what is under way."""
        for reference in self.under_way:
            self._ray.cancel(reference, force=True)

    def _begin_again(self, place: int, attempt: int, reason: str, progress: Progress) -> None:
        if attempt == ATTEMPTS:
            self.outcomes[place] = _given_up(self._names[place], reason)
            return
        progress.say(f"{self._names[place]} ended unexpectedly and is restarted: {reason}")
        self.under_way[self._begin(place)] = (place, attempt + 1)


@contextmanager
def open_cluster() -> Iterator[Cluster]:
    """Connect to the cluster that ``RAY_ADDRESS`` names, or start one on this machine for as long as it is needed.

    Raises
    ------
    MissingExtra
        If ray is not installed.
    DatasetError
        If the cluster cannot be reached or started.
    """
    ray = _import_ray()
    address = os.environ.get(_ADDRESS)
    # A cluster that runs has decided on its dashboard; one that is started here has none.
    options = {"address": address} if address else {"address": "local", "include_dashboard": False}
    try:
        ray.init(log_to_driver=False, logging_level=logging.WARNING, **options)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as fault:
        raise DatasetError(
            f"the cluster cannot be {'reached' if address else 'started'}: {_reason(fault)}",
            subject=address or "ray",
            hint=f"see `ray status`; without {_ADDRESS} in the environment, one is started on this machine",
        ) from fault
    try:
        yield Cluster(ray)
    finally:
        ray.shutdown()


def _import_ray() -> Any:  # noqa: ANN401
    # Read when the package is imported and when processes are started.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        return importlib.import_module("ray")
    except ImportError as fault:
        raise MissingExtra("ray is not installed", subject="ray", hint="pip install 'amhctl[ray]'") from fault


class _Board:
    """Where tasks write how much they have done; runs in a process of its own."""

    def __init__(self) -> None:
        self._done: dict[int, int] = {}

    def write(self, place: int, done: int) -> None:
        self._done[place] = done

    def read(self) -> list[int]:
        return list(self._done.values())


class _BoardProgress:
    """The progress of one task: what is done in the unit that counts, written on the board."""

    def __init__(self, write: Callable[[int], None], size: int, unit: str) -> None:
        self._write = write
        self._size = size
        self._unit = unit
        self._done = 0
        self._counts = False

    def start(self, title: str, total: int | None, unit: str) -> None:
        """Begin a piece of work; what the task has and this piece has not was done before."""
        self._counts = unit == self._unit and total is not None
        if self._counts and total is not None:
            self._add(self._size - total)

    def advance(self, amount: int = 1, note: str = "") -> None:
        """Count."""
        if self._counts:
            self._add(amount)

    def finish(self) -> None:
        """End the piece of work."""
        self._counts = False

    def say(self, message: str) -> None:
        """Say nothing: the machine may be far away."""

    def _add(self, amount: int) -> None:
        self._done += amount
        self._write(self._done)


def _do(
    work: Callable[[_Item, Progress], _Result],
    task: Task[_Item],
    place: int,
    board: Any,  # noqa: ANN401
    unit: str,
) -> _Result | AmhctlError:
    """Do one task, in its process."""
    progress = _BoardProgress(lambda done: board.write.remote(place, done), task.size, unit)
    try:
        return work(task.item, progress)
    except AmhctlError as refusal:
        # An error that a user can correct is a result: trying again would not correct it.
        return refusal


def _given_up(name: str, reason: str) -> DatasetError:
    return DatasetError(
        f"its process ended unexpectedly {ATTEMPTS} times: {reason}",
        subject=name,
        hint="run the command again: completed work is kept",
    )


def _reason(fault: BaseException) -> str:
    """Return the last line of what ray says, which is the cause; what comes before is how it came there."""
    lines = [line.strip() for line in str(fault).splitlines() if line.strip()]
    return lines[-1] if lines else type(fault).__name__
