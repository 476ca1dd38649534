"""leadflow."""
