"""``amhctl speak``: say a text."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs
from amhctl.cli.standard_input import STANDARD_INPUT, open_standard_input


@runs("speak", summary=True)
def command(
    text: Annotated[str | None, typer.Argument(help="Text to speak; - reads standard input.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Audio file; - is standard output. Without it, the speech is played."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            help="Read the text from this file: UTF-8 text, .ssml, .srt, .vtt, .epub or .html. An interrupted render "
            "of a file is resumed by the same command.",
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            help="Speak every line of this JSON Lines file (id, text or ssml; optional: voice, speaker, speed, pitch, "
            "energy, volume, pause, seed, format, subtitles) into the folder -o. The same command resumes it.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=0, max=256, help="Processes for --batch; by default 0, this one.")
    ] = None,
    input_format: Annotated[
        Literal["text", "ssml", "srt", "vtt", "epub", "html"] | None,
        typer.Option("--input-format", help="Format of the text; by default from the file name, otherwise text."),
    ] = None,
    chapters: Annotated[
        Literal["headings", "paragraphs"] | None,
        typer.Option(
            "--chapters",
            help="What begins a chapter: headings (in text, lines that begin with #) or every paragraph. -o FOLDER "
            "writes one file per chapter; .wav, .flac, .ogg, .mp3 and .m4a files get chapter marks.",
        ),
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(
            "--subtitles",
            help="Write the times of segments and words to this .srt, .vtt, .TextGrid or .json file; with --batch, for "
            "each item in this format, such as srt.",
        ),
    ] = None,
    max_speed: Annotated[
        float | None,
        typer.Option(
            "--max-speed",
            min=1.0,
            max=2.0,
            callback=options.require_number,
            help="How much faster a subtitle may be spoken to fit its time; by default 1.5; for .srt and .vtt input.",
        ),
    ] = None,
    cast: Annotated[
        list[str] | None,
        typer.Option(
            "--cast",
            metavar="NAME=VOICE",
            help="Voice for <voice name=NAME> in SSML, besides the speakers of --voice; may be repeated.",
        ),
    ] = None,
    voice: Annotated[
        str | None, typer.Option("--voice", help="Bundled voice or checkpoint folder; m01 by default.")
    ] = None,
    codec: Annotated[
        str | None,
        typer.Option(
            "--codec", help="Codec or vocoder of the voice, if it is neither bundled nor in the voice's folder."
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            help="Audio clip of a speaker to imitate; that person's permission is needed.",
        ),
    ] = None,
    emotion: Annotated[
        Path | None,
        typer.Option(
            "--emotion",
            help="Audio clip with an emotion to imitate, of any speaker; for voices with an emotion branch.",
        ),
    ] = None,
    emotion_strength: Annotated[
        float | None,
        typer.Option(
            "--emotion-strength",
            min=0.0,
            max=1.0,
            callback=options.require_number,
            help="Strength of that emotion, by default 1; 0 is the emotion of the reference.",
        ),
    ] = None,
    emotion_weights: Annotated[
        str | None,
        typer.Option(
            "--emotion-weights",
            metavar="NAME=WEIGHT,...",
            help="Emotions as numbers from 0 to 1, such as happy=0.6,calm=0.2; for voices of IndexTTS-2.",
        ),
    ] = None,
    features_model: options.FeaturesModel = None,
    speed: Annotated[
        float,
        typer.Option(
            min=0.5,
            max=2.0,
            callback=options.require_number,
            help="1 is normal, 2 twice as fast; some voices support only 1.",
        ),
    ] = 1.0,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            callback=options.require_number,
            help="Randomness of sampling, 0 to 1000; 0 always takes the most likely code. By default 0.8, or 0.6 "
            "with --takes 1; for UnifiedVoices.",
        ),
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Sample from this many most likely codes; 0 is all. By "
            "default 60, or 30 with --takes 1; for UnifiedVoices.",
        ),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=options.require_number,
            help="Sample from the most likely codes with this total probability. By default 0.95, or 0.9 with "
            "--takes 1; for UnifiedVoices.",
        ),
    ] = None,
    repetition_penalty: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            max=100.0,
            callback=options.require_number,
            help="Makes codes less likely that the segment already has; 1 is none. By default 1, or 10 for voices of "
            "IndexTTS-2, as in its programs; for UnifiedVoices.",
        ),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            callback=options.require_number,
            help="Strength of classifier-free guidance: how closely to follow the text. By default 1 for FlowVoices "
            "(0 if distilled), otherwise 3, or 4 with --takes 1; for voices trained for it.",
        ),
    ] = None,
    takes: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help="Samples per segment, which are averaged; 1 is livelier and faster. By "
            "default 4 with explicit durations, otherwise 1; for UnifiedVoices.",
        ),
    ] = None,
    speaker: Annotated[
        str | None, typer.Option("--speaker", help="Speaker of the voice; `voices show` lists them.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100,
            help="Flow-matching steps per spectrogram: fewer are faster, more are clearer. By default 3; for "
            "FlowVoices.",
        ),
    ] = None,
    precision: Annotated[
        Literal["auto", "fp32", "bf16", "fp16"],
        typer.Option(
            help="Arithmetic of a UnifiedVoice's decoder, and of the mel frames of IndexTTS-2. auto is fp32 for a "
            "small voice; for a large one, bf16 or fp16 where the device is faster in it."
        ),
    ] = "auto",
    compile: Annotated[
        bool,
        typer.Option(
            "--compile",
            help="Compile the decoder of a UnifiedVoice, on a CUDA device: starting takes a minute longer, long texts "
            "are spoken faster.",
        ),
    ] = False,
    pitch: Annotated[
        float,
        typer.Option(
            min=-12.0, max=12.0, callback=options.require_number, help="Pitch shift in semitones; for FlowVoices."
        ),
    ] = 0.0,
    energy: Annotated[
        float,
        typer.Option(
            min=-12.0,
            max=12.0,
            callback=options.require_number,
            help="Change of vocal effort in dB; for FlowVoices.",
        ),
    ] = 0.0,
    check: Annotated[
        bool | None,
        typer.Option(
            "--check/--no-check",
            help="Let a recogniser check that each sentence says its text, and try again if not. Default: only for "
            "voices that sample codes.",
            show_default=False,
        ),
    ] = None,
    volume: Annotated[
        float,
        typer.Option(
            min=-40.0,
            max=6.0,
            callback=options.require_number,
            help="Change of loudness in dB, beside -18 LUFS; peaks are limited.",
        ),
    ] = 0.0,
    pause: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=10.0,
            callback=options.require_number,
            help="Factor for pauses: 2 doubles, 0 removes them.",
        ),
    ] = 1.0,
    paragraph_pause: Annotated[
        float,
        typer.Option(
            "--paragraph-pause",
            min=0.0,
            max=60.0,
            callback=options.require_number,
            help="Minimum pause between paragraphs in seconds.",
        ),
    ] = 0.8,
    allow_unspoken: Annotated[
        bool,
        typer.Option(
            "--allow-unspoken", help="Speak even if more than 10 % of the letters cannot be read; they are left out."
        ),
    ] = False,
    commercial: Annotated[
        bool,
        typer.Option(
            "--commercial",
            help="Refuse a voice if a work in it, or one that it speaks with, forbids commercial use; as "
            "licence.commercial = true in amhctl.toml.",
        ),
    ] = False,
    format: Annotated[
        Literal["wav", "flac", "ogg", "mp3", "aac", "m4a", "pcm"] | None,
        typer.Option(
            "--format",
            help="Audio format; by default from the file name of the output. aac and m4a need the extra aac.",
        ),
    ] = None,
    play: Annotated[
        bool, typer.Option("--play", help="Play the speech while it is made; needs paplay, aplay, ffplay or afplay.")
    ] = False,
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
    json: options.Json = False,
) -> Work:
    """Speak a text with a voice: play it, or write an audio file."""
    if [text, file, batch].count(None) != 2:
        raise typer.BadParameter("give exactly one of: a text, - for standard input, --file, --batch")
    if batch is None and workers is not None:
        raise typer.BadParameter("--workers needs --batch")
    if batch is not None:
        given: dict[str, object] = {"--play": play, "--chapters": chapters}
        given |= {"--input-format": input_format, "--reference": reference, "--emotion": emotion}
        given |= {"--emotion-weights": emotion_weights, "--max-speed": max_speed, "--features-model": features_model}
        if wrong := [name for name, value in given.items() if value]:
            raise typer.BadParameter(f"{', '.join(wrong)} cannot be used with --batch")
        if output is None or str(output) == "-":
            raise typer.BadParameter("--batch needs -o FOLDER")
    if emotion_strength is not None and emotion is None:
        raise typer.BadParameter("--emotion-strength needs --emotion CLIP")
    if emotion_weights is not None and emotion is not None:
        raise typer.BadParameter("give --emotion or --emotion-weights, not both")
    to_stdout = str(output) == "-"
    if to_stdout and json:
        raise typer.BadParameter("--json and -o - both write to standard output: choose one")
    if to_stdout and play:
        raise typer.BadParameter("give --play or -o -, not both")
    if output is None and format is not None:
        raise typer.BadParameter("--format needs -o: without a file the speech is played")
    named = options.read_names("--cast", cast)
    from amhctl.workflows.speak_opening import open_ahead

    opened = open_ahead(voice, codec) if batch is None else None
    from amhctl.workflows import speak

    request = speak.SpeakRequest(
        text=None if text == STANDARD_INPUT else text,
        stream=open_standard_input() if text == STANDARD_INPUT else None,
        file=file,
        input_format=input_format,
        chapters=chapters,
        subtitles=None if batch is not None else subtitles,
        fastest=speak.FASTEST_FIT if max_speed is None else max_speed,
        cast=named,
        output=None if to_stdout else output,
        format=format,
        voice=speak.DEFAULT_VOICE if voice is None else voice,
        codec=codec,
        clips=speak.Clips(
            reference=reference,
            emotion=emotion,
            emotion_strength=1.0 if emotion_strength is None else emotion_strength,
            emotions=emotion_weights,
            features_model=features_model,
        ),
        options=speak.SpeakOptions(
            seed=seed or 0,
            speed=speed,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            repetition_penalty=repetition_penalty,
            guidance=guidance,
            takes=takes,
            person=speaker,
            steps=steps,
            pitch=pitch,
            energy=energy,
            volume=volume,
            pause=pause,
            paragraph_pause=speak.Seconds(paragraph_pause),
            most_unspoken=1.0 if allow_unspoken else speak.MOST_UNSPOKEN,
        ),
        project=config or Path(),
        lexicons=tuple(lexicon or ()),
        commercial=commercial,
        device=device,
        precision=precision,
        compiled=compile,
        check=check,
        play=play or output is None,
        force=force,
    )
    if batch is not None and output is not None:
        from amhctl.workflows import speak_batch

        whole = speak_batch.BatchRequest(batch, output, request, subtitles=str(subtitles or ""), workers=workers or 0)
        return lambda progress: speak_batch.run(whole, progress)
    return lambda progress: speak.run(request, progress, opened)
