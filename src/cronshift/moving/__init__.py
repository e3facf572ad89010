"""Everything that moves a job: to Inngest, share by share, and back."""
