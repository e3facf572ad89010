"""JUDGE: what both sides saw of their ticks, as a verdict on going on, waiting or going back."""
