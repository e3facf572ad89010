"""REPORT: findings in the forms that code hosts read: SARIF and GitHub's workflow commands. Pure."""

from cronshift.reporting.github import github_lines
from cronshift.reporting.sarif import sarif_log

__all__ = ["github_lines", "sarif_log"]
