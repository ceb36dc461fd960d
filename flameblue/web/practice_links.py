"""What the addresses of the practice's pages have in common."""

from urllib.parse import urlencode

from django.http import HttpRequest


def query_of(request: HttpRequest) -> str:
    """What the address asks for beside the page's number."""
    return urlencode({name: text for name, text in request.GET.items() if name != "page"})
