"""What leaves a paper before it is kept and served: metadata, and what a reader would run. A file a format."""
