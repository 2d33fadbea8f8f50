"""FlowVoice: from text pieces, by explicit durations, to a log-mel spectrogram. Never sees a letter or a file.

Text pieces are encoded; durations are told or expected; each piece is repeated for its duration; then a network draws
the spectrogram by conditional flow matching (Lipman et al. 2023, arXiv 2210.02747; as in Matcha-TTS, Mehta et al. 2024,
arXiv 2309.03199): it predicts the velocity from noise at time 0 to the spectrogram at time 1. Durations, pitch and
energy of the pieces are drawn by a small flow of their own, so that they have a spread, not only a mean.

It speaks as a speaker embedding says, as noisy as it is asked to; it may also draw from the codes of a UnifiedVoice.

Shapes: ``B batch, P text pieces, T mel frames, M steps (T / stacked_frames, rounded up), F mel bins, X = F *
stacked_frames, H text width, D width, E speaker width, C condition width, Q codebooks, S code frames``.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.config.flow import FlowVoiceConfig
from amhctl.model.flow_sampling import PROSODY
from amhctl.model.versions import FLOW_VOICE
from amhctl.nn.convnext import ConvNeXtBlock
from amhctl.nn.recompute import Recomputing
from amhctl.nn.rotary_attention import RotaryAttention
from amhctl.nn.standard import FeatureStandard

MODEL_VERSION = FLOW_VOICE
WITHIN = 3
"""Numbers that say where in its piece a step lies."""
TIME_SCALE = 1_000.0
"""Of a time between 0 and 1, before it becomes waves."""
_TIME_WIDTH = 128
_CODE_WIDTH = 64
_SPEAKER_WIDTH = 128
_LONGEST_WAVE = 10_000.0
# Of the last layers' weights: nearly nothing is predicted at first, but what is before them learns from the first step.
_FIRST_DEVIATION = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class EncodedText:
    """Text pieces that have been read.

    Attributes
    ----------
    pieces_BPH : Tensor
        Their encodings.
    keep_BP : Tensor
        Which are real.
    speakers_BE : Tensor
        The speaker embeddings they were read for.
    """

    pieces_BPH: Tensor
    keep_BP: Tensor
    speakers_BE: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What is to be drawn, step by step.

    Attributes
    ----------
    text_BMI : Tensor
        The piece of each step, where in it the step lies, and its pitch and energy; zeros after the last step.
    keep_BM : Tensor
        Which steps are real.
    condition_BC : Tensor
        Speaker and noise.
    codes_BMD : Tensor | None
        What the codes add to each step; None without codes.
    """

    text_BMI: Tensor
    keep_BM: Tensor
    condition_BC: Tensor
    codes_BMD: Tensor | None


