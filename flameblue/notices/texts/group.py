"""The texts of the station's group chat: templates of their own, phrases and words of the language's catalogue."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from flameblue.notices.texts.catalogue import Catalogue, catalogue, read_templates

FILE = Path(__file__).with_name("group.yaml")
PREFIX = "group_"  # of every id


def is_group(template: str) -> bool:
    """Whether the template with this id speaks to the group."""
    return template.startswith(PREFIX)


def catalogue_for(template: str, language: str) -> Catalogue:
    """The catalogue that holds `template`: the group's, or the language's own."""
    return group_catalogue(language) if is_group(template) else catalogue(language)


@cache
def group_catalogue(language: str) -> Catalogue:
    """The group's texts in `language`; in Chinese where there are none."""
    texts = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    known = language if language in texts else "zh-hans"
    table = yaml.safe_load(FILE.with_name(f"{known}.yaml").read_text(encoding="utf-8"))
    found = read_templates({**table, "templates": texts[known]})
    return replace(catalogue(known), templates={template.id: template for template in found})
