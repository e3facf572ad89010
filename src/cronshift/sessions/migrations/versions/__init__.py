"""The revisions, the oldest first; each looks at what is there, because SQL files make tables too."""
