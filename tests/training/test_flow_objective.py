"""What a FlowVoice is trained for: sums over real targets, nothing for padding, nothing for who knows the answer."""

from dataclasses import fields, replace

import pytest
import torch
from support.flow_voices import CODED_FLOW, tiny_flow
from torch import Tensor

from amhctl.batches.acoustic_batch import AcousticBatch
from amhctl.config.schema import TrainingConfig
from amhctl.model.flow_voice import EncodedText, FlowVoice, Score
from amhctl.training.flow_objective import (
    FlowCounts,
    FlowLosses,
    FlowNoise,
    FlowObjective,
    sample_noise,
)
from amhctl.training.seeding import generator_of

CONFIG = TrainingConfig(prosody_weight=0.5, duration_weight=0.25)
ONE = FlowCounts(1, 1, 1)


def batch_of(pieces: tuple[int, ...], frames: tuple[int, ...], *, seed: int = 0) -> AcousticBatch:
    """Return random utterances, of odd lengths too, with zeros behind them."""
    random = torch.Generator().manual_seed(seed)
    items, most_pieces, most_frames = len(pieces), max(pieces), max(frames)
    real_BP = torch.arange(most_pieces) < torch.tensor(pieces)[:, None]
    real_BT = torch.arange(most_frames) < torch.tensor(frames)[:, None]
    durations_BP = torch.zeros(items, most_pieces, dtype=torch.int64)
    for item, (count, total) in enumerate(zip(pieces, frames, strict=True)):
        edges = torch.linspace(0, total, count + 1).long()
        durations_BP[item, :count] = edges.diff()
    codes = [-(-total // 4) for total in frames]
    real_BS = torch.arange(max(codes)) < torch.tensor(codes)[:, None]
    return AcousticBatch(
        ids=tuple(map(str, range(items))),
        text_BP=torch.randint(1, 12, (items, most_pieces), generator=random) * real_BP,
        text_lengths_B=torch.tensor(pieces),
        durations_BP=durations_BP,
        mels_BTF=(torch.randn(items, most_frames, 6, generator=random) * 2.0 - 5.0) * real_BT[..., None],
        mel_lengths_B=torch.tensor(frames),
        prosody_BP3=torch.randn(items, most_pieces, 3, generator=random) * real_BP[..., None],
        noise_B=torch.randn(items, generator=random),
        speakers_BE=torch.randn(items, 5, generator=random),
        codes_BQS=torch.randint(9, (items, 2, max(codes)), generator=random) * real_BS[:, None],
    )


def single(batch: AcousticBatch, item: int) -> AcousticBatch:
    one = slice(item, item + 1)
    pieces, frames = int(batch.text_lengths_B[item]), int(batch.mel_lengths_B[item])
    return AcousticBatch(
        ids=batch.ids[one],
        text_BP=batch.text_BP[one, :pieces],
        text_lengths_B=batch.text_lengths_B[one],
        durations_BP=batch.durations_BP[one, :pieces],
        mels_BTF=batch.mels_BTF[one, :frames],
        mel_lengths_B=batch.mel_lengths_B[one],
        prosody_BP3=batch.prosody_BP3[one, :pieces],
        noise_B=batch.noise_B[one],
        speakers_BE=batch.speakers_BE[one],
        codes_BQS=batch.codes_BQS[one, :, : -(-frames // 4)],
    )


def single_draws(draws: FlowNoise, item: int, pieces: int, steps: int) -> FlowNoise:
    one = {field.name: getattr(draws, field.name)[item : item + 1] for field in fields(FlowNoise)}
    cut = FlowNoise(**one)
    return replace(cut, noise_BMX=cut.noise_BMX[:, :steps], prosody_noise_BP3=cut.prosody_noise_BP3[:, :pieces])


def draw(batch: AcousticBatch, *keys: str, shares: tuple[float, ...] = (0.5, 0.5, 0.5)) -> FlowNoise:
    return sample_noise(batch, 12, 2, generator_of(0, *keys), shares=shares)


@torch.no_grad()
def test_a_batch_costs_the_sum_of_its_items() -> None:
    """Padding weighs nothing, not even behind a last half step."""
    batch = batch_of((4, 7, 2), (9, 20, 5))
    draws = draw(batch, "sum")
    objective = FlowObjective(tiny_flow(CODED_FLOW), CONFIG, "fp32").eval()
    loss, together = objective(batch, draws, ONE)
    alone = []
    for item, (pieces, steps) in enumerate(((4, 5), (7, 10), (2, 3))):
        alone.append(objective(single(batch, item), single_draws(draws, item, pieces, steps), ONE)[1])
    torch.testing.assert_close(together, torch.stack(alone).sum(0), rtol=1e-5, atol=1e-3)
    mel, prosody, durations, _, frames = together.tolist()
    assert frames == 34.0
    assert min(mel, prosody, durations) > 0.0
    assert float(loss) == pytest.approx(mel + 0.5 * prosody / 3 + 0.25 * durations, rel=1e-5)
    halved, _ = objective(batch, draws, FlowCounts(2, 2, 2))
    assert float(halved) == pytest.approx(float(loss) / 2, rel=1e-5)


class _Knowing(FlowVoice):
    """A voice that is told the answer: the velocities that lead to the truth, and the durations."""

    def answer(self, batch: AcousticBatch, draws: FlowNoise) -> None:
        self.mel = self.stack(batch.mels_BTF, batch.mel_lengths_B)
        self.prosody = self.prosody_standard(batch.prosody_BP3)
        self.durations = batch.durations_BP
        self.draws = draws

    def velocity(self, noisy_BMX: Tensor, times_B: Tensor, score: Score) -> Tensor:
        # From what lies at the time to the truth, in the time that is left.
        return (self.mel - noisy_BMX) / (1.0 - times_B[:, None, None]) * score.keep_BM[..., None]

    def prosody_velocity(self, noisy_BP3: Tensor, times_B: Tensor, text: EncodedText) -> Tensor:
        return (self.prosody - noisy_BP3) / (1.0 - times_B[:, None, None])

    def log_durations(self, text: EncodedText) -> Tensor:
        return (1.0 + self.durations).log()


@torch.no_grad()
def test_who_knows_the_answer_pays_nothing() -> None:
    torch.manual_seed(0)
    model = _Knowing(CODED_FLOW).eval()
    batch = batch_of((4, 7), (9, 20))
    draws = draw(batch, "truth")
    # Not so near to the end that rounding counts.
    draws = replace(draws, times_B=draws.times_B * 0.9, prosody_times_B=draws.prosody_times_B * 0.9)
    model.answer(batch, draws)
    loss, packed = FlowObjective(model, CONFIG, "fp32")(batch, draws, ONE)
    assert float(loss) == pytest.approx(0.0, abs=1e-6)
    assert packed.tolist() == pytest.approx([0.0, 0.0, 0.0, 29.0, 29.0], abs=1e-4)


@torch.no_grad()
def test_who_knows_nothing_pays_about_two_for_each_value() -> None:
    """Noise and data of deviation 1 each: the velocity has a variance of 2, and zero is its mean."""
    model = tiny_flow(CODED_FLOW)
    for layer in (model.output, model.prosody_output):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    batch = batch_of((40, 40), (400, 400))
    _, packed = FlowObjective(model, CONFIG, "fp32")(batch, draw(batch, "nothing"), ONE)
    assert packed[0] / (800 * 6) == pytest.approx(2.0, abs=0.1)
    assert packed[1] / (80 * 3) == pytest.approx(2.0, abs=0.4)


def test_what_is_drawn_is_a_function_of_the_generator() -> None:
    batch = batch_of((4, 7), (9, 20))
    first, again, other = draw(batch, "a"), draw(batch, "a"), draw(batch, "b")
    for field in fields(FlowNoise):
        assert torch.equal(getattr(first, field.name), getattr(again, field.name))
    assert not torch.equal(first.noise_BMX, other.noise_BMX)
    assert first.noise_BMX.shape == (2, 10, 12)
    assert first.prosody_noise_BP3.shape == (2, 7, 3)
    assert not torch.equal(first.times_B, first.prosody_times_B)


def test_the_shares_are_those_of_text_prosody_and_codes() -> None:
    batch = batch_of((1,) * 4_000, (1,) * 4_000)
    draws = draw(batch, "shares", shares=(0.1, 0.3, 0.6))
    shares = [float(each.float().mean()) for each in (draws.dropped_B, ~draws.prosody_known_B, ~draws.coded_B)]
    assert shares == pytest.approx([0.1, 0.3, 0.6], abs=0.04)
    # One does not decide the other.
    both = float((draws.dropped_B & ~draws.prosody_known_B).float().mean())
    assert both == pytest.approx(0.03, abs=0.015)
    times = draws.times_B
    assert (float(times.min()) >= 0.0, float(times.max()) < 1.0) == (True, True)
    assert float(times.mean()) == pytest.approx(0.5, abs=0.03)
    for shares_of_all, value in (((0.0, 0.0, 0.0), False), ((1.0, 1.0, 1.0), True)):
        extreme = draw(batch, "all", shares=shares_of_all)
        for each in (extreme.dropped_B, ~extreme.prosody_known_B, ~extreme.coded_B):
            assert each.unique().tolist() == [value]


@torch.no_grad()
def test_what_is_withheld_is_not_learnt_from() -> None:
    """The loss of an item whose text is drop_text does not depend on it, nor that of one without codes on those."""
    objective = FlowObjective(tiny_flow(CODED_FLOW), CONFIG, "fp32").eval()
    batch = batch_of((4, 7), (9, 20))
    changed = replace(batch, text_BP=batch.text_BP.flip(1) * (batch.text_BP > 0), codes_BQS=8 - batch.codes_BQS)
    for share, same in ((1.0, True), (0.0, False)):
        draws = draw(batch, "withheld", shares=(share, share, share))
        mels = [float(objective(each, draws, ONE)[1][0]) for each in (batch, changed)]
        assert (mels[0] == mels[1]) == same


def test_losses_say_what_they_are() -> None:
    losses = FlowLosses(total=3.0, mel=1.0, prosody=2.0, duration=0.5, length_ratio=0.9)
    assert losses.decisive == 1.0
    assert losses.journal() == losses.valid_journal()
    assert losses.journal() == {"loss": 3.0, "mel": 1.0, "prosody": 2.0, "duration": 0.5, "length_ratio": 0.9}
    assert losses.metrics() == {
        "valid_loss": 3.0,
        "valid_mel_loss": 1.0,
        "valid_prosody_loss": 2.0,
        "valid_duration_loss": 0.5,
        "valid_length_ratio": 0.9,
    }
