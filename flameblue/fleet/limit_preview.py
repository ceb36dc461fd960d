"""What a change would do to the limits of points, worked out before anybody is asked to confirm it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q, QuerySet

from flameblue.domain.limits import TOUCHED_COMPARED_MAX
from flameblue.fleet.actions import Limits, scope_of
from flameblue.fleet.layers import Layers, Place, default_layer
from flameblue.fleet.limits import FIELDS, Layer, LimitOrigin, layer
from flameblue.fleet.models import Circuit, LimitSetting, Point, Premises, Site
from flameblue.fleet.point_rows import PointFacts
from flameblue.fleet.point_table import FACTS
from flameblue.profiles.loader import Profile

Target = str | Site | Premises | Circuit
Scope = LimitSetting.Scope
SCOPES = (Scope.PROFILE, Scope.SITE, Scope.PREMISES, Scope.CIRCUIT)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one point's limits. None: there is no such limit."""

    point: int
    field: str
    before: LimitOrigin | None
    after: LimitOrigin | None


@dataclass(frozen=True)
class Touched:
    """The points that a change speaks of, and what it changes in the first of them.

    `changed`: how many points get other limits; None where the points are too many to be compared.
    """

    points: int
    changed: int | None
    differences: Mapping[int, list[Difference]] = field(default_factory=dict)


def points_of(target: Target, quantity: str) -> QuerySet[Point]:
    """The points in use whose limits of `quantity` `target` speaks of."""
    return points_anywhere(target).filter(quantity=quantity)


def points_anywhere(target: Target) -> QuerySet[Point]:
    """The points in use that `target` speaks of, whatever they measure."""
    name = {
        Scope.PROFILE: "device__profile",
        Scope.SITE: "device__premises__site",
        Scope.PREMISES: "device__premises",
        Scope.CIRCUIT: "circuit",
    }[scope_of(target)]
    return Point.objects.filter(Q(**{name: _id(target)}), retired=False, device__enabled=True)


def of_limits(limits: Limits, profiles: Mapping[str, Profile], shown: int) -> Touched:
    """What `set_limit` with `limits` would do; values of None take a limit back."""
    before = Layers.read()
    place: Place = (scope_of(limits.target), _id(limits.target), limits.quantity)
    own = {name: origin.value for name, origin in before.settings.get(place, {}).items()}
    after = Layers({**before.settings, place: layer(place[0], {**own, **limits.values}, "")})
    points = points_of(limits.target, limits.quantity)
    n = points.count()
    if n > TOUCHED_COMPARED_MAX:
        return Touched(n, None)
    facts = facts_of(points)
    return _touched([(one, one) for one in facts], (before, after), profiles, shown)


def of_rating(circuit: Circuit, rated_current_a: float | None, profiles: Mapping[str, Profile]) -> Touched:
    """What another rating would do to the points of `circuit`."""
    known = Layers.read()
    facts = facts_of(Point.objects.filter(circuit=circuit, retired=False))
    pairs = [(one, replace(one, rated_current_a=rated_current_a)) for one in facts]
    return _touched(pairs, (known, known), profiles, len(pairs))


def facts_of(points: QuerySet[Point]) -> list[PointFacts]:
    """What the database says of `points`, in their order."""
    rows = points.order_by("id").values_list(*FACTS)
    return [PointFacts(*one) for one in rows]


def chain(target: Target, quantity: str, profile: Profile | None) -> list[tuple[str, Layer]]:
    """What each scope says of `quantity` at `target`, the widest first: default, profile, site, premises, circuit."""
    known = Layers.read().settings
    rating = target.rated_current_a if isinstance(target, Circuit) else None
    said: list[tuple[str, Layer]] = [("default", default_layer(quantity, rating))]
    if profile is not None:
        models = layer("profile", profile.limits.get(quantity, {}), profile.source)
        said.append(("profile", {**models, **known.get((Scope.PROFILE, profile.name, quantity), {})}))
    said.extend((scope, known.get((scope, which, quantity), {})) for scope, which in _wider(target))
    return said


def _wider(target: Target) -> Iterator[tuple[str, int | str]]:
    """The scopes around `target` and itself, the widest first."""
    match target:
        case Circuit():
            yield from _wider(target.panel.premises)
            yield Scope.CIRCUIT, target.pk
        case Premises():
            yield Scope.SITE, target.site_id
            yield Scope.PREMISES, target.pk
        case Site():
            yield Scope.SITE, target.pk


def _id(target: Target) -> int | str:
    return target if isinstance(target, str) else target.pk


def _touched(
    pairs: Sequence[tuple[PointFacts, PointFacts]],
    layers: tuple[Layers, Layers],
    profiles: Mapping[str, Profile],
    shown: int,
) -> Touched:
    found: dict[int, list[Difference]] = {}
    changed = 0
    for before, after in pairs:
        profile = profiles.get(before.profile)
        if profile is None:
            continue
        differences = _differences(before.id, layers[0].of(before, profile), layers[1].of(after, profile))
        changed += bool(differences)
        if len(found) < shown:
            found[before.id] = differences
    return Touched(len(pairs), changed, found)


def _differences(point: int, before: Layer, after: Layer) -> list[Difference]:
    pairs = ((name, before.get(name), after.get(name)) for name in FIELDS)
    return [
        Difference(point, name, was, becomes)
        for name, was, becomes in pairs
        if (was and was.value) != (becomes and becomes.value)
    ]
