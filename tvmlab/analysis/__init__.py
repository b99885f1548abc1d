"""Facts about programs: what carries dependences, what is touched, what it costs."""