class FlowVoice(Recomputing):
    """The network.

    Parameters
    ----------
    config : FlowVoiceConfig
        Its shape.
    """

    stacks = ("text_blocks", "duration_blocks", "prosody_blocks", "blocks", "attentions")

    def __init__(self, config: FlowVoiceConfig) -> None:
        super().__init__()
        self.config = config
        text, width, condition = config.text_dim, config.model_dim, config.condition_dim
        self.mel_width = config.acoustics.mel.bins * config.stacked_frames
        self.mel_standard = FeatureStandard(config.acoustics.mel.bins)
        self.prosody_standard = FeatureStandard(PROSODY)
        self.noise_standard = FeatureStandard(1)

        self.text_embedding = nn.Embedding(config.number_text_tokens, text)
        self.speaker = nn.Linear(config.speaker_dim, _SPEAKER_WIDTH)
        self.speaker_to_text = nn.Linear(_SPEAKER_WIDTH, text)
        self.text_blocks = nn.ModuleList(
            ConvNeXtBlock(text, kernel=config.text_kernel, dropout=config.dropout) for _ in range(config.text_layers)
        )
        self.text_attention = RotaryAttention(text, config.text_heads)
        self.text_norm = nn.LayerNorm(text)
        self.withheld_text = nn.Parameter(torch.zeros(text))

        self.duration_blocks = nn.ModuleList(
            ConvNeXtBlock(text, kernel=config.text_kernel, dropout=config.dropout, scale=0.5) for _ in range(2)
        )
        self.duration_norm = nn.LayerNorm(text)
        self.log_duration = nn.Linear(text, 1)

        self.prosody_time = _TimeEmbedding(condition)
        self.prosody_speaker = nn.Linear(_SPEAKER_WIDTH, condition)
        self.prosody_input = nn.Linear(PROSODY + text, text)
        self.prosody_blocks = nn.ModuleList(
            ConvNeXtBlock(text, kernel=config.text_kernel, condition=condition, dropout=config.dropout, scale=0.5)
            for _ in range(config.prosody_layers)
        )
        self.prosody_norm = nn.LayerNorm(text)
        self.prosody_output = nn.Linear(text, PROSODY)

        if config.codebooks:
            self.code_embeddings = nn.ModuleList(
                nn.Embedding(config.codebook_size, _CODE_WIDTH) for _ in range(config.codebooks)
            )
            self.code_input = nn.Linear(config.codebooks * _CODE_WIDTH, width)
        self.time = _TimeEmbedding(condition)
        self.speaker_condition = nn.Linear(_SPEAKER_WIDTH, condition)
        self.noise_condition = nn.Linear(1, condition)
        self.input = nn.Linear(self.mel_width + text + WITHIN, width)
        # Pitch, energy, and whether they are told.
        self.prosody_condition = nn.Linear(3, width)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(width, condition=condition, dropout=config.dropout) for _ in range(config.layers)
        )
        self.attentions = nn.ModuleList(
            RotaryAttention(width, config.heads, condition=condition) for _ in range(config.layers // 2)
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, self.mel_width)
        self._start_small()

    def _start_small(self) -> None:
        # What is added to a network that has not met it changes nothing at first.
        for layer in (self.prosody_condition, self.noise_condition):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        for layer in (self.log_duration, self.prosody_output, self.output):
            nn.init.normal_(layer.weight, std=_FIRST_DEVIATION)
            nn.init.zeros_(layer.bias)

    def encode(self, text_BP: Tensor, lengths_B: Tensor, speakers_BE: Tensor) -> EncodedText:
        """Read text pieces for a speaker.

        Parameters
        ----------
        text_BP : Tensor
            Text ids, int64; what comes after a length means nothing.
        lengths_B : Tensor
            How many are real.
        speakers_BE : Tensor
            Speaker embeddings of unit length.
        """
        keep_BP = _keep(lengths_B, text_BP.shape[1])
        keep_BP1 = keep_BP[..., None].to(speakers_BE.dtype)
        hidden_BPH = self.text_embedding(text_BP) + self.speaker_to_text(self.speaker(speakers_BE))[:, None]
        hidden_BPH = hidden_BPH * keep_BP1
        for place, block in enumerate(self.text_blocks):
            hidden_BPH = self.run_block(block, hidden_BPH, keep_BP1)
            if place == len(self.text_blocks) // 2:
                hidden_BPH = self.text_attention(hidden_BPH, keep_BP) * keep_BP1
        return EncodedText(self.text_norm(hidden_BPH) * keep_BP1, keep_BP, speakers_BE)

    def log_durations(self, text: EncodedText) -> Tensor:
        """Return log(1 + expected frames) of each piece, shape (B, P); the encoder learns nothing from it."""
        keep_BP1 = text.keep_BP[..., None].to(text.pieces_BPH.dtype)
        hidden_BPH = text.pieces_BPH.detach()
        for block in self.duration_blocks:
            hidden_BPH = self.run_block(block, hidden_BPH, keep_BP1)
        result: Tensor = self.log_duration(self.duration_norm(hidden_BPH))[..., 0]
        return result

    def prosody_velocity(self, noisy_BP3: Tensor, times_B: Tensor, text: EncodedText) -> Tensor:
        """Return the velocity of the pieces' standardised prosody, shape (B, P, 3); zeros after the text.

        The encoder learns nothing from it: what says how long a piece is need not say how it sounds.
        """
        keep_BP1 = text.keep_BP[..., None].to(noisy_BP3.dtype)
        speaker = self.prosody_speaker(self.speaker(text.speakers_BE).detach())
        condition_BC = functional.silu(self.prosody_time(times_B) + speaker)
        hidden_BPH = self.prosody_input(torch.cat([noisy_BP3, text.pieces_BPH.detach()], dim=-1)) * keep_BP1
        for block in self.prosody_blocks:
            hidden_BPH = self.run_block(block, hidden_BPH, keep_BP1, condition_BC)
        velocity: Tensor = self.prosody_output(self.prosody_norm(hidden_BPH)) * keep_BP1
        return velocity

    def score(
        self,
        text: EncodedText,
        durations_BP: Tensor,
        noise_B: Tensor,
        *,
        prosody_BP2: Tensor | None = None,
        prosody_known_B: Tensor | None = None,
        dropped_B: Tensor | None = None,
        codes_BQS: Tensor | None = None,
        coded_B: Tensor | None = None,
        steps: int | None = None,
    ) -> Score:
        """Lay the text over the steps.

        Parameters
        ----------
        text : EncodedText
            The text.
        durations_BP : Tensor
            Frames of each piece, int64; zero after the text.
        noise_B : Tensor
            Standardised noise floor: 0 is that of the mean training clip, less is cleaner.
        prosody_BP2 : Tensor | None
            Standardised pitch and energy of each piece; None leaves them to the network.
        prosody_known_B : Tensor | None
            Which items are told them; None is all.
        dropped_B : Tensor | None
            Items whose text, pitch and energy are dropped; None is none.
        codes_BQS : Tensor | None
            Codes of the same speech, int64.
        coded_B : Tensor | None
            Which items are drawn from their codes; None is all.
        steps : int | None
            Steps to lay it over, where that is known without a look at the durations; None is those of the longest.
        """
        pieces_BPH, dtype = text.pieces_BPH, text.pieces_BPH.dtype
        if dropped_B is not None:
            pieces_BPH = torch.where(dropped_B[:, None, None], self.withheld_text.to(dtype), pieces_BPH)
        regulated_BMX, within_BM3, piece_BM, keep_BM = self._regulate_length(pieces_BPH, durations_BP, steps)
        parts = [regulated_BMX, within_BM3]
        if prosody_BP2 is None:
            parts.append(within_BM3.new_zeros((*within_BM3.shape[:2], 3)))
        else:
            prosody_known_B = text.keep_BP.new_ones(len(pieces_BPH)) if prosody_known_B is None else prosody_known_B
            if dropped_B is not None:
                prosody_known_B = prosody_known_B & ~dropped_B
            regulated_BM2 = prosody_BP2.to(dtype).gather(1, piece_BM[..., None].expand(-1, -1, 2))
            known_BM1 = torch.ones_like(regulated_BM2[..., :1])
            parts.append(torch.cat([regulated_BM2, known_BM1], dim=-1) * prosody_known_B[:, None, None])
        text_BMI = torch.cat(parts, dim=-1) * keep_BM[..., None]
        speaker = self.speaker_condition(self.speaker(text.speakers_BE))
        condition_BC = speaker + self.noise_condition(noise_B[:, None].to(dtype))
        codes = None if codes_BQS is None else self._regulate_codes(codes_BQS, coded_B, keep_BM)
        return Score(text_BMI, keep_BM, condition_BC, codes)

    def velocity(self, noisy_BMX: Tensor, times_B: Tensor, score: Score) -> Tensor:
        """Return the velocity of the standardised, stacked spectrogram, shape (B, M, X); zeros after the last step."""
        keep_BM1 = score.keep_BM[..., None].to(noisy_BMX.dtype)
        condition_BC = functional.silu(self.time(times_B) + score.condition_BC)
        text, prosody = score.text_BMI[..., :-3], score.text_BMI[..., -3:]
        hidden_BMD = self.input(torch.cat([noisy_BMX, text], dim=-1)) + self.prosody_condition(prosody)
        if score.codes_BMD is not None:
            hidden_BMD = hidden_BMD + score.codes_BMD
        hidden_BMD = hidden_BMD * keep_BM1
        for place, block in enumerate(self.blocks):
            hidden_BMD = self.run_block(block, hidden_BMD, keep_BM1, condition_BC)
            if place % 2:
                attention = self.attentions[place // 2]
                hidden_BMD = self.run_block(attention, hidden_BMD, score.keep_BM, condition_BC) * keep_BM1
        velocity: Tensor = self.output(self.norm(hidden_BMD)) * keep_BM1
        return velocity

    def stack(self, mel_BTF: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Return log-mel frames, standardised and stacked into steps, shape (B, M, X); zeros after the last frame.

        Without lengths, every frame is real.
        """
        frames, stacked = mel_BTF.shape[1], self.config.stacked_frames
        standard_BTF = self.mel_standard(mel_BTF)
        if lengths_B is not None:
            standard_BTF = standard_BTF * _keep(lengths_B, frames)[..., None]
        padded = functional.pad(standard_BTF, (0, 0, 0, -frames % stacked))
        return padded.reshape(padded.shape[0], -1, self.mel_width)

    def unstack(self, steps_BMX: Tensor) -> Tensor:
        """Return the log-mel frames of steps, shape (B, M * stacked_frames, F)."""
        bins = self.config.acoustics.mel.bins
        frames_BTF = steps_BMX.reshape(steps_BMX.shape[0], -1, bins)
        return frames_BTF * self.mel_standard.deviation + self.mel_standard.mean

    def _regulate_length(
        self, pieces_BPH: Tensor, durations_BP: Tensor, steps: int | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return for each step its piece's encoding, where in the piece it lies, which piece it is, and if it is."""
        stacked = self.config.stacked_frames
        ends_BP = durations_BP.cumsum(dim=1)
        steps_B = (ends_BP[:, -1] + stacked - 1) // stacked
        steps = int(steps_B.max()) if steps is None else steps
        frame_BM = (torch.arange(steps, device=ends_BP.device) * stacked).expand(len(ends_BP), -1).contiguous()
        piece_BM = torch.searchsorted(ends_BP, frame_BM, right=True).clamp(max=ends_BP.shape[1] - 1)
        length_BM = durations_BP.gather(1, piece_BM).clamp(min=1).to(pieces_BPH.dtype)
        begin_BM = (ends_BP - durations_BP).gather(1, piece_BM)
        passed_BM = ((frame_BM - begin_BM) / length_BM).clamp(0.0, 1.0)
        within_BM3 = torch.stack([passed_BM, 1.0 - passed_BM, torch.log(length_BM) / 4.0], dim=-1)
        regulated_BMH = pieces_BPH.gather(1, piece_BM[..., None].expand(-1, -1, pieces_BPH.shape[2]))
        return regulated_BMH, within_BM3, piece_BM, _keep(steps_B, steps)

    def _regulate_codes(self, codes_BQS: Tensor, coded_B: Tensor | None, keep_BM: Tensor) -> Tensor:
        vectors = [table(codes_BQS[:, book]) for book, table in enumerate(self.code_embeddings)]
        regulated_BMD = self.code_input(torch.cat(vectors, dim=-1)).repeat_interleave(self.config.steps_of_code, dim=1)
        steps = keep_BM.shape[1]
        # The last code frame may end a few steps before or after the spectrogram.
        regulated_BMD = functional.pad(regulated_BMD, (0, 0, 0, max(0, steps - regulated_BMD.shape[1])))[:, :steps]
        return regulated_BMD if coded_B is None else regulated_BMD * coded_B[:, None, None]


class _TimeEmbedding(nn.Module):
    """A time between 0 and 1 as waves, then through two layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.expand = nn.Linear(_TIME_WIDTH, width)
        self.mix = nn.Linear(width, width)

    def forward(self, times_B: Tensor) -> Tensor:
        """Return the embedding of each time, shape (B, C)."""
        angles_BW = times_B[:, None] * TIME_SCALE * angular_frequencies(times_B.device)
        embedded: Tensor = self.mix(functional.silu(self.expand(torch.cat([angles_BW.sin(), angles_BW.cos()], dim=-1))))
        return embedded


def angular_frequencies(device: torch.device | None = None) -> Tensor:
    """Return the frequencies of the waves that a time becomes, shape (W / 2,)."""
    half = _TIME_WIDTH // 2
    return torch.exp(torch.arange(half, device=device).float() * (-math.log(_LONGEST_WAVE) / half))


def _keep(lengths_B: Tensor, size: int) -> Tensor:
    return torch.arange(size, device=lengths_B.device) < lengths_B[:, None]
