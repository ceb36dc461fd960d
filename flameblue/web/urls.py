"""Every address. Each name stands in web.access with who may call it; what does not is closed."""

from django.contrib import admin
from django.urls import path
from django.views.i18n import set_language

from flameblue.web.api import api
from flameblue.web.views import (
    board,
    case,
    case_actions,
    devices,
    health,
    map,
    people,
    phone,
    premises,
    quarantine,
    sign_in,
    styleguide,
    theme,
)

urlpatterns = [
    path("", board.board, name="board"),
    path("board/map.json", map.places, name="map"),
    path("board/lines.json", map.lines, name="map-lines"),
    path("board/tiles.pmtiles", map.tiles_file, name="map-tiles"),
    path("live/board/", board.live_board, name="live-board"),
    path("live/cases/<int:number>/", case.live_case, name="live-case"),
    path("cases/closed/", case.closed, name="closed-cases"),
    path("cases/<int:number>/", case.case, name="case"),
    path("cases/<int:number>/chart/", case.chart, name="case-chart"),
    path("cases/<int:number>/take/", case_actions.take, name="case-take"),
    path("cases/<int:number>/give-back/", case_actions.give_back, name="case-give-back"),
    path("cases/<int:number>/made-safe/", case_actions.made_safe, name="case-made-safe"),
    path("cases/<int:number>/repaired/", case_actions.repaired, name="case-repaired"),
    path("cases/<int:number>/close/", case_actions.close, name="case-close"),
    path("cases/<int:number>/comment/", case_actions.comment, name="case-comment"),
    path("cases/<int:number>/assign/", case_actions.assign, name="case-assign"),
    path("cases/<int:number>/shelve/", case_actions.shelve, name="case-shelve"),
    path("premises/<int:premises_id>/", premises.premises, name="premises"),
    path("devices/", devices.devices, name="devices"),
    path("quarantine/", quarantine.quarantine, name="quarantine"),
    path("quarantine/pairing/", quarantine.pairing, name="pairing"),
    path("quarantine/bind/", quarantine.bind, name="bind-device"),
    path("people/<int:person_id>/phone/", people.reveal_phone, name="reveal-phone"),
    path("health/", health.health, name="health"),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.metrics, name="metrics"),
    path("phone/", phone.phone, name="phone"),
    path("phone/bubbles/", phone.bubbles, name="phone-bubbles"),
    path("phone/reply/", phone.reply, name="phone-reply"),
    path("phone/world/", phone.world, name="phone-world"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("password/", sign_in.Password.as_view(), name="password"),
    path("language/", set_language, name="language"),
    path("theme/", theme.theme, name="theme"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]
