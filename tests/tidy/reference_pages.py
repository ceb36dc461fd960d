"""The pages under docs/reference and the list of decisions, from what they describe.

`python -m tests.tidy.reference_pages` writes them; a test says when one is stale.
"""

import argparse
import ast
import inspect
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from flameblue import cli, config
from tests.tidy.api_page import api
from tests.tidy.tables import MADE, head, row, sentence
from tests.tidy.words import LANGUAGES, Say

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def pages() -> dict[str, str]:
    """Each page as it should be, by its path under docs."""
    makers: Mapping[str, Callable[[Say], Iterator[str]]] = {
        "reference/configuration": _configuration,
        "reference/command-line": _command_line,
        "reference/api": api,
        "reference/metrics": _metrics,
        "reference/limits": _limits,
        "decisions/index": _decisions,
    }
    return {
        f"{name}{ending}.md": "\n".join(lines(say))
        for name, lines in makers.items()
        for ending, say in LANGUAGES
    }


def _configuration(say: Say) -> Iterator[str]:
    yield f"# {say('Configuration')}\n"
    yield say(MADE).format(source=say("`flameblue/config.py`"))
    yield say(
        "A TOML file (`--config FILE`, or `FLAMEBLUE_CONFIG`), then the environment, which counts "
        "more. A section is a table "
        "of the file (`[web]`, then `port = 8000`) and a part of the variable's name "
        "(`FLAMEBLUE_WEB_PORT=8000`). Several "
        "values are a list in the file and stand with commas in a variable. Examples: "
        "[Installation](../installation.md).\n"
    )
    default = config.Config()
    notes = _notes(Path(config.__file__).read_text(encoding="utf-8"))
    yield from _section(say("At the top"), default, notes, say)
    for item in fields(default):
        part = getattr(default, item.name)
        if is_dataclass(part):
            yield from _section(f"[{item.name}]", part, notes, say)


def _section(title: str, part: Any, notes: Mapping[tuple[str, str], str], say: Say) -> Iterator[str]:
    prefix = title[1:-1].upper() + "_" if title.startswith("[") else ""
    yield f"## {title}\n"
    yield f"{say(inspect.cleandoc(type(part).__doc__ or ''))}\n"
    yield head(say("setting"), say("default"), say("variable"), "")
    for item in fields(part):
        value = getattr(part, item.name)
        if not is_dataclass(value):
            shown = f"`{_toml(value)}`" if value not in ("", ()) else say("empty")
            note = notes.get((type(part).__name__, item.name), "")
            yield row(
                f"`{item.name}`", shown, f"`FLAMEBLUE_{prefix}{item.name.upper()}`", _as_text(say(note))
            )
    yield ""


