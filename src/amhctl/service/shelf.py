"""The voices that are served: loaded once, found by name, each with the words of a request's lexicon."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amhctl.core.errors import OptionError
from amhctl.inference.longtext import Role, stream_lines
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.inference.speech import Chunk
from amhctl.inference.voice import Voice
from amhctl.service.aliases import Aliases
from amhctl.service.fault import RequestError
from amhctl.text.lexicon_file import lexicon_of
from amhctl.text.lines import Line
from amhctl.text.passage import read_passage

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
    aliases : Aliases | None
        Other names of them and of their speakers; None for OpenAI's.

    Raises
    ------
    OptionError
        If two have the same name, or an alias is none of what is served.
    """

    def __init__(self, voices: Sequence[Voice[Any]], aliases: Aliases | None = None) -> None:
        self._voices = {voice.manifest.name: voice for voice in voices}
        if len(self._voices) < len(voices):
            raise OptionError(
                "two voices have the same name", subject=", ".join(voice.manifest.name for voice in voices)
            )
        aliases = Aliases() if aliases is None else aliases
        speakers = {name: self._speakers(name) for name in self._voices}
        aliases.require_targets(speakers)
        self.model_aliases: Mapping[str, str] = aliases.models(tuple(self._voices))
        self.voice_aliases: Mapping[str, Mapping[str, str]] = {
            name: aliases.voices(name, own) for name, own in speakers.items()
        }
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

    def _speakers(self, model: str) -> tuple[str, ...]:
        """Return the names of a model's speakers; its own where it has none."""
        return tuple(self._voices[model].manifest.speakers or (model,))

    def require_model(self, name: str) -> str:
        """Return the name of a model by its name or an alias.

        Raises
        ------
        RequestError
            If there is none.
        """
        name = self.model_aliases.get(name, name)
        if name not in self._voices:
            raise RequestError(
                404, f"there is no model {name!r}; there are: {', '.join(self._voices)}", "model_not_found", "model"
            )
        return name

    def require_voice(self, model: str, name: str) -> ServedVoice:
        """Return a speaker of a model, each by its name or an alias; the model's name is its first speaker.

        Raises
        ------
        RequestError
            If there is no such model, or it has no such speaker.
        """
        model = self.require_model(model)
        name = self.voice_aliases[model].get(name, name)
        own = [served for served in self.served if served.model == model]
        found = next((served for served in own if served.name == name), own[0] if name == model else None)
        if found is None:
            names = ", ".join(served.name for served in own)
            raise RequestError(
                400, f"the model {model!r} has no voice {name!r}; it has: {names}", "voice_not_found", "voice"
            )
        return found

    def aliases_of(self, served: ServedVoice) -> list[str]:
        """Return the aliases of a speaker."""
        return [name for name, target in self.voice_aliases[served.model].items() if target == served.name]

    def role(self, served: ServedVoice, words: Mapping[str, str]) -> Role:
        """Return a speaker who reads words as a request says.

        Raises
        ------
        TextError
            If a pronunciation is faulty.
        """
        return Role(self.with_words(served.model, words), person=served.person)

    def cast(self, model: str, names: Collection[str], words: Mapping[str, str]) -> dict[str, Role]:
        """Return whom markup names: voices of other models, and any voice by an alias.

        Parameters
        ----------
        model : str
            The model that speaks where markup names none; its own speakers need no cast.
        names : Collection[str]
            What markup names; what nobody is called is left out.
        words : Mapping[str, str]
            How a request reads words.
        """
        found: dict[str, Role] = {}
        for name in set(names) - set(self._speakers(model)):
            served = self._find_named(model, name)
            if served is not None:
                found[name] = self.role(served, words)
        return found

    def _find_named(self, model: str, name: str) -> ServedVoice | None:
        """Return whom a name stands for: what is served under it first, then aliases, those of a model first."""
        if name in self._voices:
            return self.require_voice(name, name)
        if served := next((each for each in self.served if each.name == name), None):
            return served
        places = (place for place in (model, *self._voices) if name in self.voice_aliases[place])
        return next((self.require_voice(place, name) for place in places), None)

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

    def speak(
        self, role: Role, lines: Iterable[Line], options: SpeakOptions, cast: Mapping[str, Role]
    ) -> Iterator[Chunk]:
        """Yield a text as speech.

        Graphs of a FlowVoice may be run by several threads at once. With other voices one text is spoken at a time.
        """
        chunks = stream_lines(role, lines, options, cast=cast)
        if all(isinstance(each.voice, SpectrogramVoice) for each in (role, *cast.values())):
            yield from chunks
            return
        while True:
            with self._speaking:
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    def warm(self) -> None:
        """Speak a short text by each voice, so that nothing is read or prepared by the first request."""
        for voice in self._voices.values():
            for _ in self.speak(Role(voice), read_passage(_WARMING_TEXT).lines(), SpeakOptions(), {}):
                pass
