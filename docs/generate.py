"""Write ``docs/cli.md``, ``config.md``, ``findings.md`` and ``schemas/`` from the code; exit 1 if a file had drifted.

``python docs/generate.py`` writes, ``--check`` only compares. ``tests/architecture/test_docs.py`` runs the comparison.
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import soundfile
import typer

import amhctl
from amhctl.checkpoint.folder import read_manifest
from amhctl.checkpoint.manifest import FORMAT_VERSION, Manifest
from amhctl.checkpoint.migrate import ADDITIONS, FORMATS
from amhctl.cli.main import build_app
from amhctl.config.document import Document
from amhctl.config.load import leaves, load_run_config, preset_names
from amhctl.config.schema import RunConfig
from amhctl.config.text import TextConfig
from amhctl.core.findings import Rule
from amhctl.inference.catalog import bundled_voices, voice_path
from amhctl.text.rulebook import WORD_TABLES, build_rulebook

sys.path.insert(0, str(Path(__file__).parent))
from reports import KEYS, Schema

DOCS = Path(__file__).parent
_MADE = "<!-- Made by docs/generate.py from the code: change the code, then run `nox -s docs`. -->\n\n"
_FAMILIES = {
    "A": "Alignment",
    "C": "Checkpoints",
    "D": "Data",
    "E": "Evaluation",
    "L": "Listening tests",
    "M": "This machine",
    "R": "Training",
    "S": "Speech",
    "T": "Texts",
    "V": "Vocabularies",
    "X": "Codes",
}


def documents() -> dict[Path, str]:
    """Return every generated file and its content."""
    files = {
        DOCS / "cli.md": command_page(),
        DOCS / "config.md": config_page(),
        DOCS / "findings.md": findings_page(),
        DOCS / "text.md": text_page(),
        DOCS / "checkpoints.md": checkpoint_page(),
        DOCS / "voices" / "index.md": voices_page(),
        DOCS / "schemas" / "documents" / f"manifest-{FORMAT_VERSION}.json": _json(manifest_schema()),
    }
    for command, keys in KEYS.items():
        files[DOCS / "schemas" / f"{command.replace(' ', '-')}.json"] = _json(report_schema(command, keys))
    files[DOCS / "schemas" / "error.json"] = _json(error_schema())
    return files


def text_page() -> str:
    """Return the page on reading: prose by hand, and between its two marks the rules and tables as they are."""
    rules = ["| rule | reads | for example | source |", "| --- | --- | --- | --- |"]
    for rule in build_rulebook(TextConfig(fold_homophones=True)):
        written, spoken = (_cell(text) for text in rule.example)
        rules.append(f"| `{rule.name}` | {_cell(rule.summary)} | {written} → {spoken} | {_cell(rule.source)} |")
    tables = ["| table | entries |", "| --- | --- |"]
    tables += [f"| `{name}` | {len(entries):,} |" for name, entries in WORD_TABLES.items()]
    return _filled(DOCS / "text.md", {"rules": [*rules, "", *tables]})


def voices_page() -> str:
    """Return the home page of the voices: a player for each sample, with the text that is in its tags."""
    lines: list[str] = []
    for voice in bundled_voices():
        for speaker in read_manifest(voice_path(voice)).speakers or (voice,):
            lines += [f"## {speaker}", ""]
            for sample in sorted((DOCS / "voices" / voice).glob(f"{speaker}-[0-9].ogg")):
                with soundfile.SoundFile(sample) as sound:
                    text = sound.copy_metadata()["title"]
                place = f"{voice}/{sample.name}"
                # An index page has the address of its folder: the player's path is the file's own.
                player = f'<audio controls preload="none" aria-label="{speaker}: {text}" src="{place}"></audio>'
                lines += [text, "", player, "", f"[{sample.name}]({place})", ""]
    return _filled(DOCS / "voices" / "index.md", {"samples": lines[:-1]})


def checkpoint_page() -> str:
    """Return the page on checkpoints: prose by hand, and between marks the manifest's fields, versions and checks."""
    fields = ["| field | type | meaning |", "| --- | --- | --- |"]
    meanings = Manifest.describe()
    for name, field in Manifest.model_fields.items():
        kind = _type_of(manifest_schema()["properties"][name])  # type: ignore[index]
        needed = " (required)" if field.is_required() else ""
        meaning = _cell(meanings.get(name, "").replace("``", "`"))
        fields.append(f"| `{name}`{needed} | {kind} | {meaning} |")
    versions = ["| format | written by |", "| --- | --- |"]
    versions += [f"| {number} | amhctl {form.written_by} |" for number, form in sorted(FORMATS.items())]
    versions += ["", "| added later | of | without it |", "| --- | --- | --- |"]
    versions += [f"| `{each.key}` | {each.of} | {_cell(each.absent)} |" for each in ADDITIONS]
    checks = ["| code | severity | fault | what it means |", "| --- | --- | --- | --- |"]
    checks += [
        f"| {rule.code} | {rule.severity.value} | {rule.title} | {_cell(rule.explanation)} |"
        for code, rule in sorted(collect_rules().items())
        if code.startswith("C")
    ]
    return _filled(DOCS / "checkpoints.md", {"fields": fields, "versions": versions, "checks": checks})


