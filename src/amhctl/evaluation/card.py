"""The model card of a checkpoint, in the form of Hugging Face: YAML between two lines of dashes, then Markdown.

Everything on it is in the manifest, in an evaluation, or was given by an option; what none of them knows is left
out, and named. The keys are those of https://huggingface.co/docs/hub/model-cards.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amhctl.checkpoint.folder import GRAPH, WEIGHTS_FILE
from amhctl.checkpoint.indextts import CODEC as SEMANTIC
from amhctl.checkpoint.manifest import Manifest
from amhctl.evaluation.results import Results

LIBRARY = "amhctl"
_TASK = "text-to-speech"
_LANGUAGES = {"am": "Amharic"}
# Identifiers that the hub knows; any other licence is "other", with its name.
_KNOWN_LICENCES = frozenset(
    {
        "apache-2.0", "mit", "cc0-1.0", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0",
        "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0", "cc-by-nd-4.0", "bsd-3-clause", "gpl-3.0", "lgpl-3.0",
        "agpl-3.0", "mpl-2.0", "openrail",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CardOptions:
    """What a manifest does not hold, and who writes the card may know.

    Attributes
    ----------
    licence : str | None
        Of the weights.
    base_model : str | None
        Name, on the hub, of the model that the weights come from.
    """

    licence: str | None = None
    base_model: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A model card.

    Attributes
    ----------
    text : str
        The content of ``README.md``.
    left_out : Mapping[str, str]
        What is not on it, and why, by short names.
    """

    text: str
    left_out: Mapping[str, str]


def build_card(manifest: Manifest, options: CardOptions, results: Results | None) -> Card:
    """Return the model card of a voice, codec or vocoder.

    Parameters
    ----------
    manifest : Manifest
        What it says of itself.
    options : CardOptions
        What it does not.
    results : Results | None
        How it measured.
    """
    left_out = _left_out(manifest, options, results)
    sections = [
        "---",
        *_yaml(_front_matter(manifest, options, results), 0),
        "---",
        "",
        f"# {_cell(manifest.name)}",
        "",
        _summary(manifest),
        "",
        *_table(("", ""), _facts(manifest, options)),
        *_usage(manifest),
        "## Sources",
        "",
        *_lineage(manifest),
        "## Training",
        "",
        *_training(manifest),
        *_measured(results),
        "## Missing on this card",
        "",
        *(f"- {_cell(what)}: {_cell(why)}" for what, why in left_out.items()),
        "",
        f"Written by `amhctl ckpt card` from the manifest of the checkpoint (SHA-256 of the weights "
        f"`{manifest.files.get(WEIGHTS_FILE, '')}`).",
    ]
    return Card("\n".join(sections) + "\n", left_out)


def _front_matter(manifest: Manifest, options: CardOptions, results: Results | None) -> dict[str, object]:
    is_voice = manifest.kind == "voice"
    language = _LANGUAGES.get(manifest.language)
    tags = [LIBRARY, *([_TASK, "tts"] if is_voice else [manifest.kind]), manifest.model_version, "safetensors"]
    tags += ["onnx"] if any(name.endswith(GRAPH) for name in manifest.files) else []
    tags += [language.lower()] if language and is_voice else []
    matter: dict[str, object] = {"library_name": LIBRARY, "tags": tags}
    if is_voice:
        matter |= {"language": [manifest.language], "pipeline_tag": _TASK}
    if options.licence:
        known = options.licence.lower() in _KNOWN_LICENCES
        matter |= (
            {"license": options.licence.lower()} if known else {"license": "other", "license_name": options.licence}
        )
    if options.base_model:
        matter["base_model"] = options.base_model
    if is_voice and results is not None and results.test_set:
        metrics = [{"type": name, "name": name, "value": each.value} for name, each in sorted(results.metrics.items())]
        measured = {
            "task": {"type": _TASK},
            "dataset": {"type": results.test_set, "name": results.test_set},
            "metrics": metrics,
        }
        matter["model-index"] = [{"name": manifest.name, "results": [measured]}]
    return matter


def _summary(manifest: Manifest) -> str:
    language = _LANGUAGES.get(manifest.language, f"the language `{_cell(manifest.language)}`")
    if manifest.kind == "voice":
        return (
            f"A synthetic voice that reads {language} text aloud, made with amhctl {_cell(manifest.package_version)}."
        )
    if manifest.adapter is not None:
        base = f"`{_cell(manifest.adapter.base)}`"
        return f"An adapter: with its base {base} it is a voice that reads {language} text aloud (`amhctl ckpt merge`)."
    return f"A {manifest.kind} for speech, made with amhctl {_cell(manifest.package_version)}."


def _facts(manifest: Manifest, options: CardOptions) -> Iterator[tuple[str, str]]:
    yield "kind", f"{manifest.kind}, `{manifest.model_version}`"
    yield "sample rate", f"{manifest.sample_rate} Hz"
    if options.licence:
        yield "licence of the weights", options.licence
    if options.base_model or manifest.parent:
        digest = f"weights `{manifest.parent}`" if manifest.parent else ""
        yield "made from", ", ".join(part for part in (options.base_model, digest) if part)
    if manifest.adapter is not None:
        ranks = ", ".join(map(str, sorted(set(manifest.adapter.ranks.values()))))
        yield "adapter", f"{manifest.adapter.method}, ranks {ranks}, beside {len(manifest.adapter.ranks)} layers"
    if manifest.speakers:
        yield "speakers", ", ".join(manifest.speakers)
    if manifest.vocabulary is not None:
        yield "vocabulary", f"{manifest.vocabulary.size} pieces of {manifest.vocabulary.units}"
    for what, part in (("codec", manifest.codec), ("vocoder", manifest.vocoder)):
        if part is not None:
            yield what, f"{part.name}, `{part.fingerprint}`"
    if manifest.level is not None:
        yield "speech level in training", f"{manifest.level:g} dBFS"