def _as_text(note: str) -> str:
    """A comment in a cell: what has braces or slashes in it is code."""
    return re.sub(r"(\S*\{\S+|\.pmtiles|\.pbf)(?=[\s,;]|$)", r"`\1`", note)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def _notes(source: str) -> dict[tuple[str, str], str]:
    """The comment beside each field, by its class and name."""
    comments = {
        token.start[0]: token.string.removeprefix("#").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for line in node.body:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                lines = range(line.lineno, (line.end_lineno or line.lineno) + 1)
                said = " ".join(comments[number] for number in lines if number in comments)
                found[node.name, line.target.id] = said
    return found


def _command_line(say: Say) -> Iterator[str]:
    yield f"# {say('Command line')}\n"
    yield say(MADE).format(source=say("the parser in `flameblue/cli.py`"))
    yield say(
        "Exit status 0: done; 1: something is wrong, and one sentence on stderr says what; 2: the "
        "arguments are wrong. `watch` "
        "has more ([Installation](../installation.md)).\n"
    )
    yield from _command("flameblue", cli.menu(), "", say)


def _command(name: str, parser: argparse.ArgumentParser, said: str, say: Say) -> Iterator[str]:
    yield f"{'###' if ' ' in name else '##'} `{name}`\n"
    yield f"{sentence(say(said or parser.description or ''))}\n"
    own = [
        one
        for one in parser._actions
        if not isinstance(one, argparse._HelpAction | argparse._SubParsersAction)
    ]
    if own:
        yield head(say("argument"), "")
        for one in own:
            yield row(f"`{_argument(one)}`", sentence(say(_help(one))))
        yield ""
    for group in parser._actions:
        if isinstance(group, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in group._choices_actions}
            for child, below in group.choices.items():
                yield from _command(f"{name} {child}", below, helps.get(child, ""), say)


def _argument(one: argparse.Action) -> str:
    if not one.option_strings:
        shown = one.metavar if isinstance(one.metavar, str) else one.dest.upper()
        return f"[{shown} …]" if one.nargs == "*" else shown
    value = (
        "" if one.nargs == 0 else f" {'|'.join(map(str, one.choices)) if one.choices else one.dest.upper()}"
    )
    return f"{one.option_strings[-1]}{value}"


def _help(one: argparse.Action) -> str:
    return "print the version" if isinstance(one, argparse._VersionAction) else one.help or ""


def _metrics(say: Say) -> Iterator[str]:
    yield f"# {say('Metrics')}\n"
    yield say(MADE).format(source=say("`flameblue/web/views/health.py` and where the core counts"))
    yield say(
        "`/metrics` speaks the text format of Prometheus, to a token with the scope `read` ([the "
        "API](api.md)); `/healthz` needs no token, "
        "and answers 503 and names the stages that do not beat. Alarm on `flameblue_stage_up == 0` "
        "and on a lag that grows; "
        "that people are told when the machine itself is gone is the work of `flameblue watch` "
        "([Installation](../installation.md)).\n"
    )
    yield (
        "```yaml\nscrape_configs:\n  - job_name: flameblue\n    scheme: https\n    authorization: "
        "{credentials: TOKEN}\n    static_configs: [{targets: [board.example.org]}]\n```\n"
    )
    yield head(say("metric"), say("labels"), "")
    for name, said, labels in _gauges(ROOT / "flameblue/web/views/health.py"):
        yield row(f"`{name}`", ", ".join(f"`{one}`" for one in labels), sentence(say(said)))
    yield f"\n## {say('Stages')}\n"
    yield head(say("stage"), "")
    for name, said in STAGE.findall((ROOT / "flameblue/runtime/pipeline.py").read_text(encoding="utf-8")):
        yield row(f"`{name}`", sentence(say(said)))
    yield f"\n## {say('Counters')}\n"
    yield say(
        "The labels `name` of `flameblue_counter`. What is counted begins anew when the core does; "
        "one that has not happened yet is not "
        "there. Of each channel over a day: `notices_CHANNEL_sent`, `_delivered`, `_failed`, "
        "`_waiting`, `_taken_over`; of each stage "
        "`stage_failures_STAGE`.\n"
    )
    yield ", ".join(f"`{name}`" for name in _counters()) + ".\n"


STAGE = re.compile(r'(?m)^ +stage\("(\w+)", .*?\)(?:  # (.+))?$')
COUNTED = re.compile(r'(?:counts\.(?:add|set)\(\s*|open_count = )"(\w+)"')


def _counters() -> list[str]:
    """Those that intake counts, and those that a stage gives by its `counters`."""
    sources = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "flameblue").rglob("*.py"))]
    found = {name for source in sources for name in COUNTED.findall(source)}
    for path in (ROOT / "flameblue/runtime").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name == "counters":
                keys = [key for part in ast.walk(node) if isinstance(part, ast.Dict) for key in part.keys]
                found |= {str(key.value) for key in keys if isinstance(key, ast.Constant)}
    return sorted({*found, "notices_perhaps_repeated"})


def _gauges(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Gauge"
    ]
    for call in sorted(calls, key=lambda one: one.lineno):
        name, said, *labels = [ast.literal_eval(argument) for argument in call.args]
        yield name, said, labels[0] if labels else []


SURE = {"A": "seen", "B": "second-hand", "M": "from memory: verify", "own": "our own"}


def _limits(say: Say) -> Iterator[str]:
    yield f"# {say('Levels and limits')}\n"
    yield say(MADE).format(source=say("`flameblue/profiles/default_limits.yaml`"))
    yield say(
        "A point is **normal**, at **warning** or at **alarm**; **fault** stands beside them: "
        "silent, broken, or its device says so. A level is "
        "entered once every reading of an unbroken run was beyond its limit for the hold, in the "
        "device's time; it is left "
        "once they were back by the hysteresis for the clear hold "
        "([0003](../decisions/0003-time-holds-and-clocks.md)).\n"
    )
    yield say(
        "These are the limits where nobody has set others; profile, site, premises and circuit "
        "override them on the page *Limits*, which "
        "says of each where it comes from. How sure an edition is: *seen*, the clause's text was "
        "seen; *second-hand*; *from memory*, verify it "
        "before you rely on it; *our own* choice.\n"
    )
    first_night = say(
        "The limits of voltage are made for 220 V. Where the network has 230 V, set them for the site before the "
        "first night."
    )
    yield f"> **{say('A network of 230 V.')}** {first_night}\n"
    path = ROOT / "flameblue/profiles/default_limits.yaml"
    for quantity, limits in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        unit = limits.pop("unit")
        yield f"## `{quantity}`\n"
        yield head(say("what"), say("value"), say("how sure"), say("edition"))
        for what, said in limits.items():
            shown = "s" if what.endswith("_s") else "" if unit == "1" else unit
            name = what.removesuffix("_s").replace("_", " ")
            value = f"{said['value']} {say(shown)}".strip()
            yield row(say(name), value, say(SURE[said["confidence"]]), say(said["edition"]))
        yield ""


def _decisions(say: Say) -> Iterator[str]:
    yield f"# {say('Decisions')}\n"
    yield say("Why it is as it is: of each decision what was the matter, what was decided, and its price.\n")
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        if path.name.count(".") == 1:
            title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
            yield f"- [{say(title)}]({path.name})"
    yield ""


def write() -> None:
    """Writes those that are not as they should be."""
    for name, text in pages().items():
        (DOCS / name).parent.mkdir(exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
