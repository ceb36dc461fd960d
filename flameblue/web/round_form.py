"""The form that ticks off a premises in a round: what was chosen and typed stays until it is accepted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from flameblue.inspections import actions
from flameblue.inspections.actions import Finding
from flameblue.inspections.models import Check, Item
from flameblue.web import words
from flameblue.web.round_facts import Line

CHOICES = (("", ""), ("ok", "ok"), ("not_ok", "not_ok"))


@dataclass(frozen=True, slots=True)
class Row:
    """One item as the form holds it; `of_choice` and `of_text` say what is wrong, `is_first` where to begin."""

    item: Item
    check: Check | None
    choice: str
    text: str
    of_choice: str = ""
    of_text: str = ""
    is_first: bool = False


class CheckForm(forms.Form):
    """A choice and a text for each item; an item of which nothing is said stays as it is."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        for item in Item:
            told = {"invalid_choice": _("Please choose: in order, or not in order.")}
            self.fields[item] = forms.ChoiceField(choices=CHOICES, required=False, error_messages=told)
            self.fields[f"{item}_text"] = forms.CharField(required=False)

    def clean(self) -> dict[str, Any]:
        """Names each field that a finding would be refused for; a text alone is not thrown away."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for item in Item:
            text, choice = cleaned.get(f"{item}_text", ""), cleaned.get(item, "")
            if text and not choice:
                self._errors_of(item, _("Please choose: in order, or not in order."))
        for finding in self.findings():
            if refused := actions.text_refused(finding):
                self._errors_of(f"{finding.item}_text", words.word(words.INSPECTION_REFUSALS, refused))
        if not self.errors and not self.findings():
            self.add_error(None, _("Nothing was ticked off: choose what you found."))
        return cleaned

    def findings(self) -> list[Finding]:
        """What was chosen."""
        said = self.cleaned_data
        return [
            Finding(item, said[item] == "ok", said.get(f"{item}_text", "")) for item in Item if said.get(item)
        ]

    def rows(self, line: Line) -> list[Row]:
        """The items with what somebody has just sent."""
        wrong = [item for item in Item if item in self.errors or f"{item}_text" in self.errors]
        first = (wrong or list(Item))[0]
        return [self._row(item, check, is_first=item == first) for item, check in line.checks]

    def _row(self, item: Item, check: Check | None, *, is_first: bool) -> Row:
        troubles = {name: str(errors[0]) for name, errors in self.errors.items() if errors}
        return Row(
            item=item,
            check=check,
            choice=self.data.get(item, ""),
            text=self.data.get(f"{item}_text", ""),
            of_choice=troubles.get(item, ""),
            of_text=troubles.get(f"{item}_text", ""),
            is_first=is_first,
        )

    def _errors_of(self, name: str, said: str) -> None:
        if name not in self.errors:
            self.add_error(name, said)


def kept(line: Line) -> list[Row]:
    """The items as they are ticked off already."""
    choice: Mapping[bool, str] = {True: "ok", False: "not_ok"}
    return [
        Row(item, check, choice[check.ok] if check else "", check.text if check else "")
        for item, check in line.checks
    ]