def _usage(manifest: Manifest) -> Iterator[str]:
    if manifest.kind != "voice":
        return
    yield from ("## Use", "", "In the folder that contains these files:", "", "```sh")
    yield from ("pip install amhctl", "amhctl ckpt validate .")
    if manifest.codec is not None and manifest.codec.architecture == SEMANTIC.architecture:
        # What makes speech of its codes is not amhctl's.
        yield "amhctl ckpt export . --format indextts2 -o ../given"
    else:
        yield 'amhctl speak "ሰላም ዓለም" --voice . -o hello.wav'
    yield from ("```", "")


def _lineage(manifest: Manifest) -> Iterator[str]:
    rows = [(each.work, each.licence, each.attribution, each.url) for each in manifest.licences]
    if rows:
        yield from _table(("work", "licence", "attribution", "address"), rows)
    else:
        yield from ("The manifest does not name any source or licence.", "")
    if manifest.lineage is not None:
        source = manifest.lineage
        yield from (
            f"The weights come from {_cell(source.file)} ({source.format}, SHA-256 `{_cell(source.sha256)}`).",
            "",
        )
        yield from (f"- not verified: {_cell(each)}" for each in source.unproven)
        yield from ([""] if source.unproven else [])
    if manifest.processing:
        yield from (f"Processing of the recordings: {_cell('; '.join(manifest.processing))}.", "")
    if manifest.data_fingerprint:
        yield from (f"Fingerprint of the data: `{_cell(manifest.data_fingerprint)}`.", "")


def _training(manifest: Manifest) -> Iterator[str]:
    facts = dict(_flat(manifest.training, ""))
    measured = dict(_flat(manifest.metrics, ""))
    if not facts and not measured:
        yield from ("The manifest does not say how it was trained.", "")
    if measured:
        yield from _table(("measured in training", "value"), sorted(measured.items()))
    if facts:
        yield from ("<details><summary>All settings in the manifest</summary>", "")
        yield from _table(("setting", "value"), sorted(facts.items()))
        yield from ("</details>", "")


def _measured(results: Results | None) -> Iterator[str]:
    if results is None:
        return
    of = f" on {_cell(results.test_set)}" if results.test_set else ""
    yield from ("## Measured", "", f"`amhctl eval`{of}, amhctl {_cell(results.version)}, {_cell(results.machine)}.", "")
    rows = [
        (name, f"{each.value:.3f}", f"{each.ci95[0]:.3f} … {each.ci95[1]:.3f}", str(each.n), each.better, each.note)
        for name, each in sorted(results.metrics.items())
    ]
    yield from _table(("metric", "value", "95 % interval", "n", "better", "note"), rows)


def _left_out(manifest: Manifest, options: CardOptions, results: Results | None) -> dict[str, str]:
    """Return what a reader of a card would look for, and none of the sources knows."""
    missing: dict[str, str] = {}
    if not options.licence:
        missing["licence of the weights"] = "the manifest has only the licences of the training data (--licence)"
    if not options.base_model:
        missing["name of the base model"] = (
            "the manifest has only the digest of its weights (--base-model)"
            if manifest.parent
            else "the manifest names no base"
        )
    if not manifest.licences:
        missing["sources"] = "the manifest names none"
    for each in manifest.licences:
        if not each.attribution:
            missing[f"attribution of {each.work}"] = "the manifest does not have it"
    missing["amount of speech"] = "the manifest has a fingerprint of the data, but not their duration"
    missing["consent of the speakers"] = "the manifest does not record it"
    if manifest.processing is None:
        missing["processing of the recordings"] = (
            "none, or the manifest is of an earlier version and does not record it"
        )
    if results is None:
        missing["evaluation"] = "no report of `amhctl eval --json` was given (--eval)"
    elif not results.weights:
        missing["whether the evaluation is of these weights"] = "the report is of an earlier version and does not "
        "record it"
    return missing


def _flat(values: Mapping[str, object], before: str) -> Iterator[tuple[str, str]]:
    """Yield the values of nested objects by the dotted paths of their keys."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", json.dumps(value, ensure_ascii=False)


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _cell(text: str) -> str:
    """Return text that stays in its cell or line and is no markup, whatever it is; marks of code stay."""
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()
    return re.sub(r"([\\|\[\]*#!])", r"\\\1", line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _yaml(value: object, depth: int) -> Iterator[str]:
    """Yield the lines of a nested value; strings as JSON writes them, which YAML reads as they are."""
    pad = "  " * depth
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list):
                yield f"{pad}{key}:"
                yield from _yaml(inner, depth + 1)
            else:
                yield f"{pad}{key}: {_scalar(inner)}"
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict | list):
                first, *rest = _yaml(inner, depth + 1)
                yield f"{pad}- {first.lstrip()}"
                yield from rest
            else:
                yield f"{pad}- {_scalar(inner)}"


def _scalar(value: object) -> str:
    """Return a number or a string; what ends a line in YAML and not in JSON, and controls, are escaped."""
    written = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9.-]*", value) and value not in _WORDS:
        return value
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff]", lambda found: f"\\u{ord(found[0]):04x}", written)


# Plain words that are no strings to YAML 1.1, Norwegian among them.
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
