"""RUN: drives one run of a function over the real wire protocol, as Inngest's engine does."""
