"""What share of a training step frozen encoders of speaker and emotion take, in the shape of IndexTTS-2.

``python tools/count_conditioning.py``. Products are counted (two operations for each multiplication and addition), and
nothing is computed: the network has no memory. A step is the encoders of the prompt without a backward pass, and text,
decoder and heads with one; with adapters, the decoder's own weights get no gradients, and the adapters are left out.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from amhctl.config.unified import ModelConfig
from amhctl.model.unified_voice import UnifiedVoice

_FROZEN = ("conditioning_encoder.", "perceiver_encoder.", "emo_", "emovec_")
_CODE_RATE = 50
_PIECES_PER_SECOND = 12


@dataclass(frozen=True, slots=True)
class Counted:
    """Operations of a step for one utterance.

    Attributes
    ----------
    encoders, others : int
        Of the encoders of the prompt, and of everything else.
    """

    encoders: int
    others: int

    @property
    def share(self) -> float:
        """What the encoders take of a step."""
        return self.encoders / (self.encoders + self.others)


def build(shape: ModelConfig) -> UnifiedVoice:
    """Return a network without memory."""
    with torch.device("meta"):
        return UnifiedVoice(shape)


def count(model: UnifiedVoice, *, seconds: float, prompt: float, adapters: bool) -> Counted:
    """Return the operations of a step for an utterance of some seconds.

    Parameters
    ----------
    model : UnifiedVoice
        Of ``build``.
    seconds, prompt : float
        Seconds of the utterance, and of its prompt.
    adapters : bool
        Whether the decoder's own weights are frozen too.
    """
    frozen = (*_FROZEN, "gpt.") if adapters else _FROZEN
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(frozen))
    codes, frames = round(seconds * _CODE_RATE), round(prompt * _CODE_RATE)
    text = round(seconds * _PIECES_PER_SECOND)
    features_1TF = torch.zeros(1, frames, model.config.condition_dim, device="meta")
    with FlopCounterMode(display=False) as encoders, torch.no_grad():
        given = model.speaker_latents(features_1TF), model.emotion_vector(features_1TF)
    ids_1T, codes_11S = (torch.zeros(*size, dtype=torch.long, device="meta") for size in ((1, text), (1, 1, codes)))
    lengths = (torch.full((1,), length, device="meta") for length in (text, codes))
    text_1, codes_1 = lengths
    with FlopCounterMode(display=False) as others:
        output = model(ids_1T, text_1, codes_11S, codes_1, *given)
        loss = output.code_logits_BQPV.sum()
        if output.text_logits_BTV is not None:
            loss = loss + output.text_logits_BTV.sum()
        loss.backward()
    return Counted(encoders.get_total_flops(), others.get_total_flops())


def lines(model: UnifiedVoice, *, prompt: float) -> Iterator[str]:
    """Yield the table."""
    yield "| seconds of an utterance | everything else is trained | adapters |"
    yield "| --- | --- | --- |"
    for seconds in (3.0, 5.0, 10.0, 15.0):
        shares = [count(model, seconds=seconds, prompt=prompt, adapters=each).share for each in (False, True)]
        yield f"| {seconds:g} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompt", type=float, default=3.0, help="seconds of a prompt (training.prompt_seconds)")
    arguments = parser.parse_args()
    table = lines(build(ModelConfig(number_text_tokens=24_000)), prompt=arguments.prompt)
    sys.stdout.write("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
