"""The schemes: what each is asked with, what it needs, and what it answers."""
