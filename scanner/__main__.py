"""`python -m scanner` is the same as `leakscan`."""

from scanner.cli.main import main

main()
