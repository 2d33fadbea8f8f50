"""What may be wrong with a checkpoint, and how bad that is. Signatures have rules of their own."""

from amhctl.core.findings import Rule, Rules, Severity

RULES = Rules(
    Rule("C001", Severity.ERROR, "manifest unreadable", "There is no manifest.json in this format."),
    Rule(
        "C002",
        Severity.ERROR,
        "file missing or changed",
        "A file is missing, or its SHA-256 is not the one in the manifest.",
    ),
    Rule("C003", Severity.WARNING, "file unknown", "The folder has a file that the manifest does not list."),
    Rule(
        "C004", Severity.ERROR, "manifests differ", "The manifest inside the weights is not the same as manifest.json."
    ),
    Rule(
        "C005",
        Severity.ERROR,
        "weights unreadable",
        "A tensor file is not in the safetensors format, or the weights contain no manifest.",
    ),
    Rule(
        "C006",
        Severity.ERROR,
        "configuration invalid",
        "The configuration in the manifest is not valid for this kind of checkpoint.",
    ),
    Rule("C007", Severity.ERROR, "tensor missing", "A tensor required by the configuration is missing in the weights."),
    Rule(
        "C008", Severity.ERROR, "tensor unexpected", "The weights have a tensor that the configuration does not define."
    ),
    Rule("C009", Severity.ERROR, "wrong tensor shape", "A tensor has another shape than the configuration defines."),
    Rule(
        "C010",
        Severity.ERROR,
        "value not finite",
        "A tensor has NaN or infinite values: the voice would produce noise.",
    ),
    Rule(
        "C011",
        Severity.ERROR,
        "vocabulary does not match",
        "The fingerprint or the size is not that of the checkpoint's vocabulary.",
    ),
    Rule("C012", Severity.ERROR, "text state does not match", "The text state's hash is not the one in the manifest."),
    Rule(
        "C013",
        Severity.WARNING,
        "text frontend has changed",
        "This version of amhctl normalises text differently from the checkpoint.",
    ),
    Rule(
        "C014",
        Severity.ERROR,
        "codec or vocoder does not match",
        "The codec with that name is not the one that made the codes, or the vocoder is for another spectrogram.",
    ),
    Rule(
        "C015",
        Severity.WARNING,
        "codec or vocoder not found",
        "It is neither bundled nor in the voice's folder: it must be given for inference.",
    ),
    Rule("C016", Severity.WARNING, "no licence", "The manifest does not name the licences of the training data."),
    Rule(
        "C017",
        Severity.ERROR,
        "incompatible",
        "The two checkpoints differ in something that must be equal.",
    ),
    Rule(
        "C019",
        Severity.WARNING,
        "speaker collapse",
        "The speaker conditioning has no effect or overflows: different synthetic prompts give the same speaker "
        "latents, or, in a FlowVoice, different speakers give the same velocities. The voice sounds the same with "
        "every reference and speaker.",
    ),
    Rule("C020", Severity.ERROR, "wrong tensor type", "A weight does not have a floating-point type."),
    Rule(
        "C021",
        Severity.ERROR,
        "manifest contradicts itself",
        "Two values of the manifest that must be equal differ, such as the sample rates of a voice and of its codec.",
    ),
    Rule(
        "C022",
        Severity.ERROR,
        "prompt unusable",
        "reference.safetensors is missing or does not contain conditioning features for this voice.",
    ),
    Rule(
        "C023",
        Severity.ERROR,
        "state unusable",
        "A file of a training state is missing or does not match the weights: the run cannot be resumed.",
    ),
    Rule(
        "C024",
        Severity.ERROR,
        "values all zero",
        "A weight matrix, or a whole file, is zero: it was not trained or not written.",
    ),
    Rule(
        "C030",
        Severity.WARNING,
        "speech level unknown",
        "The manifest of a voice does not give the speech level of its training data: -20 dBFS is assumed. It was "
        "written by an earlier version, perhaps from recordings that were not normalised.",
    ),
    Rule(
        "C031",
        Severity.WARNING,
        "no prompt",
        "An imported voice has no prompt for inference; a voice fine-tuned from it has one.",
    ),
    Rule(
        "C032",
        Severity.INFO,
        "foreign tensors ignored",
        "An imported file has copies or tables that can be computed from its parameters; they are not imported.",
    ),
    Rule(
        "C033",
        Severity.INFO,
        "cannot be verified",
        "An imported file does not show something that the voice depends on, such as the "
        "vocabulary of its text embedding.",
    ),
    Rule(
        "C034",
        Severity.WARNING,
        "differs from its base",
        "An imported fine-tuned model has other values than its base; text embeddings are counted separately.",
    ),
    Rule(
        "C035",
        Severity.WARNING,
        "treated differently by other programs",
        "The programs that the export is for decode codes or normalise text differently from the "
        "training of the voice.",
    ),
)
