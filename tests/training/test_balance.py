"""Twin of ``training/balance.py``."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from support.stores import create_store

from amhctl.batches.dataset import SpeechDataset
from amhctl.codes.store import CodeStore
from amhctl.core.errors import ConfigError
from amhctl.corpus.records import Record
from amhctl.training.balance import BalancedUtterances, epoch_indices
from amhctl.training.replay import ReplayedUtterances, own_part, plan_training_epoch

CLIPS = {"few": 2, "some": 6, "many": 24}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> SpeechDataset:
    path = tmp_path_factory.mktemp("balance") / "store"
    random = np.random.default_rng(0)
    with create_store(path) as store:
        for speaker, count in CLIPS.items():
            for number in range(count):
                frames = 10 + number
                store.append(
                    Record(id=f"{speaker}{number}", audio=f"{speaker}{number}.wav", text="ሰላም", speaker=speaker),
                    random.integers(0, 16, (2, frames)).astype(np.uint16),
                    random.normal(size=(2 * frames, 8)).astype(np.float16),
                )
    opened = CodeStore.open(path)
    return SpeechDataset(opened, opened.entries, {e.id: (3, 4, 5) for e in opened.entries})


def shares(data: BalancedUtterances, epoch: int) -> Counter[str]:
    entries = data.entries
    return Counter(entries[index].record.speaker for index in data.indices(epoch))


def test_alike_speakers_have_as_many_utterances_each_and_an_epoch_is_as_long(own: SpeechDataset) -> None:
    data = BalancedUtterances(own, balance=1.0, seed=5)
    for epoch in range(6):
        counts = shares(data, epoch)
        assert sum(counts.values()) == len(own) == 32
        assert set(counts.values()) <= {10, 11}
    # Each clip of a speaker is used as often as any other of his, or once more.
    uses = Counter(data.entries[index].id for index in data.indices(0))
    assert {uses["few0"], uses["few1"]} <= {5, 6}


def test_the_balance_tempers_the_shares(own: SpeechDataset) -> None:
    data = BalancedUtterances(own, balance=0.5, seed=5)
    mean = {speaker: np.mean([shares(data, epoch)[speaker] for epoch in range(200)]) for speaker in CLIPS}
    roots = {speaker: count**0.5 for speaker, count in CLIPS.items()}
    for speaker, root in roots.items():
        assert mean[speaker] == pytest.approx(32 * root / sum(roots.values()), abs=0.15)


def test_no_balance_uses_each_utterance_once(own: SpeechDataset) -> None:
    data = BalancedUtterances(own, balance=0.0, seed=5)
    assert sorted(data.entries[index].id for index in data.indices(3)) == sorted(entry.id for entry in own.entries)


def test_a_clip_that_is_used_again_is_drawn_anew_and_everything_is_a_function_of_seed_and_epoch(
    own: SpeechDataset,
) -> None:
    data, again = (BalancedUtterances(own, balance=1.0, seed=5) for _ in range(2))
    assert data.indices(7) == again.indices(7) != data.indices(8)
    assert data.indices(7) != BalancedUtterances(own, balance=1.0, seed=6).indices(7)
    used = [index for index in data.indices(0) if data.entries[index].id == "some0"]
    prompts = [(data.item(index, epoch).prompt_id) for epoch in range(8) for index in used]
    assert prompts == [(again.item(index, epoch).prompt_id) for epoch in range(8) for index in used]
    assert set(prompts) == {f"some{number}" for number in range(1, 6)}
    for index in data.indices(0):
        assert data.item(index, 0).id == data.entries[index].id
        assert data.item(index, 0).codes_QS.shape[1] == data.lengths[index]
        assert data.item(index, 0).text_T.size == data.text_lengths[index]


def test_batches_are_of_the_uses_of_the_epoch(own: SpeechDataset) -> None:
    data = BalancedUtterances(own, balance=1.0, seed=5)
    plan = plan_training_epoch(data, data.lengths, batch_frames=90, seed=1, epoch=4, bucketing=True)
    assert sorted(index for batch in plan for index in batch) == sorted(data.indices(4))
    replayed = ReplayedUtterances(data, own, share=0.25, seed=5)
    indices = replayed.indices(4)
    assert indices[:32] == data.indices(4)
    assert len(indices) - 32 == replayed.sampled == 11
    assert own_part(replayed) is own
    assert epoch_indices(own, 4) == tuple(range(32))


def test_one_speaker_cannot_be_balanced(own: SpeechDataset, tmp_path: Path) -> None:
    alone = SpeechDataset(
        CodeStore.open(own._store.path), own.entries[:2], {entry.id: (3,) for entry in own.entries[:2]}
    )
    with pytest.raises(ConfigError, match="one speaker, few"):
        BalancedUtterances(alone, balance=1.0, seed=0)
