"""``amhctl text``: normalise, phonemise, split and explain Amharic text."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs
from amhctl.cli.standard_input import STANDARD_INPUT, read_lines, read_text

app = typer.Typer(
    help="Text: normalise, phones, split, explain; numbers and dates.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Backend(StrEnum):
    """Grapheme-to-phoneme backends; auto is the chain of the configuration."""

    AUTO = "auto"
    TRANSPHONE = "transphone"
    EPITRAN = "epitran"
    RULES = "rules"


Text = Annotated[str, typer.Argument(help="Amharic text; - reads standard input.")]


@app.command("normalize")
@runs("text normalize")
def normalize(
    text: Text = STANDARD_INPUT,
    trace: Annotated[bool, typer.Option("--trace", help="Show every change with its rule and position.")] = False,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
) -> Work:
    """Write numbers, dates, abbreviations and signs as words. One line in, one line out."""
    from amhctl.workflows.text import normalize as normalize_text

    request = normalize_text.NormalizeTextRequest(
        text=read_lines(text),
        trace=trace,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
    )
    return lambda progress: normalize_text.run(request, progress)


@app.command("phones")
@runs("text phones")
def phones(
    text: Text = STANDARD_INPUT,
    backend: Annotated[
        Backend, typer.Option(help="Use only this backend; auto uses the configured list.")
    ] = Backend.AUTO,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
) -> Work:
    """Convert text to phones. One line in, one line out."""
    from amhctl.workflows.text import phones as phonemize_text

    request = phonemize_text.PhonemizeTextRequest(
        text=read_lines(text),
        backend=backend.value,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
    )
    return lambda progress: phonemize_text.run(request, progress)


@app.command("split")
@runs("text split")
def split(
    text: Text = STANDARD_INPUT,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
) -> Work:
    """Split text into segments, one per line. A segment is spoken at once."""
    from amhctl.workflows.text import split as split_text

    request = split_text.SplitTextRequest(
        text=read_text(text), project=config or Path(), sets=tuple(sets or ()), lexicons=tuple(lexicon or ())
    )
    return lambda progress: split_text.run(request, progress)


@app.command("explain")
@runs("text explain")
def explain(
    text: Text = STANDARD_INPUT,
    voice: Annotated[
        str | None,
        typer.Option("--voice", help="Voice whose text frontend is used: bundled name or checkpoint folder."),
    ] = None,
    vocab: Annotated[
        Path | None,
        typer.Option("--vocab", help="Vocabulary to use with this package's text frontend, instead of a voice's."),
    ] = None,
    lexicon: options.Lexicon = None,
    sets: options.Set = None,
    config: options.Config = None,
) -> Work:
    """Show every stage of text processing. Stages: written text, applied rules, spoken text, phones, pieces, ids."""
    if voice is not None and vocab is not None:
        raise typer.BadParameter("give --voice or --vocab, not both")
    if sets and vocab is None:
        raise typer.BadParameter("a voice uses its own text options; --set needs --vocab")
    from amhctl.workflows.text import explain as explain_text

    request = explain_text.ExplainTextRequest(
        text=read_text(text),
        voice=voice,
        vocabulary=vocab,
        project=config or Path(),
        sets=tuple(sets or ()),
        lexicons=tuple(lexicon or ()),
    )
    return lambda progress: explain_text.run(request, progress)


class NumberForm(StrEnum):
    """How a number can be written."""

    WORDS = "words"
    ORDINAL = "ordinal"
    DIGITS = "digits"
    ETHIOPIC = "ethiopic"


class Calendar(StrEnum):
    """The calendars of dates."""

    ETHIOPIAN = "ethiopian"
    GREGORIAN = "gregorian"


class Scheme(StrEnum):
    """Systems of writing Amharic in Latin letters."""

    BGN = "bgn"
    SERA = "sera"


@app.command("number")
@runs("text number")
def number(
    text: Text = STANDARD_INPUT,
    to: Annotated[
        NumberForm, typer.Option("--to", help="Form: words, ordinal (words), digits or ethiopic (Ge'ez numerals).")
    ] = NumberForm.WORDS,
) -> Work:
    """Convert a number to another form. The input is digits, Ge'ez numerals or words; one number per line."""
    from amhctl.workflows.text import convert

    request = convert.ConvertTextRequest(read_lines(text), convert.convert_numbers(to.value))
    return lambda progress: convert.run(request, progress)


@app.command("date")
@runs("text date")
def date(
    text: Text = STANDARD_INPUT,
    to: Annotated[
        Calendar, typer.Option("--to", help="Calendar of the result; the input is a date of the other one.")
    ] = Calendar.ETHIOPIAN,
    words: Annotated[bool, typer.Option("--words", help="Write the date in words.")] = False,
) -> Work:
    """Convert dates between the Ethiopian and the Gregorian calendar. Input: 2026-11-21 or 21/11/2026 per line."""
    from amhctl.workflows.text import convert

    request = convert.ConvertTextRequest(read_lines(text), convert.convert_dates(to.value, words=words))
    return lambda progress: convert.run(request, progress)


@app.command("romanize")
@runs("text romanize")
def romanize(
    text: Text = STANDARD_INPUT,
    scheme: Annotated[
        Scheme, typer.Option("--scheme", help="bgn (BGN/PCGN 1967, for names) or sera (ASCII, the way back is unique).")
    ] = Scheme.BGN,
    back: Annotated[bool, typer.Option("--back", help="From Latin letters to fidel.")] = False,
) -> Work:
    """Write fidel in Latin letters, or Latin letters in fidel. One line in, one line out."""
    from amhctl.workflows.text import convert

    request = convert.ConvertTextRequest(read_lines(text), convert.convert_script(scheme.value, back=back))
    return lambda progress: convert.run(request, progress)


@app.command("fold")
@runs("text fold")
def fold(text: Text = STANDARD_INPUT) -> Work:
    """Write letters that sound alike in one way. For searching: ሠ as ሰ, ሐ and ኀ as ሀ, ዐ as አ, ፀ as ጸ."""
    from amhctl.workflows.text import convert

    request = convert.ConvertTextRequest(read_lines(text), convert.fold_homophones)
    return lambda progress: convert.run(request, progress)
