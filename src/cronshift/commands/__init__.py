"""One file a command: options in, one call of the library, what is shown."""
