"""``amhctl speak``: say a text."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from amhctl.cli import options
from amhctl.cli.app import execute
from amhctl.cli.standard_input import read_text


def command(
    text: Annotated[str | None, typer.Argument(help="What to say; - reads standard input.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Sound file; - writes to standard output.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read the text from this UTF-8 file.")] = None,
    voice: Annotated[str | None, typer.Option("--voice", help="Bundled voice or checkpoint folder.")] = None,
    codec: Annotated[
        str | None,
        typer.Option("--codec", help="Codec or vocoder of the voice, where it is neither bundled nor beside it."),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference",
            help="Clip whose speaker to imitate, with that person's permission, instead of the voice's own.",
        ),
    ] = None,
    emotion: Annotated[
        Path | None,
        typer.Option(
            "--emotion", help="Clip whose emotion to speak with, of any speaker; for voices with an emotion branch."
        ),
    ] = None,
    emotion_strength: Annotated[
        float | None,
        typer.Option(
            "--emotion-strength",
            min=0.0,
            max=1.0,
            callback=options.require_number,
            help="How much of that emotion, 1 unless told otherwise; 0 is that of the reference.",
        ),
    ] = None,
    features_model: options.FeaturesModel = None,
    speed: Annotated[
        float, typer.Option(min=0.5, max=2.0, callback=options.require_number, help="1 is its own pace; not all can.")
    ] = 1.0,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, callback=options.require_number, help="0 takes the likeliest code.")
    ] = None,
    top_k: Annotated[int | None, typer.Option(min=0, help="Draw among so many likeliest codes; 0: all.")] = None,
    top_p: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, callback=options.require_number, help="Draw among codes of this probability."),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            callback=options.require_number,
            help="How closely to follow the text; for voices trained to be guided.",
        ),
    ] = None,
    takes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Say each segment so often and give the mean; 1 is livelier and faster."),
    ] = None,
    speaker: Annotated[
        str | None, typer.Option("--speaker", help="As which of its speakers a voice speaks; `voices show` lists them.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Steps in which a spectrogram is drawn: fewer are faster, more are clearer."),
    ] = None,
    pitch: Annotated[
        float,
        typer.Option(
            min=-12.0, max=12.0, callback=options.require_number, help="Semitones up or down, of a voice of kind flow."
        ),
    ] = 0.0,
    energy: Annotated[
        float,
        typer.Option(
            min=-12.0,
            max=12.0,
            callback=options.require_number,
            help="Decibels of more or less vocal effort, of a voice of kind flow.",
        ),
    ] = 0.0,
    allow_unspoken: Annotated[
        bool, typer.Option("--allow-unspoken", help="Speak even if over a tenth of the letters cannot be read.")
    ] = False,
    format: Annotated[
        Literal["wav", "flac", "ogg", "mp3", "pcm"] | None,
        typer.Option("--format", help="Sound format; otherwise the output's suffix decides."),
    ] = None,
    lexicon: options.Lexicon = None,
    config: options.Config = None,
    seed: options.Seed = None,
    device: options.Device = "auto",
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
) -> None:
    """Say a text in a voice and write it to a sound file."""
    if output is None:
        raise typer.BadParameter("say where to write: -o OUT.wav, or -o - for standard output")
    if (text is None) == (file is None):
        raise typer.BadParameter("give a text, or - for standard input, or --file; one of them")
    if emotion_strength is not None and emotion is None:
        raise typer.BadParameter("--emotion-strength goes with --emotion CLIP")
    to_stdout = str(output) == "-"
    if to_stdout and json:
        raise typer.BadParameter("--json and -o - both want standard output")
    from amhctl.workflows import speak

    request = speak.SpeakRequest(
        text=text if text is None else read_text(text),
        file=file,
        output=None if to_stdout else output,
        format=format,
        voice=speak.DEFAULT_VOICE if voice is None else voice,
        codec=codec,
        reference=reference,
        emotion=emotion,
        emotion_strength=1.0 if emotion_strength is None else emotion_strength,
        features_model=features_model,
        speed=speed,
        seed=seed or 0,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        guidance=guidance,
        takes=takes,
        speaker=speaker,
        steps=steps,
        pitch=pitch,
        energy=energy,
        allow_unspoken=allow_unspoken,
        project=config or Path(),
        lexicons=tuple(lexicon or ()),
        device=device,
        force=force,
    )
    execute("speak", lambda progress: speak.run(request, progress), json=json, quiet=quiet, verbose=verbose)
