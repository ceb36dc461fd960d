"""Whether a set-up will do its work: `flameblue check`. It changes nothing, and sends nothing to a person."""
