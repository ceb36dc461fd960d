"""The demo's phones: what was sent to each number, what its owner answers, and a hand on the switch."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import F, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from flameblue.cases.models import Alarm
from flameblue.domain.transitions import Rule
from flameblue.fleet.models import Circuit
from flameblue.notices import replies
from flameblue.notices.models import InboundMessage, Notice
from flameblue.notices.texts import lengths
from flameblue.people.models import Person
from flameblue.web import access, switches
from flameblue.web.now import now
from flameblue.web.numbers import number

BUBBLES_MAX = 40  # of a phone, the newest
CHANNEL = "console"
VOICE = "_voice"  # in the name of every template of a call
ASKED = ("circuit", "case")  # the circuit that is chosen, and the case that somebody came from
DONE = {
    "isolate": gettext_lazy("Switch pulled: %(circuit)s"),
    "repair": gettext_lazy("Repaired: %(circuit)s"),
    "restore": gettext_lazy("Switched on: %(circuit)s"),
}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a phone. `units` are UTF-16 units, `parts` how many SMS carry them; a call has neither."""

    at: datetime
    text: str
    is_mine: bool
    is_voice: bool = False
    units: int = 0
    parts: int = 0
    because: str = ""  # why the second channel carried it


@dataclass(frozen=True, slots=True)
class Handset:
    """One number with its messages, the newest first."""

    number: str
    name: str
    bubbles: list[Bubble]


class WorldForm(forms.Form):
    do = forms.ChoiceField(choices=[(deed, deed) for deed in DONE])
    circuit = forms.ModelChoiceField(queryset=Circuit.objects.select_related("panel__premises"))


class ReplyForm(forms.Form):
    sender = forms.CharField(max_length=40)
    text = forms.CharField(max_length=500)


@require_GET
def phone(request: HttpRequest) -> HttpResponse:
    """The page."""
    watched = circuits()
    values = {"handsets": handsets(), "circuits": watched, "off": _off(watched)}
    chosen = number(request.GET.get("circuit")) or _own_circuit(request)
    values |= {"chosen": chosen, "case": number(request.GET.get("case")), "choose": len(watched) > 1}
    return render(request, "phone/phone.html", values)


def _own_circuit(request: HttpRequest) -> int | None:
    """The circuit of the case that the reader has taken, the newest of several, an alarm before a silence."""
    taken = Alarm.objects.filter(
        case__taken_by__in=[person.pk for person in access.persons_of(request.user)],
        case__closed_at=None,
        point__circuit__isnull=False,
    )
    rows = taken.exclude(rule=Rule.SILENCE).order_by("-case__number", "since")
    return rows.values_list("point__circuit", flat=True).first()


@require_GET
def bubbles(request: HttpRequest) -> HttpResponse:
    """The phones alone: the page asks for them again and again."""
    return render(request, "phone/_handsets.html", {"handsets": handsets()})


@require_POST
def reply(request: HttpRequest) -> HttpResponse:
    """Takes what somebody typed on a phone as the gateway hands it over; the answer comes to the phone."""
    form = ReplyForm(request.POST)
    if form.is_valid():
        replies.receive(CHANNEL, form.cleaned_data["sender"], form.cleaned_data["text"], now())
    return redirect("phone")


@require_POST
def world(request: HttpRequest) -> HttpResponse:
    """Somebody pulls the switch, repairs, or switches on again: the simulation does it."""
    form = WorldForm(request.POST)
    if form.is_valid():
        circuit: Circuit = form.cleaned_data["circuit"]
        switches.order(_orders(), form.cleaned_data["do"], _place(circuit))
        messages.info(request, DONE[form.cleaned_data["do"]] % {"circuit": circuit})
    asked = {name: number(request.POST.get(name)) for name in ASKED}
    back = urlencode({name: found for name, found in asked.items() if found is not None})
    return redirect(f"{reverse('phone')}?{back}" if back else "phone")


def _orders() -> Path:
    path: Path = settings.CONFIG.data / "simulation" / "commands.jsonl"
    return path


def _place(circuit: Circuit) -> switches.Place:
    return circuit.panel.premises.name, circuit.name


def _off(watched: Sequence[Circuit]) -> set[int]:
    """The circuits whose switch somebody has pulled here."""
    off = switches.switched_off(_orders())
    return {circuit.pk for circuit in watched if _place(circuit) in off}


def circuits() -> list[Circuit]:
    """Every circuit that is watched, those with an unclosed case first, the newest case first."""
    newest = (
        Alarm.objects.filter(point__circuit=OuterRef("pk"), case__isnull=False, case__closed_at=None)
        .order_by("-case__number")
        .values("case__number")[:1]
    )
    watched = Circuit.objects.filter(points__isnull=False).distinct().select_related("panel__premises")
    by_case = F("case_number").desc(nulls_last=True)
    names = ("panel__premises__name", "panel__name", "name")
    return list(watched.annotate(case_number=Subquery(newest)).order_by(by_case, *names))


def handsets() -> list[Handset]:
    """Every phone that got or sent a message, the one with the newest message first."""
    found: dict[str, list[Bubble]] = defaultdict(list)
    for notice in Notice.objects.filter(channel=CHANNEL, sent_at__isnull=False).order_by("-sent_at")[:1000]:
        found[notice.to].append(_received(notice))
    for inbound in InboundMessage.objects.filter(channel=CHANNEL).order_by("-at")[:1000]:
        found[inbound.sender].append(Bubble(at=inbound.at, text=inbound.text, is_mine=True))
    names = dict(Person.objects.filter(phone__in=found).values_list("phone", "name"))
    names[""] = _("The station's group")
    phones = [
        Handset(
            number=number,
            name=names.get(number, ""),
            bubbles=sorted(bubbles, key=lambda bubble: bubble.at, reverse=True)[:BUBBLES_MAX],
        )
        for number, bubbles in found.items()
    ]
    return sorted(phones, key=lambda phone: phone.bubbles[0].at, reverse=True)


def _received(notice: Notice) -> Bubble:
    is_voice = VOICE in notice.template
    is_sms = not is_voice and bool(notice.to)
    return Bubble(
        at=notice.sent_at or notice.created_at,
        text=notice.text,
        is_mine=False,
        is_voice=is_voice,
        units=lengths.units(notice.text) if is_sms else 0,
        parts=len(lengths.split(notice.text)) if is_sms else 0,
        because=notice.instead_because,
    )
