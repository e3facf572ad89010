"""The Python target: a package whose modules use the Inngest SDK in the open.

Beside the SDK they import only ``cronshift.runtime``; inside the package all imports are relative,
so that it works under any parent. ``target`` is what the rest of the house asks.
"""
