"""Who may see and do what. Everything is denied that is not allowed here.

Invariants: a view that `VIEWS` does not name answers 403 to everybody; a person of a station sees the cases,
premises and devices of that station's sites only, an admin sees all; pages take a session, the API takes a
token and nothing else; a demo has no sign-in, and only for requests that were sent to a loopback host.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import ResolverMatch, reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from flameblue.cases import kinds
from flameblue.cases.models import Alarm, Case, CaseEvent
from flameblue.fleet.models import Circuit, Device, Point, Premises, Site
from flameblue.people.actions import must_choose_password
from flameblue.people.models import Contact, Person
from flameblue.web import strangers, themes, tokens
from flameblue.web.map_tiles import hosts_of
from flameblue.web.now import now

T = TypeVar("T")
ADMIN, DUTY, VIEWER = "admin", "duty", "viewer"
ROLES = (ADMIN, DUTY, VIEWER)  # also the names of the groups; the first that a user has counts
READ, ACT = "read", "act"
SCOPES = (READ, ACT)  # of API tokens


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a view. `scope`: it is called with a token that has this scope, not with a session."""

    roles: frozenset[str] = frozenset()
    anyone: bool = False
    scope: str = ""
    demo: bool = False  # exists in a demo only


ANYONE = Rule(anyone=True)
SEES = Rule(roles=frozenset(ROLES))
ACTS = Rule(roles=frozenset({ADMIN, DUTY}))
RUNS = Rule(roles=frozenset({ADMIN}))
DEMO = Rule(roles=frozenset({ADMIN, DUTY}), demo=True)
API_READS = Rule(roles=frozenset(ROLES), scope=READ)
API_ACTS = Rule(roles=frozenset({ADMIN, DUTY}), scope=ACT)

VIEWS: Mapping[str, Rule] = {
    "sign-in": ANYONE,
    "sign-out": ANYONE,
    "language": ANYONE,
    "theme": ANYONE,
    "styleguide": SEES,
    "healthz": ANYONE,
    "password": SEES,
    "board": SEES,
    "live-board": SEES,
    "presence": SEES,
    "duty-answer": ACTS,
    "map": SEES,
    "map-lines": SEES,
    "map-tiles": SEES,
    "case": SEES,
    "case-chart": SEES,
    "live-case": SEES,
    "closed-cases": SEES,
    "case-take": ACTS,
    "case-give-back": ACTS,
    "case-made-safe": ACTS,
    "case-repaired": ACTS,
    "case-close": ACTS,
    "case-comment": ACTS,
    "case-assign": ACTS,
    "case-shelve": ACTS,
    "premises": SEES,
    "picture": SEES,
    "picture-change": ACTS,
    "coverage": SEES,
    "handled": SEES,
    "handled-cases": SEES,
    "old-counts": RUNS,
    "sheet": SEES,
    "sheets": SEES,
    "sheets-print": SEES,
    "visit": ACTS,
    "rounds": SEES,
    "round": SEES,
    "round-print": SEES,
    "check": ACTS,
    "premises-charts": SEES,
    "premises-series": SEES,
    "premises-csv": SEES,
    "premises-energy": SEES,
    "premises-points": SEES,
    "premises-cases": SEES,
    "live-premises": SEES,
    "devices": SEES,
    "fleet": SEES,
    "fleet-tab": SEES,
    "fleet-thing": SEES,
    "fleet-edit": ACTS,
    "device-address": ACTS,
    "device-ask": ACTS,
    "device-asked": SEES,
    "fleet-limits": SEES,
    "fleet-set-limits": RUNS,
    "fleet-files": RUNS,
    "fleet-import": RUNS,
    "fleet-export": RUNS,
    "start": RUNS,
    "start-site": RUNS,
    "start-premises": RUNS,
    "start-device": RUNS,
    "start-message": RUNS,
    "start-connect": RUNS,
    "start-credential": RUNS,
    "live-connect": RUNS,
    "commissioning": SEES,
    "commissioning-table": SEES,
    "commissioning-device": SEES,
    "live-commissioning": SEES,
    "commissioning-test": ACTS,
    "commissioning-apply": ACTS,
    "commissioning-waive": ACTS,
    "commissioning-unknown": RUNS,
    "live-unknown": RUNS,
    "commissioning-bind": RUNS,
    "commissioning-places": RUNS,
    "commissioning-points": RUNS,
    "scan": ACTS,
    "scan-worker": ACTS,
    "scan-send": ACTS,
    "scans": ACTS,
    "accept": ACTS,
    "acceptance": SEES,
    "acceptance-pdf": SEES,
    "acceptance-signature": SEES,
    "quarantine": ACTS,
    "pairing": RUNS,
    "reveal-phone": ACTS,
    "health": SEES,
    "metrics": API_READS,
    "phone": DEMO,
    "phone-bubbles": DEMO,
    "phone-reply": DEMO,
    "phone-world": DEMO,
    "api:api-root": ANYONE,
    "api:openapi-json": ANYONE,
    "api:cases": API_READS,
    "api:case": API_READS,
    "api:case-take": API_ACTS,
    "api:case-comment": API_ACTS,
    "api:premises": API_READS,
    "api:points": API_READS,
    "api:readings": API_READS,
}
NAMESPACES: Mapping[str, Rule] = {"admin": RUNS}

