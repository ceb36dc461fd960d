"""What device models say of themselves, in the reader's language: their makers and what is to be known of them.

What the package's models say stands in the catalogue, in the context "model"; what another one says stands as it is.
"""

from django.utils.translation import (
    pgettext as in_context,
)  # nobody shall look for texts in what is handed to it


def said(text: str) -> str:
    """`text` of a model as its reader should have it."""
    return in_context("model", text) if text else ""
