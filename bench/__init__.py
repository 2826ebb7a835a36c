"""Side-by-side measurements against peers, printed as ratios. Nothing here is part of the program."""
