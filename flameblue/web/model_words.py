"""What device models say of themselves, in the reader's language: their makers and what is to be known of them.

What the package's models say stands in the catalogue, in the context "model"; what another one says stands as it is.
"""

from django.utils.translation import (
    pgettext as in_context,
)  # nobody shall look for texts in what is handed to it

ANY = "any"  # the maker of a model that is nobody's own


def maker(text: str) -> str:
    """Who made it, for a sheet; nothing where the model is of any maker."""
    return "" if text == ANY else said(text)


def said(text: str) -> str:
    """`text` of a model as its reader should have it."""
    return in_context("model", text) if text else ""
