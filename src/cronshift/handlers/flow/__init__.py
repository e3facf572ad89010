"""FOLLOW: one request through the project's code, read from its syntax and never run.

``code`` is what any language says; ``machine`` follows it with a request and an environment of
``worlds``; ``callers`` and ``behaving`` ask their questions of what comes out.
"""
