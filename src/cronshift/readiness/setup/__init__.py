"""Setting up an environment: where it is, and what is left to do in it."""
