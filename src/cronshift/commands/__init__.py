"""The commands, one file each: options in, one call of the library, output."""
