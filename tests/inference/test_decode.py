"""Decoding: the delay is undone, seeds are kept per passage, stops and limits hold."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.voices import load_code_voice, prompt_of, tiny_voice_folder
from torch import Tensor
from torch.nn.functional import cross_entropy

from amhctl.config.unified import ConformerConfig, ModelConfig
from amhctl.core.errors import ModelError, OptionError, SynthesisError
from amhctl.devices import compiler
from amhctl.inference import decode as decode_module
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.decode import Passage, decode, fits, predict_durations, round_durations
from amhctl.inference.sampling import Sampling
from amhctl.inference.speaker import Speaker
from amhctl.model.compiled_steps import CompiledSteps
from amhctl.model.layout import delay
from amhctl.model.unified_voice import UnifiedVoice

IDS = (5, 6, 7, 8)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("aligned")))


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("free"), alignment=False))


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("guided"), guided=True))


def passage(*, ids: tuple[int, ...] = IDS, durations: tuple[int, ...] | None = None, seed: int = 1) -> Passage:
    return Passage(ids=ids, durations=durations, most_frames=12, seed=seed)


def with_books(voice: CodeVoice, books: int) -> UnifiedVoice:
    """Return a random model like a voice's, of so many codebooks."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = UnifiedVoice(voice.model.config.model_copy(update={"codebooks": books}))
    for parameter in model.gpt.parameters():
        if parameter.ndim == 2:
            parameter.data.mul_(8.0)
    return model.eval().requires_grad_(False)


def test_with_a_penalty_codes_come_once_and_passages_do_not_share_theirs(aligned: CodeVoice) -> None:
    greedy, penalised = Sampling(temperature=0.0), Sampling(temperature=0.0, repetition_penalty=100.0)
    passages = [passage(durations=(3, 2, 4, 1)), passage(ids=IDS[::-1], durations=(2, 5, 1, 2))]
    model = with_books(aligned, 1)

    def codes_of(sampling: Sampling, chosen: list[Passage]) -> list[list[int]]:
        return [each.codes_QS[0].tolist() for each in decode(model, chosen, prompt_of(aligned), sampling)]

    free, once = codes_of(greedy, passages), codes_of(penalised, passages)
    assert any(len(set(codes)) < len(codes) for codes in free)
    assert all(len(set(codes)) == len(codes) for codes in once)
    assert codes_of(penalised, passages[1:]) == once[1:]
    assert [codes[0] for codes in once] == [codes[0] for codes in free]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_steps_write_the_same_codes(
    free: CodeVoice, guided: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "BACKEND", "eager")
    for voice, durations, guidance in ((free, None, 0.0), (guided, (3, 2, 4, 1), 2.0)):
        passages = [passage(durations=durations), passage(ids=IDS[:2], durations=durations and durations[:2])]
        given = voice.model, passages, prompt_of(voice), Sampling(temperature=0.0, guidance=guidance)
        wanted, found = decode(*given), decode(*given, CompiledSteps(voice.model))
        for ours, theirs in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(ours.codes_QS, theirs.codes_QS)
            assert ours.stopped == theirs.stopped


def test_explicit_durations_give_exactly_their_frames(aligned: CodeVoice) -> None:
    short, long = decode(
        aligned.model,
        [passage(ids=IDS[:2], durations=(2, 1)), passage(durations=(3, 2, 4, 1))],
        prompt_of(aligned),
        Sampling(),
    )
    books = aligned.codec.spec.codebooks
    assert short.codes_QS.shape == (books, 3)
    assert long.codes_QS.shape == (books, 10)
    assert short.stopped
    assert long.codes_QS.max() < aligned.codec.spec.codebook_size


def test_a_passage_does_not_depend_on_its_neighbours(aligned: CodeVoice) -> None:
    one = passage(ids=IDS[:2], durations=(2, 3), seed=7)
    other = passage(durations=(3, 2, 4, 1), seed=8)
    together = decode(aligned.model, [one, other], prompt_of(aligned), Sampling())
    alone = decode(aligned.model, [one], prompt_of(aligned), Sampling())
    np.testing.assert_array_equal(together[0].codes_QS, alone[0].codes_QS)


