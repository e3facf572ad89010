"""The APIs of Vercel and of Inngest: a small client each, with an address that can be changed."""
