"""Speech of the base's language in a run: some is replayed, by some it is seen what is forgotten."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from amhctl.checkpoint.store import LoadedCheckpoint
from amhctl.codes.proof import require_proof
from amhctl.codes.shard import Shard
from amhctl.codes.store import CodeStore
from amhctl.config.schema import RunConfig
from amhctl.core.errors import ConfigError
from amhctl.core.files import sha256_of_json
from amhctl.core.findings import Finding
from amhctl.core.progress import Progress
from amhctl.training.balance import BalancedUtterances
from amhctl.training.forgetting import ProbedUtterances
from amhctl.training.material import Material
from amhctl.training.replay import ReplayedUtterances, require_alike
from amhctl.training.voice_recipe import Utterances

Gather = Callable[[CodeStore], Material[Any]]
"""Returns the datasets of a store of former data."""


@dataclass(frozen=True, slots=True)
class FormerData:
    """What a run has of the base's language.

    Attributes
    ----------
    train : Utterances
        What is trained on: the run's own utterances, by speakers as they are balanced, and those that are replayed.
    probe : Utterances | None
        By which it is seen what is forgotten.
    fingerprint : str
        Of all that is trained on.
    findings : tuple[Finding, ...]
        What was found about the stores.
    """

    train: Utterances
    probe: Utterances | None
    fingerprint: str
    findings: tuple[Finding, ...]


def open_former(
    config: RunConfig, store: CodeStore, origin: LoadedCheckpoint | None, progress: Progress, *, shard: Shard
) -> dict[str, CodeStore]:
    """Return the stores of ``paths.replay`` and ``paths.probe``, as far as there are any, proven and fitting.

    Parameters
    ----------
    config : RunConfig
        Of the run.
    store : CodeStore
        What the run trains on.
    origin : LoadedCheckpoint | None
        What it starts from.
    progress : Progress
        Is told what is checked.
    shard : Shard
        Which of a machine's processes this is, and of how many.

    Raises
    ------
    ConfigError
        If a store is named and not used, or wanted and not named, or there is no base that could be forgotten.
    DatasetError
        If a store is damaged or was made differently from the run's own.
    """
    paths = {"replay": config.paths.replay, "probe": config.paths.probe}
    if (paths["replay"] is None) != (config.training.replay_share == 0.0):
        raise ConfigError(
            "paths.replay and training.replay_share must be set together",
            subject="paths.replay, training.replay_share",
            hint="--set paths.replay=STORE --set training.replay_share=0.15",
        )
    named = [key for key, path in paths.items() if path is not None]
    if named and origin is None:
        raise ConfigError(
            "these values need a base",
            subject=f"paths.{named[0]}",
            hint="pass --base VOICE, or omit the value",
        )
    opened: dict[str, CodeStore] = {}
    for key, path in paths.items():
        if path is None:
            continue
        former = next((other for other in opened.values() if other.path == path), None) or CodeStore.open(path)
        if former not in opened.values():
            require_proof(former, progress, shard=shard)
            require_alike(store, former, key=f"paths.{key}")
        opened[key] = former
    return opened


def gather_former(
    own: Material[Any], store: CodeStore, former: Mapping[str, CodeStore], gather: Gather, config: RunConfig
) -> FormerData:
    """Return what a run trains on and probes: its own data, and of the former what is configured.

    Raises
    ------
    ConfigError
        If speakers are to be balanced and there is one.
    DatasetError
        If a store has no utterance of the split that is wanted: ``train`` is replayed, ``valid`` probes.
    VocabularyError
        If the vocabulary does not cover its texts.
    """
    gathered = {former[key].path: gather(former[key]) for key in former}
    train: Utterances = own.train
    if balance := config.training.speaker_balance:
        train = BalancedUtterances(train, balance=balance, seed=config.seed)
    fingerprint = store.fingerprint
    if "replay" in former:
        replayed = gathered[former["replay"].path].train
        train = ReplayedUtterances(train, replayed, share=config.training.replay_share, seed=config.seed)
        fingerprint = sha256_of_json([store.fingerprint, former["replay"].fingerprint])
    probe = None
    if "probe" in former:
        valid = gathered[former["probe"].path].valid
        probe = ProbedUtterances(valid, config.training.forgetting.utterances)
    return FormerData(train, probe, fingerprint, tuple(each for one in gathered.values() for each in one.findings))