@pytest.mark.parametrize("books", [2, 4])
def test_greedy_codes_are_the_likeliest_of_the_whole_forward_pass(aligned: CodeVoice, books: int) -> None:
    """With many books the last ones are drawn behind the ends of the first: these are shown as in training."""
    durations, model = (2, 3, 1, 2), with_books(aligned, books)
    decoded = decode(model, [passage(durations=durations)], prompt_of(aligned), Sampling(temperature=0.0))[0]
    codes_BQS = torch.from_numpy(decoded.codes_QS.astype(np.int64))[None]
    output = model(
        torch.tensor([IDS]),
        torch.tensor([len(IDS)]),
        codes_BQS,
        torch.tensor([codes_BQS.shape[2]]),
        prompt_of(aligned).latents_1LD,
        prompt_of(aligned).emotion_1D,
        torch.tensor([durations]),
    )
    config = model.config
    streams = delay(
        codes_BQS,
        torch.tensor([codes_BQS.shape[2]]),
        start=config.start_mel_token,
        stop=config.stop_mel_token,
    )
    likeliest = output.code_logits_BQPV[..., : config.codebook_size].argmax(dim=-1)
    real = streams.targets_BQP < config.codebook_size
    torch.testing.assert_close(likeliest[real], streams.targets_BQP[real])


def test_a_free_voice_ends_at_its_stop_or_at_the_limit(free: CodeVoice) -> None:
    results = [
        decode(free.model, [passage(seed=seed)], prompt_of(free), Sampling(top_k=0, top_p=1.0, temperature=1.0))[0]
        for seed in range(12)
    ]
    assert {result.stopped for result in results} == {True, False}
    for result in results:
        assert 1 <= result.codes_QS.shape[1] <= 12
        assert result.stopped or result.codes_QS.shape[1] == 12
        assert result.codes_QS.max() < free.codec.spec.codebook_size


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0, 20.0), min_size=1, max_size=40))
def test_rounded_durations_keep_to_the_running_sum(wanted: list[float]) -> None:
    frames = round_durations(np.array(wanted))
    assert frames.min() >= 0
    assert frames.sum() >= 1
    ends = np.floor(np.cumsum(wanted) + 0.5)
    np.testing.assert_array_equal(np.cumsum(frames), np.append(ends[:-1], max(1, ends[-1])))


def test_short_pieces_share_frames_as_alignments_do() -> None:
    np.testing.assert_array_equal(round_durations(np.array([0.2, 0.2, 0.2, 5.4])), [0, 0, 1, 5])


def test_faster_speech_has_fewer_frames(aligned: CodeVoice) -> None:
    slow, normal, fast = (predict_durations(aligned.model, [IDS * 4], speed=speed)[0] for speed in (0.5, 1.0, 2.0))
    assert 1 <= fast.sum() <= normal.sum() <= slow.sum()


def test_what_the_model_cannot_hold_is_refused(aligned: CodeVoice) -> None:
    with pytest.raises(ModelError, match="frames"):
        decode(aligned.model, [passage(durations=(400, 1, 1, 1))], prompt_of(aligned), Sampling())
    with pytest.raises(ModelError, match="pieces"):
        predict_durations(aligned.model, [IDS * 100], speed=1.0)


def test_no_guidance_is_what_a_voice_says_that_cannot_be_guided(aligned: CodeVoice, guided: CodeVoice) -> None:
    spoken = passage(durations=(3, 2, 4, 1))
    plain = decode(aligned.model, [spoken], prompt_of(aligned), Sampling())[0]
    unguided = decode(guided.model, [spoken], prompt_of(guided), Sampling(guidance=0.0))[0]
    np.testing.assert_array_equal(plain.codes_QS, unguided.codes_QS)


def test_guidance_changes_codes(guided: CodeVoice) -> None:
    spoken = passage(durations=(3, 2, 4, 3))
    codes = {
        guidance: decode(guided.model, [spoken], prompt_of(guided), Sampling(guidance=guidance))[0].codes_QS
        for guidance in (0.0, 8.0)
    }
    assert not np.array_equal(codes[0.0], codes[8.0])


def test_guided_passages_do_not_depend_on_their_neighbours(guided: CodeVoice) -> None:
    passages = [passage(ids=IDS[:2], durations=(2, 3), seed=7), passage(durations=(3, 2, 4, 1), seed=8)]
    together = decode(guided.model, passages, prompt_of(guided), Sampling(guidance=4.0))
    for one, whole in zip(passages, together, strict=True):
        np.testing.assert_array_equal(
            decode(guided.model, [one], prompt_of(guided), Sampling(guidance=4.0))[0].codes_QS, whole.codes_QS
        )


def test_guidance_is_refused_where_it_cannot_work(aligned: CodeVoice) -> None:
    with pytest.raises(SynthesisError, match="does not support guidance"):
        decode(aligned.model, [passage(durations=(3, 2, 4, 1))], prompt_of(aligned), Sampling(guidance=1.0))
    for guidance in (-1.0, 1_000.1, 1e38, float("inf"), float("nan")):
        with pytest.raises(OptionError, match="guidance"):
            Sampling(guidance=guidance)


def test_the_strongest_guidance_still_speaks(guided: CodeVoice) -> None:
    spoken = passage(durations=(3, 2, 4, 3))
    (decoded,) = decode(guided.model, [spoken], prompt_of(guided), Sampling(guidance=1_000.0))
    assert decoded.codes_QS.shape[1] == 12


