"""The pages of learning: completing lessons, progress, signatures, plans."""