def _type_of(schema: Schema) -> str:
    """Return the type that a part of a JSON Schema allows, in words."""
    if "anyOf" in schema:
        return " or ".join(_type_of(each) for each in schema["anyOf"])  # type: ignore[attr-defined]
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))  # type: ignore[call-overload]
    return str(schema["const"] if "const" in schema else schema["type"])


def _filled(page: Path, parts: dict[str, list[str]]) -> str:
    """Return a page with the lines of each part between its two marks."""
    text = page.read_text(encoding="utf-8")
    for name, lines in parts.items():
        begin, end = f"<!-- {name}: made by docs/generate.py -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = "\n".join([before + begin, "", *lines, "", end + rest.partition(end)[2]])
    return text


def manifest_schema() -> Schema:
    """Return the JSON Schema of ``manifest.json``, made from the model that reads it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Manifest.model_json_schema(),
        "title": f"manifest.json of an amhctl checkpoint, format {FORMAT_VERSION}",
    }


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def leaf_commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Return every command that does something, by the words one types."""
    yield from _leaves(typer.main.get_command(build_app()), "")


def _leaves(command: object, path: str) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    for name, inner in command.commands.items():  # type: ignore[attr-defined]
        words = f"{path} {name}".strip()
        if hasattr(inner, "commands"):
            yield from _leaves(inner, words)
        else:
            yield words, inner


def command_page() -> str:
    """Return the reference of the command line."""
    lines = [
        "# The command line\n",
        "Results go to standard output, messages to standard error. `--json` prints exactly one JSON object, described",
        "in [schemas](schemas). `-` reads standard input. Outputs are written completely or not at all, and an",
        "existing file is overwritten only with `--force`. With it, only an earlier output of the same kind is",
        "replaced, and never an input of the command, a folder that holds one, or a part of one. Bytes that are not",
        "UTF-8 text, such as in a file name, are shown as Python's escape of a lone surrogate (`\\udcff` is the byte",
        "FF), in JSON and elsewhere.\n",
        "Arguments, paths and streams are UTF-8 with every locale. SIGTERM and SIGHUP end a command as Ctrl-C does.\n",
        "| exit code | meaning |",
        "| --- | --- |",
        "| 0 | success |",
        "| 1 | done, and the check failed |",
        "| 2 | wrong usage |",
        "| 3 | cannot continue: bad input, a mismatch, a missing resource, a full disk |",
        "| 70 | a bug |",
        "| 130 | interrupted |",
        "",
    ]
    for words, command in leaf_commands():
        lines += [f"## amhctl {words}\n", f"{_paragraph(command.help)}\n"]
        lines += ["| argument or option | meaning |", "| --- | --- |", *_rows(command), ""]
        if words in KEYS:
            keys = ", ".join(f"`{key}`" for key in KEYS[words])
            lines.append(f"Keys of `--json`: {keys} ([schema](schemas/{words.replace(' ', '-')}.json)).\n")
    return _MADE + "\n".join(lines)


def _rows(command: typer.core.TyperCommand) -> Iterator[str]:
    """Yield a row for each argument and option: what help says of it."""
    context = typer.Context(command)
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record:
            usage, meaning = (_paragraph(part).replace("|", "\\|") for part in record)
            yield f"| `{usage}` | {meaning} |"