@pytest.mark.parametrize("value", [1e30, float("nan")])
def test_a_voice_that_computes_no_numbers_says_so(value: float, tmp_path: Path) -> None:
    voice = load_code_voice(tiny_voice_folder(tmp_path))
    with torch.no_grad():
        voice.model.mel_head.weight.fill_(value)
        voice.model.final_norm.weight.fill_(1e30)
    with pytest.raises(SynthesisError, match="not finite"):
        decode(voice.model, [passage(durations=(3, 2, 4, 1))], prompt_of(voice), Sampling())


@pytest.mark.parametrize("value", [1e4, 60.0, float("nan")])
def test_durations_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    voice = load_code_voice(tiny_voice_folder(tmp_path))
    with torch.no_grad():
        voice.model.alignment.log_duration.bias.fill_(value)
    with pytest.raises(SynthesisError, match="not finite"):
        predict_durations(voice.model, [IDS], speed=1.0)


def test_frames_are_counted_at_the_speed_at_which_they_are_spoken(
    aligned: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs_BT = torch.log1p(torch.tensor([[3.0, 4.0, 2.0, 1.0]]))
    monkeypatch.setattr(aligned.model, "predict_durations", lambda _text, _lengths: logs_BT)
    monkeypatch.setattr(decode_module, "_MOST_FRAMES", 12)
    assert predict_durations(aligned.model, [IDS], speed=1.0)[0].sum() == 10
    with pytest.raises(SynthesisError, match="not finite"):
        predict_durations(aligned.model, [IDS], speed=0.5)


@pytest.mark.parametrize("temperature", [0.0, 1e-3, 1e3])
def test_the_outermost_temperatures_still_speak(free: CodeVoice, temperature: float) -> None:
    (decoded,) = decode(free.model, [passage(seed=0)], prompt_of(free), Sampling(temperature=temperature))
    assert decoded.codes_QS.size


def test_a_passage_may_fill_the_model_and_not_a_frame_more(aligned: CodeVoice) -> None:
    config = aligned.model.config
    most = config.max_mel_tokens - config.codebooks + 1
    full = passage(ids=IDS[:2], durations=(most - 1, 1))
    assert decode(aligned.model, [full], prompt_of(aligned), Sampling())[0].codes_QS.shape[1] == most
    with pytest.raises(ModelError, match=f"{most + 1} frames are more than the model's {most}"):
        decode(aligned.model, [passage(ids=IDS[:2], durations=(most, 1))], prompt_of(aligned), Sampling())
    pieces = (5,) * config.max_text_tokens
    assert fits(aligned.model, pieces, None)
    assert not fits(aligned.model, (*pieces, 5), None)
    assert fits(aligned.model, IDS[:2], (most - 1, 1))
    assert not fits(aligned.model, IDS[:2], (most, 1))
    assert len(predict_durations(aligned.model, [pieces], speed=1.0)[0]) == len(pieces)


def test_durations_are_those_predicted_over_the_speed(aligned: CodeVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    # The logarithm of 1 + frames, and one below it, which no number of frames has.
    logs_BT = torch.log1p(torch.tensor([[1.25, 3.25, 0.5, 9.0], [4.0, -0.5, 2.0, 7.0]]))
    monkeypatch.setattr(aligned.model, "predict_durations", lambda _text, _lengths: logs_BT)
    one, other = predict_durations(aligned.model, [IDS, IDS[:3]], speed=1.0)
    assert (one.tolist(), other.tolist()) == ([1, 4, 0, 9], [4, 0, 2])
    one, other = predict_durations(aligned.model, [IDS, IDS[:3]], speed=0.5)
    assert (one.tolist(), other.tolist()) == ([3, 6, 1, 18], [8, 0, 4])


def test_a_small_model_steps_on_one_thread_and_the_threads_come_back(
    aligned: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = torch.get_num_threads()
    size = sum(parameter.numel() for parameter in aligned.model.parameters())
    try:
        torch.set_num_threads(2)
        for bound, inside in ((size + 1, 1), (size, 2)):
            monkeypatch.setattr(decode_module, "_SMALL_PARAMETERS", bound)
            with decode_module._fitting_threads(aligned.model):
                assert torch.get_num_threads() == inside
            assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_voice_that_never_stops_is_cut_at_its_own_limit_or_the_models(free: CodeVoice) -> None:
    sampling = Sampling(temperature=0.0)
    most = free.model.config.max_mel_tokens - free.model.config.codebooks + 1
    with torch.no_grad():
        bias = free.model.mel_head.bias
        saved = bias.clone()
        bias[free.model.config.stop_mel_token] = -1e9
    try:
        for wanted, frames in ((7, 7), (most + 5, most)):
            endless = Passage(ids=IDS, durations=None, most_frames=wanted, seed=0)
            (codes,) = decode(free.model, [endless], prompt_of(free), sampling)
            assert (codes.codes_QS.shape[1], codes.stopped) == (frames, False)
    finally:
        with torch.no_grad():
            bias.copy_(saved)


def test_no_step_is_taken_beyond_the_last_frame_of_the_last_book(
    aligned: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, steps = aligned.model.step, []
    monkeypatch.setattr(aligned.model, "step", lambda *arguments: steps.append(arguments) or step(*arguments))
    decode(
        aligned.model,
        [passage(durations=(3, 2, 4, 1)), passage(durations=(1, 1, 1, 1))],
        prompt_of(aligned),
        Sampling(),
    )
    assert len(steps) == 10 + aligned.codec.spec.codebooks - 1


@pytest.mark.parametrize(("guidance", "rows"), [(0.0, 1), (2.0, 2)])
def test_only_guidance_costs_a_second_row(
    guided: CodeVoice, monkeypatch: pytest.MonkeyPatch, guidance: float, rows: int
) -> None:
    begun: list[int] = []
    begin = guided.model.begin

    def noted(text_BT: torch.Tensor, *arguments: object) -> object:
        begun.append(text_BT.shape[0])
        return begin(text_BT, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(guided.model, "begin", noted)
    decode(guided.model, [passage(durations=(1, 1, 1, 1))], prompt_of(guided), Sampling(guidance=guidance))
    assert begun == [rows]


_PACES = {0.5: 6, 0.75: 4, 1.0: 3, 1.5: 2}
"""Frames of each made-up piece at a speed."""


def _made_up(random: torch.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return texts whose pieces last as long as their speed says, each by one code: what a voice learns in seconds."""
    items = 24
    lengths_B = torch.randint(2, 6, (items,), generator=random)
    text_BT = torch.randint(3, 12, (items, 5), generator=random)
    speeds_B = torch.tensor(list(_PACES))[torch.randint(len(_PACES), (items,), generator=random)]
    paces = [_PACES[speed] for speed in speeds_B.tolist()]
    rows = [text[:length].repeat_interleave(pace) for text, length, pace in zip(text_BT, lengths_B, paces, strict=True)]
    codes_BQS = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)[:, None]
    return text_BT, lengths_B, codes_BQS, torch.tensor([len(row) for row in rows]), speeds_B


@pytest.mark.slow
def test_a_voice_that_is_told_speeds_learns_to_follow_them() -> None:
    """From nothing, on made-up codes: twice as fast takes half the frames, exactly."""
    torch.manual_seed(0)
    encoder = ConformerConfig(output_size=8, linear_units=8, attention_heads=1, num_blocks=1)
    shape = {"model_dim": 48, "layers": 2, "heads": 4, "max_text_tokens": 8, "max_mel_tokens": 48, "dropout": 0.0}
    ids = {"number_text_tokens": 12, "number_mel_codes": 14, "start_mel_token": 12, "stop_mel_token": 13}
    heard = {"condition_dim": 8, "condition_num_latent": 1, "condition_module": encoder, "emo_condition_module": None}
    model = UnifiedVoice(ModelConfig.model_validate({**shape, **ids, **heard}))
    speaker = Speaker(torch.zeros(1, 1, 48), torch.zeros(1, 48))
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=280, pct_start=0.1)
    random = torch.Generator().manual_seed(1)
    for _ in range(280):
        text_BT, lengths_B, codes_BQS, frames_B, speeds_B = _made_up(random)
        told = (speaker.latents_1LD.expand(len(text_BT), -1, -1), speaker.emotion_1D.expand(len(text_BT), -1))
        output = model(text_BT, lengths_B, codes_BQS, frames_B, *told, speeds_B=speeds_B)
        streams = delay(codes_BQS, frames_B, start=12, stop=13)
        logits_BVP = output.code_logits_BQPV[:, 0].transpose(1, 2)
        losses_BP = cross_entropy(logits_BVP, streams.targets_BQP[:, 0], reduction="none")
        optimizer.zero_grad()
        losses_BP[streams.mask_BQP[:, 0]].mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    texts = ((3, 7, 5, 9), (4, 8, 11), (10, 3, 6, 5, 8), (9, 4))
    for speed, pace in _PACES.items():
        passages = [Passage(ids=text, durations=None, most_frames=45, seed=0, speed=speed) for text in texts]
        codes = decode(model.eval(), passages, speaker, Sampling(temperature=0.0, guidance=0.0))
        assert [each.codes_QS.shape[1] for each in codes] == [pace * len(text) for text in texts]
        assert all(each.stopped for each in codes)
