"""From noise to mel frames: the published solutions, and the chain to the waveform."""

import pytest
import torch
from support.acoustics import far, numbers, official_numbers, official_tensors, tiny
from torch import Tensor

from amhctl.codec.indextts2.bigvgan import read_bigvgan
from amhctl.codec.indextts2.diffusion_transformer import DiffusionTransformer, Guide, TransformerShape, read_transformer
from amhctl.codec.indextts2.flow_matching import sample_mel
from amhctl.core.errors import CodecError

SMALL = TransformerShape(
    bins=4, width=8, content=5, style=3, depth=3, heads=2, inner=16, wave_width=6, wave_layers=2, wave_kernel=3
)


@torch.inference_mode()
def test_solutions_are_the_published_ones_to_the_waveform() -> None:
    known, network = numbers(), read_transformer(tiny("s2mel", "cfm.estimator."), heads=4)
    content_1TC = torch.cat([known["regulator.prompt_condition"], known["regulator.target_condition"]], dim=1)

    def draw(steps: int, guidance: float) -> Tensor:
        style_1S = known["style.vector_of_front_fbank"]
        return sample_mel(
            network, known["cfm.noise"], known["front.mel"], content_1TC, style_1S, steps=steps, guidance=guidance
        )

    mel_1FT = draw(4, 0.7)
    assert far(mel_1FT, known["cfm.target_mel"]) < 1e-4
    assert far(mel_1FT, known["cfm.solution"][..., 68:]) < 1e-4
    assert not known["cfm.solution"][..., :68].any()
    assert far(draw(4, 0.0), known["cfm.solution_no_guidance"]) < 1e-4
    assert far(draw(25, 0.7), known["cfm.solution_25_steps"]) < 1e-4
    wave_1N = read_bigvgan(tiny("bigvgan"))(mel_1FT)
    assert far(wave_1N[:, None], known["vocoder.wave_of_target_mel"]) < 1e-5


@pytest.mark.slow
@torch.inference_mode()
def test_the_solution_of_the_official_size() -> None:
    known, network = official_numbers(), read_transformer(official_tensors("s2mel", "cfm.estimator."))
    mel_1FT = sample_mel(
        network, known["cfm.noise"], known["cfm.prompt_mel"], known["regulator.out"], known["cfm.style"],
        steps=3, guidance=0.7,
    )  # fmt: skip
    assert far(mel_1FT, known["cfm.solution"][..., 7:]) < 1e-3


@torch.inference_mode()
def test_one_step_is_the_guided_velocity() -> None:
    torch.manual_seed(0)
    network = DiffusionTransformer(SMALL)
    noise, prompt = torch.randn(1, 4, 9), torch.randn(1, 4, 3)
    content, style = torch.randn(1, 9, 5), torch.randn(1, 3)
    start = torch.cat([torch.zeros(1, 4, 3), noise[..., 3:]], dim=-1)
    told = Guide(torch.cat([prompt, torch.zeros(1, 4, 6)], dim=-1), content, style)
    untold = Guide(torch.zeros(1, 4, 9), torch.zeros(1, 9, 5), torch.zeros(1, 3))
    first, other = (network(start, torch.zeros(1), guide) for guide in (told, untold))
    drawn = sample_mel(network, noise, prompt, content, style, steps=1, guidance=0.5)
    torch.testing.assert_close(drawn, (start + 1.5 * first - 0.5 * other)[..., 3:])
    plain = sample_mel(network, noise, prompt, content, style, steps=1, guidance=0.0)
    torch.testing.assert_close(plain, (start + first)[..., 3:])


@pytest.mark.parametrize(("prompted", "content"), [(9, 9), (3, 8), (12, 9)])
def test_what_does_not_fit_together_is_refused(prompted: int, content: int) -> None:
    network = DiffusionTransformer(SMALL)
    with pytest.raises(CodecError, match=f"9 frames of noise and {content} of content after a prompt of {prompted}"):
        sample_mel(
            network, torch.zeros(1, 4, 9), torch.zeros(1, 4, prompted), torch.zeros(1, content, 5), torch.zeros(1, 3),
            steps=1, guidance=0.7,
        )  # fmt: skip
