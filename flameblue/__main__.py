"""`python -m flameblue` is `flameblue`."""

from flameblue.cli import main

main()
