"""Whether there is enough speech for a voice of a shape: said before hours are spent on it.

The rule: one hour of speech for each ten million parameters that learn from nothing, and for each hundred million that
learn from a base. It is a rule of thumb with two ends that are known. From nothing: the bundled voice, 12 million
parameters on 3.3 hours, is understood (``docs/voices/m01.md``). From a base: of those who fine-tuned the 527 million
parameters of IndexTTS-2's decoder, one names 5 hours as the least, 20 to 50 as good (reported, not measured here). Who
has less learns fewer parameters: adapters, or a smaller shape.
"""

from collections.abc import Sequence

from torch import nn

from amhctl.codes.index import StoredUtterance
from amhctl.config.codec_spec import CodecSpec
from amhctl.core.findings import Finding, Rule, Rules, Severity

RULES = Rules(
    Rule(
        "R014",
        Severity.WARNING,
        "too little speech for the model size",
        "There is less than one hour of training speech for each ten million parameters trained from scratch, or for "
        "each hundred million fine-tuned from a base: the voice will overfit. Collect more speech, start from a "
        "base, train fewer parameters, or use a smaller model.",
    ),
)
PARAMETERS_PER_HOUR = 10_000_000
"""That learn from nothing."""
PARAMETERS_PER_HOUR_FROM_BASE = 100_000_000


def hours_of(entries: Sequence[StoredUtterance], spec: CodecSpec) -> float:
    """Return the hours of speech in utterances; varied copies of a recording add none."""
    frames = sum(entry.frames for entry in entries if not entry.is_copy)
    return frames * spec.frame_samples / spec.sample_rate / 3600.0


def find_scarcity(model: nn.Module, hours: float, *, has_base: bool, subject: str) -> tuple[Finding, ...]:
    """Return a finding if there is too little speech for what of a model learns."""
    learning = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    wanted = learning / (PARAMETERS_PER_HOUR_FROM_BASE if has_base else PARAMETERS_PER_HOUR)
    if hours >= wanted:
        return ()
    message = (
        f"{_describe(hours)} of speech for {learning / 1e6:.1f} million parameters trained "
        f"{'from a base' if has_base else 'from scratch'}: at least {_describe(wanted)} is recommended"
    )
    hint = (
        "collect more, or train fewer parameters: training.adapter.method=lora, training.freeze"
        if has_base
        else "collect more, start from a base (--base), or use a smaller model: model.model_dim, model.layers"
    )
    return (RULES.finding("R014", subject, message, hint),)


def _describe(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= 1 else f"{hours * 60:.1f} minutes"
