"""What people do to a case. Each is one action of `cases`; who comes too late is told who has it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from flameblue.cases import actions, causes
from flameblue.cases.models import Case
from flameblue.cases.outcome import Outcome
from flameblue.people.models import Person
from flameblue.web import access, case_facts, drafts, readings, words
from flameblue.web.now import now

TEXT_MAX = 2_000
REASON_MAX = 200
CAUSES = [(word, word) for word in causes.CAUSES]


class MadeSafeForm(forms.Form):
    """How it was made safe."""

    how = forms.ChoiceField(
        choices=[(word, word) for word in causes.MADE_SAFE], label=gettext_lazy("Made safe")
    )
    seen = forms.BooleanField(required=False)


class FindingForm(forms.Form):
    """What was found and what was done; a leader may say why nothing can prove it."""

    cause = forms.ChoiceField(choices=CAUSES, label=gettext_lazy("Cause"))
    action = forms.CharField(max_length=REASON_MAX, label=gettext_lazy("What was done"))
    without_proof_reason = forms.CharField(
        max_length=REASON_MAX, required=False, label=gettext_lazy("Why the readings can't prove it")
    )
    seen = forms.BooleanField(required=False)


class CommentForm(forms.Form):
    """A remark."""

    text = forms.CharField(max_length=TEXT_MAX, label=gettext_lazy("What the next person should know"))


class AssignForm(forms.Form):
    """One of the station's people."""

    def __init__(self, data: Mapping[str, Any], case: Case) -> None:
        super().__init__(data)
        self.fields["person"] = forms.ModelChoiceField(
            queryset=case_facts.colleagues(case), label=gettext_lazy("Assign to")
        )


class ShelveForm(forms.Form):
    """Why, and for how long."""

    reason = forms.CharField(max_length=REASON_MAX, label=gettext_lazy("Shelve: no messages, because"))
    hours = forms.TypedChoiceField(
        coerce=int, choices=[(hours, hours) for hours in case_facts.SHELVE_HOURS], label=gettext_lazy("for")
    )


@require_POST
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Takes the case, or says who has it."""
    case, by = _asked(request, number)
    outcome = actions.take(case.pk, by=by, now=now())
    return _answer(request, case, outcome, _("You have case %(number)d.") % {"number": number})


@require_POST
def give_back(request: HttpRequest, number: int) -> HttpResponse:
    """Undoes a take of a moment ago."""
    case, by = _asked(request, number)
    outcome = actions.give_back(case.pk, by=by, now=now())
    return _answer(request, case, outcome, _("Given back: nobody has case %(number)d.") % {"number": number})


@require_POST
def made_safe(request: HttpRequest, number: int) -> HttpResponse:
    """A person says that it is safe."""
    case, by = _asked(request, number)
    form = MadeSafeForm(request.POST)
    if not form.is_valid():
        return _incomplete(request, case, form)
    said = actions.Safe(how=form.cleaned_data["how"], seen=form.cleaned_data["seen"])
    outcome = actions.say_safe(case.pk, by, said, now(), readings.latest)
    return _answer(request, case, outcome, _("Made safe. The readings must still prove the repair."))


@require_POST
def repaired(request: HttpRequest, number: int) -> HttpResponse:
    """A person names the cause and the repair."""
    case, by = _asked(request, number)
    form = FindingForm(request.POST)
    if not form.is_valid():
        return _incomplete(request, case, form)
    found = form.cleaned_data
    said = actions.Repair(cause=found["cause"], action=found["action"], seen=found["seen"])
    outcome = actions.say_repaired(case.pk, by, said, now(), readings.latest)
    return _answer(request, case, outcome, _("Repaired. The readings under load will prove it."))


@require_POST
def close(request: HttpRequest, number: int) -> HttpResponse:
    """Closes a proven case; with a reason, a leader closes one that nothing can prove."""
    case, by = _asked(request, number)
    form = FindingForm(request.POST)
    if not form.is_valid():
        return _incomplete(request, case, form)
    found = form.cleaned_data
    outcome = actions.close(
        case.pk,
        by,
        now(),
        cause=found["cause"],
        action=found["action"],
        without_proof_reason=found["without_proof_reason"],
        latest=readings.latest,
    )
    return _answer(request, case, outcome, _("Case %(number)d is closed.") % {"number": number})


@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """Adds a remark."""
    case, by = _asked(request, number)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return _incomplete(request, case, form)
    outcome = actions.comment(case.pk, by=by, text=form.cleaned_data["text"], now=now())
    return _answer(request, case, outcome, _("The comment is on the time line."))


@require_POST
def assign(request: HttpRequest, number: int) -> HttpResponse:
    """Gives the case to one of the station's people."""
    case, by = _asked(request, number)
    form = AssignForm(request.POST, case)
    if not form.is_valid():
        return _incomplete(request, case, form)
    to: Person = form.cleaned_data["person"]
    outcome = actions.assign(case.pk, by=by, to=to, now=now())
    return _answer(request, case, outcome, _("Assigned to %(name)s.") % {"name": to.name})


@require_POST
def shelve(request: HttpRequest, number: int) -> HttpResponse:
    """Keeps the case's messages back for some hours."""
    case, by = _asked(request, number)
    form = ShelveForm(request.POST)
    if not form.is_valid():
        return _incomplete(request, case, form)
    at = now()
    until = at + timedelta(hours=form.cleaned_data["hours"])
    outcome = actions.shelve(case.pk, by, form.cleaned_data["reason"], until, at)
    return _answer(request, case, outcome, _("Shelved. A worse level or another alarm breaks through."))


def _asked(request: HttpRequest, number: int) -> tuple[Case, Person]:
    case = access.case_for(request.user, number, may=access.ACT)
    return case, access.person_of(request.user)


def _answer(request: HttpRequest, case: Case, outcome: Outcome, done: str) -> HttpResponse:
    """Back to where the person was, with what came of it; a script is told in words instead."""
    if request.headers.get("X-Said"):
        said = done if outcome else refusal(outcome)
        return JsonResponse({"done": bool(outcome), "text": said, "undo": _("Give it back")})
    if outcome:
        messages.success(request, done)
    else:
        messages.warning(request, refusal(outcome))
        drafts.keep(request, case.number)
    if request.GET.get("next") == "board" and outcome:
        return redirect("board")
    if outcome.reason == "readings_say_otherwise":
        return redirect(f"{reverse('case', args=(case.number,))}#what-now")  # where it is asked again
    return redirect("case", case.number)


def refusal(outcome: Outcome) -> str:
    """Why it was not done, with the name of whoever has the case."""
    said = words.word(words.REFUSALS, outcome.reason)
    return _("%(why)s %(name)s has it.") % {"why": said, "name": outcome.who.name} if outcome.who else said


def _incomplete(request: HttpRequest, case: Case, form: forms.Form) -> HttpResponse:
    """Back to the case, with what is missing; where nothing is, with what is wrong."""
    drafts.keep(request, case.number)
    wrong = [error for errors in form.errors.as_data().values() for error in errors]
    if {error.code for error in wrong} <= {"required", "invalid_choice"}:
        fields = " · ".join(str(form.fields[name].label) for name in form.errors)
        messages.error(request, _("Not done: please fill in every field. (%(fields)s)") % {"fields": fields})
    else:
        why = " ".join(sentence for error in wrong for sentence in error.messages)
        messages.error(request, _("Not done. %(why)s") % {"why": why})
    return redirect("case", case.number)
