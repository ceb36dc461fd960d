"""Where a reader goes after a form: back to the page that it names, where that is one of ours."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest, otherwise: str) -> str:
    """The path that the form, or else the page's own address, names as `next`; `otherwise` where it is not ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_path = wanted.startswith("/")  # a word alone would be taken for a view's name
    is_ours = is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if is_ours else otherwise
