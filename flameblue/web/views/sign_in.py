"""Signing in and out, the password, the language.

Whoever signs in with the one-time password of the first start must choose a new one before anything else.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy

from flameblue.web import access, throttle
from flameblue.web.now import clock


class SignIn(LoginView):
    """A user name and a password; after too many wrong ones the name has to wait."""

    template_name = "sign_in/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if access.is_demo(request) and access.demo_person() is not None:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if throttle.wait_s(self._who(), clock.monotonic_s()):
            return self.render_to_response(self.get_context_data(must_wait=True), status=429)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        throttle.failed(self._who(), clock.monotonic_s())
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        throttle.forget(self._who())
        is_first = form.get_user().last_login is None
        response = super().form_valid(form)
        if is_first:
            access.ask_for_password(self.request)
            return redirect("password")
        return response

    def _who(self) -> str:
        return self.request.POST.get("username", "")[:150]


class SignOut(LogoutView):
    """Ends the session."""

    next_page = reverse_lazy("sign-in")


class Password(PasswordChangeView):
    """The own password."""

    template_name = "sign_in/password.html"
    success_url = reverse_lazy("board")

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        access.password_chosen(self.request)
        return response
