"""What became of ticks: what both sides told, and what Inngest and Vercel say from outside."""
