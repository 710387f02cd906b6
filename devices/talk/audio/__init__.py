"""Where the sound of a talk comes from and goes to: sound cards, and what stands in for them."""
