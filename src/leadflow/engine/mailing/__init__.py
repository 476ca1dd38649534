"""What leaves the process: the outbox, letters and the embedded mailer."""
