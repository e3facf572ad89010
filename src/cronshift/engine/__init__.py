"""Inngest's engine as it is: its rules, its calls, and a local one that keeps to them."""
