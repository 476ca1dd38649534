"""What a program or a file hands over, read into commands."""
