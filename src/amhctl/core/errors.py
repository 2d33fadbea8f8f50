"""The errors amhctl raises. Knows nothing of terminals or exit codes.

The whole tree::

    AmhctlError                     subject, hint
    ├── DocumentError (ValueError)  a JSON or TOML document that cannot be read
    │   └── DocumentLimitError      one beyond the limits of what is read
    ├── OptionError   (ValueError)  an option's value that it can never have (exit code 2)
    ├── ConfigError   (ValueError)  a configuration that cannot be used
    ├── TextError     (ValueError)  text that cannot be spoken
    ├── VocabularyError (ValueError) a vocabulary that is broken or is not the right one
    ├── AudioError    (ValueError)  a file or waveform that is not usable speech audio
    │   ├── ScaleError              samples that are not on a scale of ±1
    │   └── PlaybackError           a program that plays sound does not start, or fails
    ├── DatasetError  (ValueError)  a manifest or code store that cannot be read
    ├── CheckpointError (ValueError) a checkpoint that is broken or does not fit
    ├── CodecError    (ValueError)  codes or codec weights that cannot be used
    ├── ModelError    (ValueError)  input outside what a model's configuration allows
    ├── TrainingError               a run that cannot continue
    ├── SynthesisError              speech that could not be produced
    │   └── UnspeakableError        speech was produced and judged bad (exit code 1)
    ├── EvaluationError             a measurement that cannot be made
    ├── ServerError                 an HTTP server that cannot start
    ├── FileExistsRefused (FileExistsError) an output that exists, without ``--force``
    ├── InUseError                  something that another process is writing
    ├── ShortageError               a full disk, or too little memory
    └── MissingExtra  (ImportError) an optional dependency or resource is absent

Every message has three parts: what happened (the message), where (``subject``), what to do (``hint``). What had been
found when it happened is in ``findings``.
"""

from amhctl.core.findings import Finding


class AmhctlError(Exception):
    """The root of every error a user can cause or correct.

    Parameters
    ----------
    message : str
        What happened, one sentence without a final full stop.
    subject : str
        Where: a file, ``file:line``, key, tensor or command. Empty if there is none.
    hint : str
        What to do next. Empty if there is nothing to say.
    findings : tuple[Finding, ...]
        What was found before the command could not continue.
    """

    def __init__(self, message: str, *, subject: str = "", hint: str = "", findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.subject = subject
        self.hint = hint
        self.findings = findings

    def __str__(self) -> str:
        """Return ``subject: message``."""
        return f"{self.subject}: {self.message}" if self.subject else self.message


class DocumentError(AmhctlError, ValueError):
    """A JSON or TOML document that cannot be read."""


class OptionError(AmhctlError, ValueError):
    """A value of an option that it can never have, or options that exclude one another, whatever there is on disk."""


class DocumentLimitError(DocumentError):
    """A document that is deeper, or has longer numbers, than any that is read."""


class ConfigError(AmhctlError, ValueError):
    """A configuration that cannot be used."""


class TextError(AmhctlError, ValueError):
    """Text that cannot be spoken."""


class VocabularyError(AmhctlError, ValueError):
    """A vocabulary that is broken or is not the right one."""


class AudioError(AmhctlError, ValueError):
    """A file or waveform that is not usable speech audio."""


class ScaleError(AudioError):
    """Samples that are not on a scale of ±1.

    Parameters
    ----------
    message, subject, hint : str
        As of every error.
    full_scale : float
        What to divide them by.
    """

    def __init__(self, message: str, *, full_scale: float = 1.0, subject: str = "", hint: str = "") -> None:
        super().__init__(message, subject=subject, hint=hint)
        self.full_scale = full_scale


class PlaybackError(AudioError):
    """A program that plays sound cannot be started, or fails while it plays."""


class DatasetError(AmhctlError, ValueError):
    """A manifest or code store that cannot be read."""


class CheckpointError(AmhctlError, ValueError):
    """A checkpoint that is broken or does not fit."""


class CodecError(AmhctlError, ValueError):
    """Codes or codec weights that cannot be used."""


class ModelError(AmhctlError, ValueError):
    """Input outside what a model's configuration allows."""


class TrainingError(AmhctlError):
    """A run that cannot continue."""


class SynthesisError(AmhctlError):
    """Speech that could not be produced."""


class UnspeakableError(SynthesisError):
    """Speech was produced, judged bad on every attempt, and dropped."""


class EvaluationError(AmhctlError):
    """A measurement that cannot be made."""


class ServerError(AmhctlError):
    """An HTTP server that cannot start.

    Parameters
    ----------
    message, subject, hint : str
        As of every error.
    """

    def __init__(self, message: str, subject: str = "", hint: str = "") -> None:
        super().__init__(message, subject=subject, hint=hint)


class FileExistsRefused(AmhctlError, FileExistsError):
    """An output that already exists and was not to be overwritten."""


class InUseError(AmhctlError):
    """Something that another process is writing."""


class ShortageError(AmhctlError):
    """A full disk, or too little memory."""


class MissingExtra(AmhctlError, ImportError):
    """An optional dependency or resource that is absent."""
