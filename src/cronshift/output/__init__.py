"""What people and programs see: text, tables, JSON documents, SARIF, GitHub's annotations."""
