"""Signing in and out, and the password. A one-time password is good for one thing only: choosing another."""

import unicodedata
from typing import Any

from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy

from flameblue.people.actions import set_password
from flameblue.web import access, strangers, throttle
from flameblue.web.now import monotonic_s, now


class SignIn(LoginView):
    """A user name and a password; after too many wrong ones the name has to wait."""

    template_name = "sign_in/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if strangers.is_demo(request) and access.demo_person() is not None:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if throttle.wait_s(self._who(), monotonic_s()):
            return self.render_to_response(self.get_context_data(must_wait=True), status=429)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        throttle.failed(self._who(), monotonic_s())
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        throttle.forget(self._who())
        return super().form_valid(form)

    def _who(self) -> str:
        """The name as signing in reads it: another way of writing it is no other name."""
        return unicodedata.normalize("NFKC", self.request.POST.get("username", "")[:150].strip()).casefold()


class SignOut(LogoutView):
    """Ends the session."""

    next_page = "sign-in"


class Password(PasswordChangeView):
    """The own password; it takes the place of a one-time one."""

    template_name = "sign_in/password.html"
    success_url = reverse_lazy("board")

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        set_password(form.user, form.cleaned_data["new_password1"], now())
        update_session_auth_hash(self.request, form.user)
        return redirect(self.get_success_url())
