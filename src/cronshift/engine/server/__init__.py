"""``cronshift serve``: the generated functions, served over HTTP or worked through a WebSocket."""
