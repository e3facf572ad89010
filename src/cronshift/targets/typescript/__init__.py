"""The TypeScript target: functions in the app's own TypeScript, on the Inngest SDK.

Each calls the route's own handler in process, as its framework would; a route that cannot be called so
(another language, what only the framework gives a request) is called over HTTP. The entries of jobs
that are on their way point to the dispatcher, whose guard asks whose tick it is. ``target`` is what the
rest of the house asks, ``framework`` what differs between ``frameworks/``.
"""
