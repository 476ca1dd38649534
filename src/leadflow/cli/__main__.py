"""`python -m leadflow.cli`."""

from leadflow.cli import main

if __name__ == "__main__":
    main()
