"""The voices that are served: loaded once, found by name, each with the words of a request's lexicon."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amhctl.core.errors import OptionError
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.inference.speech import Chunk
from amhctl.inference.voice import Voice
from amhctl.service.fault import RequestError
from amhctl.text.lexicon_file import lexicon_of

# Making a frontend with other words takes longer than a short sentence; a page asks with the same words again.
_KEPT_LEXICONS = 8
_WARMING_TEXT = "ሰላም ዓለም 1።"


@dataclass(frozen=True, slots=True)
class ServedVoice:
    """A voice of a model: a speaker, or the model's own way to speak.

    Attributes
    ----------
    name : str
        How a request names it.
    model : str
        Name of the model.
    person : str | None
        The speaker; None for the model's own.
    """

    name: str
    model: str
    person: str | None


class Shelf:
    """Loaded voices.

    Parameters
    ----------
    voices : Sequence[Voice[Any]]
        Each with a name of its own; requests name it as their model.

    Raises
    ------
    OptionError
        If two have the same name.
    """

    def __init__(self, voices: Sequence[Voice[Any]]) -> None:
        self._voices = {voice.manifest.name: voice for voice in voices}
        if len(self._voices) < len(voices):
            raise OptionError(
                "two voices have the same name", subject=", ".join(voice.manifest.name for voice in voices)
            )
        self._kept: OrderedDict[tuple[str, tuple[tuple[str, str], ...]], Voice[Any]] = OrderedDict()
        self._keeping = threading.Lock()
        self._speaking = threading.Lock()

    @property
    def models(self) -> Mapping[str, Voice[Any]]:
        """Each voice by its name."""
        return self._voices

    @property
    def served(self) -> tuple[ServedVoice, ...]:
        """Every speaker of every voice; the first of a model is its own."""
        return tuple(
            ServedVoice(person or name, name, person)
            for name, voice in self._voices.items()
            for person in voice.manifest.speakers or (None,)
        )

    def require_model(self, name: str) -> Voice[Any]:
        """Return a voice by its name.

        Raises
        ------
        RequestError
            If there is none.
        """
        if name not in self._voices:
            raise RequestError(
                404, f"there is no model {name!r}; there are: {', '.join(self._voices)}", "model_not_found", "model"
            )
        return self._voices[name]

    def require_voice(self, model: str, name: str) -> ServedVoice:
        """Return a speaker of a model; the model's name is its first speaker.

        Raises
        ------
        RequestError
            If there is no such model, or it has no such speaker.
        """
        self.require_model(model)
        own = [served for served in self.served if served.model == model]
        found = next((served for served in own if served.name == name), own[0] if name == model else None)
        if found is None:
            names = ", ".join(served.name for served in own)
            raise RequestError(
                400, f"the model {model!r} has no voice {name!r}; it has: {names}", "voice_not_found", "voice"
            )
        return found

    def with_words(self, model: str, words: Mapping[str, str]) -> Voice[Any]:
        """Return a voice that reads words as a request says.

        Raises
        ------
        TextError
            If a pronunciation is faulty.
        """
        voice = self._voices[model]
        if not words:
            return voice
        key = (model, tuple(words.items()))
        with self._keeping:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = voice.with_lexicon(lexicon_of(words.items(), subject="lexicon"))
        with self._keeping:
            self._kept[key] = made
            while len(self._kept) > _KEPT_LEXICONS:
                self._kept.popitem(last=False)
        return made

    def speak(self, voice: Voice[Any], text: str, options: SpeakOptions) -> Iterator[Chunk]:
        """Yield a text as speech.

        Graphs of a FlowVoice may be run by several threads at once. Of other voices one text is spoken at a time.
        """
        stream = voice.stream(text, options)
        if isinstance(voice, SpectrogramVoice):
            yield from stream
            return
        chunks = iter(stream)
        while True:
            with self._speaking:
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def warm(self) -> None:
        """Speak a short text by each voice, so that nothing is read or prepared by the first request."""
        for voice in self._voices.values():
            for _ in self.speak(voice, _WARMING_TEXT, SpeakOptions()):
                pass
