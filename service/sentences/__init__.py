"""English: what commands say beside what a page says, in one package, a file a noun.

What a page says too stands in `api/pages/sentences`, and commands take it from there.
"""
