"""The layers of limits that are in force, read once and asked for every point."""

from dataclasses import dataclass, field

from flameblue.fleet.limits import FIELDS, Layer, LimitOrigin, layer, merged
from flameblue.fleet.models import LimitSetting
from flameblue.fleet.point_rows import PointFacts
from flameblue.profiles.default_limits import OF_RATING, default_limits
from flameblue.profiles.loader import Profile

Place = tuple[str, str | int, str]  # scope, which one, quantity
Scope = LimitSetting.Scope


@dataclass
class Layers:
    """Every limit that somebody has set; `of` merges them over the profile's and the defaults."""

    settings: dict[Place, Layer]
    _merged: dict[tuple[str, str, float | None, tuple[Place, ...]], Layer] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Layers":
        """What is in the database now."""
        found: dict[Place, Layer] = {}
        for one in LimitSetting.objects.all():
            values = {name: getattr(one, name) for name in FIELDS}
            found[place_of(one)] = layer(one.scope, values, one.reason)
        return cls(found)

    def of(self, facts: PointFacts, profile: Profile) -> Layer:
        """The limits that count for one point; the same object for points that share them."""
        own = self._places(facts)
        key = (facts.profile, facts.quantity, facts.rated_current_a, own)
        if key not in self._merged:
            quantity = facts.quantity
            base = default_layer(quantity, facts.rated_current_a)
            models = layer("profile", profile.limits.get(quantity, {}), profile.source)
            self._merged[key] = merged([base, models, *(self.settings[place] for place in own)])
        return self._merged[key]

    def _places(self, facts: PointFacts) -> tuple[Place, ...]:
        """The set limits that speak of this point, widest first."""
        places: list[Place] = [
            (Scope.PROFILE, facts.profile, facts.quantity),
            (Scope.SITE, facts.site, facts.quantity),
            (Scope.PREMISES, facts.premises, facts.quantity),
        ]
        if facts.circuit is not None:
            places.append((Scope.CIRCUIT, facts.circuit, facts.quantity))
        return tuple(place for place in places if place in self.settings)


def default_layer(quantity: str, rated_current_a: float | None) -> Layer:
    """The defaults of `quantity`; those that are fractions of a rating need one, else there is no limit."""
    found: dict[str, LimitOrigin] = {}
    for name, limit in default_limits().get(quantity, {}).items():
        if limit.unit != OF_RATING:
            found[name] = LimitOrigin(name, limit.value, "default", limit.edition)
        elif rated_current_a is not None:
            found[name] = LimitOrigin(name, limit.value * rated_current_a, "default", limit.edition)
    return found


def place_of(setting: LimitSetting) -> Place:
    """What `setting` speaks of."""
    which: dict[str, str | int | None] = {
        Scope.PROFILE: setting.profile,
        Scope.SITE: setting.site_id,
        Scope.PREMISES: setting.premises_id,
        Scope.CIRCUIT: setting.circuit_id,
    }
    return setting.scope, which[setting.scope] or "", setting.quantity