def config_page() -> str:
    """Return the reference of the configuration, with the values of each preset."""
    names = preset_names()
    presets = {name: _values(name) for name in names}
    lines = [
        "# Configuration\n",
        "A value comes from the preset, then `amhctl.toml`, then `AMHCTL_*` in the environment (two underscores",
        "between the parts of a key), then `--set key=value`, then flags; the last one wins. `amhctl config show` says",
        "which.\n",
    ]
    for section, rows in _sections(RunConfig):
        lines += [f"## {section}\n", "| key | default | meaning |", "| --- | --- | --- |", *rows, ""]
    lines += ["## Presets\n", f"| key | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    for key in sorted({key for values in presets.values() for key in values}):
        row = [str(presets[name].get(key, "")) for name in names]
        if len(set(row)) > 1:
            lines.append(f"| `{key}` | {' | '.join(row)} |")
    return _MADE + "\n".join(lines) + "\n"


def _sections(model: type[Document], prefix: str = "") -> Iterator[tuple[str, list[str]]]:
    rows: list[str] = []
    inner: list[tuple[str, type[Document]]] = []
    meanings = model.describe()
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        documents = _documents_of(field.annotation)
        inner += [(key, document) for document in documents]
        if not documents:
            meaning = meanings.get(name, "").replace("\n", " ").replace("|", "\\|")
            rows.append(f"| `{key}` | `{_toml(field.default)}` | {meaning} |")
    if rows:
        yield (prefix.rstrip(".") or "top level"), rows
    for key, document in inner:
        kind = document.model_fields.get("kind")
        for section, lines in _sections(document, f"{key}."):
            yield (f"{section}, where `{key}.kind` is `{kind.default}`" if kind else section), lines


def _documents_of(annotation: object) -> tuple[type[Document], ...]:
    """Return the documents that a field may hold: none, one, or one of each kind."""
    candidates = (annotation, *getattr(annotation, "__args__", ()))
    # One of several kinds is annotated with its tag.
    bare = [getattr(item, "__origin__", item) if hasattr(item, "__metadata__") else item for item in candidates]
    return tuple(item for item in bare if isinstance(item, type) and issubclass(item, Document))


def _values(preset: str) -> dict[str, str]:
    config = load_run_config(preset=preset, project=None, environment={}).config
    return {key: _toml(value) for key, value in leaves(config)}


def _toml(value: object) -> str:
    if value is None or repr(value) == "PydanticUndefined":
        return "none"
    if isinstance(value, tuple):
        return json.dumps(list(value), ensure_ascii=False)
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


def findings_page() -> str:
    """Return every finding a command can report."""
    lines = [
        "# Findings\n",
        "A finding is a fault of the thing under inspection: coded, counted, reported all at once. An *error* makes",
        "the exit code 1; a *warning* does so with `--strict` where a command has it.\n",
    ]
    rules = collect_rules()
    for family, title in _FAMILIES.items():
        lines += [f"## {title}\n", "| code | severity | fault | explanation |", "| --- | --- | --- | --- |"]
        for code in sorted(code for code in rules if code.startswith(family)):
            rule = rules[code]
            lines.append(f"| {code} | {rule.severity.value} | {rule.title} | {rule.explanation} |")
        lines.append("")
    return _MADE + "\n".join(lines)


def collect_rules() -> dict[str, Rule]:
    """Return every rule of every room, by its code.

    Raises
    ------
    ValueError
        If two rules share a code, or a code belongs to no family.
    """
    found: dict[str, Rule] = {}
    for module in pkgutil.walk_packages(amhctl.__path__, "amhctl."):
        if module.name == "amhctl.__main__":
            continue
        for rule in getattr(importlib.import_module(module.name), "RULES", ()):
            if found.setdefault(rule.code, rule) != rule or rule.code[0] not in _FAMILIES:
                raise ValueError(f"the code {rule.code} is taken, or of no family")
    return found


def finding_schema() -> Schema:
    """Return the JSON Schema of a finding."""
    text: Schema = {"type": "string"}
    severity: Schema = {"enum": ["error", "warning", "info"]}
    return {
        "type": "object",
        "required": ["code", "severity", "subject", "message", "hint"],
        "properties": {"code": text, "severity": severity, "subject": text, "message": text, "hint": text},
    }


def report_schema(command: str, keys: dict[str, Schema]) -> Schema:
    """Return the JSON Schema of a command's report."""
    text: Schema = {"type": "string"}
    common: dict[str, Schema] = {
        "command": {"const": command},
        "version": text,
        "ok": {"type": "boolean"},
        "findings": {"type": "array", "items": finding_schema()},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"amhctl {command} --json",
        "type": "object",
        "required": [*common, *keys],
        "properties": {**common, **keys},
    }


def error_schema() -> Schema:
    """Return the JSON Schema of an error; every command may answer with one."""
    text: Schema = {"type": "string"}
    parts: dict[str, Schema] = dict.fromkeys(("type", "message", "where", "hint"), text)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "an error of any command with --json",
        "type": "object",
        "required": ["command", "version", "ok", "error"],
        "properties": {
            "command": text,
            "version": text,
            "ok": {"const": False},
            "error": {"type": "object", "required": [*parts], "properties": parts},
            # What was found before the command could not go on; absent if nothing was.
            "findings": {"type": "array", "items": finding_schema()},
        },
    }


def _json(document: Schema) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def main() -> None:
    """Write or compare the files, and end with 1 if one had drifted."""
    made = documents()
    drifted = [path for path, text in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    stale = [path for path in (DOCS / "schemas").rglob("*.json") if path not in made]
    if "--check" not in sys.argv:
        for path in drifted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(made[path], encoding="utf-8")
        for path in stale:
            path.unlink()
    for path in (*drifted, *stale):
        sys.stderr.write(f"drifted: {path.relative_to(DOCS.parent)}\n")
    sys.exit(1 if drifted or stale else 0)


if __name__ == "__main__":
    main()
