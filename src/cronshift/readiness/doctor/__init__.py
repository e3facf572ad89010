"""The diagnosis of an environment: what is known of it right now, the first cause in front."""
