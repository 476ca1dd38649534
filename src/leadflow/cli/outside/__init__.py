"""Commands about what stands outside: plugins and mail servers."""
