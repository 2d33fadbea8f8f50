"""``codes extract`` on a cluster: every shard is a task, and the tasks run wherever the cluster has room."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from amhctl.codes.parts import part_names
from amhctl.codes.shard import Shard
from amhctl.core.errors import AmhctlError, ConfigError
from amhctl.core.progress import Progress
from amhctl.corpus.records import Record, read_records
from amhctl.parallel.cluster import Cluster, Task
from amhctl.workflows.codes import extract_shard
from amhctl.workflows.codes.extract_shard import ShardReport, ShardRequest


def extract_on(
    cluster: Cluster, request: ShardRequest, count: int | None, progress: Progress
) -> tuple[list[ShardReport], dict[str, AmhctlError]]:
    """Encode every shard of a manifest; return what was done, and the reasons of those that failed, by name.

    Parameters
    ----------
    cluster : Cluster
        Where to.
    request : ShardRequest
        What all shards have in common; every path as all machines of the cluster find it.
    count : int | None
        How many shards; None takes those of the store, or as many as the cluster has room for.
    progress : Progress
        Told of utterances.

    Raises
    ------
    AmhctlError
        If no shard could be encoded: the reason of the first.
    """
    cpus = 1 + request.workers
    gpus = int(request.device.startswith("cuda") or (request.device == "auto" and cluster.all_of("GPU") > 0))
    room = cluster.all_of("GPU") if gpus else cluster.all_of("CPU") // cpus
    count = count or _count_shards(request.output) or max(1, room)
    # A task sees the one accelerator that the cluster gives it, whatever its number.
    tasks = _tasks(replace(request, device="cuda") if gpus else request, count)
    outcomes = cluster.run(
        extract_shard.run,
        tasks,
        progress,
        title=f"extracting codes in {count} tasks",
        unit="utterance",
        cpus=cpus,
        gpus=gpus,
    )
    reports = [outcome for outcome in outcomes if isinstance(outcome, ShardReport)]
    failed = {task.name: error for task, error in zip(tasks, outcomes, strict=True) if isinstance(error, AmhctlError)}
    if not reports:
        raise next(iter(failed.values()))
    return reports, failed


def _tasks(request: ShardRequest, count: int) -> list[Task[ShardRequest]]:
    records = read_records(request.manifest)
    shards = [Shard(index, count) for index in range(1, count + 1)]
    return [
        Task(f"shard {shard.part}", replace(request, shard=shard), _size(shard.of(records), request))
        for shard in shards
    ]


def _size(records: Sequence[Record], request: ShardRequest) -> int:
    """Return how many utterances a shard has at most, its shifted and varied ones included."""
    train = sum(record.split == "train" for record in records)
    return len(records) + train * (request.shifts - 1 + request.copies)


def _count_shards(store: Path) -> int | None:
    """Return into how many shards a store was cut; None if it has none.

    Raises
    ------
    ConfigError
        If it was cut differently at different times.
    """
    counts = {int(part.partition("-of-")[2]) for part in part_names(store)}
    if len(counts) > 1:
        raise ConfigError(
            f"the store has shards of {' and of '.join(map(str, sorted(counts)))}",
            subject=str(store),
            hint="give one number with --tasks, or merge the shards first: amhctl codes merge STORE -o NEW",
        )
    return counts.pop() if counts else None