MAP_HOSTS = hosts_of(settings.CONFIG.web.map_tiles)
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src 'self' data: blob:{MAP_HOSTS}",
        f"connect-src 'self'{MAP_HOSTS}",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

AnyUser = AbstractBaseUser | AnonymousUser


def rule_for(match: ResolverMatch) -> Rule | None:
    """The rule of the view that `match` found; None: nobody may call it."""
    if match.view_name in VIEWS:
        return VIEWS[match.view_name]
    return NAMESPACES.get(match.namespaces[0]) if match.namespaces else None


def role_of(user: AnyUser) -> str:
    """The first of ROLES that `user` has; empty: none, which allows nothing."""
    return _once(user, "role", _role)


def _once(user: AnyUser, name: str, ask: Callable[[AnyUser], T]) -> T:
    """What `ask` says of `user`, asked once a request: who asks is read anew for each."""
    told: dict[str, T] = vars(user).setdefault("told", {})
    if name not in told:
        told[name] = ask(user)
    return told[name]


def _role(user: AnyUser) -> str:
    if not isinstance(user, User) or not user.is_active:
        return ""
    if user.is_superuser:
        return ADMIN
    names = set(user.groups.values_list("name", flat=True))
    return next((role for role in ROLES if role in names), "")


class AccessMiddleware(MiddlewareMixin):
    """Asks for every view who may call it, and sends the headers that keep a page to itself."""

    def process_view(self, request: HttpRequest, *_called: Any) -> HttpResponse | None:
        match = request.resolver_match
        rule = rule_for(match) if match else None
        if rule is None or (rule.demo and not settings.CONFIG.demo):
            return _denied(request, rule)
        if rule.anyone:
            return None
        if rule.scope:
            return _by_token(request, rule)
        if (user := demo_user(request)) is not None:
            request.user = user
        if not request.user.is_authenticated:
            return strangers.to_sign_in(request)
        if must_choose_password(request.user) and request.path != reverse("password"):
            return HttpResponseRedirect(reverse("password"))
        return None if role_of(request.user) in rule.roles else _denied(request, rule)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _by_token(request: HttpRequest, rule: Rule) -> HttpResponse | None:
    token = tokens.of_request(request)
    if token is None:
        return tokens.needed(request)
    if rule.scope not in token.scopes or role_of(token.user) not in rule.roles:
        return tokens.too_weak(rule.scope)
    request.user = token.user
    return None


def _denied(request: HttpRequest, rule: Rule | None) -> HttpResponse:
    if rule is not None and rule.demo:
        raise Http404
    return render(request, "403.html", status=403)


def demo_user(request: HttpRequest) -> User | None:
    """The user as whom `request` acts without a sign-in; None outside a demo, and before there is one."""
    person = demo_person() if strangers.is_demo(request) else None
    return person.user if person else None


def demo_person() -> Person | None:
    """The person as whom every request of a demo acts: the first duty officer; None before there is one."""
    people = Person.objects.filter(active=True, user__is_active=True, user__groups__name__in=(DUTY, ADMIN))
    return people.select_related("user").order_by("id").first()


def persons_of(user: AnyUser) -> QuerySet[Person]:
    """The active person that `user` is linked to: one or none."""
    return Person.objects.filter(user__pk=user.pk if isinstance(user, User) else 0, active=True)


def person_of(user: AnyUser) -> Person:
    """The person of `user`, who answers for what is done; 403 where the user has none."""
    person = persons_of(user).select_related("station").first()
    if person is None:
        raise PermissionDenied(_("Your user is not linked to a person; an admin can do that."))
    return person


