"""The Next.js target: the app's own TypeScript, on the Inngest SDK.

Each function calls the route's own ``GET`` with a real ``NextRequest``; a route that cannot be
called so (another language, ``next/headers``) is called over HTTP. The entries of jobs that are on
their way point to the dispatcher, whose guard asks whose tick it is. ``target`` is what the rest of
the house asks.
"""
