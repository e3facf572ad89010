"""GitHub's scheduled workflows, read without running them: which of them only call routes."""