def is_person(user: AnyUser) -> bool:
    """Whether `user` can do what needs a name."""
    return _once(user, "person", _person) is not None


def station_id_of(user: AnyUser) -> int | None:
    """The station whose sites `user` may see; None: none (an admin needs none)."""
    person = _once(user, "person", _person)
    return person.station_id if person else None


def _person(user: AnyUser) -> Person | None:
    return persons_of(user).first()


def scope_of(request: HttpRequest) -> tuple[str, int | None]:
    """What readers must have in common to see the same of everything: role and station."""
    role = role_of(request.user)
    station = 0 if role == ADMIN else station_id_of(request.user)
    return (role, station)


def cases_for(user: AnyUser) -> QuerySet[Case]:
    """The cases that `user` may see: of the own station, of a neighbour that called, of the system."""
    alarms = Alarm.objects.select_related("point__circuit__panel", "point__device")
    cases = Case.objects.select_related(
        "site__station", "premises__site__station", "taken_by", "assigned_to", "incident"
    ).prefetch_related(Prefetch("alarms", alarms))
    if role_of(user) == ADMIN:
        return cases
    station = station_id_of(user)
    if station is None:
        return cases.none()
    own = Q(site__station=station) | Q(premises__site__station=station)
    calls = CaseEvent.objects.filter(case=OuterRef("pk"), kind=kinds.ESCALATED, data__step="next_station")
    neighbours = Q(premises__site__station__next_station=station) | Q(site__station__next_station=station)
    return cases.filter(own | Q(site=None, premises=None) | (neighbours & Exists(calls)))


def case_for(user: AnyUser, number: int, *, may: str = READ) -> Case:
    """The case `number`; 404 where `user` must not know of it, 403 where they may see it but not act."""
    case = cases_for(user).filter(number=number).first()
    if case is None:
        raise Http404
    if may == ACT and role_of(user) not in ACTS.roles:
        raise PermissionDenied
    return case


def sites_for(user: AnyUser) -> QuerySet[Site]:
    """The sites that `user` may see."""
    sites = Site.objects.select_related("station")
    return sites if role_of(user) == ADMIN else sites.filter(station=station_id_of(user) or 0)


def circuits_for(user: AnyUser) -> QuerySet[Circuit]:
    """The circuits that `user` may see."""
    circuits = Circuit.objects.select_related("panel__premises__site")
    if role_of(user) == ADMIN:
        return circuits
    return circuits.filter(panel__premises__site__station=station_id_of(user) or 0)


def premises_for(user: AnyUser) -> QuerySet[Premises]:
    """The premises that `user` may see."""
    premises = Premises.objects.select_related("site__station")
    return premises if role_of(user) == ADMIN else premises.filter(site__station=station_id_of(user) or 0)


def devices_for(user: AnyUser) -> QuerySet[Device]:
    """The devices that `user` may see."""
    devices = Device.objects.select_related("premises__site")
    if role_of(user) == ADMIN:
        return devices
    return devices.filter(premises__site__station=station_id_of(user) or 0)


def points_for(user: AnyUser) -> QuerySet[Point]:
    """The points that `user` may see."""
    points = Point.objects.select_related("device__premises__site", "circuit__panel")
    if role_of(user) == ADMIN:
        return points
    return points.filter(device__premises__site__station=station_id_of(user) or 0)


def people_for(user: AnyUser) -> QuerySet[Person]:
    """The persons whose phone `user` may ask for: of the own station, and contacts of its premises."""
    people = Person.objects.all()
    if role_of(user) == ADMIN:
        return people
    station = station_id_of(user) or 0
    contacts = Contact.objects.filter(premises__site__station=station).values("person")
    return people.filter(Q(station=station) | Q(id__in=contacts) | Q(station__next_station=station))


def context(request: HttpRequest) -> dict[str, Any]:
    """What every page knows: the role, the person, whether this is a demo."""
    user: AnyUser = getattr(request, "user", AnonymousUser())
    role = role_of(user)
    person = _once(user, "person", _person) if role else None
    return {
        "role": role,
        "may_act": role in ACTS.roles,
        "is_admin": role == ADMIN,
        "person": person,
        "theme": themes.chosen(request),
        "is_demo": bool(settings.CONFIG.demo),
        "now": now(),
    }
