"""The pages of an answer and of all claims."""
