"""Sessions: work that users ask for and pay for, in the user's own database (DESIGN 5.6)."""
