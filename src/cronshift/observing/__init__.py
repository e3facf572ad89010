"""The fates of ticks: from both sides' records, and from Inngest and Vercel outside."""
