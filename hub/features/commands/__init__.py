"""What people and programs ask the hub for: a press, an answer, what phone or recorder say."""
