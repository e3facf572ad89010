"""A project as it lies on disk: its root, its settings, its Vercel configuration, its conventions."""

from cronshift.project.project import Project, load_project, project_root

__all__ = ["Project", "load_project", "project_root"]
