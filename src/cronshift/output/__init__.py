"""Output for people and programs: text, tables, JSON documents, SARIF, GitHub's annotations."""
