"""Dead letters after their burial: which are open, reading them, and closing them by redriving or discarding."""
