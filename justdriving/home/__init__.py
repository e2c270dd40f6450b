"""The pages that draw on every app: the home of each role, and the student's record."""
