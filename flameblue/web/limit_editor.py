"""The limits of one quantity at one place, as the editor shows them: where each comes from, what a change would do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from flameblue.domain.quantities import QUANTITIES
from flameblue.fleet import limit_preview, shelf
from flameblue.fleet.actions import LimitRefused, Limits, check_limits, scope_of
from flameblue.fleet.limits import FIELDS, LimitOrigin, merged
from flameblue.fleet.models import LimitSetting
from flameblue.web import access, words
from flameblue.web.numbers import number

FIRST_QUANTITY = "temperature_c"


@dataclass(frozen=True, slots=True)
class Where:
    """A place and a quantity that the address names."""

    target: limit_preview.Target
    quantity: str
    quantities: Sequence[str]  # what is measured there, or else what is asked for

    @property
    def scope(self) -> str:
        return str(scope_of(self.target))

    @property
    def key(self) -> str | int:
        return self.target if isinstance(self.target, str) else self.target.pk

    @property
    def unit(self) -> str:
        return QUANTITIES[self.quantity].unit


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what each scope says of it, what counts, and what the form holds."""

    field: str
    said: list[LimitOrigin | None]
    counts: LimitOrigin | None
    own: float | None
    typed: str
    is_wrong: bool


def where(user: access.AnyUser, query: QueryDict) -> Where | None:
    """The place that `query` names, where `user` may see it; None: there is none."""
    quantity = query.get("quantity", "")
    if quantity and quantity not in QUANTITIES:
        return None
    places = (
        ("circuit", access.circuits_for),
        ("premises", access.premises_for),
        ("site", access.sites_for),
    )
    for name, seen in places:
        if name in query:
            found = seen(user).filter(pk=number(query.get(name)) or 0).first()
            return None if found is None else _at(found, quantity)
    profile = query.get("profile", "")
    if profile not in shelf.profiles():
        return None
    return _at(profile, quantity)


def setting_at(at: Where) -> LimitSetting | None:
    """What somebody has set there."""
    names = {"profile": "profile", "site": "site", "premises": "premises", "circuit": "circuit"}
    return LimitSetting.objects.filter(
        scope=at.scope, quantity=at.quantity, **{names[at.scope]: at.target}
    ).first()


def _at(target: limit_preview.Target, asked: str) -> Where:
    """There, with the quantity that is asked for: heat where it is measured, or else what is, where none is."""
    points = limit_preview.points_anywhere(target)
    found = set(points.values_list("quantity", flat=True).distinct().order_by())
    measured = [name for name in QUANTITIES if name in found]
    first = FIRST_QUANTITY if FIRST_QUANTITY in found or not measured else measured[0]
    chosen = asked or first
    return Where(target, chosen, [name for name in QUANTITIES if name in found or name == chosen])


def profile_at(at: Where) -> Any:
    """The profile of the points there, where they have one in common."""
    if isinstance(at.target, str):
        return shelf.profiles()[at.target]
    points = limit_preview.points_of(at.target, at.quantity)
    names = list(points.values_list("device__profile", flat=True).distinct().order_by()[:2])
    return shelf.profiles().get(names[0]) if len(names) == 1 else None


def rows(at: Where, typed: Mapping[str, str] | None = None, wrong: str = "") -> tuple[list[str], list[Row]]:
    """(the scopes in their order, a row for each field)."""
    chain = limit_preview.chain(at.target, at.quantity, profile_at(at))
    counts = merged([layer for _scope, layer in chain])
    own = setting_at(at)
    table = []
    for name in FIELDS:
        value = getattr(own, name) if own is not None else None
        text = typed.get(name, "") if typed is not None else ("" if value is None else f"{value:g}")
        said = [layer.get(name) for _scope, layer in chain]
        table.append(Row(name, said, counts.get(name), value, text, name == wrong))
    return [scope for scope, _layer in chain], table


def wished(at: Where, form: QueryDict) -> Limits:
    """What the form wishes to be otherwise than it is; LimitRefused says what is impossible."""
    own = setting_at(at)
    values: dict[str, float | None] = {}
    for name in FIELDS:
        value = _number(name, form.get(name, ""))
        if value != (getattr(own, name) if own is not None else None):
            values[name] = value
    if not values:
        raise LimitRefused("Nothing was changed.", "nothing", {})
    whole = {name: getattr(own, name) for name in FIELDS} if own is not None else {}
    check_limits(at.quantity, {**whole, **values})
    if not form.get("reason", "").strip():
        raise LimitRefused("A limit is changed for a reason: say it.", "reason", {})
    return Limits(at.target, at.quantity, values)


def fingerprint(limits: Limits) -> str:
    """Of what was shown: whoever types another value meanwhile is shown that first."""
    return " ".join(f"{name}={value}" for name, value in limits.values.items())


def refused(error: LimitRefused) -> str:
    """Why, in the reader's language."""
    facts = dict(error.facts)
    for name in ("field", "other"):
        if name in facts:
            facts[name] = words.word(words.LIMITS, facts[name])
    for name in ("value", "least", "most", "other_value"):
        if isinstance(facts.get(name), float):
            facts[name] = f"{facts[name]:g}"
    return words.word(words.LIMIT_TROUBLES, error.trouble) % facts


def _number(name: str, text: str) -> float | None:
    plain = text.strip().replace(",", ".")
    if not plain:
        return None
    try:
        value = float(plain)
    except ValueError as error:
        raise LimitRefused(
            f"{name} is no number: {text}", "number", {"field": name, "value": text[:40]}
        ) from error
    if value != value or value in (float("inf"), float("-inf")):
        raise LimitRefused(f"{name} is no number: {text}", "number", {"field": name, "value": text[:40]})
    return value
