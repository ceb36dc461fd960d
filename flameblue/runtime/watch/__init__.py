"""`flameblue watch`: another machine's Flameblue is asked whether it is alive, and people are told when it is not."""
