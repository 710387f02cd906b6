"""`doorbell doctor`: looks at everything, and says how to mend it."""
