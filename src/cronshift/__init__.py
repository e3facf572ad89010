"""cronshift moves an app's scheduled jobs from Vercel cron to Inngest, and operates that move."""

__version__ = "0.1.0"
